//! What a refused command must leave as it was, and what it must have said.

use super::{AUTHORITY, World};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What lies under a directory.
pub type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// The names under a tree that differ from another one: added, removed or changed.
pub fn differences(before: &Tree, after: &Tree) -> Vec<PathBuf> {
    let changed = before.iter().filter(|(path, node)| after.get(*path) != Some(node)).map(|(path, _)| path);
    let added = after.keys().filter(|path| !before.contains_key(*path));
    changed.chain(added).cloned().collect()
}

/// A file larger than this, in bytes, is compared by its size: a hostile one may be larger than the memory.
const LARGEST: u64 = 256 << 20;

fn collect(path: &Path, name: &Path, tree: &mut Tree) {
    let Ok(meta) = path.symlink_metadata() else { return };
    let content = if meta.len() > LARGEST {
        format!("{} bytes", meta.len()).into_bytes()
    } else if meta.is_file() {
        std::fs::read(path).unwrap()
    } else if meta.is_symlink() {
        std::fs::read_link(path).unwrap().into_os_string().into_encoded_bytes()
    } else {
        Vec::new()
    };
    tree.insert(name.to_owned(), (meta.permissions().mode(), content));
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            collect(&entry.path(), &name.join(entry.file_name()), tree);
        }
    }
}

impl World {
    /// Everything under a path of the world, to compare before with after: each file's bytes, links, modes.
    pub fn tree(&self, name: &str) -> Tree {
        let mut tree = Tree::new();
        collect(&self.path(name), Path::new(name), &mut tree);
        // Made before the fence goes up, since what does not exist cannot be allowed: empty, it is no part of a token.
        let copies = Path::new("token/tokens.snapshots");
        if !tree.keys().any(|path| path.starts_with(copies) && path != copies) {
            tree.remove(copies);
        }
        tree
    }

    /// Everything that a refused command must leave as it was: the whole world but for the token's files
    /// (the module rewrites them at each login) and the note in the lock that says who last held it.
    pub fn everything(&self) -> Tree {
        let mut tree = self.tree("");
        tree.retain(|path, _| !path.starts_with("token") && !path.ends_with("log/lock"));
        tree
    }

    /// Runs a command that is refused, and asserts that it changed nothing.
    #[track_caller]
    pub fn refused<S: AsRef<OsStr>>(&self, arguments: &[S], text: &str) {
        self.refused_through::<&str, S>(&[], arguments, text);
    }

    /// The same under another program.
    #[track_caller]
    pub fn refused_through<W: AsRef<OsStr>, S: AsRef<OsStr>>(&self, through: &[W], arguments: &[S], text: &str) {
        let before = self.everything();
        let output = self.run_through(through, arguments);
        assert_text(&output.error(), text);
        assert_eq!(output.stdout, "");
        assert_eq!(differences(&before, &self.everything()), Vec::<PathBuf>::new());
    }

    /// Runs a reading command that shows what it refuses, and asserts that it changed nothing.
    #[track_caller]
    pub fn refused_with_screen<S: AsRef<OsStr>>(&self, arguments: &[S], text: &str) {
        let before = self.everything();
        let output = self.run(arguments);
        assert_text(&output.error(), text);
        assert_ne!(output.stdout, "");
        assert_eq!(differences(&before, &self.everything()), Vec::<PathBuf>::new());
    }

    /// Runs a ceremony that stops after the token was unlocked: the log has the session, closed under a
    /// checkpoint, and nothing else in the world changed. Nothing was signed.
    #[track_caller]
    pub fn stopped<S: AsRef<OsStr>>(&self, arguments: &[S], text: &str) {
        let (before, log, signatures) = (self.everything(), self.read(ENTRIES), self.intents());
        let output = self.run(arguments);
        assert_text(&output.error(), text);
        let mut changed = differences(&before, &self.everything());
        changed.retain(|path| !path.starts_with("authority/log") && !path.starts_with("authority/records"));
        assert_eq!(changed, Vec::<PathBuf>::new());
        assert!(self.read(ENTRIES).starts_with(&log), "the log was not only appended to");
        assert_eq!(self.intents(), signatures, "the root key was used");
        self.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    }

    /// How often the log says that the root key was about to sign.
    pub fn intents(&self) -> usize {
        self.run(&["log", "show", AUTHORITY]).ok().stdout.matches(" sign.intent ").count()
    }
}

/// The log itself.
pub const ENTRIES: &str = "authority/log/entries.jsonl";

/// Compares what was printed with what is written in a test, however both are broken into lines; no line is
/// longer than a terminal. In the text, `…` stands for the rest of a word: a digest, a serial number, a path.
#[track_caller]
pub fn assert_text(printed: &str, text: &str) {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (shown, wanted) = (words(printed), words(text));
    let same = shown.len() == wanted.len() && shown.iter().zip(&wanted).all(|(shown, wanted)| word(shown, wanted));
    assert!(same, "printed:\n{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "a line is too long:\n{printed}");
}

/// A word whose `…` stands for anything.
fn word(shown: &str, wanted: &str) -> bool {
    match wanted.split_once('…') {
        None => shown == wanted,
        Some((first, last)) => {
            shown.len() >= first.len() + last.len() && shown.starts_with(first) && shown.ends_with(last)
        }
    }
}
