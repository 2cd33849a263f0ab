//! One writer at a time on a folder. The system frees the lock when its process dies, however it dies.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::StoreError;

/// A held lock.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("writer.lock");
        let io = |error| StoreError::Io { path: path.display().to_string(), error };
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(io)?;
                return Err(StoreError::Locked { path: path.display().to_string(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Whether nobody holds it.
    pub fn is_free(folder: &Path) -> bool {
        File::options()
            .read(true)
            .write(true)
            .open(folder.join("writer.lock"))
            .is_ok_and(|file| file.try_lock().is_ok())
    }
}
