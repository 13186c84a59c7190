//! Manifests and envelopes that are out of form, or that say something else than what is there; all of them signed.

use super::reseal::{self, Files, get, put};
use super::{Attack, Cluster, Envelope, all_refused, manifest, payload, recipient, with_text};
use crate::support::tally;
use anchorite::bundle::Manifest;
use anchorite::digest::Digest;

/// The bundle with a manifest of these bytes, as they stand.
fn with_json(cluster: &Cluster, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Files {
    let (world, bundle) = (&cluster.authority, cluster.bundle());
    let mut inside = reseal::payload_of(world, &bundle);
    inside[0].1 = change(&inside[0].1);
    let json = inside[0].1.clone();
    reseal::reseal(world, &bundle, &payload::pack_tar(&inside).unwrap(), &json)
}

fn with_manifest(cluster: &Cluster, change: impl FnOnce(&mut Manifest)) -> Files {
    reseal::with_payload(&cluster.authority, &cluster.bundle(), |manifest, _| change(manifest))
}

/// The bundle with an envelope of these bytes, signed as they stand.
fn with_envelope_json(cluster: &Cluster, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Files {
    let mut files = cluster.bundle().files;
    let json = change(get(&files, "envelope.json"));
    put(&mut files, "envelope.sig", cluster.authority.sign(&json).unwrap());
    put(&mut files, "envelope.json", json);
    files
}

fn with_envelope(cluster: &Cluster, change: impl FnOnce(&mut Envelope)) -> Files {
    with_envelope_json(cluster, |json| {
        let mut envelope = Envelope::read(json).unwrap();
        change(&mut envelope);
        manifest::write(&envelope).unwrap()
    })
}

pub fn attacks(cluster: &Cluster) -> Vec<Attack> {
    let json = |from: &str, to: &str| with_json(cluster, |bytes| with_text(bytes, from, to));
    let envelope = |from: &str, to: &str| with_envelope_json(cluster, |bytes| with_text(bytes, from, to));
    let mut attacks = vec![
        Attack::new("manifest: a key twice", json("\"cluster\":", "\"cluster\":\"cluster2\",\"cluster\":")),
        Attack::new("manifest: a field of no version", json("\"cluster\":", "\"extra\":1,\"cluster\":")),
        Attack::new("manifest: a later version", json("manifest/v1", "manifest/v2")),
        Attack::new("manifest: another type", json("anchorite/manifest/v1", "anchorite/receipt/v1")),
        Attack::new("manifest: a space more", json(",\"cluster\"", ", \"cluster\"")),
        Attack::new("manifest: a field left out", json("\"profile\":\"istio\",", "")),
        Attack::new("manifest: a number as a text", json("\"sequence\":1", "\"sequence\":\"1\"")),
        Attack::new("manifest: a number of 2^64", json("\"sequence\":1", "\"sequence\":18446744073709551616")),
        Attack::new("manifest: not JSON", with_json(cluster, |_| b"cluster1\n".to_vec())),
        Attack::new("manifest: a file that goes up", json("\"ca-cert.pem\":", "\"../ca-cert.pem\":")),
    ];
    let mut with = |name: &'static str, change: &dyn Fn(&mut Manifest)| {
        attacks.push(Attack::new(name, with_manifest(cluster, change)));
    };
    with("manifest: another cluster", &|m| m.cluster = "cluster2".into());
    with("manifest: another environment", &|m| m.environment = "staging".into());
    with("manifest: another trust domain", &|m| m.trust_domain = "other.example".into());
    with("manifest: another request", &|m| m.csr_sha256 = Digest::of(b"other"));
    with("manifest: another log", &|m| m.log = "ff".repeat(16));
    with("manifest: another checkpoint", &|m| m.tree_size = 4);
    with("manifest: another bundle", &|m| m.bundle_id = "ff".repeat(16));
    with("manifest: another CRL", &|m| m.crl_number = 2);
    with("manifest: recipients that are not mine", &|m| m.recipients = vec![recipient::generate_identity().1]);
    with("manifest: no recipients", &|m| m.recipients.clear());
    with("manifest: a digest that is wrong", &|m| {
        m.files.get_mut("root.crl").unwrap().sha256 = Digest::of(b"other");
    });
    with("manifest: a size that is wrong", &|m| m.files.get_mut("root.crl").unwrap().size += 1);
    with("manifest: a file that is not inside", &|m| {
        m.files.insert("extra.pem".into(), manifest::FileDigest::of(b""));
    });
    with("manifest: a file that it does not list", &|m| {
        m.files.remove("root.crl");
    });
    attacks.push(Attack::new(
        "manifest: a file that no bundle of this version has",
        reseal::with_payload(&cluster.authority, &cluster.bundle(), |manifest, files| {
            manifest.files.insert("install.sh".into(), manifest::FileDigest::of(b"rm -rf /"));
            files.push(("install.sh".into(), b"rm -rf /".to_vec()));
        }),
    ));
    attacks.extend([
        Attack::new("envelope: a key twice", envelope("\"bundle_id\":", "\"bundle_id\":\"00\",\"bundle_id\":")),
        Attack::new(
            "envelope: a file twice",
            envelope("\"checkpoint\":{", "\"checkpoint\":{\"sha256\":\"\",\"size\":0},\"checkpoint\":{"),
        ),
        Attack::new("envelope: a field of no version", envelope("\"created\":", "\"zone\":\"UTC\",\"created\":")),
        Attack::new("envelope: a later version", envelope("envelope/v1", "envelope/v2")),
        Attack::new("envelope: a line end missing", with_envelope_json(cluster, |json| json.trim_ascii_end().to_vec())),
        Attack::new("envelope: not JSON", with_envelope_json(cluster, |_| b"\x7fELF".to_vec())),
        Attack::new("envelope: an id that goes up", with_envelope(cluster, |e| e.bundle_id = "../../escape".into())),
        Attack::new(
            "envelope: a file that no bundle has",
            with_envelope(cluster, |e| {
                e.files.insert("install.sh".into(), manifest::FileDigest::of(b""));
            }),
        ),
        Attack::new(
            "envelope: a payload that it does not list",
            with_envelope(cluster, |e| {
                e.files.remove("payload.age");
            }),
        ),
        Attack::new(
            "envelope: another payload",
            with_envelope(cluster, |e| {
                e.files.get_mut("payload.age").unwrap().sha256 = Digest::of(b"other");
            }),
        ),
        Attack::new(
            "envelope: another size",
            with_envelope(cluster, |e| e.files.get_mut("payload.age").unwrap().size = 1),
        ),
        Attack::new(
            "envelope: another checkpoint",
            with_envelope(cluster, |e| {
                e.files.insert("checkpoint".into(), manifest::FileDigest::of(b"other"));
            }),
        ),
        Attack::new("envelope: another manifest", with_envelope(cluster, |e| e.manifest_sha256 = Digest::of(b"other"))),
        Attack::new(
            "envelope: another signer",
            with_envelope(cluster, |e| e.signer_spki_sha256 = Digest::of(b"other")),
        ),
    ]);
    attacks
}

#[test]
fn a_manifest_or_an_envelope_that_lies_is_refused_before_anything_is_written() {
    let cluster = Cluster::new();
    let attacks = attacks(&cluster);
    tally::held("attacks by a manifest or an envelope, each by its own text", all_refused(&cluster, attacks));
}
