//! The proof that a copy of the root key lives: the copy signs a text that no certificate or CRL can be.
//!
//! A to-be-signed structure is DER and begins with 0x30; this begins with `anchorite/prove/v1` and names the log and a
//! nonce. That it will be signed is in the log, under a checkpoint, before the copy is asked.

use super::{Desk, Keyring};
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::record::{KeyBackupProved, KeyBackupProving, statement_of_proof};
use crate::token::{KeyId, Token};
use crate::x509::{SignatureAlgorithm, Spki, verify};

/// A proof that is intended in the log and under a checkpoint: what a copy is asked to sign. Made by [`intend`] and in
/// no other way.
#[derive(Debug)]
pub struct Proving {
    statement: Vec<u8>,
    seq: u64,
}

/// Logs the intent of a proof of each generation and puts it under a checkpoint.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Token`]; no copy was asked.
pub fn intend(
    backup: &str,
    generations: &[(u32, Hex)],
    keys: &mut Keyring,
    desk: &mut Desk<'_>,
) -> Result<Vec<Proving>, Error> {
    let header = (desk.header)();
    let statements: Vec<Vec<u8>> =
        generations.iter().map(|(_, nonce)| statement_of_proof(&header.log, nonce)).collect();
    let records: Vec<_> = generations
        .iter()
        .zip(&statements)
        .map(|((generation, nonce), statement)| {
            KeyBackupProving {
                backup: backup.to_owned(),
                generation: *generation,
                nonce: nonce.clone(),
                statement_sha256: Digest::of(statement),
            }
            .into()
        })
        .collect();
    let range = desk.log.append(&header, &records)?;
    let audit = keys.audit_spki()?.clone();
    desk.log.checkpoint(desk.origin, &audit, &mut |body| keys.sign_statement(body))?;
    keys.set_guard(desk.log)?;
    Ok(statements.into_iter().zip(range).map(|(statement, seq)| Proving { statement, seq }).collect())
}

/// Has the copy of a root key sign its proof, and verifies the signature with the root's own public key.
///
/// # Errors
/// [`Kind::Token`]: the copy does not hold the key, did not sign, or what it signed does not verify. No certificate
/// and no CRL was signed.
pub fn prove(copy: &mut dyn Token, id: &KeyId, root: &Spki, proving: &Proving) -> Result<KeyBackupProved, Error> {
    let key = copy.find(id, Some(root))?.ok_or_else(|| {
        Error::new(Kind::Token, "the copy does not hold the root key")
            .saw(format!("no key with the id {}", id.0))
            .hint("is it a copy of this token? The vendor's means must keep the key's CKA_ID")
    })?;
    let algorithm = SignatureAlgorithm::of(root.spec());
    let mut result = Err(Error::new(Kind::Token, "the copy gave no answer"));
    copy.sign(&key, algorithm, &[&proving.statement], &mut |_, signature| result = signature);
    let signature = result?.0;
    verify::signature(root, algorithm, &proving.statement, &signature)
        .map_err(|error| error.within("what the copy signed does not verify under the root").into_kind(Kind::Token))?;
    Ok(KeyBackupProved { proving: proving.seq, signature: Base64(signature) })
}
