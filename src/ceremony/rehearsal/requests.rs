//! Requests of a rehearsal: packages of throwaway keys, for the clusters of the configuration or for two that do
//! not exist, with the sheets that their engineers would read out.

use super::place::Place;
use crate::authority::Config;
use crate::authority::config::{Hash, KeyOrigin};
use crate::bundle::recipient;
use crate::error::Error;
use crate::files::deliver;
use crate::key::KeySpec;
use crate::name::DistinguishedName;
use crate::request::package::{self, RequestJson};
use crate::request::sheet::{self, Sheet};
use crate::x509::SignatureAlgorithm;
use crate::x509::keygen::LocalKey;
use jiff::Timestamp;
use secrecy::ExposeSecret;

/// Clusters where the configuration names none.
const SAMPLES: [&str; 2] = ["cluster1", "cluster2"];
/// Kinds of key, the quickest to make first.
const QUICKEST: [KeySpec; 6] =
    [KeySpec::EcdsaP256, KeySpec::EcdsaP384, KeySpec::Ed25519, KeySpec::EcdsaP521, KeySpec::Rsa3072, KeySpec::Rsa4096];

/// The clusters of a rehearsal, in order.
pub fn clusters(config: &Config) -> Vec<String> {
    match config.clusters.is_empty() {
        true => SAMPLES.map(str::to_owned).to_vec(),
        false => config.clusters.keys().cloned().collect(),
    }
}

/// Makes a request for each cluster whose key is its own: its directory on the cluster's side, the package on the
/// stick, the sheet. The clusters that have one.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium), [`Kind::Usage`](crate::error::Kind::Usage).
pub fn make(place: &Place, config: &Config, now: Timestamp) -> Result<Vec<String>, Error> {
    for dir in [place.requests(), place.clusters(), place.sheets()] {
        deliver::create_directory(&dir)?;
    }
    let own_key = |name: &String| config.clusters.get(name).is_none_or(|c| c.key_origin == KeyOrigin::Cluster);
    let clusters: Vec<String> = clusters(config).into_iter().filter(own_key).collect();
    for cluster in &clusters {
        make_one(place, config, cluster, now)?;
    }
    Ok(clusters)
}

fn make_one(place: &Place, config: &Config, cluster: &str, now: Timestamp) -> Result<(), Error> {
    let fixed = config.clusters.get(cluster);
    let spec = quickest(config, cluster);
    let key = LocalKey::generate(spec)?;
    let (secret, own) = recipient::generate_identity();
    // Where the configuration fixes who opens its bundles, the rehearsal's are for them too.
    let recipients = fixed.map(|c| c.recipients.clone()).filter(|r| !r.is_empty()).unwrap_or_else(|| vec![own.clone()]);
    let request = RequestJson {
        kind: package::TYPE.to_owned(),
        cluster: cluster.to_owned(),
        environment: fixed.map_or_else(|| "prod".to_owned(), |c| c.environment.clone()),
        trust_domain: fixed.map_or_else(|| "cluster.local".to_owned(), |c| c.trust_domain.clone()),
        csr: String::new(),
        recipients,
        previous: None,
        created: now,
    };
    let csr = key.csr(&DistinguishedName::of_request(cluster))?;
    let files = package::make_package(request.clone(), &csr, &key, None)?;
    let travels: [deliver::Item<'_>; 2] =
        [("request.json", &files.json, 0o644), ("request.sig", &files.signature, 0o644)];
    deliver::write_directory(&place.requests(), cluster, &travels)?;
    let purpose = format!("a rehearsal of {cluster}");
    let (pem, identity) = (key.to_pkcs8_pem()?, recipient::identity_file(&secret, &own, now, &purpose));
    let mut stays: Vec<deliver::Item<'_>> = vec![("ca-key.pem", pem.expose_secret().as_bytes(), 0o600)];
    if request.recipients.contains(&own) {
        stays.push(("identity.age", identity.expose_secret().as_bytes(), 0o600));
    }
    stays.extend(travels);
    deliver::write_directory(&place.clusters(), cluster, &stays)?;
    let sha256 = package::words_of_package(&files.json);
    let more = sheet::more(&request, spec, None);
    let sheet = sheet::sheet(&Sheet { cluster, environment: &request.environment, more, sha256 }).render();
    deliver::write_new(&place.sheets().join(format!("{cluster}.txt")), sheet.as_bytes(), 0o644).map(|_| ())
}

/// The quickest kind of key whose request this cluster may sign; what the configuration leaves no way for is refused
/// in the ceremony, by name.
fn quickest(config: &Config, cluster: &str) -> KeySpec {
    let (keys, hashes) = (config.keys_for(cluster), config.terms(cluster).map(|terms| terms.hashes));
    let fits = |spec: &KeySpec| {
        let hash = if spec.rsa_bits().is_some() { Some(Hash::Sha256) } else { Hash::of(SignatureAlgorithm::of(*spec)) };
        let allowed = hash.is_none_or(|hash| hashes.as_ref().is_ok_and(|hashes| hashes.contains(&hash)));
        keys.contains(spec) && allowed
    };
    QUICKEST.into_iter().find(fits).or_else(|| keys.first().copied()).unwrap_or(KeySpec::EcdsaP256)
}
