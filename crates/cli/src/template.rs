//! The demo city's project, carried in the binary: configuration, code tables and queries.

use std::path::Path;

use include_dir::{Dir, include_dir};
use jingwei_engine::{EngineError, Result};

static CONFIG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../config");
static QUERIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../queries");

/// Writes the files that `keep` (a path such as `config/jingwei.toml`) lets through.
///
/// # Errors
/// A folder that cannot be written.
pub fn write(dir: &Path, keep: impl Fn(&Path) -> bool) -> Result<()> {
    for (root, files) in [("config", &CONFIG), ("queries", &QUERIES)] {
        write_dir(dir, Path::new(root), files, &keep)?;
    }
    Ok(())
}

fn write_dir(dir: &Path, root: &Path, files: &Dir<'_>, keep: &impl Fn(&Path) -> bool) -> Result<()> {
    for file in files.files() {
        let path = root.join(file.path());
        if keep(&path) {
            write_file(&dir.join(&path), file.contents())?;
        }
    }
    for inner in files.dirs() {
        write_dir(dir, root, inner, keep)?;
    }
    Ok(())
}

/// Writes one file and the folders above it.
///
/// # Errors
/// A folder that cannot be written.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<()> {
    let failed = |error| EngineError::Io { path: path.display().to_string(), error };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(path, contents).map_err(failed)
}
