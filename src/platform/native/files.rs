//! A native file as a [`ByteSource`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::io::ByteSource;

/// An open file.
#[derive(Debug)]
pub struct PathSource {
    file: Mutex<File>,
    size: u64,
}

impl PathSource {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// What the system reports; [`io::ErrorKind::IsADirectory`] for a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { file: Mutex::new(file), size: metadata.len() })
    }
}

impl ByteSource for PathSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_at_any_place() {
        let source = PathSource::open(Path::new(file!())).unwrap();
        let mut start = [0; 3];
        source.read_at(0, &mut start).unwrap();
        assert_eq!(&start, b"//!");
        assert!(source.read_at(source.size() - 1, &mut start).is_err());
    }

    #[test]
    fn a_folder_is_refused() {
        assert!(PathSource::open(Path::new("src")).is_err());
    }
}
