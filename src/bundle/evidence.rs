//! What the log says about the certificate in a bundle, and whether it is the log that was seen before.

use super::manifest::{Manifest, Receipt};
use crate::error::{Error, Kind};
use crate::log::Entry;
use crate::log::entry::parse_line;
use crate::log::note::{Checkpoint, SignedNote};
use crate::log::record::{Record, Restore};
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
    let holds = match &parsed.record {
        Record::SignOutcome(outcome) => {
            outcome.status == "ok" && outcome.der.as_ref().map(|der| der.0.as_slice()) == Some(&certificate.der)
        }
        // Issued under a log that was lost: the one that took its place says so.
        Record::HistoryImported(past) => {
            let mut those = past.certificates.iter().filter(|past| !past.unknown).filter_map(|past| past.der.as_ref());
            those.any(|der| der.0 == certificate.der)
        }
        _ => return Err(Error::new(Kind::Verify, "entry.json is not the outcome of a signature").saw(line.kind)),
    };
    if !holds {
        return Err(Error::new(Kind::Verify, "entry.json is the outcome of another certificate"));
    }
    is_under(&parsed, entry, inclusion, note, "inclusion.proof", audit)
}

/// Checks that an entry lies under the bundle's checkpoint.
fn is_under(parsed: &Entry, line: &[u8], inclusion: &[u8], note: &[u8], name: &str, audit: &Spki) -> Result<(), Error> {
    let text = std::str::from_utf8(inclusion).map_err(|_| Error::new(Kind::Verify, format!("{name} is not text")))?;
    let proof = proof::parse_inclusion(text)?;
    if proof.note.as_bytes() != note {
        return Err(Error::new(Kind::Verify, format!("{name} is under another checkpoint than the bundle's")));
    }
    if proof.index != parsed.seq {
        return Err(Error::new(Kind::Verify, format!("{name} is for another entry"))
            .saw(proof.index.to_string())
            .wanted(parsed.seq.to_string()));
    }
    proof.verify(&merkle::leaf_hash(line), audit).map_err(|error| error.within(name))?;
    Ok(())
}

/// What a bundle says of the log that its own took the place of: the entry and its proof, as they are in it.
pub(super) struct Succession<'a> {
    pub(super) line: &'a [u8],
    pub(super) proof: &'a [u8],
    pub(super) note: &'a [u8],
    pub(super) audit: &'a Spki,
    /// The id of the new log, where people have it from the root card.
    pub(super) accepted: Option<&'a str>,
}

/// A bundle of another log than the receipt's: accepted where that log says, under its checkpoint, that it took the
/// place of the receipt's, of which it knows at least as much as was seen here; or where people say which log it is.
fn succeeds(receipt: &Receipt, manifest: &Manifest, succession: &Succession<'_>) -> Result<(), Error> {
    if let Some(accepted) = succession.accepted {
        if accepted == manifest.log {
            return Ok(());
        }
        return Err(Error::new(Kind::Verify, "this bundle is of another log than the one that is accepted")
            .saw(&manifest.log)
            .wanted(accepted)
            .hint("the id is the last part of the line \"log\" on the new root card"));
    }
    let accept = "or take its id from the new root card, which came another way: --accept-restore ID";
    if succession.line.is_empty() {
        return Err(Error::new(Kind::Verify, "this bundle comes from another log")
            .saw(&manifest.log)
            .wanted(&receipt.log)
            .hint("an authority that was restored starts a new log: ask its people, and compare the root card")
            .hint(accept));
    }
    let parsed = parse_line(succession.line).and_then(|line| line.entry()).map_err(|e| e.within("restore.json"))?;
    let Record::Restore(restore) = &parsed.record else {
        return Err(Error::new(Kind::Verify, "restore.json does not say which log was restored"));
    };
    if parsed.header.log != manifest.log {
        return Err(Error::new(Kind::Verify, "restore.json is of another log")
            .saw(&parsed.header.log)
            .wanted(&manifest.log));
    }
    let Succession { line, proof, note, audit, .. } = succession;
    is_under(&parsed, line, proof, note, "restore.proof", audit)?;
    let own = std::iter::once((restore.log.to_string(), restore.cited));
    let mut logs = own.chain(restore.before.iter().map(|past| (past.log.to_string(), past.cited)));
    match logs.find(|(log, _)| *log == receipt.log) {
        None => {
            Err(Error::new(Kind::Verify, "the log of this bundle took the place of another one than was seen here")
                .saw(restore.log.to_string())
                .wanted(&receipt.log)
                .hint(accept))
        }
        Some((_, cited)) if cited < receipt.size => {
            Err(Error::new(Kind::Verify, "the log was restored from less than was seen here")
                .saw(format!("{cited} entries of the lost log are accounted for"))
                .wanted(format!("{} entries or more", receipt.size))
                .hint("ask the authority's people: what was signed since may be known to nobody there")
                .hint(accept))
        }
        Some(_) if forked(restore, receipt) => {
            Err(Error::new(Kind::Verify, "the log was restored from another history than was seen here")
                .saw(format!("another root at {} entries", receipt.size))
                .wanted(format!("root {}", receipt.root))
                .hint("two histories of the lost log were signed: ask the authority's people which copies they used")
                .hint(accept))
        }
        Some(_) => Ok(()),
    }
}

/// True where what a restore says of the lost log contradicts what was seen of it here.
fn forked(restore: &Restore, receipt: &Receipt) -> bool {
    let cited = restore.checkpoint.as_ref().and_then(|note| {
        let checkpoint = Checkpoint::parse(&SignedNote::parse(note).ok()?.body).ok()?;
        Some((checkpoint.size, checkpoint.root))
    });
    let own = restore.log.to_string() == receipt.log;
    let known = std::iter::once((restore.size, restore.root)).chain(cited);
    own && known.into_iter().any(|(size, root)| size == receipt.size && root != receipt.root)
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
    succession: &Succession<'_>,
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
        succeeds(receipt, manifest, succession)?;
    }
    // A bundle that was made again has a new number whatever is inside: the generation is a floor of its own,
    // and under a restored log too, which may not know of the newest.
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
    if manifest.log != receipt.log {
        if manifest.sequence <= receipt.sequence && !allow_older {
            return refuse(
                "this bundle has a number that was seen under the lost log",
                format!("bundle {} of the cluster", manifest.sequence),
                format!("a number above {}", receipt.sequence),
            )
            .map_err(|error| error.hint("ask for the newest bundle of this cluster: anchorite export"));
        }
        return Ok(false);
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
    // The one after it names it; where some are missing between, and after a restore, it cannot be told.
    if let Some(previous) = &manifest.previous_bundle
        && manifest.sequence == receipt.sequence.saturating_add(1)
        && *previous != receipt.bundle_id
    {
        return refuse(
            "this bundle follows another than the one that is there",
            previous.clone(),
            receipt.bundle_id.clone(),
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
            .saw(match proofs.is_empty() {
                true => "no proofs".to_owned(),
                false => {
                    format!("proofs from {}", proofs.iter().map(|p| p.old.to_string()).collect::<Vec<_>>().join(", "))
                }
            })
            .wanted(format!("a proof from size {} to {}", receipt.size, checkpoint.size))
            .hint("ask for the bundle again: anchorite export"));
    };
    proof
        .verify(&receipt.root, &checkpoint.root)
        .map_err(|error| error.within("the log was rewritten: it does not continue the one seen before"))?;
    Ok(older)
}
