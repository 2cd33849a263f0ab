//! HTTP doors over one session: SQL, tables, queries, health.
