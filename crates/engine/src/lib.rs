//! The session and the integration flow: composes sources, standardizers, linkage and tables.
