//! The files that make up one shapefile, whatever the case of their extensions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Result, SourceError};
use crate::part::LocalFile;

/// The files beside a `.shp`.
#[derive(Debug)]
pub struct Siblings {
    /// Attributes.
    pub dbf: PathBuf,
    /// Index of the records, if any.
    pub shx: Option<PathBuf>,
    /// Coordinate system, if any.
    pub prj: Option<PathBuf>,
    /// Encoding of the attributes, if any.
    pub cpg: Option<PathBuf>,
}

impl Siblings {
    /// Looks beside the file.
    pub fn find(file: &LocalFile) -> Result<Self> {
        let find = |extension| sibling(&file.path, extension).map_err(|error| SourceError::io(&file.display, error));
        let dbf = find("dbf")?.ok_or_else(|| {
            SourceError::data(&file.display, "the .dbf file that holds the attributes is missing")
                .with_hint("a shapefile is several files of one name (.shp, .dbf, .shx, .prj): deliver all of them, best as one zip")
        })?;
        Ok(Self { dbf, shx: find("shx")?, prj: find("prj")?, cpg: find("cpg")? })
    }
}

fn sibling(path: &Path, extension: &str) -> std::io::Result<Option<PathBuf>> {
    let exact = path.with_extension(extension);
    if exact.is_file() {
        return Ok(Some(exact));
    }
    let Some(stem) = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()) else { return Ok(None) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let candidate = entry?.path();
        let name = candidate.file_name().map(|name| name.to_string_lossy().to_lowercase());
        // Some programs write `roads.shp.cpg`.
        if name.is_some_and(|name| name == format!("{stem}.{extension}") || name == format!("{stem}.shp.{extension}")) {
            found.push(candidate);
        }
    }
    found.sort();
    Ok(found.into_iter().next())
}
