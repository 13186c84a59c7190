//! Keys that are made here, for clusters whose configuration says so: in memory only, sealed to the
//! cluster's recipients before the certificate is signed.

use crate::authority::config::{KeyOrigin, names};
use crate::ceremony::room::{Pending, Room};
use crate::ceremony::script::Step;
use crate::digest::{Base64, Digest};
use crate::error::{Error, Kind};
use crate::finding::Severity;
use crate::log::record::RequestImported;
use crate::name::{Attribute, DistinguishedName};
use crate::plan::ForCluster;
use crate::plan::make::Accepted;
use crate::policy::{self, Claim};
use crate::request::{self, KeyPolicy};
use crate::x509::keygen::LocalKey;
use crate::x509::pem;

/// The clusters whose key is made in this session: those named, else those that have no certificate yet.
///
/// # Errors
/// [`Kind::Usage`] for a cluster that is named but not configured so.
pub fn wanted(room: &Room<'_>) -> Result<Vec<String>, Error> {
    let configured: Vec<&String> =
        room.config.clusters.iter().filter(|(_, c)| c.key_origin == KeyOrigin::Offline).map(|(name, _)| name).collect();
    if room.wishes.clusters.is_empty() {
        let new = configured.into_iter().filter(|name| room.journal.state().newest_intermediate(name).is_none());
        return Ok(new.cloned().collect());
    }
    for name in &room.wishes.clusters {
        if !configured.contains(&name) {
            return Err(Error::new(Kind::Usage, "not a cluster whose key is made here")
                .saw(name)
                .wanted(format!("[clusters.{name}] key_origin = \"offline\" in authority.toml"))
                .truth("Nothing was signed."));
        }
    }
    Ok(room.wishes.clusters.clone())
}

/// Makes a key and its request, and has policy judge it like any other.
///
/// # Errors
/// [`Kind::Refused`], [`Kind::Usage`].
pub fn make(room: &mut Room<'_>, step: &Step, name: &str) -> Result<Pending, Error> {
    let missing = || Error::new(Kind::Bug, "a cluster vanished from the configuration").saw(name);
    let cluster = room.config.clusters.get(name).cloned().ok_or_else(missing)?;
    let spec = cluster.algorithm.ok_or_else(missing)?;
    let key = LocalKey::generate(spec)?;
    let subject = DistinguishedName::default().with(Attribute::CommonName, name);
    let csr = key.csr(&subject)?;
    // The same door as for any request: proof of possession on the bytes, every check of the key.
    let text = pem::encode("CERTIFICATE REQUEST", &csr);
    let keys = KeyPolicy { keys: vec![spec] };
    let verified = request::inspect(text.as_bytes(), &keys)?.verified().map_err(|findings| {
        let rules: Vec<&str> = findings.iter().map(|f| f.id.as_str()).collect();
        Error::new(Kind::Bug, "a key made here is refused").saw(rules.join(", "))
    })?;
    let mut recipients = cluster.recipients.clone();
    recipients.sort();
    recipients.dedup();
    for recipient in &recipients {
        crate::bundle::recipient::parse(recipient)?;
    }
    let claim = Claim {
        cluster: name,
        environment: &cluster.environment,
        trust_domain: &cluster.trust_domain,
        recipients: &recipients,
        spki: verified.spki(),
        offline: true,
        renewal: false,
    };
    let judgement = policy::judge(&room.config, room.journal.state(), &claim);
    if let Some(refused) = judgement.findings.iter().find(|f| f.severity == Severity::Refuse) {
        return Err(Error::new(Kind::Refused, format!("the key of {name} is refused by the rule {}", refused.id))
            .saw(&refused.observed)
            .wanted(if refused.id == "policy.key.kind" {
                names(room.config.keys_for(name))
            } else {
                refused.expected.clone()
            })
            .hint(&refused.hint)
            .truth("Nothing was signed."));
    }
    let sha256 = Digest::of(verified.der());
    let record = RequestImported {
        sha256,
        form: "offline".to_owned(),
        cluster: name.to_owned(),
        environment: cluster.environment.clone(),
        trust_domain: cluster.trust_domain.clone(),
        recipients: recipients.clone(),
        words_of: sha256,
        csr: Base64(verified.der().to_vec()),
        request_json: None,
        request_sig: None,
        renewal_sig: None,
        findings: judgement.findings.clone(),
    };
    room.journal.append(vec![record.into()])?;
    let for_cluster = ForCluster {
        name: name.to_owned(),
        environment: cluster.environment.clone(),
        trust_domain: cluster.trust_domain.clone(),
        generation: judgement.generation,
        recipients,
        key_origin: KeyOrigin::Offline.name().to_owned(),
        request_sha256: sha256,
        spki_sha256: key.spki().sha256(),
        enrols: judgement.enrols,
        changes: judgement.changes,
    };
    let accepted = Accepted {
        cluster: for_cluster,
        spki: key.spki().clone(),
        reviewed: format!("offline:{name}"),
        asked: Vec::new(),
        findings: judgement.findings,
    };
    let profile = room.config.intermediates.profile.clone();
    let (step, file) = (step.id.clone(), format!("offline:{name}"));
    Ok(Pending { accepted, step, file, profile, words_of: None, key: Some(key) })
}
