//! Lines of a log that was read, one by one again, so that nobody holds the entries of a long ceremony in memory.
//!
//! Each line is held against the leaf hash that it had when the log was read: what was verified then is what is given
//! back now, or nothing is. Takes no lock and changes nothing. RFC 6962, 2.1.

use super::disk;
use super::read::{ENTRIES, directory_of};
use crate::error::{Error, Kind};
use crate::log::entry::{self, Entry, LastHeader};
use crate::log::scan::Located;
use crate::log::{MAX_LINE, merkle};
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How many bytes are read at once: neighbours are asked for one after the other.
const AT_ONCE: usize = 64 * 1024;

/// The lines of a log, open to be read again.
#[derive(Debug)]
pub struct Again {
    path: PathBuf,
    file: BufReader<File>,
    /// Where the file is read next, in bytes.
    position: u64,
    line: Vec<u8>,
    last: LastHeader,
}

impl Again {
    /// Opens the lines of a log (an authority's directory, a log's, or an `entries.jsonl`).
    ///
    /// # Errors
    /// [`Kind::Medium`]: there is no log, or it cannot be read.
    pub fn open(target: &Path) -> Result<Self, Error> {
        let path = directory_of(target).join(ENTRIES);
        let file = BufReader::with_capacity(AT_ONCE, disk::open(&path, OFlags::RDONLY)?);
        Ok(Self { path, file, position: 0, line: Vec::new(), last: LastHeader::default() })
    }

    /// The entry of a line, which must be the very line that it was.
    ///
    /// # Errors
    /// [`Kind::Medium`]: it cannot be read, or is another than it was.
    pub fn entry(&mut self, at: &Located) -> Result<Entry, Error> {
        self.fetch(at.offset).map_err(|error| disk::medium("cannot read", &self.path, &error))?;
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        if merkle::leaf_hash(line) != at.leaf {
            return Err(Error::new(
                Kind::Medium,
                format!("entry {} changed on the medium since it was verified", at.seq),
            )
            .hint("verify the log again, or go on with an intact copy of it: anchorite log verify"));
        }
        let (_, entry) = entry::read_line(line, &mut self.last)?;
        Ok(entry)
    }

    /// Reads the line at an offset; what is near the one before it is in the buffer already.
    fn fetch(&mut self, offset: u64) -> std::io::Result<()> {
        match i64::try_from(i128::from(offset) - i128::from(self.position)) {
            Ok(away) => self.file.seek_relative(away)?,
            Err(_) => drop(self.file.seek(SeekFrom::Start(offset))?),
        }
        self.line.clear();
        let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = self.file.by_ref().take(most).read_until(b'\n', &mut self.line)?;
        self.position = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::scan;
    use std::fs;

    #[test]
    fn a_line_is_given_back_in_any_order_and_one_that_changed_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(ENTRIES);
        let (bytes, mut lines) = (scan::tests::log(100), Vec::new());
        fs::write(&path, &bytes).unwrap();
        scan::scan(&bytes[..], &mut |line| {
            lines.push((line.located(), line.entry.clone()));
            Ok(())
        })
        .unwrap();
        let mut again = Again::open(directory.path()).unwrap();
        for order in [[0, 1, 2, 97], [97, 7, 7, 0], [13, 14, 1, 98]] {
            for (at, entry) in order.map(|position| &lines[position]) {
                assert_eq!(&again.entry(at).unwrap(), entry);
            }
        }
        // One letter of a line, the line end between two, and the end of the file.
        let third = usize::try_from(lines[3].0.offset).unwrap();
        let letter = third + String::from_utf8_lossy(&bytes[third..]).find("xxx").unwrap();
        for (change, expected) in [(letter, 3), (usize::try_from(lines[4].0.offset).unwrap() - 1, 3)] {
            let mut changed = bytes.clone();
            changed[change] = b'y';
            fs::write(&path, &changed).unwrap();
            let mut again = Again::open(directory.path()).unwrap();
            assert!(again.entry(&lines[2].0).is_ok());
            let error = again.entry(&lines[expected].0).unwrap_err();
            assert_eq!(error.kind(), Kind::Medium);
            assert_eq!(error.what(), "entry 3 changed on the medium since it was verified");
        }
        fs::write(&path, &bytes[..third]).unwrap();
        let error = Again::open(directory.path()).unwrap().entry(&lines[3].0).unwrap_err();
        assert!(error.what().contains("entry 3 changed"), "{error}");
    }
}
