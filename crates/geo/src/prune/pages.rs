//! The pages of a file that was written without an index of them, as most are: found by going from header to header.
//!
//! Input: a file on this machine, for there a look at a header costs about a microsecond. Output: where pages are, their
//! rows and bounds; nothing where one is not understood.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::basic::Type;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::{OffsetIndexBuilder, ParquetMetaData, ParquetMetaDataBuilder};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use hashbrown::HashMap;
use object_store::ObjectStore;
use object_store::path::Path;

use super::header::header;

/// Bytes that nearly every header fits in.
const USUAL: u64 = 256;
/// Longer headers, of long texts' bounds, are not read.
const LONGEST: u64 = 16 << 10;
/// Headers looked at in a file, at most.
const MOST: usize = 1 << 15;

/// A page of data.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its header's place in the file.
    pub offset: u64,
    /// Bytes, with its header.
    pub size: u64,
    /// Its rows.
    pub rows: usize,
    /// Its least and its greatest value, of a column of floating-point numbers.
    pub bounds: Option<(f64, f64)>,
}

/// The pages of some columns of some row groups.
#[derive(Debug, Default)]
pub struct Pages {
    chunks: HashMap<(usize, usize), Vec<Page>>,
}

/// The way through the pages of one column of a row group.
struct Walk {
    group: usize,
    leaf: usize,
    at: u64,
    end: u64,
    look: u64,
    rows: usize,
    pages: Vec<Page>,
}

impl Pages {
    /// The pages of a column of a row group.
    pub fn of(&self, group: usize, leaf: usize) -> Option<&[Page]> {
        self.chunks.get(&(group, leaf)).map(Vec::as_slice)
    }

    /// Walks through the pages of `leaves` in `groups`. Columns of lists, and those with a header that is not understood,
    /// are left out.
    pub async fn find(
        store: &dyn ObjectStore,
        location: &Path,
        metadata: &ParquetMetaData,
        groups: &[usize],
        leaves: &[usize],
    ) -> Self {
        let mut walks = Vec::with_capacity(groups.len() * leaves.len());
        for (group, leaf) in groups.iter().flat_map(|group| leaves.iter().map(move |leaf| (*group, *leaf))) {
            let chunk = metadata.row_group(group).column(leaf);
            if chunk.column_descr().max_rep_level() == 0 {
                let (at, length) = chunk.byte_range();
                walks.push(Walk { group, leaf, at, end: at + length, look: USUAL, rows: 0, pages: Vec::new() });
            }
        }
        let mut found = Self::default();
        let mut left = MOST;
        while !walks.is_empty() && left >= walks.len() {
            left -= walks.len();
            let ranges = walks.iter().map(|walk| walk.at..walk.end.min(walk.at + walk.look)).collect::<Vec<_>>();
            let Ok(heads) = store.get_ranges(location, &ranges).await else { return Self::default() };
            let mut on = Vec::with_capacity(walks.len());
            for (mut walk, head) in walks.into_iter().zip(heads) {
                let chunk = metadata.row_group(walk.group);
                if walk.step(&head, chunk.column(walk.leaf).column_type()).is_none() {
                    continue;
                }
                if walk.at < walk.end {
                    on.push(walk);
                } else if walk.at == walk.end && usize::try_from(chunk.num_rows()) == Ok(walk.rows) {
                    found.chunks.insert((walk.group, walk.leaf), walk.pages);
                }
            }
            walks = on;
        }
        found
    }

    /// The metadata with the places of the pages, so that those without a selected row are not read; `None` where a page
    /// of `groups` and `leaves`, which are all that will be read, is not known.
    pub fn index(&self, metadata: &ParquetMetaData, groups: &[usize], leaves: &[usize]) -> Option<ParquetMetaData> {
        let columns = metadata.file_metadata().schema_descr().num_columns();
        let mut index = vec![vec![OffsetIndexBuilder::new().build(); columns]; metadata.num_row_groups()];
        for (group, leaf) in groups.iter().flat_map(|group| leaves.iter().map(move |leaf| (*group, *leaf))) {
            let mut builder = OffsetIndexBuilder::new();
            for page in self.of(group, leaf)? {
                builder.append_row_count(i64::try_from(page.rows).ok()?);
                builder.append_offset_and_size(i64::try_from(page.offset).ok()?, i32::try_from(page.size).ok()?);
            }
            index[group][leaf] = builder.build();
        }
        Some(ParquetMetaDataBuilder::new_from_metadata(metadata.clone()).set_offset_index(Some(index)).build())
    }
}

impl Walk {
    /// Goes on behind the page whose header `head` begins with, or looks at more of it; `None` where that cannot be.
    fn step(&mut self, head: &[u8], kind: Type) -> Option<()> {
        let Some(header) = header(head) else {
            self.look *= 8;
            return (self.look <= LONGEST && self.at + head.len() as u64 != self.end).then_some(());
        };
        let size = (header.length + header.page) as u64;
        if let Some(rows) = header.values {
            let bounds = header.bounds.and_then(|(least, most)| Some((number(least, kind)?, number(most, kind)?)));
            self.pages.push(Page { offset: self.at, size, rows, bounds });
            self.rows += rows;
        }
        (self.at, self.look) = (self.at.checked_add(size)?, USUAL);
        Some(())
    }
}

fn number(bytes: &[u8], kind: Type) -> Option<f64> {
    match kind {
        Type::DOUBLE => bytes.try_into().ok().map(f64::from_le_bytes),
        Type::FLOAT => bytes.try_into().ok().map(|bytes| f64::from(f32::from_le_bytes(bytes))),
        _ => None,
    }
}

/// Readers that are told of files more than these say.
pub struct Told {
    readers: Arc<dyn ParquetFileReaderFactory>,
    files: HashMap<Path, Arc<ParquetMetaData>>,
}

impl Told {
    /// The readers, and the metadata of files.
    pub fn new(readers: Arc<dyn ParquetFileReaderFactory>, files: HashMap<Path, Arc<ParquetMetaData>>) -> Self {
        Self { readers, files }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Told({} files, {:?})", self.files.len(), self.readers)
    }
}

impl ParquetFileReaderFactory for Told {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let metadata = self.files.get(&file.object_meta.location).cloned();
        let reader = self.readers.create_reader(partition, file, hint, metrics)?;
        Ok(match metadata {
            Some(metadata) => Box::new(Reader { reader, metadata }),
            None => reader,
        })
    }
}

struct Reader {
    reader: Box<dyn AsyncFileReader + Send>,
    metadata: Arc<ParquetMetaData>,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.reader.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.reader.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        futures::future::ready(Ok(Arc::clone(&self.metadata))).boxed()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;

    use arrow::array::{ArrayRef, Float64Array, ListArray, RecordBatch, StringArray};
    use arrow::datatypes::Float64Type;
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
    use datafusion::parquet::file::properties::{WriterProperties, WriterVersion};
    use object_store::local::LocalFileSystem;

    use super::*;

    /// Numbers, texts some of which are long, and lists.
    fn write(path: &std::path::Path, version: WriterVersion) {
        let numbers = (0..3000).map(|row| (row % 5 > 0).then(|| f64::from(row))).collect::<Float64Array>();
        let texts = (0..3000).map(|row| "x".repeat(if row == 1500 { 5000 } else { row % 7 })).collect::<Vec<_>>();
        let lists = (0..3000).map(|row| Some((0..row % 3).map(|value| Some(f64::from(value)))));
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(lists);
        let batch = RecordBatch::try_from_iter([
            ("number", Arc::new(numbers) as ArrayRef),
            ("text", Arc::new(StringArray::from(texts))),
            ("list", Arc::new(lists)),
        ]);
        let batch = batch.unwrap();
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_max_row_group_row_count(Some(1000))
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(100)
            .set_statistics_truncate_length(None)
            .set_column_dictionary_enabled("number".into(), false)
            .set_write_page_header_statistics(true);
        let mut writer =
            ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[tokio::test]
    async fn pages_are_found_where_the_files_own_index_says() {
        let folder = tempfile::tempdir().unwrap();
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let path = folder.path().join("file.parquet");
            write(&path, version);
            let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
            let metadata = reader.parse_and_finish(&File::open(&path).unwrap()).unwrap();
            let location = Path::from_filesystem_path(&path).unwrap();
            let pages = Pages::find(&LocalFileSystem::new(), &location, &metadata, &[0, 1, 2], &[0, 1, 2]).await;
            let index = pages.index(&metadata, &[0, 1], &[0, 1]).unwrap();
            let (ours, theirs) = (index.offset_index().unwrap(), metadata.offset_index().unwrap());
            for (group, leaf) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert_eq!(ours[group][leaf].page_locations(), theirs[group][leaf].page_locations(), "{group} {leaf}");
            }
            assert!(ours[2][0].page_locations().is_empty());
            let bounds = pages.of(2, 0).unwrap().iter().map(|page| page.bounds.unwrap()).collect::<Vec<_>>();
            assert_eq!(bounds[..2], [(2001.0, 2099.0), (2101.0, 2199.0)]);
            // Rows of a list are not told by its values.
            assert_eq!(pages.of(0, 2), None);
            assert_eq!(pages.index(&metadata, &[0], &[0, 2]), None);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_cut_or_overwritten_has_no_pages() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.parquet");
        write(&path, WriterVersion::PARQUET_1_0);
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path).unwrap()).unwrap();
        let (at, length) = metadata.row_group(0).column(0).byte_range();
        let mut bytes = std::fs::read(&path).unwrap();
        let location = Path::from_filesystem_path(&path).unwrap();
        bytes[usize::try_from(at).unwrap()..usize::try_from(at + length).unwrap()].fill(0xff);
        std::fs::write(&path, &bytes).unwrap();
        let pages = Pages::find(&LocalFileSystem::new(), &location, &metadata, &[0], &[0, 1]).await;
        assert_eq!(pages.of(0, 0), None);
        assert!(pages.of(0, 1).is_some());
        std::fs::write(&path, &bytes[..16]).unwrap();
        let pages = Pages::find(&LocalFileSystem::new(), &location, &metadata, &[0], &[0, 1]).await;
        assert_eq!((pages.of(0, 0), pages.of(0, 1)), (None, None));
    }
}
