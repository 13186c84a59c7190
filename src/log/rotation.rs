//! What two audit keys sign when the log passes from one to the other: a statement that no checkpoint, envelope or
//! certificate can be taken for. Pure: text in, text out.

use crate::digest::Digest;
use crate::x509::Spki;

/// The first line of every statement.
const DOMAIN: &str = "anchorite/audit-rotation/v1";

/// The state of the log that a statement is about: everything before its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover<'a> {
    /// The checkpoints' origin, which ends in the log's id.
    pub origin: &'a str,
    /// How many entries the old key vouches for; the statement's entry is the next one.
    pub size: u64,
    /// The RFC 6962 root over them.
    pub root: Digest,
}

/// The text that the old and the new audit key sign: six lines, each ending in a newline. No checkpoint begins with
/// its first line, whose third part is no log's id.
pub fn statement(handover: &Handover<'_>, old: &Spki, new: &Spki) -> String {
    let Handover { origin, size, root } = handover;
    format!("{DOMAIN}\n{origin}\n{size}\n{root}\n{}\n{}\n", old.sha256(), new.sha256())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::log::note::Checkpoint;
    use crate::x509::LocalKey;

    #[test]
    fn a_statement_is_no_checkpoint_and_names_both_keys_and_the_log() {
        let (old, new) =
            (LocalKey::generate(KeySpec::EcdsaP256).unwrap(), LocalKey::generate(KeySpec::EcdsaP256).unwrap());
        let handover = Handover { origin: "anchorite/x/00", size: 7, root: Digest::of(b"") };
        let text = statement(&handover, old.spki(), new.spki());
        assert!(Checkpoint::parse(&text).is_err());
        for part in ["anchorite/x/00".to_owned(), "7".to_owned(), old.spki().sha256().hex(), new.spki().sha256().hex()]
        {
            assert_eq!(text.lines().filter(|line| *line == part).count(), 1, "{part}");
        }
        assert_ne!(text, statement(&handover, new.spki(), old.spki()));
    }
}
