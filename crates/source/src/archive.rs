//! What a file is wrapped in: gzip, Zstandard, or a zip archive of several members.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use encoding_rs::GB18030;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use glob::{MatchOptions, Pattern};
use jingwei_model::config::{FormatKind, SourceConfig};
use jingwei_model::hash::{base32, hash128};
use zip::{CompressionMethod, ZipArchive};

use crate::error::{Result, SourceError};
use crate::part::LocalFile;

const BUFFER: usize = 256 << 10;
const REMEDY: &str = "the archive is broken or cut short: fetch or export it again";

/// How a file's bytes are wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard.
    Zstd,
    /// A member of a zip archive.
    Member {
        /// Where its bytes begin in the archive.
        start: u64,
        /// Its bytes in the archive.
        packed: u64,
        /// Its bytes unpacked.
        size: u64,
        /// Its checksum.
        crc: u32,
        /// Whether it is deflated, else stored.
        deflated: bool,
    },
}

/// The format an extension stands for.
pub(crate) fn kind_of(name: &str) -> Option<FormatKind> {
    let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "csv" | "txt" => FormatKind::Csv,
        "tsv" | "tab" => FormatKind::Tsv,
        "json" => FormatKind::Json,
        "ndjson" | "jsonl" => FormatKind::Ndjson,
        "geojson" => FormatKind::Geojson,
        "xlsx" | "xlsm" | "xls" | "xlsb" | "ods" | "et" => FormatKind::Excel,
        "shp" => FormatKind::Shapefile,
        "gpkg" => FormatKind::Geopackage,
        "parquet" | "pq" | "geoparquet" => FormatKind::Parquet,
        "arrow" | "feather" | "ipc" | "arrows" => FormatKind::Arrow,
        "sqlite" | "sqlite3" | "db" | "db3" => FormatKind::Sqlite,
        _ => return None,
    })
}

/// Formats that seek and therefore need a plain file.
const fn seeks(kind: FormatKind) -> bool {
    matches!(
        kind,
        FormatKind::Excel
            | FormatKind::Shapefile
            | FormatKind::Geopackage
            | FormatKind::Parquet
            | FormatKind::Arrow
            | FormatKind::Sqlite
    )
}

/// The files inside the file at `path`, which the user knows as `display`, each with its format.
pub(crate) fn unpack(
    path: &Path,
    display: &str,
    config: &SourceConfig,
    temp: &Path,
) -> Result<Vec<(LocalFile, FormatKind)>> {
    let lower = display.to_ascii_lowercase();
    if lower.ends_with(".zip") {
        return members(path, display, config, temp);
    }
    let (inner, packing) = wrapping(display);
    let kind = config.format.kind.or_else(|| kind_of(inner)).ok_or_else(|| unknown(display))?;
    let file = LocalFile { display: display.to_owned(), path: path.to_owned(), packing };
    if file.packing == Packing::Plain || !seeks(kind) {
        return Ok(vec![(file, kind)]);
    }
    let target = temp.join(base32(hash128(display.as_bytes()))).join(file_name(inner));
    Ok(vec![(extract(&file, &target)?, kind)])
}

/// The name without `.gz` or `.zst`, and what that said.
fn wrapping(name: &str) -> (&str, Packing) {
    for (suffix, packing) in [(".gz", Packing::Gzip), (".zst", Packing::Zstd)] {
        let cut = name.len().saturating_sub(suffix.len());
        if name.is_char_boundary(cut) && name[cut..].eq_ignore_ascii_case(suffix) {
            return (&name[..cut], packing);
        }
    }
    (name, Packing::Plain)
}

fn unknown(display: &str) -> SourceError {
    let lower = display.to_ascii_lowercase();
    let hint = if [".rar", ".7z", ".tar", ".tar.gz", ".tgz", ".bz2", ".xz"].iter().any(|end| lower.ends_with(end)) {
        "this kind of archive is not read: unpack it, or pack the files as .zip"
    } else {
        "set format.kind to one of csv, tsv, json, ndjson, geojson, excel, shapefile, geopackage, parquet, arrow, sqlite"
    };
    SourceError::data(display, "the file's name does not say its format").with_hint(hint)
}

struct Member {
    name: String,
    packing: Packing,
}

fn members(path: &Path, display: &str, config: &SourceConfig, temp: &Path) -> Result<Vec<(LocalFile, FormatKind)>> {
    let broken = |error: zip::result::ZipError| match error {
        zip::result::ZipError::Io(error) if error.kind() == io::ErrorKind::NotFound => SourceError::io(display, error),
        error => SourceError::data(display, format!("the zip archive cannot be opened: {error}")).with_hint(REMEDY),
    };
    let file = File::open(path).map_err(|error| SourceError::io(display, error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let mut all = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(broken)?;
        let name = member_name(member.name_raw());
        if name.ends_with('/') || is_litter(&name) {
            continue;
        }
        let deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                let error = SourceError::data(
                    format!("{display}!{name}"),
                    format!("is packed with {other:?}, which is not read"),
                );
                return Err(error.with_hint("pack the archive again with the usual method (deflate)"));
            }
        };
        if member.encrypted() {
            let error = SourceError::data(format!("{display}!{name}"), "is locked with a password");
            return Err(error.with_hint("unpack the archive with its password, or ask for one without"));
        }
        let start = member
            .data_start()
            .ok_or_else(|| SourceError::data(display, "has no place for a member").with_hint(REMEDY))?;
        let packing = Packing::Member {
            start,
            packed: member.compressed_size(),
            size: member.size(),
            crc: member.crc32(),
            deflated,
        };
        all.push(Member { name, packing });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let chosen = choose(&all, display, config)?;
    let home = temp.join(base32(hash128(display.as_bytes())));
    let mut files = Vec::with_capacity(chosen.len());
    for (member, kind) in chosen {
        let packed = |member: &Member| LocalFile {
            display: format!("{display}!{}", member.name),
            path: path.to_owned(),
            packing: member.packing.clone(),
        };
        let (inner, wrapped) = wrapping(&member.name);
        let file = if wrapped != Packing::Plain {
            let outer = extract(&packed(member), &home.join(safe(&member.name)))?;
            let outer = LocalFile { packing: wrapped, ..outer };
            if seeks(kind) { extract(&outer, &home.join(safe(inner)))? } else { outer }
        } else if seeks(kind) {
            if kind == FormatKind::Shapefile {
                let stem = stem_of(&member.name);
                for sibling in all.iter().filter(|other| stem_of(&other.name).eq_ignore_ascii_case(stem)) {
                    extract(&packed(sibling), &home.join(safe(&sibling.name)))?;
                }
            }
            extract(&packed(member), &home.join(safe(&member.name)))?
        } else {
            packed(member)
        };
        files.push((file, kind));
    }
    Ok(files)
}

fn choose<'a>(all: &'a [Member], display: &str, config: &SourceConfig) -> Result<Vec<(&'a Member, FormatKind)>> {
    let named = |member: &Member| kind_of(wrapping(&member.name).0);
    if let Some(wanted) = &config.from.member {
        let pattern = Pattern::new(wanted)
            .map_err(|error| SourceError::data(display, format!("from.member `{wanted}` is no glob: {error}")))?;
        let options = MatchOptions { case_sensitive: false, ..MatchOptions::default() };
        let mut chosen = Vec::new();
        for member in all {
            if pattern.matches_with(&member.name, options) || pattern.matches_with(file_name(&member.name), options) {
                let kind = config.format.kind.or_else(|| named(member));
                let kind = kind.ok_or_else(|| unknown(&format!("{display}!{}", member.name)))?;
                // The parts of a shapefile other than .shp come along by themselves.
                if kind != FormatKind::Shapefile || named(member) == Some(kind) {
                    chosen.push((member, kind));
                }
            }
        }
        if chosen.is_empty() {
            let error = SourceError::data(display, format!("no member of the archive matches from.member `{wanted}`"));
            return Err(error.with_hint(format!("the members are {}", listing(all))));
        }
        return Ok(chosen);
    }
    let fits = |member: &&Member| match (config.format.kind, named(member)) {
        (None, found) => found.is_some(),
        (Some(FormatKind::Csv | FormatKind::Tsv), Some(FormatKind::Csv | FormatKind::Tsv)) => true,
        (Some(FormatKind::Json | FormatKind::Geojson), Some(FormatKind::Json | FormatKind::Geojson)) => true,
        (Some(wanted), found) => found == Some(wanted),
    };
    let mut chosen: Vec<&Member> = all.iter().filter(fits).collect();
    if chosen.is_empty()
        && let Some(kind) = config.format.kind
        && kind != FormatKind::Shapefile
    {
        chosen = all.iter().collect();
    }
    if chosen.is_empty() {
        let error = SourceError::data(display, "the archive holds no file of a known format");
        return Err(
            error.with_hint(format!("the members are {}; choose with from.member and format.kind", listing(all)))
        );
    }
    Ok(chosen.into_iter().filter_map(|member| Some((member, config.format.kind.or_else(|| named(member))?))).collect())
}

fn listing(all: &[Member]) -> String {
    let mut names: Vec<&str> = all.iter().take(8).map(|member| member.name.as_str()).collect();
    if all.len() > names.len() {
        names.push("…");
    }
    if names.is_empty() { "none: it is empty".to_owned() } else { names.join(", ") }
}

/// Names are UTF-8 or, out of Chinese Windows, GBK whatever the archive's flags say.
fn member_name(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(raw).0.into_owned(),
    }
}

/// What file managers leave behind.
fn is_litter(name: &str) -> bool {
    name.starts_with("__MACOSX/")
        || file_name(name).starts_with("._")
        || matches!(file_name(name), ".DS_Store" | "Thumbs.db")
}

fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn stem_of(name: &str) -> &str {
    let start = name.len() - file_name(name).len();
    name[start..].find('.').map_or(name, |dot| &name[..start + dot])
}

/// A member's name as a path that cannot leave the folder it is put in.
fn safe(name: &str) -> PathBuf {
    name.split(['/', '\\']).filter(|piece| !matches!(*piece, "" | "." | "..") && !piece.contains(':')).collect()
}

/// Unwraps a file to `target`.
fn extract(file: &LocalFile, target: &Path) -> Result<LocalFile> {
    let failed = |error| SourceError::io(&file.display, error);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut out = File::create(target).map_err(failed)?;
    io::copy(&mut reader(file)?, &mut out).map_err(failed)?;
    Ok(LocalFile::plain(&file.display, target))
}

/// The unwrapped bytes of a file.
pub(crate) fn reader(file: &LocalFile) -> Result<Box<dyn Read + Send>> {
    let failed = |error| SourceError::io(&file.display, error);
    let mut raw = File::open(&file.path).map_err(failed)?;
    Ok(match &file.packing {
        Packing::Plain => Box::new(raw),
        Packing::Gzip => Box::new(Explained(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, raw)))),
        Packing::Zstd => Box::new(Explained(zstd::stream::read::Decoder::new(raw).map_err(failed)?)),
        Packing::Member { start, packed, size, crc, deflated } => {
            raw.seek(SeekFrom::Start(*start)).map_err(failed)?;
            let raw = BufReader::with_capacity(BUFFER, raw).take(*packed);
            let inner = if *deflated { Unpacked::Deflated(DeflateDecoder::new(raw)) } else { Unpacked::Stored(raw) };
            Box::new(Explained(Checked { inner, left: *size, crc: *crc, sum: flate2::Crc::new() }))
        }
    })
}

enum Unpacked {
    Stored(Take<BufReader<File>>),
    Deflated(DeflateDecoder<Take<BufReader<File>>>),
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(inner) => inner.read(buffer),
            Self::Deflated(inner) => inner.read(buffer),
        }
    }
}

/// Holds a member to the size and checksum the archive promises, which also bounds a zip bomb.
struct Checked {
    inner: Unpacked,
    left: u64,
    crc: u32,
    sum: flate2::Crc,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.sum.sum() != self.crc {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not fit"));
            }
        }
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "more bytes than the archive promises"))?;
        self.sum.update(&buffer[..count]);
        Ok(count)
    }
}

/// Says of a broken archive what to do about it.
struct Explained<R>(R);

impl<R: Read> Read for Explained<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, format!("{REMEDY} ({error})")),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::*;
    use crate::testing::{config_for, zipped};

    fn text(file: &LocalFile) -> io::Result<String> {
        io::read_to_string(reader(file).unwrap())
    }

    #[test]
    fn members_are_read_in_order_without_a_copy_and_litter_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = zipped(
            dir.path(),
            "a.zip",
            &[("b.csv", b"x\n2\n"), ("a.csv", b"x\n1\n"), ("__MACOSX/._a.csv", b"?"), ("read.me", b"")],
        );
        let files = unpack(&path, "a.zip", &config_for("a.zip"), dir.path()).unwrap();
        let names: Vec<_> = files.iter().map(|(file, _)| file.display.as_str()).collect();
        assert_eq!(names, ["a.zip!a.csv", "a.zip!b.csv"]);
        assert_eq!(text(&files[0].0).unwrap(), "x\n1\n");
    }

    #[test]
    fn a_member_glob_that_matches_nothing_names_the_members() {
        let dir = tempfile::tempdir().unwrap();
        let path = zipped(dir.path(), "a.zip", &[("人口.csv", b"x\n")]);
        let mut config = config_for("a.zip");
        config.from.member = Some("房屋*".to_owned());
        let error = unpack(&path, "a.zip", &config, dir.path()).unwrap_err().to_string();
        assert!(error.contains("人口.csv"), "{error}");
        config.from.member = Some("人*.csv".to_owned());
        assert_eq!(unpack(&path, "a.zip", &config, dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_shapefile_in_an_archive_brings_its_siblings() {
        let dir = tempfile::tempdir().unwrap();
        let path =
            zipped(dir.path(), "a.zip", &[("d/p.shp", b"1"), ("d/p.dbf", b"2"), ("d/P.PRJ", b"3"), ("d/q.dbf", b"4")]);
        let files = unpack(&path, "a.zip", &config_for("a.zip"), &dir.path().join("t")).unwrap();
        assert_eq!(files.len(), 1);
        let folder = files[0].0.path.parent().unwrap();
        assert!(folder.join("p.dbf").exists() && folder.join("P.PRJ").exists() && !folder.join("q.dbf").exists());
    }

    #[test]
    fn a_member_cannot_leave_the_folder_it_is_unpacked_to() {
        assert_eq!(safe("../../etc/x.gpkg"), Path::new("etc/x.gpkg"));
        assert_eq!(safe("C:\\a\\..\\b.shp"), Path::new("a/b.shp"));
    }

    #[test]
    fn a_truncated_archive_names_itself_and_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&bytes).unwrap();
        let packed = encoder.finish().unwrap();
        let path = dir.path().join("a.csv.gz");
        fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        let (file, kind) = unpack(&path, "a.csv.gz", &config_for("a.csv.gz"), dir.path()).unwrap().remove(0);
        assert_eq!(kind, FormatKind::Csv);
        let error = io::copy(&mut reader(&file).unwrap(), &mut io::sink()).unwrap_err().to_string();
        assert!(error.contains("cut short"), "{error}");

        let packed = zstd::encode_all(bytes.as_slice(), 1).unwrap();
        let path = dir.path().join("a.csv.zst");
        fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        let file = LocalFile { display: "a".to_owned(), path, packing: Packing::Zstd };
        assert!(io::copy(&mut reader(&file).unwrap(), &mut io::sink()).is_err());

        let path = zipped(dir.path(), "b.zip", &[("a.csv", &bytes)]);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = unpack(&path, "b.zip", &config_for("b.zip"), dir.path()).unwrap_err().to_string();
        assert!(error.starts_with("b.zip") && error.contains("cut short"), "{error}");
    }

    #[test]
    fn a_flipped_bit_in_a_member_is_found_by_its_checksum() {
        let dir = tempfile::tempdir().unwrap();
        let path = zipped(dir.path(), "a.zip", &[("a.csv", b"abcdefgh\n")]);
        let (mut file, _) = unpack(&path, "a.zip", &config_for("a.zip"), dir.path()).unwrap().remove(0);
        if let Packing::Member { crc, .. } = &mut file.packing {
            *crc ^= 1;
        }
        assert!(text(&file).is_err());
    }

    #[test]
    fn an_archive_that_is_not_read_says_what_to_do() {
        let error = unpack(Path::new("a.rar"), "a.rar", &config_for("a.rar"), Path::new("")).unwrap_err().to_string();
        assert!(error.contains("unpack it"), "{error}");
    }

    #[test]
    fn member_names_out_of_chinese_windows_are_read() {
        assert_eq!(member_name(&[0xC8, 0xCB, b'.', b'c', b's', b'v']), "人.csv");
    }
}
