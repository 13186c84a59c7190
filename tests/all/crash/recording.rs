//! A run of a ceremony that was recorded, and the disk after each of its calls.

use super::super::support::World;
use super::disk::{Disk, Files};
use super::trace::{self, Call};
use super::{Ceremony, configuration, copy};
use anchorite::digest::Digest;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

/// A run, from the disk that it found to the one that it left.
pub struct Recording {
    before: Disk,
    calls: Vec<(Call, String)>,
}

impl Recording {
    /// Runs the ceremony in its world, behind the proxy that writes calls of PKCS#11 down.
    ///
    /// What the recording comes to at its end is compared with the files that are there, byte for byte.
    pub fn of(ceremony: &Ceremony) -> Self {
        let world = copy(&(ceremony.prepared)());
        world.behind_proxy();
        let before = Disk::of(&world.path(""));
        let calls = trace::record(&world, ceremony.arguments);
        let recording = Self { before, calls };
        world.calls();
        let end = Disk::of(&world.path("")).after(&[].into());
        let recorded = recording.end().after(&[].into());
        for (path, (_, bytes)) in &end {
            let (_, there) = recorded.get(path).unwrap_or_else(|| panic!("{path} is not in the recording"));
            assert!(bytes == there, "{path} is another in the recording");
        }
        assert_eq!(end.len(), recorded.len(), "the recording leaves what is not there");
        for needed in ceremony.touches {
            assert!(recording.calls.iter().any(|(_, shown)| shown.contains(needed)), "{needed} was not written");
        }
        recording
    }

    /// The disk before the run.
    pub fn start(&self) -> &Disk {
        &self.before
    }

    /// The disk that the run left.
    pub fn end(&self) -> Disk {
        let mut disk = self.before.clone();
        self.calls.iter().for_each(|(call, _)| disk.apply(call));
        disk
    }

    /// The kinds of syncs that made something durable: each a file or directory, whatever its random names.
    pub fn syncs(&self) -> BTreeSet<String> {
        let (mut disk, mut kinds) = (self.before.clone(), BTreeSet::new());
        for (call, _) in &self.calls {
            if matches!(call, Call::Sync { fd, .. } if disk.is_dirty(*fd)) {
                kinds.extend(kind_of_sync(call));
            }
            disk.apply(call);
        }
        kinds
    }

    /// The same run, had it left out the syncs of one kind.
    pub fn without(&self, kind: &str) -> Self {
        let is_kept = |(call, _): &&(Call, String)| kind_of_sync(call).is_none_or(|other| other != kind);
        Self { before: self.before.clone(), calls: self.calls.iter().filter(is_kept).cloned().collect() }
    }

    /// Visits the disk as it was before the run and after each call of ours that changes files or makes them durable,
    /// and after each call of PKCS#11: before the next of them nothing changes. Returns how many that were.
    pub fn each(&self, mut visit: impl FnMut(&Disk, &Call, &str)) -> usize {
        let mut disk = self.before.clone();
        let mut instants = 0;
        for (call, shown) in &self.calls {
            disk.apply(call);
            if call.counts() && !call.is_inside_module() {
                instants += 1;
                visit(&disk, call, &format!("{instants}, after {shown}"));
            }
        }
        instants
    }
}

/// What a sync is of: its path without random names and numbers.
fn kind_of_sync(call: &Call) -> Option<String> {
    let Call::Sync { file, .. } = call else { return None };
    let plain = |part: &str| match part {
        part if part.starts_with(".anchorite-") => "(new)".to_owned(),
        part if part.starts_with('.') && part.ends_with("-partial") => "(copy)".to_owned(),
        part if part.starts_with(|c: char| c.is_ascii_hexdigit()) && part.contains(|c: char| c.is_ascii_digit()) => {
            part.rsplit_once('.').map_or("(id)".to_owned(), |(_, ending)| format!("(id).{ending}"))
        }
        part => part.to_owned(),
    };
    Some(file.split('/').map(plain).collect::<Vec<_>>().join("/"))
}

/// The SHA-256 of files, names and modes: equal disks need no second look.
pub fn digest(files: &Files) -> Digest {
    let mut text = String::new();
    for (path, (mode, bytes)) in files {
        let content = bytes.as_ref().map_or("directory".to_owned(), |bytes| Digest::of(bytes).to_string());
        text += &format!("{mode:o} {content} {path}\n");
    }
    Digest::of(text.as_bytes())
}

/// A world with these files, its token where SoftHSM finds it.
pub fn world_of(files: &Files) -> World {
    let world = World::new();
    for name in ["token", "requests", "medium", "clusters"] {
        std::fs::remove_dir_all(world.path(name)).unwrap();
    }
    // A file that a power cut left under two names is one file.
    let mut written: Vec<(&Arc<Vec<u8>>, PathBuf)> = Vec::new();
    for (path, (mode, bytes)) in files {
        let path = world.path(path);
        match bytes {
            None => std::fs::create_dir(&path).unwrap(),
            Some(bytes) => match written.iter().find(|(other, _)| Arc::ptr_eq(bytes, other)) {
                Some((_, other)) => std::fs::hard_link(other, &path).unwrap(),
                None => {
                    std::fs::write(&path, bytes.as_slice()).unwrap();
                    written.push((bytes, path.clone()));
                }
            },
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode)).unwrap();
    }
    let _ = std::fs::remove_file(world.path("authority/local.toml"));
    let tokens = world.path("token/tokens");
    world.write("token/softhsm2.conf", configuration(&tokens.display().to_string()));
    world
}
