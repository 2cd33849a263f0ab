//! Records to entities: block, compare, decide, cluster, stable ids, with evidence.
