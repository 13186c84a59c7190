//! Entries about the time before the log, in words.

use super::Said;
use crate::digest::Digest;
use crate::log::record::{HistoryImported, KeyAdopted, Restore};
use crate::text;

/// A key that was made before the log began.
pub(super) fn adopted(r: &KeyAdopted) -> Said {
    let said = Said::that(format!("The {} key was ADOPTED: it is older than this log", r.role))
        .with("generation", r.generation)
        .with("id", &r.id)
        .with("token", &r.token_serial)
        .with("spki sha256", Digest::of(&r.spki.0))
        .with("certificate sha256", Digest::of(&r.certificate.0));
    let said = r.findings.iter().fold(said, |said, finding| {
        said.with("found", format!("{} {}: {}", finding.severity, finding.id, finding.observed))
    });
    let said = said.maybe("taken all the same", r.reason.as_ref());
    r.attributes.iter().fold(said, |said, (name, value)| said.with(name, value))
}

/// What was issued before the log began.
pub(super) fn imported(r: &HistoryImported) -> Said {
    let counts = [
        text::count(r.certificates.len(), "certificate"),
        text::count(r.crls.len(), "CRL"),
        text::count(r.clusters.len(), "cluster"),
    ];
    let said = Said::that(format!("History from before this log was taken over ({})", r.of));
    let said = said.with("holds", counts.join(", "));
    let said = r.sources.iter().fold(said, |said, source| said.with(&source.name, format!("sha256 {}", source.sha256)));
    let said = r.crls.iter().fold(said, |said, crl| {
        said.with("CRL numbers used", format!("up to {} by root generation {}", crl.used, crl.generation))
    });
    let said = r.clusters.iter().fold(said, |said, cluster| {
        said.with(
            "cluster",
            format!(
                "{}, generations up to {}, bundles up to {}",
                cluster.name,
                cluster.generation,
                cluster.bundle.as_ref().map_or(0, |bundle| bundle.sequence)
            ),
        )
    });
    let said = said.maybe("custody set", r.custody.as_ref().map(|custody| &custody.set));
    r.certificates.iter().fold(said, |said, past| {
        let revoked = past.revoked.as_ref().map(|r| format!(", revoked {}", r.date)).unwrap_or_default();
        said.with("serial", format!("{} until {}{revoked}: {}", past.serial, past.not_after, past.subject))
    })
}

/// The log takes the place of another.
pub(super) fn restored(r: &Restore) -> Said {
    let said = Said::that("This log takes the place of one that was LOST")
        .with("lost log", &r.log)
        .with("copy at hand", format!("{} entries, root {}", r.size, r.root))
        .with("why", &r.reason)
        .with("it had at least", format!("{} entries", r.cited));
    match r.cited - r.size.min(r.cited) {
        0 => said.with("lost", "nothing that is known"),
        _ => said.with("lost", format!("entries {} to {}", r.size, r.cited.saturating_sub(1))),
    }
}
