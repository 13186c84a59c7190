//! A disk as POSIX promises it, and no better: the state of the files after each call, and what a power cut may make
//! of it.
//!
//! The bytes of a file are durable once that file was fsynced; a name in a directory (made, renamed, taken away) once
//! that directory was. Until then each may be lost apart from the others: ext4 and xfs promise more, FAT does not. Names
//! of one directory are lost in the order in which they came, the last first, and so are the writes to one file; a
//! rename from one directory to another is two changes. A write that was not synced may also be there in part, or as
//! zeros of its length.

use super::trace::Call;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

type Names = Arc<BTreeMap<String, usize>>;
type Bytes = Arc<Vec<u8>>;

/// A node, and the number of its changes that were not synced.
type Unsynced = (usize, usize);

/// What a node was since it was last synced: the first is durable, the last is what the program sees.
#[derive(Debug, Clone)]
enum Node {
    File(Vec<Bytes>),
    Directory(Vec<Names>),
}

/// The disk, as the program sees it and as it would be found.
#[derive(Debug, Clone)]
pub struct Disk {
    nodes: Vec<Node>,
    modes: Vec<u32>,
    /// Open files: node and position.
    open: BTreeMap<u32, (usize, usize)>,
}

/// What a power cut leaves of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// As it was after so many of the changes since it was synced.
    Changes(usize),
    /// A file with the length of now, and zeros where the bytes were not synced.
    Zeros,
    /// A file whose last write is there up to its middle.
    Torn,
}

/// Which nodes lose what; those that are not named lose nothing.
pub type Loss = BTreeMap<usize, Left>;

/// Files by their paths, with their modes; `None` for a directory.
pub type Files = BTreeMap<String, (u32, Option<Bytes>)>;

const ROOT: usize = 0;

impl Disk {
    /// A disk that holds a directory, all of it durable.
    pub fn of(directory: &Path) -> Self {
        let mut disk = Self { nodes: Vec::new(), modes: Vec::new(), open: BTreeMap::new() };
        disk.load(directory);
        disk
    }

    fn load(&mut self, path: &Path) -> usize {
        let about = std::fs::symlink_metadata(path).unwrap();
        let mode = about.permissions().mode() & 0o7777;
        if about.is_file() {
            return self.add(Node::File(vec![Arc::new(std::fs::read(path).unwrap())]), mode);
        }
        assert!(about.is_dir(), "{} is neither a file nor a directory", path.display());
        let node = self.add(Node::Directory(Vec::new()), mode);
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
        let names = entries.map(|e| (e.file_name().into_string().unwrap(), self.load(&e.path()))).collect();
        self.nodes[node] = Node::Directory(vec![Arc::new(names)]);
        node
    }

    fn add(&mut self, node: Node, mode: u32) -> usize {
        self.nodes.push(node);
        self.modes.push(mode);
        self.nodes.len() - 1
    }

    fn names(&self, node: usize) -> &Names {
        match &self.nodes[node] {
            Node::Directory(states) => states.last().unwrap(),
            Node::File(_) => panic!("a file is no directory"),
        }
    }

    fn bytes(&self, node: usize) -> &Bytes {
        match &self.nodes[node] {
            Node::File(states) => states.last().unwrap(),
            Node::Directory(_) => panic!("a directory has no bytes"),
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        parts.into_iter().try_fold(ROOT, |node, part| match &self.nodes[node] {
            Node::Directory(states) => states.last().unwrap().get(part).copied(),
            Node::File(_) => None,
        })
    }

    fn at(&self, path: &str) -> usize {
        self.find(path).unwrap_or_else(|| panic!("{path} is not there"))
    }

    fn split(path: &str) -> (&str, &str) {
        path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path))
    }

    /// Changes one name of a directory.
    fn name(&mut self, path: &str, node: Option<usize>) {
        let (directory, name) = Self::split(path);
        let directory = self.at(directory);
        let mut names = BTreeMap::clone(self.names(directory));
        match node {
            Some(node) => names.insert(name.to_owned(), node),
            None => names.remove(name),
        };
        let Node::Directory(states) = &mut self.nodes[directory] else { unreachable!() };
        states.push(Arc::new(names));
    }

    fn write(&mut self, node: usize, at: usize, bytes: &[u8]) {
        let mut now = Vec::clone(self.bytes(node));
        if now.len() < at + bytes.len() {
            now.resize(at + bytes.len(), 0);
        }
        now[at..at + bytes.len()].copy_from_slice(bytes);
        self.set(node, now);
    }

    fn set(&mut self, node: usize, now: Vec<u8>) {
        let Node::File(states) = &mut self.nodes[node] else { panic!("a directory has no bytes") };
        states.push(Arc::new(now));
    }

    /// Does what a call did.
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Open { fd, path, create, exclusive, truncate, append } => {
                let node = match self.find(path) {
                    Some(node) => {
                        assert!(!exclusive, "{path} was there");
                        node
                    }
                    None => {
                        let mode = create.unwrap_or_else(|| panic!("{path} was opened and is not there")) & !0o022;
                        let node = self.add(Node::File(vec![Arc::default()]), mode);
                        self.name(path, Some(node));
                        node
                    }
                };
                if *truncate && !self.bytes(node).is_empty() {
                    self.set(node, Vec::new());
                }
                let position = if *append { self.bytes(node).len() } else { 0 };
                self.open.insert(*fd, (node, position));
            }
            Call::Close { fd } => drop(self.open.remove(fd)),
            Call::Duplicate { from, to } => {
                self.open.remove(to);
                if let Some(open) = self.open.get(from).copied() {
                    self.open.insert(*to, open);
                }
            }
            Call::Seek { fd, to } => {
                if let Some(open) = self.open.get_mut(fd) {
                    open.1 = *to;
                }
            }
            Call::Write { fd, at, bytes, .. } => {
                if let Some((node, position)) = self.open.get(fd).copied() {
                    self.write(node, at.unwrap_or(position), bytes);
                    if at.is_none() {
                        self.open.insert(*fd, (node, position + bytes.len()));
                    }
                }
            }
            Call::Length { fd, length, .. } => {
                if let Some((node, _)) = self.open.get(fd).copied() {
                    let mut now = Vec::clone(self.bytes(node));
                    now.resize(*length, 0);
                    self.set(node, now);
                }
            }
            Call::Sync { fd, .. } => {
                if let Some((node, _)) = self.open.get(fd).copied() {
                    match &mut self.nodes[node] {
                        Node::File(states) => drop(states.drain(..states.len() - 1)),
                        Node::Directory(states) => drop(states.drain(..states.len() - 1)),
                    }
                }
            }
            Call::Rename { from, to, exchange } => {
                let (one, other) = (self.at(from), self.find(to));
                if *exchange {
                    self.name(from, other);
                    self.name(to, Some(one));
                } else if Self::split(from).0 == Self::split(to).0 {
                    self.rename_within(from, to, one);
                } else {
                    self.name(to, Some(one));
                    self.name(from, None);
                }
            }
            Call::Link { from, to } => {
                let node = self.at(from);
                self.name(to, Some(node));
            }
            Call::Unlink { path } | Call::RemoveDirectory { path } => {
                self.at(path);
                self.name(path, None);
            }
            Call::MakeDirectory { path, mode } => {
                let node = self.add(Node::Directory(vec![Arc::default()]), mode & !0o022);
                self.name(path, Some(node));
            }
            Call::Mode { path, mode } => {
                if let Some(node) = self.find(path) {
                    self.modes[node] = *mode;
                }
            }
            Call::Returned { .. } => {}
        }
    }

    /// True where an open file or directory has changes that were not synced.
    pub fn is_dirty(&self, fd: u32) -> bool {
        self.open.get(&fd).is_some_and(|(node, _)| match &self.nodes[*node] {
            Node::File(states) => states.len() > 1,
            Node::Directory(states) => states.len() > 1,
        })
    }

    /// A rename within a directory is one change.
    fn rename_within(&mut self, from: &str, to: &str, node: usize) {
        self.name(to, Some(node));
        self.name(from, None);
        let directory = self.at(Self::split(to).0);
        let Node::Directory(states) = &mut self.nodes[directory] else { unreachable!() };
        states.remove(states.len() - 2);
    }

    /// What is found after a power cut; an empty loss is what `kill -9` leaves.
    pub fn after(&self, loss: &Loss) -> Files {
        let mut files = Files::new();
        self.gather(ROOT, "", loss, &mut files);
        files
    }

    fn gather(&self, node: usize, path: &str, loss: &Loss, files: &mut Files) {
        match &self.nodes[node] {
            Node::File(states) => {
                let now = states.last().unwrap();
                let bytes = match loss.get(&node) {
                    None => now.clone(),
                    Some(Left::Changes(count)) => states[*count].clone(),
                    Some(Left::Zeros) => {
                        let same = |(at, byte): (usize, &u8)| states[0].get(at) == Some(byte);
                        let kept = now.iter().enumerate().map(|pair| if same(pair) { *pair.1 } else { 0 });
                        Arc::new(kept.collect())
                    }
                    Some(Left::Torn) => {
                        let before = states[states.len() - 2].len();
                        let middle = before.min(now.len()) + now.len().saturating_sub(before) / 2;
                        Arc::new(now[..middle].to_vec())
                    }
                };
                files.insert(path.to_owned(), (self.modes[node], Some(bytes)));
            }
            Node::Directory(states) => {
                if !path.is_empty() {
                    files.insert(path.to_owned(), (self.modes[node], None));
                }
                let names = match loss.get(&node) {
                    Some(Left::Changes(count)) => &states[*count],
                    _ => states.last().unwrap(),
                };
                for (name, child) in names.iter() {
                    let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                    self.gather(*child, &below, loss, files);
                }
            }
        }
    }

    /// What was not synced of the nodes below a directory that the program sees, or would find again: each with the
    /// number of changes.
    pub fn dirty(&self, below: &str) -> (Vec<Unsynced>, Vec<Unsynced>) {
        let mut seen = BTreeSet::new();
        let mut reach = self.find(below).into_iter().collect::<Vec<_>>();
        while let Some(node) = reach.pop() {
            if let (true, Node::Directory(states)) = (seen.insert(node), &self.nodes[node]) {
                reach.extend(states.iter().flat_map(|names| names.values()));
            }
        }
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for node in seen {
            match &self.nodes[node] {
                Node::File(states) if states.len() > 1 => files.push((node, states.len() - 1)),
                Node::Directory(states) if states.len() > 1 => directories.push((node, states.len() - 1)),
                _ => {}
            }
        }
        (files, directories)
    }
}
