//! From a request that is sound to one on the bench: policy judges it, the log imports it. Requests that
//! travelled and keys that are made here go the same way.

use crate::authority::{Config, State};
use crate::ceremony::inbound::Travelled;
use crate::ceremony::people::Assignment;
use crate::ceremony::room::{Bench, Pending, Room};
use crate::digest::{Base64, Digest};
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::log::record::RequestImported;
use crate::name::DistinguishedName;
use crate::plan::ForCluster;
use crate::plan::make::Accepted;
use crate::policy::{self, Beside, Claim, Judgement, Previous};
use crate::request::VerifiedRequest;
use crate::request::key::rsa::Moduli;
use crate::x509::keygen::LocalKey;
use crate::x509::read::show_name;
use jiff::Timestamp;

/// A sound request with everything that policy and log need of it.
pub struct Candidate<'a> {
    /// The id of the step that imports it.
    pub step: &'a str,
    /// Its name on the stick, escaped; `offline:<cluster>` for a key made here.
    pub file: &'a str,
    /// Its digest.
    pub sha256: Digest,
    /// The request.
    pub request: VerifiedRequest,
    /// Whom it is for.
    pub claim: Assignment,
    /// How it came.
    pub origin: Origin<'a>,
}

/// How a request came here.
pub enum Origin<'a> {
    /// In a package.
    Package(&'a Travelled),
    /// As a plain PKCS#10 request, with the digest whose words are compared.
    Csr(Digest),
    /// It was made here, with its key.
    Offline(LocalKey),
}

/// Puts a candidate before policy; what is accepted is logged and ready to be planned.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium) where it cannot be logged. The inner error is everything that
/// was found, a refusal among it: nothing was logged then.
pub fn accept(
    room: &mut Room<'_>,
    bench: &Bench,
    moduli: &Moduli,
    candidate: Candidate<'_>,
) -> Result<Result<Pending, Vec<Finding>>, Error> {
    let others = bench.pending.iter().map(|other| Beside {
        file: &other.file,
        cluster: &other.accepted.cluster.name,
        spki: &other.accepted.spki,
    });
    let before = Before { config: &room.config, state: room.journal.state(), moduli, now: room.journal.now() };
    let judgement = judge(&before, others, &candidate.request, &candidate.claim, &candidate.origin);
    let Candidate { step, file, sha256, request, claim, origin } = candidate;
    let recipients = in_order(&claim.recipients);
    let spki = request.spki().clone();
    let offline = matches!(origin, Origin::Offline(_));
    let findings = judgement.findings;
    if findings.iter().any(|f| f.severity == Severity::Refuse) {
        return Ok(Err(findings));
    }
    let (form, words_of, travelled) = match &origin {
        Origin::Package(travelled) => ("package", sha256, Some(*travelled)),
        Origin::Csr(words_of) => ("csr", *words_of, None),
        Origin::Offline(_) => ("offline", sha256, None),
    };
    let record = RequestImported {
        sha256,
        form: form.to_owned(),
        cluster: claim.cluster.clone(),
        environment: claim.environment.clone(),
        trust_domain: claim.trust_domain.clone(),
        recipients: recipients.clone(),
        words_of,
        csr: Base64(request.der().to_vec()),
        request_json: travelled.map(|t| Base64(t.json.clone())),
        request_sig: travelled.map(|t| Base64(t.signature.clone())),
        renewal_sig: travelled.and_then(|t| t.renewal.clone()).map(Base64),
        findings: findings.clone(),
    };
    room.journal.note(vec![record.into()])?;
    let cluster = ForCluster {
        name: claim.cluster.clone(),
        environment: claim.environment,
        trust_domain: claim.trust_domain,
        generation: judgement.generation,
        recipients,
        key_origin: if offline { "offline" } else { "cluster" }.to_owned(),
        request_sha256: sha256,
        spki_sha256: spki.sha256(),
        enrols: judgement.enrols,
        changes: judgement.changes,
        replaces: judgement.replaces,
    };
    let reviewed = if offline { format!("offline:{}", claim.cluster) } else { format!("sha256:{sha256}") };
    let given = room.config.intermediate_name(&cluster.name, cluster.generation);
    let asked = match origin {
        // What a request made here asks for is our own doing.
        Origin::Offline(_) => Vec::new(),
        // `anchorite request` writes the cluster's name and means nothing by it.
        Origin::Package(..) => asked(&request, &[given, DistinguishedName::of_request(&cluster.name)]),
        Origin::Csr(_) => asked(&request, &[given]),
    };
    Ok(Ok(Pending {
        accepted: Accepted { cluster, spki, reviewed, asked, findings },
        step: step.to_owned(),
        file: file.to_owned(),
        profile: room.config.profile_for(&claim.cluster).to_owned(),
        words_of: (!offline).then_some(words_of),
        key: match origin {
            Origin::Offline(key) => Some(key),
            _ => None,
        },
    }))
}

/// What a candidate is put before.
pub struct Before<'a> {
    /// The configuration in force.
    pub config: &'a Config,
    /// What the log says.
    pub state: &'a State,
    /// RSA moduli of the log and of all that came with it.
    pub moduli: &'a Moduli,
    /// Now.
    pub now: Timestamp,
}

/// What the request's own checks and policy say of a candidate, beside the others of its session.
pub fn judge<'b>(
    before: &Before<'_>,
    others: impl Iterator<Item = Beside<'b>>,
    request: &VerifiedRequest,
    claim: &Assignment,
    origin: &Origin<'_>,
) -> Judgement {
    let recipients = in_order(&claim.recipients);
    let mut judgement = policy::judge(
        before.config,
        before.state,
        &Claim {
            cluster: &claim.cluster,
            environment: &claim.environment,
            trust_domain: &claim.trust_domain,
            recipients: &recipients,
            spki: request.spki(),
            algorithm_oid: &request.view().algorithm_oid,
            offline: matches!(origin, Origin::Offline(_)),
            previous: previous(origin),
            now: before.now,
        },
    );
    judgement.findings.splice(0..0, request.findings().iter().cloned());
    judgement.findings.extend(policy::together(others, &claim.cluster, request.spki()));
    judgement.findings.extend(policy::judge_shared(before.moduli, request.spki()));
    judgement
}

fn in_order(recipients: &[String]) -> Vec<String> {
    let mut recipients = recipients.to_vec();
    recipients.sort();
    recipients.dedup();
    recipients
}

/// What a request says of the key before its own, and whether that key signed it.
fn previous<'a>(origin: &'a Origin<'_>) -> Previous<'a> {
    let Origin::Package(travelled) = origin else { return Previous::Unnamed };
    match (&travelled.request.previous, &travelled.renewal, &travelled.renewed_by) {
        (None, _, _) => Previous::Unnamed,
        (Some(_), None, _) => Previous::Unsigned,
        (Some(named), Some(_), None) => Previous::Unknown(named),
        (Some(_), Some(_), Some(key)) => Previous::Signed(key),
    }
}

/// What a request asks for, its subject included where that is not one of these.
fn asked(request: &VerifiedRequest, expected: &[DistinguishedName]) -> Vec<String> {
    let mut asked = request.view().asked.clone();
    let subject = show_name(&request.view().subject);
    if !subject.is_empty() && !expected.iter().any(|name| subject == name.to_string()) {
        asked.insert(0, format!("subject {subject}"));
    }
    asked
}
