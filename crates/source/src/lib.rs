//! Departmental files and databases read as they are into Arrow batches.
