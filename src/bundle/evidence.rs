//! What the log says about the certificate in a bundle, and whether it is the log that was seen before.

use super::manifest::{Manifest, Receipt};
use crate::error::{Error, Kind};
use crate::log::entry::parse_line;
use crate::log::note::Checkpoint;
use crate::log::record::Record;
use crate::log::{merkle, proof};
use crate::x509::Spki;
use crate::x509::read::Certificate;

/// Checks that the entry is the outcome of this very certificate and lies under the bundle's checkpoint.
///
/// # Errors
/// [`Kind::Verify`].
pub(super) fn included(
    entry: &[u8],
    inclusion: &[u8],
    note: &[u8],
    log: &str,
    certificate: &Certificate,
    audit: &Spki,
) -> Result<(), Error> {
    let line = parse_line(entry).map_err(|error| error.within("entry.json"))?;
    let parsed = line.entry().map_err(|error| error.within("entry.json"))?;
    if parsed.header.log != log {
        return Err(Error::new(Kind::Verify, "entry.json is of another log").saw(&parsed.header.log).wanted(log));
    }
    let Record::SignOutcome(outcome) = parsed.record else {
        return Err(Error::new(Kind::Verify, "entry.json is not the outcome of a signature").saw(line.kind));
    };
    if outcome.status != "ok" || outcome.der.as_ref().map(|der| der.0.as_slice()) != Some(&certificate.der) {
        return Err(Error::new(Kind::Verify, "entry.json is the outcome of another certificate"));
    }
    let text = std::str::from_utf8(inclusion).map_err(|_| Error::new(Kind::Verify, "inclusion.proof is not text"))?;
    let proof = proof::parse_inclusion(text)?;
    if proof.note.as_bytes() != note {
        return Err(Error::new(Kind::Verify, "inclusion.proof is under another checkpoint than the bundle's"));
    }
    if proof.index != parsed.seq {
        return Err(Error::new(Kind::Verify, "inclusion.proof is for another entry")
            .saw(proof.index.to_string())
            .wanted(parsed.seq.to_string()));
    }
    proof.verify(&merkle::leaf_hash(entry), audit).map_err(|error| error.within("inclusion.proof"))?;
    Ok(())
}

/// Checks a bundle against the receipt of the last one: same cluster, same log grown, number not lower.
///
/// Returns true where the bundle is older than the receipt, which only `allow_older` lets pass.
///
/// # Errors
/// [`Kind::Verify`].
pub(super) fn follows(
    receipt: &Receipt,
    manifest: &Manifest,
    checkpoint: &Checkpoint,
    consistency: &[u8],
    allow_older: bool,
) -> Result<bool, Error> {
    let refuse =
        |what: &str, seen: String, wanted: String| Err(Error::new(Kind::Verify, what).saw(seen).wanted(wanted));
    let whose = |cluster: &str, environment: &str| format!("{cluster} ({environment})");
    if (&manifest.cluster, &manifest.environment) != (&receipt.cluster, &receipt.environment) {
        return refuse(
            "this bundle is for another cluster than the last one opened here",
            whose(&manifest.cluster, &manifest.environment),
            whose(&receipt.cluster, &receipt.environment),
        );
    }
    if manifest.log != receipt.log {
        return refuse("this bundle comes from another log", manifest.log.clone(), receipt.log.clone()).map_err(
            |error| {
                error.hint("an authority that was restored starts a new log: ask its people, and compare the root card")
            },
        );
    }
    // A bundle that was made again has a new number whatever is inside: the generation is a floor of its own.
    if let Some(newest) = receipt.generation.filter(|newest| manifest.generation < *newest && !allow_older) {
        return refuse(
            "this bundle holds an older certificate than the one that is there",
            format!("generation {}", manifest.generation),
            format!("generation {newest}, or newer"),
        )
        .map_err(|error| {
            error
                .hint("find the newest bundle of this cluster; anchorite export makes one again from the log")
                .hint("--allow-older takes it all the same: going back is for a mesh that cannot run with the new one")
        });
    }
    let older = manifest.sequence < receipt.sequence || checkpoint.size < receipt.size;
    if older && !allow_older {
        return refuse(
            "this bundle is older than the one that is there",
            format!("bundle {} of the cluster, tree size {}", manifest.sequence, checkpoint.size),
            format!("bundle {}, tree size {}, or newer", receipt.sequence, receipt.size),
        )
        .map_err(|error| {
            error
                .hint("find the newest bundle of this cluster; anchorite export makes one again from the log")
                .hint("--allow-older takes it all the same: certificates, roots and revocations since then are lost")
        });
    }
    // What is older in its tree can show nothing about the newer one; anything else must still continue it.
    if checkpoint.size < receipt.size {
        return Ok(older);
    }
    if manifest.sequence == receipt.sequence && manifest.bundle_id != receipt.bundle_id {
        return refuse(
            "two bundles have the same number",
            manifest.bundle_id.clone(),
            format!("{} as bundle {}", receipt.bundle_id, receipt.sequence),
        );
    }
    if checkpoint.size == receipt.size {
        if checkpoint.root == receipt.root {
            return Ok(older);
        }
        return refuse(
            "the log was rewritten: another tree of the same size was seen before",
            checkpoint.root.hex(),
            receipt.root.hex(),
        );
    }
    let text =
        std::str::from_utf8(consistency).map_err(|_| Error::new(Kind::Verify, "consistency.proof is not text"))?;
    let proofs = proof::parse_consistency(text)?;
    let Some(proof) = proofs.iter().find(|p| p.old == receipt.size && p.new == checkpoint.size) else {
        return Err(Error::new(Kind::Verify, "the bundle does not prove that the log continues the one seen before")
            .saw(format!("proofs from {}", proofs.iter().map(|p| p.old.to_string()).collect::<Vec<_>>().join(", ")))
            .wanted(format!("a proof from size {} to {}", receipt.size, checkpoint.size))
            .hint("ask for the bundle again: anchorite export"));
    };
    proof
        .verify(&receipt.root, &checkpoint.root)
        .map_err(|error| error.within("the log was rewritten: it does not continue the one seen before"))?;
    Ok(older)
}
