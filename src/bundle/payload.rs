//! The payload in clear: a plain ustar archive, written in one way and read only in that way.
//!
//! Reading walks the raw entries and refuses, each by its name, what an archive can do to a directory:
//! links, devices, directories, odd names, duplicates, extension headers. At the end the archive is
//! packed again and compared: what passes is byte for byte what [`pack_tar`] writes. Source: POSIX.1-1988
//! ustar.

use super::MAX_PAYLOAD;
use crate::error::{Error, Kind};
use std::io::Read;
use tar::{Archive, Builder, EntryType, Header};
use zeroize::Zeroizing;

/// A file of the payload: its name and bytes, wiped when dropped since one of them may be a key.
pub type Entry = (String, Zeroizing<Vec<u8>>);

/// The only file that is private to its owner.
pub const KEY_FILE: &str = "ca-key.pem";
/// The most files in a payload.
const MAX_FILES: usize = 64;
/// The block of a tar archive, in bytes.
const BLOCK: usize = 512;

/// True for a name that may be written anywhere: `[a-z0-9._-]{1,64}`, and not hidden.
pub fn is_safe_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
}

/// The permission bits of a file.
pub fn mode_of(name: &str) -> u32 {
    if name == KEY_FILE { 0o600 } else { 0o644 }
}

/// Packs files, in their order, into an archive that depends on nothing else: no times, no owners.
///
/// # Errors
/// [`Kind::Bug`]: a name that is not safe, or too much of anything.
pub fn pack_tar<B: AsRef<[u8]>>(files: &[(String, B)]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let bug = |seen: String| Error::new(Kind::Bug, "a payload cannot be packed").saw(seen);
    let blocks = |len: usize| len.div_ceil(BLOCK).saturating_mul(BLOCK).saturating_add(BLOCK);
    let total = files.iter().map(|(_, bytes)| blocks(bytes.as_ref().len())).fold(2 * BLOCK, usize::saturating_add);
    if total > MAX_PAYLOAD || files.len() > MAX_FILES {
        return Err(bug(format!("{} files, {total} bytes", files.len())));
    }
    // Reserved at once: a buffer that grows leaves copies of a key behind.
    let mut out = Zeroizing::new(Vec::with_capacity(total));
    let mut builder = Builder::new(&mut *out);
    for (name, bytes) in files {
        let bytes = bytes.as_ref();
        if !is_safe_name(name) {
            return Err(bug(name.clone()));
        }
        let mut header = Header::new_ustar();
        header.set_path(name).map_err(|error| bug(error.to_string()))?;
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        header.set_mode(mode_of(name));
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(EntryType::Regular);
        header.set_cksum();
        builder.append(&header, bytes).map_err(|error| bug(error.to_string()))?;
    }
    builder.into_inner().map_err(|error| bug(error.to_string()))?;
    Ok(out)
}

/// Unpacks an archive into memory.
///
/// # Errors
/// [`Kind::Verify`]: over the caps, not an archive, an entry that is no regular file of a safe name, a
/// duplicate, an extension header, or anything that [`pack_tar`] would not have written. Nothing is written.
pub fn unpack(archive: &[u8]) -> Result<Vec<Entry>, Error> {
    let refuse = |what: String| Error::new(Kind::Verify, what);
    if archive.len() > MAX_PAYLOAD {
        return Err(refuse("the payload is too large".into())
            .saw(format!("{} bytes", archive.len()))
            .wanted(format!("at most {MAX_PAYLOAD} bytes")));
    }
    let broken = |error: std::io::Error| {
        Error::new(Kind::Verify, "the payload is not a whole ustar archive").saw(error.to_string())
    };
    let mut files: Vec<Entry> = Vec::new();
    // Raw: extension headers (pax, GNU long names, sparse files) are entries like others, and refused.
    for entry in Archive::new(archive).entries().map_err(broken)?.raw(true) {
        let entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind != EntryType::Regular {
            return Err(refuse("the payload holds an entry that is no regular file".into())
                .saw(format!("{} \"{name}\"", shape(kind))));
        }
        if !is_safe_name(&name) {
            return Err(refuse("the payload holds a file with a name that is not allowed".into())
                .saw(format!("\"{name}\""))
                .wanted("1 to 64 of a-z 0-9 . _ -"));
        }
        if files.iter().any(|(there, _)| *there == name) {
            return Err(refuse("the payload holds a file twice".into()).saw(name));
        }
        if files.len() >= MAX_FILES {
            return Err(refuse("the payload holds too many files".into()).wanted(format!("at most {MAX_FILES}")));
        }
        let size = entry.size();
        let room = usize::try_from(size).ok().filter(|room| *room <= archive.len()).ok_or_else(|| {
            refuse("the payload holds a file that is larger than itself".into())
                .saw(format!("\"{name}\", {size} bytes"))
        })?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        entry.take(size).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() != room {
            return Err(refuse("the payload is cut".into()).saw(format!("\"{name}\", {} of {size} bytes", bytes.len())));
        }
        files.push((name, bytes));
    }
    if pack_tar(&files)?.as_slice() != archive {
        return Err(refuse("the payload is not an archive as anchorite writes it".into())
            .wanted("plain ustar, no times, no owners, nothing after its end"));
    }
    Ok(files)
}

fn shape(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "symbolic link",
        EntryType::Link => "hard link",
        EntryType::Directory => "directory",
        EntryType::Char | EntryType::Block => "device",
        EntryType::Fifo => "FIFO",
        EntryType::XHeader | EntryType::XGlobalHeader => "pax extension header",
        EntryType::GNULongName | EntryType::GNULongLink => "GNU extension header",
        EntryType::GNUSparse => "sparse file",
        _ => "entry of another type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(String, Vec<u8>)> {
        vec![("manifest.json".into(), b"{}\n".to_vec()), ("ca-key.pem".into(), vec![7; 1025])]
    }

    /// An archive with one entry after good ones.
    fn with(change: impl Fn(&mut Header), name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_size(content.len().try_into().unwrap());
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(EntryType::Regular);
        change(&mut header);
        header.set_cksum();
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap()
    }

    fn refusal(archive: &[u8]) -> String {
        let error = unpack(archive).unwrap_err();
        assert_eq!(error.kind(), Kind::Verify);
        error.to_string()
    }

    #[test]
    fn what_is_packed_unpacks_and_the_same_files_are_the_same_bytes() {
        let archive = pack_tar(&files()).unwrap();
        assert_eq!(archive, pack_tar(&files()).unwrap());
        let there = unpack(&archive).unwrap();
        let there: Vec<_> = there.into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
        assert_eq!(there, files());
    }

    #[test]
    fn a_good_archive_passes_so_that_the_refusals_below_can_fail() {
        assert!(unpack(&with(|_| {}, b"a", b"x")).is_ok());
    }

    #[test]
    fn links_devices_directories_and_extension_headers_are_refused_by_name() {
        for (kind, shown) in [
            (EntryType::Symlink, "symbolic link"),
            (EntryType::Link, "hard link"),
            (EntryType::Directory, "directory"),
            (EntryType::Block, "device"),
            (EntryType::Fifo, "FIFO"),
            (EntryType::XHeader, "pax extension header"),
            (EntryType::XGlobalHeader, "pax extension header"),
            (EntryType::GNULongName, "GNU extension header"),
            (EntryType::GNUSparse, "sparse file"),
            (EntryType::Continuous, "another type"),
        ] {
            assert!(refusal(&with(|h| h.set_entry_type(kind), b"a", b"")).contains(shown), "{kind:?}");
        }
    }

    #[test]
    fn names_that_could_leave_the_directory_are_refused() {
        for name in [&b".."[..], b"../x", b"/etc/x", b"a/b", b"A", b".hidden", b"a b", b"a\x1b", b"\xff", b"", b"a\\b"]
        {
            assert!(refusal(&with(|_| {}, name, b"x")).contains("not allowed"), "{name:?}");
        }
        let long = [b'a'; 65];
        assert!(refusal(&with(|_| {}, &long, b"x")).contains("not allowed"));
        // A ustar prefix is a directory in front of the name.
        assert!(
            refusal(&with(|h| h.as_ustar_mut().unwrap().prefix[..1].copy_from_slice(b"p"), b"a", b""))
                .contains("not allowed")
        );
    }

    #[test]
    fn a_duplicate_a_cut_and_whatever_follows_the_end_are_refused() {
        let one = with(|_| {}, b"a", b"x");
        let twice: Vec<u8> = one[..1024].iter().chain(&one).copied().collect();
        assert!(refusal(&twice).contains("twice"));
        for cut in [511, 512, 600, 1024, 1536] {
            assert!(unpack(&one[..cut]).is_err(), "cut at {cut}");
        }
        for tail in [&b"x"[..], &[0; 512]] {
            assert!(unpack(&[&one, tail].concat()).is_err());
        }
        assert!(unpack(b"").is_err());
        assert!(unpack(b"not an archive").is_err());
    }

    #[test]
    fn sizes_that_lie_times_and_owners_are_refused() {
        assert!(unpack(&with(|h| h.set_size(1 << 40), b"a", b"x")).is_err());
        assert!(unpack(&with(|h| h.set_size(513), b"a", b"x")).is_err());
        assert!(unpack(&with(|h| h.set_mtime(1), b"a", b"x")).is_err());
        assert!(unpack(&with(|h| h.set_mode(0o4755), b"a", b"x")).is_err());
        assert!(unpack(&with(|h| h.set_uid(1), b"a", b"x")).is_err());
        assert!(refusal(&vec![0; MAX_PAYLOAD + 1]).contains("too large"));
    }

    #[test]
    fn every_flipped_byte_of_a_header_is_refused() {
        let one = with(|_| {}, b"a", b"x");
        for at in 0..one.len() {
            let mut bad = one.clone();
            bad[at] ^= 1;
            // The name and the content are the manifest's to judge; all else is ours.
            let Ok(files) = unpack(&bad) else { continue };
            assert!(files[0].0 != "a" || files[0].1.as_slice() != b"x", "byte {at}");
        }
    }

    #[test]
    fn a_stock_tar_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.tar");
        std::fs::write(&path, pack_tar(&files()).unwrap()).unwrap();
        let listed = std::process::Command::new("tar").arg("-tvf").arg(&path).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.starts_with("-rw-r--r-- 0/0"), "{listed}");
        assert!(listed.lines().nth(1).unwrap().starts_with("-rw------- 0/0"), "{listed}");
    }
}
