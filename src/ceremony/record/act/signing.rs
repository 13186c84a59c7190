//! Requests, plans, signatures: entries of what is signed, in words.

use super::{Known, Said, four_words};
use crate::digest::Digest;
use crate::finding::{self, Finding};
use crate::log::record::{
    CertificateRevoked, ClusterEnrolled, PlanMade, RequestImported, RequestRefused, SignIntent, SignOutcome,
};
use crate::plan::screen::{may_issue, overlap, utc, validity};
use crate::plan::{Plan, What};
use crate::words;
use crate::x509::read::{self, CertificateView, CrlView, show_name};

pub(super) fn enrolled(r: &ClusterEnrolled) -> Said {
    Said::that(format!("{} was enrolled", r.cluster))
        .with("environment", &r.environment)
        .with("trust domain", &r.trust_domain)
        .with("to", r.recipients.join(", "))
        .with("profile", &r.profile)
        .with("key", if r.key_origin == "offline" { "made here" } else { "of the cluster" })
        .with("spki sha256", r.spki_sha256)
        .with("words compared", four_words(&r.words_of))
}

pub(super) fn imported(r: &RequestImported) -> Said {
    let said = Said::that(match r.form.as_str() {
        "offline" => format!("A key was made here for {}", r.cluster),
        "csr" => format!("A plain request was imported for {}", r.cluster),
        _ => format!("A request was imported for {}", r.cluster),
    })
    .with("sha256", r.sha256)
    .with("environment", &r.environment)
    .with("trust domain", &r.trust_domain)
    .with("to", r.recipients.join(", "))
    .with("words", words::words(&r.words_of.0).join(" "))
    .with("request sha256", Digest::of(&r.csr.0))
    .maybe("renewal", r.renewal_sig.as_ref().map(|_| "signed by the key before it"));
    found(said, &r.findings)
}

pub(super) fn refused(r: &RequestRefused) -> Said {
    let struck = if r.struck { " and struck, so that the others could go on" } else { "" };
    let said = Said::that(format!("A request was REFUSED{struck}")).with("file", &r.file).maybe("sha256", r.sha256);
    found(said, &r.findings)
}

/// A tally, then each finding with what was seen and wanted.
fn found(said: Said, findings: &[Finding]) -> Said {
    let said = said.with("findings", finding::tally(findings));
    findings.iter().fold(said, |said, f| {
        said.with(&format!("{} {}", f.severity, f.id), format!("saw {}; wanted {}", f.observed, f.expected))
    })
}

/// What an intent is about, and for whom.
pub fn whom(what: &str, cluster: Option<&str>, generation: Option<u32>) -> String {
    match (what, cluster, generation) {
        ("intermediate", Some(cluster), Some(generation)) => {
            format!("the intermediate of {cluster}, generation {generation}")
        }
        ("root", ..) => "the root certificate".to_owned(),
        ("audit", ..) => "the audit key's certificate".to_owned(),
        ("cross", ..) => "a cross certificate, by which one root vouches for another".to_owned(),
        ("crl", ..) => "a certificate revocation list".to_owned(),
        ("request", ..) => "a request to a parent, to certify the root".to_owned(),
        (what, cluster, _) => [Some(what), cluster].into_iter().flatten().collect::<Vec<_>>().join(" of "),
    }
}

/// What a plan makes, and for whom.
pub fn whom_of(plan: &Plan) -> String {
    let cluster = plan.cluster.as_ref();
    whom(plan.what.name(), cluster.map(|c| c.name.as_str()), cluster.map(|c| c.generation))
}

pub(super) fn planned(r: &PlanMade) -> Said {
    let Ok(plan) = serde_json::from_str::<Plan>(r.plan.get()) else {
        return Said::that("A plan was made; this version does not read it").with("plan sha256", r.sha256);
    };
    let said = Said::that(format!("A plan was made: {}", whom_of(&plan)))
        .with("plan sha256", r.sha256)
        .with("words 1-4", four_words(&r.sha256))
        .with("made from", &plan.reviewed)
        .with("profile", &plan.profile);
    let said = match plan.what {
        What::Crl => read::tbs_crl(&plan.tbs.0).map_or_else(|_| Said::default(), |view| crl(Said::default(), &view)),
        _ => match read::tbs_certificate(&plan.tbs.0) {
            Ok(view) => match plan.cluster.as_ref().and_then(|cluster| cluster.replaces.as_ref()) {
                Some(old) => certificate(Said::default(), &view)
                    .with("replaces", format!("generation {}, valid until {}", old.generation, utc(old.not_after)))
                    .with("overlap", overlap(old, &view)),
                None => certificate(Said::default(), &view),
            },
            Err(_) => Said::default(),
        },
    }
    .details
    .into_iter()
    .fold(said, |said, detail| said.with(&detail.name, detail.value));
    let said = plan.cluster.iter().flat_map(|c| &c.changes).fold(said, |said, change| said.with("changed", change));
    let said = plan.asked.iter().fold(said, |said, asked| said.with("asked, not given", asked));
    found(said, &plan.findings)
}

/// What was decided on a plan that another entry has.
pub(super) fn of_plan(says: String, plan: &Digest, known: &Known) -> Said {
    let whom = known.plans.get(plan).map_or_else(String::new, |whom| format!(": {whom}"));
    Said::that(format!("{says}{whom}")).with("plan sha256", plan).with("words 1-4", four_words(plan))
}

pub(super) fn intended(r: &SignIntent) -> Said {
    let whom = whom(&r.what, r.cluster.as_deref(), r.generation);
    Said::that(format!("The root key is about to sign {whom}"))
        .maybe("serial", r.serial.as_ref().map(crate::digest::Hex::colons))
        .maybe("CRL number", r.crl_number)
        .with("root generation", r.issuer_generation)
        .with("until", r.not_after)
        .with("plan sha256", r.plan_sha256)
        .with("signed bytes sha256", r.tbs_sha256)
}

pub(super) fn outcome(r: &SignOutcome, known: &Known) -> Said {
    let intent = known.intents.get(&r.intent);
    let whom = intent.map_or_else(|| format!("what entry {} intended", r.intent), |intent| intent.whom.clone());
    let says = match r.status.as_str() {
        "ok" => format!("The root key signed {whom}"),
        "failed" => format!("NOT signed: {whom}"),
        "unknown" => format!("UNKNOWN whether it was signed, treated as issued: {whom}"),
        other => format!("{other}: {whom}"),
    };
    let said = Said::that(says).with("intent", format!("entry {}", r.intent)).maybe("why", r.reason.as_ref());
    let Some(der) = &r.der else { return said };
    let said = said.with("sha256", Digest::of(&der.0));
    if intent.is_some_and(|intent| intent.crl) {
        return match read::crl(&der.0) {
            Ok(list) => crl(said, &list.view),
            Err(_) => said,
        };
    }
    match read::certificate(&der.0) {
        Ok(signed) => certificate(said, &signed.view),
        Err(_) => said,
    }
}

pub(super) fn revoked(r: &CertificateRevoked) -> Said {
    Said::that("A certificate was REVOKED")
        .with("serial", r.serial.colons())
        .with("reason", r.reason.name())
        .with("since", r.date)
        .maybe("key suspected since", r.invalid_from)
}

fn certificate(said: Said, view: &CertificateView) -> Said {
    said.with("subject", show_name(&view.subject))
        .with("issuer", show_name(&view.issuer))
        .with("serial", view.serial.colons())
        .with("valid", validity(view.not_before, view.not_after))
        .with("key", format!("{}, spki sha256 {}", view.spki.spec().title(), view.spki.sha256()))
        .with("may issue", may_issue(view))
}

fn crl(said: Said, view: &CrlView) -> Said {
    let said = said
        .with("issuer", show_name(&view.issuer))
        .maybe("CRL number", view.number)
        .with("valid", validity(view.this_update, view.next_update))
        .with("revokes", crate::text::count(view.revoked.len(), "certificate"));
    view.revoked.iter().fold(said, |said, (serial, at, reason)| {
        let reason = reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
        said.with("revoked", format!("{} at {at}{reason}", serial.colons()))
    })
}
