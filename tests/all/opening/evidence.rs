//! Bundles that are signed and sealed as they should be, and whose log, numbers, roots or keys are not those that the
//! cluster knows: rollback, forks, replays, other authorities.

use super::{Attack, Cluster, Contents, Receipt, all_refused, fixture};
use crate::support::{World, tally};
use anchorite::digest::{Base64, Digest};
use anchorite::key::KeySpec;
use anchorite::log::proof;
use anchorite::log::record::SignOutcome;
use anchorite::x509::keygen::LocalKey;
use secrecy::ExposeSecret;

pub fn attacks(cluster: &Cluster) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let contents = |number: u64, change: &dyn Fn(&mut Contents)| {
        let mut contents = cluster.contents(number);
        change(&mut contents);
        cluster.authority.make(&contents).files
    };
    let mut with = |name: &'static str, change: &dyn Fn(&mut Contents)| {
        attacks.push(Attack::new(name, contents(1, change)));
    };
    // Proofs. Lines of the fixture: 0 and 1, the outcome 2, 3 and 4.
    let authority = &cluster.authority;
    let inclusion = |index: u64, of: u64, checkpoint: &str| {
        proof::inclusion_proof(index, &authority.tree.inclusion(of, 5).unwrap(), checkpoint)
    };
    with("proof: an entry that is no outcome", &|c| c.entry_line = authority.lines[1].clone());
    with("proof: an entry that was changed", &|c| c.entry_line.push(b' '));
    with("proof: of another entry", &|c| c.inclusion_proof = inclusion(2, 1, &c.checkpoint));
    with("proof: another position", &|c| c.inclusion_proof = inclusion(3, 2, &c.checkpoint));
    with("proof: an entry of another certificate", &|c| {
        let mut other = fixture::World::new();
        let der = Some(Base64(other.certificate.clone()));
        other.append(&SignOutcome { intent: 1, status: "ok".into(), der, reason: None }.into());
        c.entry_line = other.lines[5].clone();
    });
    with("proof: under another checkpoint of this log", &|c| {
        let mut grown = fixture::World::new();
        grown.grow(1);
        c.inclusion_proof = c.inclusion_proof.replace(&c.checkpoint, &grown.contents(1).checkpoint);
    });
    with("proof: no proof", &|c| c.inclusion_proof = String::new());
    // Roots, certificates, CRLs.
    let stranger = fixture::Issuer::root("Example Mesh Root CA");
    with("root: another beside the pinned one", &|c| c.root_cert_pem += &stranger.pem());
    with("root: another instead of the pinned one", &|c| c.root_cert_pem = stranger.pem());
    with("root: the pinned one twice", &|c| c.root_cert_pem = format!("{0}{0}", authority.root.pem()));
    with("chain: it begins with the root", &|c| {
        c.cert_chain_pem = format!("{}{}", authority.root.pem(), c.ca_cert_pem)
    });
    let revoked = anchorite::x509::read::certificate(&authority.certificate).unwrap().view.serial;
    with("CRL: it revokes the certificate beside it", &|c| {
        c.root_crl_pem = authority.root.crl(1, std::slice::from_ref(&revoked));
    });
    with("CRL: of another root", &|c| c.root_crl_pem = stranger.crl(1, &[]));
    // Numbers and trees, against what was opened before.
    let first = cluster.receipt();
    let mut seen = |name: &'static str, number: u64, receipt: Receipt, change: &dyn Fn(&mut Contents)| {
        attacks.push(Attack { receipt: Some(receipt), ..Attack::new(name, contents(number, change)) });
    };
    seen("receipt: a newer bundle was opened", 1, Receipt { sequence: 7, size: 50, ..first.clone() }, &|_| {});
    seen("receipt: another bundle of this number", 1, first.clone(), &|c| c.bundle_id = "ff".repeat(16));
    seen("receipt: another bundle before this one", 2, first.clone(), &|c| c.previous_bundle = Some("ff".repeat(16)));
    seen("receipt: a newer generation was opened", 2, Receipt { generation: Some(3), ..first.clone() }, &|_| {});
    seen("receipt: another tree of this size", 2, Receipt { root: Digest::of(b"fork"), ..first.clone() }, &|_| {});
    seen("receipt: no proof of what was added", 2, Receipt { size: 4, ..first.clone() }, &|_| {});
    let earlier = Receipt { size: 3, root: Digest::of(b"fork"), ..first.clone() };
    seen("receipt: a proof that does not lead here", 2, earlier, &|c| {
        let proof = proof::ConsistencyProof { old: 3, new: 5, hashes: authority.tree.consistency(3, 5).unwrap() };
        c.consistency_proof = proof::consistency_proofs(&[proof]);
    });
    seen(
        "receipt: another log, without what restored it",
        2,
        Receipt { log: "ff".repeat(16), ..first.clone() },
        &|_| {},
    );
    seen("receipt: another cluster", 2, Receipt { cluster: "cluster2".into(), ..first.clone() }, &|_| {});
    seen("receipt: another environment", 2, Receipt { environment: "staging".into(), ..first }, &|_| {});

    let mut world = |name: &'static str, more: &'static [&'static str], world: fn(&World)| {
        attacks.push(Attack { world, more, ..Attack::new(name, contents(1, &|_| {})) });
    };
    world("key: another one is here", &[], |world| {
        let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap().to_pkcs8_pem().unwrap();
        world.secret("clusters/cluster1/ca-key.pem", other.expose_secret().trim_end());
    });
    world("key: it can be read by others", &[], |world| {
        world.tool("chmod", &["644", "clusters/cluster1/ca-key.pem"]).ok();
    });
    world("identity: another one", &["--identity", "other.age"], |world| {
        world.secret("other.age", anchorite::bundle::recipient::generate_identity().0.expose_secret());
    });
    world("receipt: it was cut", &[], |world| {
        world.write("clusters/cluster1/receipt.json", "{\"type\":");
    });
    world("receipt: of a later version", &[], |world| {
        world.write("clusters/cluster1/receipt.json", "{\"type\":\"anchorite/receipt/v9\"}\n");
    });
    world("decrypted: not the payload that was signed", &["--decrypted", "plain.tar"], |world| {
        world.secret("plain.tar", "not a tar");
    });
    attacks
}

#[test]
fn evidence_that_does_not_fit_what_the_cluster_knows_is_refused_before_anything_is_written() {
    let cluster = Cluster::new();
    let attacks = attacks(&cluster);
    tally::held("attacks by evidence, roots, keys and receipts, each by its own text", all_refused(&cluster, attacks));
}
