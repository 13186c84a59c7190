//! Who signed, what is sealed, and what lies in the bundle's directory: forgers with keys of their own, age files that
//! are altered, files that are none.

use super::reseal::{self, Files, get, put};
use super::{Attack, Cluster, Envelope, MAX_PAYLOAD, all_refused, fixture, manifest, recipient, seal};
use crate::support::{World, tally};
use anchorite::name::{Attribute, DistinguishedName};
use anchorite::x509::build::Usage;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::pem;
use jiff::{Timestamp, ToSpan};
use std::os::unix::fs::symlink;

/// The bundle with an envelope that another key signed, and a certificate of that key.
fn signed_by(cluster: &Cluster, key: &LocalKey, signer: String) -> Files {
    let mut files = cluster.bundle().files;
    let mut envelope = Envelope::read(get(&files, "envelope.json")).unwrap();
    envelope.signer_spki_sha256 = key.spki().sha256();
    let json = manifest::write(&envelope).unwrap();
    put(&mut files, "envelope.sig", key.sign(&json).unwrap());
    put(&mut files, "envelope.json", json);
    put(&mut files, "signer.pem", signer.into_bytes());
    files
}

/// A certificate by an issuer for the audit key of the cluster's authority.
fn audit_by(issuer: &fixture::Issuer, key: &LocalKey, usage: Usage, not_after: Timestamp) -> String {
    let name = DistinguishedName::default().with(Attribute::CommonName, "Example audit");
    pem::encode("CERTIFICATE", &issuer.issue(&name, key.spki(), usage, not_after, issuer.key_id()))
}

/// The bundle with another sealed payload, under an honest envelope.
fn sealed(cluster: &Cluster, payload: Vec<u8>) -> Files {
    let mut files = cluster.bundle().files;
    let mut envelope = Envelope::read(get(&files, "envelope.json")).unwrap();
    envelope.files.insert("payload.age".into(), manifest::FileDigest::of(&payload));
    put(&mut files, "payload.age", payload);
    reseal::resign(&cluster.authority, files, &envelope)
}

pub fn attacks(cluster: &Cluster) -> Vec<Attack> {
    let authority = &cluster.authority;
    let good = cluster.bundle().files;
    let mut attacks = Vec::new();
    let mut add = |name: &'static str, files: Files| attacks.push(Attack::new(name, files));

    // Mallory has an authority of her own, and the recipient.
    let mallory = Cluster::new();
    let year = fixture::now() + (365 * 24).hours();
    let mut contents = mallory.authority.contents(1);
    contents.recipients = vec![authority.recipient.clone()];
    add("forged: all of it, by who has the recipient", mallory.authority.make(&contents).files);
    let mut contents = cluster.contents(1);
    contents.signer_pem = mallory.authority.audit_pem.clone();
    contents.checkpoint = mallory.authority.contents(1).checkpoint;
    add("forged: the victim's own files inside another's envelope", mallory.authority.make(&contents).files);
    let archive = seal::decrypt(get(&good, "payload.age"), &authority.identity, MAX_PAYLOAD).unwrap();
    let mut again = good.clone();
    put(&mut again, "payload.age", seal::encrypt(&archive, std::slice::from_ref(&authority.recipient)).unwrap());
    add("forged: the same content sealed again", again);
    let mut other = good.clone();
    put(&mut other, "envelope.sig", mallory.authority.audit.sign(get(&good, "envelope.json")).unwrap());
    add("signer: another key under an honest envelope", other);
    let intermediate = pem::encode("CERTIFICATE", &authority.certificate);
    add("signer: the cluster's own intermediate", signed_by(cluster, &authority.cluster_key, intermediate));
    add(
        "signer: the audit key as a CA",
        signed_by(cluster, &authority.audit, audit_by(&authority.root, &authority.audit, ca(), year)),
    );
    let theirs = audit_by(&mallory.authority.root, &authority.audit, Usage::Audit, year);
    add(
        "signer: the audit key certified by another root of the same name",
        signed_by(cluster, &authority.audit, theirs),
    );
    let ended = audit_by(&authority.root, &authority.audit, Usage::Audit, fixture::now() - 1.minute());
    add("signer: a certificate that had ended", signed_by(cluster, &authority.audit, ended));
    add("signer: no certificate", signed_by(cluster, &authority.audit, String::new()));
    let both = format!("{}{}", authority.audit_pem, mallory.authority.audit_pem);
    add("signer: certificates of two keys", signed_by(cluster, &authority.audit, both));
    let text = format!("{}# trust me\n", authority.audit_pem);
    add("signer: text after the certificate", signed_by(cluster, &authority.audit, text));

    let payload = get(&good, "payload.age").to_vec();
    let altered = |at: usize| {
        let mut bytes = payload.clone();
        bytes[at] ^= 1;
        bytes
    };
    add("age: cut in the middle", sealed(cluster, payload[..payload.len() / 2].to_vec()));
    add("age: cut in its header", sealed(cluster, payload[..40].to_vec()));
    add("age: empty", sealed(cluster, Vec::new()));
    add("age: a header that was altered", sealed(cluster, altered(25)));
    add("age: a byte after its end", sealed(cluster, [&payload[..], b"x"].concat()));
    let outsider = recipient::generate_identity().1;
    add("age: sealed to somebody else", sealed(cluster, seal::encrypt(&archive, &[outsider]).unwrap()));
    add(
        "age: armoured",
        sealed(cluster, b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n".to_vec()),
    );
    add("age: another version", sealed(cluster, [b"age-encryption.org/v2", &payload[21..]].concat()));
    add("age: a passphrase", sealed(cluster, b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n".to_vec()));
    let mut swapped = good.clone();
    put(&mut swapped, "payload.age", altered(payload.len() - 1));
    add("age: altered on the way", swapped);

    let mut files = |name: &'static str, world: fn(&World)| {
        attacks.push(Attack { world, ..Attack::new(name, good.clone()) });
    };
    files("directory: a payload of 10 GiB", |world| {
        std::fs::File::create(world.path("bundle/payload.age")).unwrap().set_len(10 << 30).unwrap();
    });
    files("directory: a payload that is a link to another file", |world| {
        std::fs::rename(world.path("bundle/payload.age"), world.path("elsewhere.age")).unwrap();
        symlink(world.path("elsewhere.age"), world.path("bundle/payload.age")).unwrap();
    });
    files("directory: an envelope that is a link to a device", |world| {
        std::fs::remove_file(world.path("bundle/envelope.json")).unwrap();
        symlink("/dev/zero", world.path("bundle/envelope.json")).unwrap();
    });
    files("directory: a signature that is a FIFO", |world| {
        std::fs::remove_file(world.path("bundle/envelope.sig")).unwrap();
        world.tool("mkfifo", &["bundle/envelope.sig"]).ok();
    });
    files("directory: a checkpoint that is a directory", |world| {
        std::fs::remove_file(world.path("bundle/checkpoint")).unwrap();
        std::fs::create_dir(world.path("bundle/checkpoint")).unwrap();
    });
    files("directory: a signer that is missing", |world| {
        std::fs::remove_file(world.path("bundle/signer.pem")).unwrap()
    });
    files("directory: thousands of files more", |world| {
        for n in 0..1_000 {
            world.write(format!("bundle/{n}.age"), "");
        }
    });
    attacks
}

fn ca() -> Usage {
    Usage::Ca {
        path_len: None,
        dns_names: vec![],
        permitted_dns: vec![],
        excluded_dns: vec![],
        permitted_uris: vec![],
        crl_urls: vec![],
        ca_issuers_urls: vec![],
    }
}

#[test]
fn a_forged_signer_an_altered_seal_and_files_that_are_none_are_refused_before_anything_is_written() {
    let cluster = Cluster::new();
    let attacks = attacks(&cluster);
    tally::held("attacks on signer, seal and files of a bundle, each by its own text", all_refused(&cluster, attacks));
}
