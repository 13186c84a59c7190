//! What a root would sign, made beforehand with throwaway keys of the same kinds, so that what the lint
//! refuses is known before the real key exists. Nothing here is kept, shown or signed by a real key.
//!
//! Source: Boulder's ceremonies lint with a throwaway key in the same way; PKCS#11 keys cannot be unmade quietly.

use super::make::{self, Accepted, Context, Issuer};
use super::{ForCluster, MadePlan, TbsView, What};
use crate::authority::State;
use crate::authority::config::names;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::finding::{Finding, Severity};
use crate::key::KeySpec;
use crate::x509::keygen::LocalKey;
use crate::x509::{SignatureAlgorithm, build, read};
use std::sync::Arc;

/// A cluster that stands for every one that the configuration does not name.
const ANY_CLUSTER: &str = "cluster";

/// Makes the root certificate, the audit certificate and CRL 1 that this configuration leads to, signs them
/// with throwaway keys, and judges them; then an intermediate for each cluster and kind of key that may ask
/// for one.
///
/// # Errors
/// [`Kind::Refused`] names the rule that would refuse one of them; [`Kind::Usage`] or [`Kind::Bug`] where one
/// cannot be built. No key outlives this.
pub fn genesis(context: Context<'_>) -> Result<(), Error> {
    root_to_come(context, 1, 1, &[])
}

/// The same for the next root: its audit key is certified by the roots that are there as well, and they and it may
/// vouch for each other, in which nothing may stand in the way (a path length, a missing key identifier).
///
/// # Errors
/// As [`genesis`].
pub fn successor(context: Context<'_>, root: u32, audit: u32, elders: &[Issuer]) -> Result<(), Error> {
    root_to_come(context, root, audit, elders)
}

fn root_to_come(context: Context<'_>, generation: u32, audit: u32, elders: &[Issuer]) -> Result<(), Error> {
    let root_key = LocalKey::generate(context.config.root.key)?;
    let audit_key = LocalKey::generate(KeySpec::EcdsaP256)?;
    let to_come = |what: &'static str| move |error: Error| error.within(format!("the {what} to come"));
    let root = make::root(context, root_key.spki(), generation, serial(1)).map_err(to_come("root certificate"))?;
    accept(&root, &root_key)?;
    let TbsView::Certificate(view) = root.view()? else {
        return Err(Error::new(Kind::Bug, "a root plan is a CRL"));
    };
    let issuer = Issuer { generation, spki: root_key.spki().clone(), view: Arc::from(view) };
    let certificate = make::audit(context, &issuer, audit_key.spki(), audit, serial(2));
    accept(&certificate.map_err(to_come("audit certificate"))?, &root_key)?;
    accept(&make::crl(context, &issuer, &State::default()).map_err(to_come("CRL"))?, &root_key)?;
    for elder in elders {
        // What an older root will sign is linted; its key is in the token.
        let certificate = make::audit(context, elder, audit_key.spki(), audit, serial(4));
        judge(&certificate.map_err(to_come("audit certificate"))?)?;
        judge(&make::cross(context, elder, &issuer, serial(5)).map_err(to_come("cross certificate"))?)?;
        judge(&make::cross(context, &issuer, elder, serial(6)).map_err(to_come("cross certificate"))?)?;
    }
    let named = context.config.clusters.keys().map(String::as_str);
    named.chain(std::iter::once(ANY_CLUSTER)).try_for_each(|cluster| intermediate(context, &issuer, cluster))
}

/// At least one kind of key that a cluster may have leads to a certificate that is issued.
fn intermediate(context: Context<'_>, issuer: &Issuer, cluster: &str) -> Result<(), Error> {
    let mut kinds = context.config.keys_for(cluster).to_vec();
    // Elliptic curves first: making a large RSA key takes a second, and one kind that works is enough.
    kinds.sort_by_key(|kind| kind.rsa_bits());
    let mut first = None;
    for kind in &kinds {
        let key = LocalKey::generate(*kind)?;
        let plan = make::intermediate(context, issuer, &stand_in(cluster, &key), serial(3))?;
        match refusal(&plan) {
            None => return Ok(()),
            Some(finding) => first = first.or(Some(finding.clone())),
        }
    }
    let Some(finding) = first else { return Ok(()) };
    let whose = if cluster == ANY_CLUSTER { "every intermediate".to_owned() } else { format!("what {cluster} asks") };
    Err(refused(&format!("{whose}, whichever of {} its key is, would be", names(&kinds)), &finding))
}

/// A request that asks for nothing, of a cluster that is enrolled with it.
fn stand_in(cluster: &str, key: &LocalKey) -> Accepted {
    let digest = Digest::of(key.spki().der());
    Accepted {
        cluster: ForCluster {
            name: cluster.to_owned(),
            environment: "prod".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            generation: 1,
            recipients: Vec::new(),
            key_origin: "cluster".to_owned(),
            request_sha256: digest,
            spki_sha256: key.spki().sha256(),
            enrols: true,
            changes: Vec::new(),
            replaces: None,
        },
        spki: key.spki().clone(),
        reviewed: format!("sha256:{digest}"),
        asked: Vec::new(),
        findings: Vec::new(),
    }
}

/// Judges a plan.
fn judge(plan: &MadePlan) -> Result<(), Error> {
    let what = match plan.plan().what {
        What::Root => "the root certificate to come is",
        What::Audit => "the audit certificate to come is",
        What::Intermediate => "the intermediate to come is",
        What::Cross => "the cross certificate to come is",
        What::Crl => "the CRL to come is",
        What::Request => "the request to come is",
    };
    refusal(plan).map_or(Ok(()), |finding| Err(refused(what, finding)))
}

/// Judges a plan, then what comes of it when it is signed, read by the parser that did not build it.
fn accept(plan: &MadePlan, key: &LocalKey) -> Result<(), Error> {
    judge(plan)?;
    let algorithm = SignatureAlgorithm::of(key.spki().spec());
    let tbs = &plan.plan().tbs.0;
    let der = build::assemble(tbs, algorithm, &key.sign(tbs)?)?;
    let back = match plan.plan().what {
        What::Crl => read::crl(&der)?.tbs,
        _ => read::certificate(&der)?.tbs,
    };
    if back == *tbs { Ok(()) } else { Err(Error::new(Kind::Bug, "a signed structure does not read back as its plan")) }
}

fn refusal(plan: &MadePlan) -> Option<&Finding> {
    plan.plan().findings.iter().find(|finding| finding.severity == Severity::Refuse)
}

fn refused(what: &str, finding: &Finding) -> Error {
    Error::new(Kind::Refused, format!("{what} refused by the rule {}", finding.id))
        .saw(&finding.observed)
        .wanted(&finding.expected)
        .hint(&finding.hint)
}

/// Serial numbers of the shape that the real ones have.
fn serial(number: u8) -> Hex {
    Hex([0x5a; 15].into_iter().chain([number]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Config;

    const CONFIG: &str = r#"
name = "Example"
kind = "production"
[token]
profile = "softhsm2"
[root]
subject = { organization = "Example", common_name = "Example Root" }
key = "ecdsa-p384"
validity_days = 3650
[intermediates]
max_validity_days = 365
subject = { organization = "Example", common_name = "Intermediate CA" }
"#;

    fn forecast(change: impl FnOnce(&mut Config)) -> Result<(), Error> {
        let mut config = Config::parse(CONFIG).unwrap();
        change(&mut config);
        let now = "2026-11-21T09:30:00Z".parse().unwrap();
        genesis(Context { config: &config, config_sha256: Digest::of(b""), session: "s", now })
    }

    #[test]
    fn a_configuration_that_leads_to_good_certificates_passes() {
        forecast(|_| {}).unwrap();
        for key in [KeySpec::EcdsaP256, KeySpec::EcdsaP521, KeySpec::Ed25519, KeySpec::Rsa3072] {
            forecast(|config| config.root.key = key).unwrap_or_else(|error| panic!("{key}: {error}"));
        }
    }

    #[test]
    fn each_certificate_to_come_is_judged() {
        let error = forecast(|config| config.root.subject.common_name = "a\u{200b}b".into()).unwrap_err();
        assert!(error.what().starts_with("the root certificate to come"), "{error}");
        let error = forecast(|config| config.root.subject.common_name = "x".repeat(60)).unwrap_err();
        assert!(error.what().starts_with("the audit certificate to come: CN is"), "{error}");
        let error = forecast(|config| config.crl.validity_days = 800).unwrap_err();
        assert!(error.what().starts_with("the CRL to come is refused by the rule"), "{error}");
        let error = forecast(|config| config.intermediates.dns_names = Some(vec!["-a.b".into()])).unwrap_err();
        assert!(error.what().contains("every intermediate"), "{error}");
    }
}
