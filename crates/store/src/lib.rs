//! Versioned tables on an object store, published as one atomic snapshot; run history.
