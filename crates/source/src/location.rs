//! Where a source's files are: local paths, globs, object-store URLs and globs in them.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use glob::{MatchOptions, Pattern};
use jingwei_model::hash::{base32, hash128};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use url::Url;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Result, SourceError};
use crate::part::Locator;
use crate::stream::blocking;

/// A wildcard stops at `/`, and a leading dot must be spelled out.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// One file of a source.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// The name shown to the user.
    pub display: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Local(PathBuf),
    Remote(Arc<dyn ObjectStore>, ObjectMeta),
}

impl Location {
    /// The file on a local disk; a remote one is fetched first.
    pub async fn fetch(&self, temp: &Path) -> Result<PathBuf> {
        let (store, meta) = match &self.place {
            Place::Local(path) => return Ok(path.clone()),
            Place::Remote(store, meta) => (store, meta),
        };
        let name = meta.location.filename().unwrap_or("data");
        let folder = temp.join(base32(hash128(self.display.as_bytes())));
        let target = folder.join(name);
        self.download(store, &meta.location, &target).await?;
        if self.display.to_ascii_lowercase().ends_with(".shp") {
            let stem = &meta.location.as_ref()[..meta.location.as_ref().len() - 4];
            for extension in ["dbf", "DBF", "shx", "SHX", "prj", "PRJ", "cpg", "CPG"] {
                let sibling = ObjectPath::from(format!("{stem}.{extension}"));
                if store.head(&sibling).await.is_ok() {
                    let name = sibling.filename().unwrap_or(extension).to_owned();
                    self.download(store, &sibling, &folder.join(name)).await?;
                }
            }
        }
        Ok(target)
    }

    async fn download(&self, store: &Arc<dyn ObjectStore>, from: &ObjectPath, target: &Path) -> Result<()> {
        let failed = |error| SourceError::io(&self.display, error);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut bytes = store.get(from).await.map_err(|error| remote(&self.display, &error))?.into_stream();
        let mut out = File::create(target).map_err(failed)?;
        while let Some(chunk) = bytes.next().await {
            out.write_all(&chunk.map_err(|error| remote(&self.display, &error))?).map_err(failed)?;
        }
        Ok(())
    }

    /// What the content is known by: a hash of the bytes, or the version an object store gives.
    pub async fn fingerprint(&self) -> Result<String> {
        match &self.place {
            Place::Local(path) => {
                let (display, path) = (self.display.clone(), path.clone());
                blocking(move || hash_file(&display, &path)).await
            }
            Place::Remote(store, meta) => {
                if let Some(tag) = &meta.e_tag {
                    return Ok(format!("{tag}:{}", meta.size));
                }
                let mut hash = Xxh3::new();
                let failed = |error: object_store::Error| remote(&self.display, &error);
                let mut bytes = store.get(&meta.location).await.map_err(failed)?.into_stream();
                while let Some(chunk) = bytes.try_next().await.map_err(failed)? {
                    hash.update(&chunk);
                }
                Ok(format!("{:032x}", hash.digest128()))
            }
        }
    }
}

/// The hash of a file and of the files that belong to it.
fn hash_file(display: &str, path: &Path) -> Result<String> {
    let mut hash = Xxh3::new();
    let mut buffer = vec![0; 1 << 20];
    let mut feed = |path: &Path| -> std::io::Result<()> {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                count => hash.update(&buffer[..count]),
            }
        }
    };
    feed(path).map_err(|error| SourceError::io(display, error))?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let siblings: Vec<PathBuf> = match extension.as_str() {
        "shp" => {
            ["dbf", "DBF", "prj", "PRJ", "cpg", "CPG"].iter().map(|sibling| path.with_extension(sibling)).collect()
        }
        // Changes that SQLite has not moved into the main file yet.
        "sqlite" | "sqlite3" | "db" | "db3" | "gpkg" => vec![PathBuf::from(format!("{}-wal", path.display()))],
        _ => Vec::new(),
    };
    for sibling in siblings.iter().filter(|sibling| sibling.is_file()) {
        feed(sibling).map_err(|error| SourceError::io(display, error))?;
    }
    Ok(format!("{:032x}", hash.digest128()))
}

/// The files a path, glob or URL names, ordered by name.
///
/// # Errors
/// No file, with the nearest name there is.
pub(crate) async fn find(pattern: &str, locator: &Locator) -> Result<Vec<Location>> {
    let mut found = match pattern.split_once("://") {
        Some(("file", _)) => {
            let wrong =
                || SourceError::data(pattern, "is no file URL").with_hint("write file:///folder/file.csv, or a path");
            let path = Url::parse(pattern).ok().and_then(|url| url.to_file_path().ok()).ok_or_else(wrong)?;
            local(&path.to_string_lossy(), locator)?
        }
        Some((scheme, rest)) => remote_files(pattern, scheme, rest, locator).await?,
        None => local(pattern, locator)?,
    };
    found.sort_by(|a, b| a.display.cmp(&b.display));
    Ok(found)
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn local(pattern: &str, locator: &Locator) -> Result<Vec<Location>> {
    let full = locator.root.join(pattern);
    let place = |path: PathBuf| {
        let shown = path.strip_prefix(&locator.root).unwrap_or(&path);
        Location { display: shown.to_string_lossy().replace('\\', "/"), place: Place::Local(path) }
    };
    // A file whose name happens to hold a bracket is a file first.
    if full.is_file() {
        return Ok(vec![place(full)]);
    }
    if full.is_dir() {
        let error = SourceError::data(pattern, "is a folder");
        return Err(
            error.with_hint(format!("name its files with a glob, e.g. {}/*.csv", pattern.trim_end_matches('/')))
        );
    }
    if is_glob(pattern) {
        // The project's folder may itself hold brackets: only the user's part is a pattern.
        let root = if Path::new(pattern).is_absolute() {
            String::new()
        } else {
            format!("{}/", Pattern::escape(&locator.root.to_string_lossy()))
        };
        let text = if root == "/" { pattern.to_owned() } else { format!("{root}{pattern}") };
        let paths = glob::glob_with(&text, MATCHING)
            .map_err(|error| SourceError::data(pattern, format!("is no glob: {error}")))?;
        let mut found = Vec::new();
        for path in paths {
            let path =
                path.map_err(|error| SourceError::io(error.path().to_string_lossy().into_owned(), error.into()))?;
            if path.is_file() {
                found.push(place(path));
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(missing(pattern, &full))
}

/// No such file: the nearest existing name, walking up to the first folder that exists.
fn missing(pattern: &str, full: &Path) -> SourceError {
    let what = if is_glob(pattern) { "no file matches" } else { "there is no such file" };
    let error = SourceError::data(pattern, what);
    let mut wanted = full;
    let mut folder = full.parent();
    while let Some(candidate) = folder {
        if candidate.is_dir() {
            break;
        }
        wanted = candidate;
        folder = candidate.parent();
    }
    let Some(folder) = folder else { return error };
    let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    match nearest(&name, names.iter().map(String::as_str)) {
        Some(near) => error.with_hint(format!("{} holds `{near}`", folder.display())),
        None if names.is_empty() => error.with_hint(format!("{} is empty", folder.display())),
        None => error.with_hint(format!("{} holds {}", folder.display(), some(&names))),
    }
}

fn some(names: &[String]) -> String {
    let mut shown = names.iter().take(6).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 6 {
        shown.push_str(", …");
    }
    shown
}

/// The known name nearest to an unknown one, if any is near.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| {
            (strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

fn remote(display: &str, error: &object_store::Error) -> SourceError {
    let hint = match error {
        object_store::Error::NotFound { .. } => "check the address; nothing lies there",
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            "check the credentials in [storage.options] of config/jingwei.toml"
        }
        _ => "check the address, the network and [storage.options] of config/jingwei.toml",
    };
    SourceError::data(display, format!("the object store refused: {error}")).with_hint(hint)
}

async fn remote_files(pattern: &str, scheme: &str, rest: &str, locator: &Locator) -> Result<Vec<Location>> {
    if rest.contains('@') && !scheme.starts_with("abfs") {
        let error = SourceError::data(format!("{scheme}://…"), "credentials do not belong into an address");
        return Err(error.with_hint("put them into [storage.options] of config/jingwei.toml"));
    }
    let web = matches!(scheme, "http" | "https");
    if web && rest.contains('?') {
        let error = SourceError::data(pattern, "an address with a query cannot be read");
        return Err(error.with_hint("download the file first, or name it without `?…`"));
    }
    let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
    let address = format!("{scheme}://{host}/");
    let url = Url::parse(&address).map_err(|error| SourceError::data(pattern, format!("is no address: {error}")))?;
    let options = locator.options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    // Whoever writes http:// means it; for other schemes it is a setting.
    let plain = (scheme == "http").then_some(("allow_http", "true"));
    let (store, _) = object_store::parse_url_opts(&url, plain.into_iter().chain(options))
        .map_err(|error| remote(pattern, &error))?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    let key = if key.contains('%') { ObjectPath::from_url_path(key) } else { ObjectPath::parse(key) };
    let key = key.map_err(|error| SourceError::data(pattern, format!("is no address: {error}")))?;
    let location = |meta: ObjectMeta| Location {
        display: format!("{address}{}", meta.location),
        place: Place::Remote(Arc::clone(&store), meta),
    };
    if web || !is_glob(key.as_ref()) {
        let meta = store.head(&key).await.map_err(|error| remote(pattern, &error))?;
        return Ok(vec![location(meta)]);
    }
    let glob =
        Pattern::new(key.as_ref()).map_err(|error| SourceError::data(pattern, format!("is no glob: {error}")))?;
    let fixed = key.as_ref().split(['*', '?', '[']).next().unwrap_or_default();
    let folder = fixed.rfind('/').map_or("", |end| &fixed[..end]);
    let prefix = ObjectPath::from(folder);
    let all: Vec<ObjectMeta> =
        store.list(Some(&prefix)).try_collect().await.map_err(|error| remote(pattern, &error))?;
    let found: Vec<Location> =
        all.iter().filter(|meta| glob.matches_with(meta.location.as_ref(), MATCHING)).cloned().map(&location).collect();
    if found.is_empty() {
        let names: Vec<String> = all.iter().map(|meta| meta.location.to_string()).collect();
        let hint = if names.is_empty() {
            format!("nothing lies under {address}{folder}")
        } else {
            format!("there are {}", some(&names))
        };
        return Err(SourceError::data(pattern, "no file matches").with_hint(hint));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::locator;

    fn names(found: &[Location]) -> Vec<&str> {
        found.iter().map(|location| location.display.as_str()).collect()
    }

    #[tokio::test]
    async fn a_glob_names_its_files_in_order_relative_to_the_project() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.txt"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        assert_eq!(names(&find("*.csv", &locator(dir.path())).await.unwrap()), ["a.csv", "b.csv"]);
        let absolute = format!("{}/*.csv", dir.path().display());
        assert_eq!(names(&find(&absolute, &locator(dir.path())).await.unwrap()), ["a.csv", "b.csv"]);
        let url = Url::from_file_path(dir.path().join("a.csv")).unwrap();
        assert_eq!(names(&find(url.as_str(), &locator(dir.path())).await.unwrap()), ["a.csv"]);
    }

    #[tokio::test]
    async fn a_missing_file_names_the_nearest_one_there_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("常住人口2024.csv"), "x").unwrap();
        let error = find("常住人口2025.csv", &locator(dir.path())).await.unwrap_err().to_string();
        assert!(error.contains("常住人口2025.csv") && error.contains("`常住人口2024.csv`"), "{error}");
        let error = find("*.xlsx", &locator(dir.path())).await.unwrap_err().to_string();
        assert!(error.contains("no file matches") && error.contains("常住人口2024.csv"), "{error}");
    }

    #[tokio::test]
    async fn a_fingerprint_follows_the_content_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let print = async || find("a.csv", &locator(dir.path())).await.unwrap()[0].fingerprint().await.unwrap();
        fs::write(&path, "1").unwrap();
        let first = print().await;
        fs::write(&path, "2").unwrap();
        assert_ne!(print().await, first);
        fs::write(&path, "1").unwrap();
        assert_eq!(print().await, first);
    }

    #[tokio::test]
    async fn credentials_in_an_address_are_refused_without_being_shown() {
        let error = find("s3://key:secret@bucket/a.csv", &Locator::default()).await.unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[tokio::test]
    async fn a_web_server_without_encryption_is_asked_when_its_address_says_so() {
        use std::io::{Read, Write};
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nLast-Modified: Sat, 01 Jun 2024 10:00:00 GMT\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
        });
        let url = format!("http://{address}/data/a.csv");
        assert_eq!(names(&find(&url, &Locator::default()).await.unwrap()), [url.as_str()]);
    }

    #[tokio::test]
    async fn an_object_store_is_listed_and_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let found = find("memory:///a/*.csv", &locator(dir.path())).await;
        assert!(found.unwrap_err().to_string().contains("no file matches"));
    }
}
