//! Values that lie in memory or, where memory is limited, in files of their own that are mapped.
//!
//! What has been looked at of a mapped file counts as memory of the process until it is given back. So looks are counted,
//! and when they may have brought in more than there is room for, all of it is given back; what is needed again comes
//! from the file, or from the system's cache of it if nobody else wanted that memory. Nothing that is found depends on
//! where values lie.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytemuck::Pod;
use memmap2::Mmap;

use crate::{LinkError, Result};

/// Bytes that come in with a look at any place of a file: Linux maps what lies around it as well (`fault_around_bytes`).
const LOOK: u64 = 64 << 10;

/// Values that are read one after the other before what that brought in is counted.
const STRETCH: usize = 1 << 16;

/// Bytes that are read one after the other before they are given back.
const READ: usize = 4 << 20;

/// Bytes that are written together: many files may be written at once.
const BUFFER: usize = 64 << 10;

/// Files that have no name and end with the process, and how much of them may be in memory.
#[derive(Debug)]
pub struct Spill {
    directory: PathBuf,
    window: AtomicU64,
    looked: AtomicU64,
    /// Bytes of files that were in memory before, the program's own.
    before: u64,
    written: AtomicU64,
    maps: Mutex<Vec<Weak<Mmap>>>,
}

impl Spill {
    /// Files in a directory, of which `window` bytes may be in memory together.
    #[must_use]
    pub fn new(directory: PathBuf, window: u64) -> Arc<Self> {
        Arc::new(Self {
            directory,
            window: AtomicU64::new(window),
            looked: AtomicU64::default(),
            before: resident_files().unwrap_or_default(),
            written: AtomicU64::default(),
            maps: Mutex::default(),
        })
    }

    /// Sets how many bytes of the files may be in memory from now on.
    pub fn set_window(&self, bytes: u64) {
        self.window.store(bytes, Ordering::Relaxed);
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Counts bytes that may have been brought into memory, and gives all of them back when they are too many.
    #[inline]
    fn looked(&self, bytes: u64) {
        if self.looked.fetch_add(bytes, Ordering::Relaxed) + bytes > self.window.load(Ordering::Relaxed) {
            self.give_back();
        }
    }

    #[cold]
    fn give_back(&self) {
        // Much of what was looked at was looked at before.
        if let Some(resident) = resident_files().map(|resident| resident.saturating_sub(self.before))
            && resident < self.window.load(Ordering::Relaxed) / 4 * 3
        {
            self.looked.store(resident, Ordering::Relaxed);
            return;
        }
        self.looked.store(0, Ordering::Relaxed);
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        maps.retain(|map| {
            let Some(map) = map.upgrade() else { return false };
            release(&map);
            true
        });
    }

    /// A file to write to.
    ///
    /// # Errors
    /// The directory does not take a file.
    pub fn file(&self) -> Result<BufWriter<File>> {
        tempfile::tempfile_in(&self.directory).map(|file| BufWriter::with_capacity(BUFFER, file)).map_err(|error| {
            LinkError::usage(format!(
                "records do not fit into `limits.memory_mb`, and the directory for temporary files `{}` takes none: \
                 {error}; set TMPDIR to one that does",
                self.directory.display()
            ))
        })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn write(&self, file: &mut BufWriter<File>, bytes: &[u8]) -> Result<()> {
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        file.write_all(bytes).map_err(|error| self.broken(&error))
    }

    /// An error of a file here.
    pub fn broken(&self, error: &std::io::Error) -> LinkError {
        LinkError::usage(format!(
            "records do not fit into `limits.memory_mb`, and a temporary file in `{}` failed: {error}; make room there, \
             or set TMPDIR to a directory with more",
            self.directory.display()
        ))
    }

    /// Maps a file that nothing more is written to.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn map(self: &Arc<Self>, file: BufWriter<File>) -> Result<Mapped> {
        let file = file.into_inner().map_err(|error| self.broken(error.error()))?;
        #[expect(unsafe_code, reason = "a file is mapped in no other way")]
        // SAFETY: the file has no name, so that no other process and nobody here can write to it any more.
        let map = unsafe { Mmap::map(&file) }.map_err(|error| self.broken(&error))?;
        let map = Arc::new(map);
        self.maps.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&map));
        Ok(Mapped { map, spill: Arc::clone(self) })
    }
}

/// Gives back what was looked at of a mapped file.
#[expect(unsafe_code, reason = "a mapped file's pages are given back in no other way")]
fn release(map: &Mmap) {
    // SAFETY: the mapping is of a file and never written to, so that whoever looks at it meanwhile or later sees what the
    // file holds. A system that refuses keeps the pages, which costs memory and nothing else.
    let _ = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
}

/// Bytes of mapped files that are in memory, where the system tells.
fn resident_files() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssFile:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// The bytes of a file.
#[derive(Debug)]
pub struct Mapped {
    map: Arc<Mmap>,
    spill: Arc<Spill>,
}

impl Mapped {
    /// All of them; looking at one place is counted.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.spill.looked(LOOK);
        &self.map
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Counts a look at so many bytes one after the other.
    #[inline]
    fn looked(&self, bytes: u64) {
        self.spill.looked(bytes);
    }
}

/// Values one after the other: all in memory, or all in a file.
#[derive(Debug)]
pub struct Shelf<T> {
    /// The values; none where they lie in a file.
    memory: Vec<T>,
    file: Option<Mapped>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T> From<Vec<T>> for Shelf<T> {
    fn from(memory: Vec<T>) -> Self {
        Self { memory, file: None }
    }
}

impl<T> FromIterator<T> for Shelf<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::from(values.into_iter().collect::<Vec<_>>())
    }
}

impl<T: Pod> Deref for Shelf<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.file {
            None => &self.memory,
            Some(file) => bytemuck::cast_slice(file.bytes()),
        }
    }
}

impl<T: Pod> Shelf<T> {
    /// The values in memory, where they can be changed; those of a file are read, a stretch at a time.
    pub fn in_memory(&mut self) -> &mut Vec<T> {
        if self.file.is_some() {
            self.memory = self.copied();
            self.file = None;
        }
        &mut self.memory
    }

    /// The values, copied into memory.
    pub fn copied(&self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        self.stretches(STRETCH).for_each(|stretch| values.extend_from_slice(stretch));
        values
    }

    /// The values in stretches of so many, each read after the last: what was read of a file before is given back, so that
    /// reading all of it takes no memory.
    pub fn stretches(&self, count: usize) -> impl Iterator<Item = &[T]> + '_ {
        let mut read = 0;
        self.chunks(count.max(1)).inspect(move |stretch| {
            if let Some(file) = &self.file {
                if read >= READ {
                    release(&file.map);
                    read = 0;
                }
                read += size_of_val(*stretch);
            }
        })
    }

    /// Puts the values into a file.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn shelve(&mut self, spill: &Arc<Spill>) -> Result<()> {
        if !self.memory.is_empty() {
            let mut filling = Filling::new(Some(spill), 0)?;
            filling.extend(&self.memory)?;
            *self = filling.finish()?;
        }
        Ok(())
    }

    /// Counts a look at `count` values one after the other, where they are in a file.
    #[inline]
    pub fn looked(&self, count: usize) {
        if let Some(file) = &self.file {
            file.looked((count * size_of::<T>()) as u64);
        }
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.file.as_ref().map_or(self.memory.len(), |file| file.map.len() / size_of::<T>())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory that they take, whatever is looked at.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.memory.capacity() * size_of::<T>()) as u64
    }
}

/// A shelf that is being filled.
#[derive(Debug)]
pub enum Filling<T> {
    /// In memory.
    Memory(Vec<T>),
    /// In a file.
    File(BufWriter<File>, Arc<Spill>),
}

impl<T: Pod> Filling<T> {
    /// An empty one: in a file where there is a place for files, else in memory with room for so many values.
    ///
    /// # Errors
    /// The directory does not take a file.
    pub fn new(spill: Option<&Arc<Spill>>, count: usize) -> Result<Self> {
        match spill {
            Some(spill) => Ok(Self::File(spill.file()?, Arc::clone(spill))),
            None => Ok(Self::Memory(Vec::with_capacity(count))),
        }
    }

    /// Adds values.
    ///
    /// # Errors
    /// The disk is full or broken.
    #[inline]
    pub fn extend(&mut self, values: &[T]) -> Result<()> {
        match self {
            Self::Memory(all) => {
                all.extend_from_slice(values);
                Ok(())
            }
            Self::File(file, spill) => spill.write(file, bytemuck::cast_slice(values)),
        }
    }

    /// The shelf.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn finish(self) -> Result<Shelf<T>> {
        match self {
            Self::Memory(values) => Ok(Shelf::from(values)),
            Self::File(file, spill) => {
                let mapped = spill.map(file)?;
                Ok(Shelf { memory: Vec::new(), file: Some(mapped).filter(|mapped| !mapped.map.is_empty()) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_lies_in_a_file_reads_as_what_lies_in_memory_however_little_may_be_in_memory() {
        for window in [0, 1 << 20] {
            let spill = Spill::new(std::env::temp_dir(), window);
            let values = (0..100_000_u32).map(|n| n.wrapping_mul(0x9E37_79B9)).collect::<Vec<_>>();
            let mut filling = Filling::new(Some(&spill), 0).unwrap();
            values.chunks(777).for_each(|some| filling.extend(some).unwrap());
            let mut shelf = filling.finish().unwrap();
            assert!(shelf.file.is_some());
            assert_eq!((shelf.len(), spill.written()), (values.len(), 400_000));
            for place in (0..values.len()).step_by(991) {
                assert_eq!(shelf[place], values[place]);
            }
            assert_eq!(*shelf, *values);
            shelf.in_memory().push(7);
            assert_eq!((shelf.len(), shelf.bytes() > 0), (values.len() + 1, true));
        }
    }

    #[test]
    fn nothing_in_a_file_is_nothing() {
        let spill = Spill::new(std::env::temp_dir(), 0);
        assert!(Filling::<u64>::new(Some(&spill), 0).unwrap().finish().unwrap().is_empty());
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let spill = Spill::new(PathBuf::from("/nowhere/at/all"), 0);
        let told = Filling::<u64>::new(Some(&spill), 0).unwrap_err().to_string();
        assert!(told.contains("/nowhere/at/all") && told.contains("TMPDIR"), "{told}");
    }
}
