//! Where the tables are: a folder, or a URL of an object store.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, parse_url_opts};
use url::Url;

use crate::StoreError;

/// An object store whose paths begin at the store's root.
#[derive(Debug, Clone)]
pub struct Location {
    pub url: Url,
    pub objects: Arc<dyn ObjectStore>,
    /// The store behind it, for plans that name files by URL; none for a folder, which every session knows.
    pub remote: Option<Arc<dyn ObjectStore>>,
    /// The store whose paths are those of `url`: the whole disk, or the whole bucket.
    pub root: Arc<dyn ObjectStore>,
    /// The folder, when it is on this machine.
    pub folder: Option<PathBuf>,
}

impl Location {
    pub fn open(text: &str, options: &BTreeMap<String, String>) -> Result<Self, StoreError> {
        let wrong = |reason: String| StoreError::Location { url: text.to_owned(), reason };
        let local = match text.strip_prefix("file://") {
            Some(path) => Some(PathBuf::from(path)),
            None if text.contains("://") => None,
            None => Some(PathBuf::from(text)),
        };
        if let Some(folder) = local {
            return Self::local(&folder);
        }
        let mut url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let (objects, path) = parse_url_opts(&url, options).map_err(|error| wrong(error.to_string()))?;
        let remote: Arc<dyn ObjectStore> = Arc::from(objects);
        let objects = Arc::new(PrefixStore::new(Arc::clone(&remote), path));
        Ok(Self { objects, root: Arc::clone(&remote), remote: Some(remote), url, folder: None })
    }

    fn local(folder: &FilePath) -> Result<Self, StoreError> {
        let io = |error| StoreError::Io { path: folder.display().to_string(), error };
        std::fs::create_dir_all(folder).map_err(io)?;
        let folder = folder.canonicalize().map_err(io)?;
        let url = Url::from_directory_path(&folder).map_err(|()| StoreError::Location {
            url: folder.display().to_string(),
            reason: "it is no path".to_owned(),
        })?;
        let objects = Arc::new(LocalFileSystem::new_with_prefix(&folder)?);
        Ok(Self { url, objects, root: Arc::new(LocalFileSystem::new()), remote: None, folder: Some(folder) })
    }

    /// Makes written files and the folders above them survive a power cut. Object stores do so by themselves.
    pub fn sync(&self, files: &[Path]) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut folders = std::collections::BTreeSet::new();
        for file in files {
            let path = folder.join(file.as_ref());
            let io = |error| StoreError::Io { path: path.display().to_string(), error };
            std::fs::File::open(&path).and_then(|file| file.sync_all()).map_err(io)?;
            folders
                .extend(path.ancestors().skip(1).take_while(|above| above.starts_with(folder)).map(FilePath::to_owned));
        }
        for folder in folders {
            let io = |error| StoreError::Io { path: folder.display().to_string(), error };
            std::fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        Ok(())
    }
}
