//! A deterministic demo city written as its departments really export it, with the truth kept apart.
