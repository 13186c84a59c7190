//! Copies that are empty, behind, interrupted, torn, ahead and of another history.

use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

const LINES: [&str; 4] = ["{\"seq\":0}\n", "{\"seq\":1}\n", "{\"seq\":2}\n", "{\"seq\":3}\n"];

struct Two(TempDir);

impl Two {
    /// A log of four entries, its checkpoint and audit certificate, and no copy.
    fn new() -> Self {
        let two = Self(tempfile::tempdir().unwrap());
        two.log(&two.ours(), 4);
        two
    }
    fn log(&self, at: &Path, entries: usize) {
        for part in [CHECKPOINTS, AUDIT] {
            std::fs::create_dir_all(at.join(part)).unwrap();
        }
        std::fs::write(at.join(ENTRIES), LINES[..entries].concat()).unwrap();
        for name in ["checkpoint".to_owned(), format!("checkpoints/{entries}")] {
            std::fs::write(at.join(name), note(entries)).unwrap();
        }
        std::fs::write(at.join("audit/1.pem"), "certificate").unwrap();
    }
    fn ours(&self) -> PathBuf {
        self.0.path().join("log")
    }
    fn theirs(&self) -> PathBuf {
        self.0.path().join("copy")
    }
    fn standing(&self) -> Standing {
        standing(&self.ours(), &self.theirs()).unwrap()
    }
    fn copy(&self) -> Result<(), Error> {
        copy(&self.ours(), &self.theirs(), &mut |_, _| {})
    }
    #[track_caller]
    fn assert_same(&self) {
        assert_eq!(self.standing(), Standing::Equal { entries: 4 });
        for name in ["entries.jsonl", "checkpoint", "checkpoints/4", "audit/1.pem"] {
            let read = |dir: PathBuf| std::fs::read(dir.join(name)).unwrap();
            assert_eq!(read(self.ours()), read(self.theirs()), "{name}");
        }
        assert!(!self.theirs().join(TEMPORARY).exists());
    }
}

fn note(entries: usize) -> String {
    format!(
        "anchorite/x/07\n{entries}\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— anchorite/x/07 AAAAAAAAAAA=\n"
    )
}

#[test]
fn an_empty_place_and_an_older_copy_become_the_same_and_stay_it() {
    let two = Two::new();
    assert_eq!(two.standing(), Standing::Behind { entries: 0 });
    two.copy().unwrap();
    two.assert_same();
    two.copy().unwrap();
    two.assert_same();

    let two = Two::new();
    two.log(&two.theirs(), 2);
    assert_eq!(two.standing(), Standing::Behind { entries: 2 });
    assert_eq!(missing(&two.ours(), &two.theirs()).unwrap(), 20);
    two.copy().unwrap();
    two.assert_same();
    // The older checkpoint is not taken away: every one that was ever signed is kept.
    assert!(two.theirs().join("checkpoints/2").exists());
}

#[test]
fn a_copy_that_was_interrupted_at_any_byte_is_completed() {
    let whole = LINES.concat();
    for held in 0..whole.len() {
        let two = Two::new();
        two.log(&two.theirs(), 4);
        std::fs::write(two.theirs().join(ENTRIES), &whole[..held]).unwrap();
        assert!(matches!(two.standing(), Standing::Behind { .. }), "{held}");
        two.copy().unwrap();
        two.assert_same();
        let torn = std::fs::read_dir(two.theirs()).unwrap().any(|f| {
            let name = f.unwrap().file_name();
            name.to_str().unwrap().starts_with(TORN)
        });
        assert!(!torn, "what is only the beginning of the next line is no evidence of anything");
    }
}

#[test]
fn a_line_that_was_torn_on_the_copy_itself_is_kept_beside_it() {
    for entries in [2, 4] {
        let two = Two::new();
        two.log(&two.theirs(), entries);
        std::fs::write(two.theirs().join(ENTRIES), LINES[..entries].concat() + "{\"other").unwrap();
        two.copy().unwrap();
        two.assert_same();
        let digest: String = Digest::of(b"{\"other").hex().chars().take(8).collect();
        assert_eq!(std::fs::read(two.theirs().join(format!("torn-{entries}-{digest}"))).unwrap(), b"{\"other");
    }
}

#[test]
fn our_own_torn_line_is_not_copied_as_an_entry() {
    let two = Two::new();
    std::fs::write(two.ours().join(ENTRIES), LINES.concat() + "{\"torn").unwrap();
    two.copy().unwrap();
    assert_eq!(std::fs::read(two.theirs().join(ENTRIES)).unwrap(), LINES.concat().as_bytes());
}

#[test]
fn a_newer_copy_another_history_and_another_log_are_named_and_left_alone() {
    let more = LINES.concat() + "{\"seq\":4}\n";
    let fork = LINES[..2].concat() + "{\"seq\":2,\"other\":1}\n";
    for (held, standing, says) in [
        (more.as_str(), Standing::Ahead { entries: 5 }, "is newer than the log of this authority"),
        (&fork, Standing::Diverged { at: 2 }, "holds another history of this log"),
        ("{\"log\":\"other\"}\n", Standing::Diverged { at: 0 }, "holds another log"),
    ] {
        let two = Two::new();
        std::fs::create_dir_all(two.theirs()).unwrap();
        std::fs::write(two.theirs().join(ENTRIES), held).unwrap();
        assert_eq!(two.standing(), standing);
        let error = two.copy().unwrap_err();
        assert_eq!(error.kind(), Kind::Medium);
        assert!(error.what().ends_with(says), "{error}");
        assert_eq!(std::fs::read(two.theirs().join(ENTRIES)).unwrap(), held.as_bytes());
    }
}

#[test]
fn a_copy_of_a_newer_log_that_was_interrupted_is_told_by_its_checkpoint() {
    let two = Two::new();
    two.log(&two.theirs(), 4);
    std::fs::write(two.theirs().join("checkpoints/7"), note(7)).unwrap();
    assert_eq!(two.standing(), Standing::Ahead { entries: 7 });
    std::fs::remove_file(two.theirs().join("checkpoints/7")).unwrap();
    std::fs::write(two.theirs().join(CHECKPOINT), note(7)).unwrap();
    assert_eq!(two.standing(), Standing::Ahead { entries: 7 });
}

#[test]
fn a_log_that_has_not_begun_has_no_copy_but_an_empty_one() {
    let two = Two::new();
    std::fs::remove_dir_all(two.ours()).unwrap();
    assert_eq!(two.standing(), Standing::Equal { entries: 0 });
    two.log(&two.theirs(), 4);
    assert_eq!(two.standing(), Standing::Diverged { at: 0 });
}

#[test]
fn a_link_in_the_place_of_the_entries_is_not_followed() {
    let two = Two::new();
    std::fs::create_dir_all(two.theirs()).unwrap();
    std::os::unix::fs::symlink(two.ours().join(ENTRIES), two.theirs().join(ENTRIES)).unwrap();
    assert_eq!(two.copy().unwrap_err().kind(), Kind::Medium);
}
