//! Appending so that a failure leaves what was there.

use std::fs::File;
use std::io::{self, Write};

/// What appending needs of a file.
pub(super) trait Medium: Write {
    /// Waits until everything written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// A file that grows at its end, and how much of it counts.
#[derive(Debug)]
pub(super) struct Journal<M> {
    medium: M,
    length: u64,
    /// There may be something behind `length` that does not count.
    ragged: bool,
}

impl<M: Medium> Journal<M> {
    /// Takes a file opened for appending, of which the first `length` bytes are good. `ragged`: there are more.
    pub(super) const fn new(medium: M, length: u64, ragged: bool) -> Self {
        Self { medium, length, ragged }
    }

    /// Bytes that count.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// The file.
    pub(super) const fn medium(&self) -> &M {
        &self.medium
    }

    /// Adds `bytes`; when this returns without an error they are on the disk.
    ///
    /// # Errors
    ///
    /// Nothing was added. If even the cut failed, it is made up for before the next append.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.ragged {
            self.medium.cut(self.length)?;
            self.ragged = false;
        }
        if let Err(error) = self.medium.write_all(bytes).and_then(|()| self.medium.sync()) {
            self.ragged = self.medium.cut(self.length).is_err();
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}
