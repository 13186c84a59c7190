//! Keys that are made here, for clusters whose configuration says so: in memory only, sealed to the
//! cluster's recipients before the certificate is signed.

use super::accept::{Candidate, Origin, accept};
use crate::authority::config::KeyOrigin;
use crate::authority::{Config, State};
use crate::ceremony::people::Assignment;
use crate::ceremony::room::{Bench, Pending, Room};
use crate::ceremony::script::Step;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::finding::Severity;
use crate::name::DistinguishedName;
use crate::request::key::rsa::Moduli;
use crate::request::{self, KeyPolicy};
use crate::x509::keygen::LocalKey;
use crate::x509::pem;

/// The clusters whose key is made in this session: those named, else those that have no certificate yet.
///
/// # Errors
/// [`Kind::Usage`] for a cluster that is named but not configured so.
pub fn wanted(config: &Config, state: &State, named: &[String]) -> Result<Vec<String>, Error> {
    let configured: Vec<&String> =
        config.clusters.iter().filter(|(_, c)| c.key_origin == KeyOrigin::Offline).map(|(name, _)| name).collect();
    if named.is_empty() {
        let in_use = |name: &str| state.clusters.get(name).is_none_or(|cluster| cluster.retired.is_none());
        let new = configured.into_iter().filter(|name| in_use(name) && state.newest_intermediate(name).is_none());
        return Ok(new.cloned().collect());
    }
    for name in named {
        if !configured.contains(&name) {
            return Err(Error::new(Kind::Usage, "not a cluster whose key is made here")
                .saw(name)
                .wanted(format!("[clusters.{name}] key_origin = \"offline\" in authority.toml"))
                .truth("Nothing was signed."));
        }
    }
    Ok(named.to_vec())
}

/// Makes a key and its request, and has policy judge it like any other.
///
/// # Errors
/// [`Kind::Refused`], [`Kind::Usage`].
pub fn make(room: &mut Room<'_>, bench: &Bench, moduli: &Moduli, step: &Step, name: &str) -> Result<Pending, Error> {
    let missing = || Error::new(Kind::Bug, "a cluster vanished from the configuration").saw(name);
    let cluster = room.config.clusters.get(name).cloned().ok_or_else(missing)?;
    let spec = cluster.algorithm.ok_or_else(missing)?;
    let key = LocalKey::generate(spec)?;
    let csr = key.csr(&DistinguishedName::of_request(name))?;
    // The same door as for any request: proof of possession on the bytes, every check of the key.
    let text = pem::encode("CERTIFICATE REQUEST", &csr);
    let keys = KeyPolicy { keys: vec![spec] };
    let inspected = request::inspect(text.as_bytes(), &keys).map_err(|finding| vec![finding]);
    let verified = inspected.and_then(|inspected| inspected.verified()).map_err(|findings| {
        let rules: Vec<&str> = findings.iter().map(|f| f.id.as_str()).collect();
        Error::new(Kind::Bug, "a key made here is refused").saw(rules.join(", "))
    })?;
    for recipient in &cluster.recipients {
        crate::bundle::recipient::parse(recipient)?;
    }
    let claim = Assignment {
        cluster: name.to_owned(),
        environment: cluster.environment.clone(),
        trust_domain: cluster.trust_domain.clone(),
        recipients: cluster.recipients.clone(),
    };
    let candidate = Candidate {
        step: &step.id,
        file: &format!("offline:{name}"),
        sha256: Digest::of(verified.der()),
        request: verified,
        claim,
        origin: Origin::Offline(key),
    };
    accept(room, bench, moduli, candidate)?.map_err(|findings| {
        match findings.iter().find(|f| f.severity == Severity::Refuse) {
            Some(refused) => {
                Error::new(Kind::Refused, format!("the key of {name} is refused by the rule {}", refused.id))
                    .saw(&refused.observed)
                    .wanted(&refused.expected)
                    .hint(&refused.hint)
                    .truth("Nothing was signed.")
            }
            None => Error::new(Kind::Bug, "a key made here is refused without a reason"),
        }
    })
}
