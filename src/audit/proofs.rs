//! Proofs that copies of root keys live: each is over what was announced, under a checkpoint, and verifies.

use super::report::Stopwatch;
use super::signing::Broken;
use crate::authority::State;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::record::{KeyBackupProved, KeyBackupProving, statement_of_proof};
use crate::x509::{SignatureAlgorithm, verify};

/// What a copy is about to sign is the text of this log and this nonce, and nothing else.
pub(super) fn announced(log: &str, proving: &KeyBackupProving) -> Result<(), Broken> {
    let found = Digest::of(&statement_of_proof(log, &proving.nonce));
    if found == proving.statement_sha256 {
        return Ok(());
    }
    let error = Error::new(Kind::Verify, "a copy of a root key was to sign something else than a proof");
    Err(("proof.statement", error.saw(proving.statement_sha256.hex()).wanted(found.hex())))
}

/// `signed` is the size of the newest checkpoint before the entry.
pub(super) fn made(
    log: &str,
    proved: &KeyBackupProved,
    state: &State,
    signed: u64,
    watch: &mut Stopwatch<'_>,
) -> Result<(), Broken> {
    // A proof that nobody announced is for the state to refuse.
    let Some(proving) = state.backups.proving(proved.proving) else { return Ok(()) };
    let broken = |error: Error| ("proof.signature", error.into_kind(Kind::Verify));
    if proved.proving >= signed {
        return Err(broken(
            Error::new(Kind::Verify, "a copy was asked for its proof before a checkpoint covered the intent")
                .saw(format!("intent at line {}, checkpoint of {signed} entries", proved.proving.saturating_add(1))),
        ));
    }
    let key = state.key_of("root", proving.generation).and_then(|key| key.spki.as_ref());
    let Some(spki) = key else {
        return Err(broken(Error::new(Kind::Verify, "a proof of a root key that the log does not hold")));
    };
    let message = statement_of_proof(log, &proving.nonce);
    watch
        .check(|| verify::signature(spki, SignatureAlgorithm::of(spki.spec()), &message, &proved.signature.0))
        .map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Hex;

    #[test]
    fn a_copy_is_asked_for_the_proof_of_this_log_and_nothing_else() {
        let nonce = Hex(vec![7; 16]);
        let of = |log: &str| KeyBackupProving {
            backup: "B1".to_owned(),
            generation: 1,
            nonce: nonce.clone(),
            statement_sha256: Digest::of(&statement_of_proof(log, &nonce)),
        };
        let log = "ab".repeat(16);
        assert!(announced(&log, &of(&log)).is_ok());
        let (rule, error) = announced(&log, &of(&"cd".repeat(16))).unwrap_err();
        assert_eq!(rule, "proof.statement");
        assert!(error.to_string().starts_with("a copy of a root key was to sign something else"), "{error}");
    }
}
