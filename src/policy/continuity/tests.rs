//! Each difference of a later request is said, and only the cluster's newest key renews.

use super::*;
use crate::authority::state::tests::Story;
use crate::key::KeySpec;
use crate::log::record::CertificateRevoked;
use crate::policy::judge;
use crate::x509::tests::{Hierarchy, hierarchy};
use crate::x509::{LocalKey, Reason, SignatureAlgorithm};

const CONFIG: &str = "name = \"R\"\nkind = \"test\"\n[token]\nprofile = \"softhsm2\"\n[root]\nsubject = { common_name = \"R\" }\n\
    key = \"ecdsa-p256\"\nvalidity_days = 3650\n[intermediates]\nmax_validity_days = 365\n\
    profiles = [\"istio\", \"cert-manager\"]\nsubject = { common_name = \"I\" }\n";

/// `west` has two generations, `east` one.
struct Scene {
    config: Config,
    story: Story,
    old: LocalKey,
    newest: LocalKey,
    of_east: LocalKey,
    new: LocalKey,
    recipients: Vec<String>,
}

fn key(spec: KeySpec) -> LocalKey {
    LocalKey::generate(spec).unwrap()
}

fn scene() -> Scene {
    let h: Hierarchy = hierarchy(KeySpec::EcdsaP256);
    let [old, newest, of_east, new] = [0; 4].map(|_| key(KeySpec::EcdsaP256));
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.enrolled("east", &["age1e"]);
    story.issued(&h, "west", 1, &old, &["age1a"]);
    story.issued(&h, "west", 2, &newest, &["age1b", "age1c"]);
    story.issued(&h, "east", 1, &of_east, &["age1e"]);
    let recipients = vec!["age1b".to_owned(), "age1c".to_owned()];
    Scene { config: Config::parse(CONFIG).unwrap(), story, old, newest, of_east, new, recipients }
}

impl Scene {
    fn claim<'a>(&'a self, previous: Previous<'a>) -> Claim<'a> {
        Claim {
            cluster: "west",
            environment: "prod",
            trust_domain: "cluster.local",
            recipients: &self.recipients,
            spki: self.new.spki(),
            algorithm_oid: SignatureAlgorithm::EcdsaSha256.oid(),
            offline: false,
            previous,
            now: "2026-11-21T10:00:00Z".parse().unwrap(),
        }
    }

    fn judged(&self, claim: &Claim<'_>) -> (Vec<String>, Vec<String>, Option<String>) {
        let judgement = judge(&self.config, &self.story.state, claim);
        let ids = judgement.findings.iter().map(|finding| finding.id.clone()).collect();
        (ids, judgement.changes, renewal_line(&judgement.findings))
    }
}

#[test]
fn the_newest_key_renews_and_the_screen_says_which_it_is() {
    let scene = scene();
    let (ids, changes, line) = scene.judged(&scene.claim(Previous::Signed(scene.newest.spki())));
    assert_eq!((ids.as_slice(), changes.as_slice()), (&["policy.renewal.signed".to_owned()][..], &[][..]));
    let spki = scene.newest.spki().sha256().hex();
    assert_eq!(line.unwrap(), format!("signed by the previous key: yes (generation 2, spki {spki:.8}…)"));
    assert_eq!(judge(&scene.config, &scene.story.state, &scene.claim(Previous::Unnamed)).generation, 3);
}

fn vec_of<const N: usize>(ids: [&str; N]) -> Vec<String> {
    ids.map(str::to_owned).to_vec()
}

#[test]
fn whatever_is_no_renewal_is_said_to_be_none_and_the_words_settle_it() {
    let scene = scene();
    let unknown = Digest::of(b"another CA's");
    for (previous, why) in [
        (Previous::Unnamed, "no previous key is named".to_owned()),
        (Previous::Unsigned, "a key is named, and its renewal.sig is not here".to_owned()),
        (Previous::Unknown(&unknown), format!("by a key unknown here, spki {:.8}…", unknown.hex())),
        (Previous::Signed(scene.old.spki()), "by generation 1, and the newest is 2".to_owned()),
    ] {
        let (ids, changes, line) = scene.judged(&scene.claim(previous));
        // The certificate before it lives for long: a second one needs a reason.
        assert_eq!((ids, changes.len()), (vec_of(["policy.renewal.unsigned", "policy.generation.unexpired"]), 0));
        assert_eq!(line.unwrap(), format!("signed by the previous key: no ({why}); the words settle it"));
    }
}

impl Scene {
    /// Revokes a generation of `west`.
    fn revokes(&mut self, generation: u32, reason: Reason) {
        let of_west = self.story.state.certificates.values().filter(|c| c.cluster.as_deref() == Some("west"));
        let serial = of_west.filter(|c| c.generation == Some(generation)).map(|c| c.serial.clone()).next().unwrap();
        let date = "2026-11-21T09:25:00Z".parse().unwrap();
        self.story.then(CertificateRevoked { serial, reason, date, invalid_from: None }).unwrap();
    }
}

#[test]
fn the_signature_of_a_key_that_was_revoked_as_compromised_counts_for_nothing() {
    let mut compromised = scene();
    compromised.revokes(2, Reason::CaCompromise);
    let (ids, _, line) = compromised.judged(&compromised.claim(Previous::Signed(compromised.newest.spki())));
    // A warning: to sign all the same needs a reason. The other certificate of the cluster is still good.
    assert_eq!(ids, ["policy.renewal.compromised", "policy.generation.unexpired"]);
    let said = "counts for nothing: the key of generation 2 was revoked: cACompromise; the words settle it";
    assert_eq!(line.unwrap(), said);
    // One that was only superseded is still its owner's.
    let mut superseded = scene();
    superseded.revokes(2, Reason::Superseded);
    let (ids, ..) = superseded.judged(&superseded.claim(Previous::Signed(superseded.newest.spki())));
    assert_eq!(ids, ["policy.renewal.signed"]);
}

#[test]
fn a_cluster_without_a_good_certificate_gets_the_next_without_a_reason() {
    let mut scene = scene();
    scene.revokes(1, Reason::KeyCompromise);
    scene.revokes(2, Reason::KeyCompromise);
    assert_eq!(scene.judged(&scene.claim(Previous::Unnamed)).0, ["policy.renewal.unsigned"]);
}

#[test]
fn a_revoked_key_is_never_certified_again_for_anybody() {
    let mut scene = scene();
    scene.revokes(2, Reason::KeyCompromise);
    for cluster in ["west", "east", "north"] {
        let claim = Claim { cluster, spki: scene.newest.spki(), ..scene.claim(Previous::Unnamed) };
        let judgement = judge(&scene.config, &scene.story.state, &claim);
        let finding = judgement.findings.iter().find(|f| f.id.starts_with("policy.key.")).unwrap();
        assert_eq!(finding.id, "policy.key.revoked");
        let spki = scene.newest.spki().sha256().short();
        let seen = format!("the key of a certificate revoked 2026-11-21T09:25:00Z (keyCompromise), spki {spki}");
        assert_eq!((finding.observed.as_str(), finding.expected.as_str()), (seen.as_str(), "a new key"));
        assert_eq!(finding.hint, "make a new key: anchorite request NAME");
    }
}

#[test]
fn a_key_of_another_cluster_renews_nothing() {
    let scene = scene();
    let (ids, _, line) = scene.judged(&scene.claim(Previous::Signed(scene.of_east.spki())));
    assert_eq!((ids.as_slice(), line), (&["policy.renewal.other-cluster".to_owned()][..], None));
    // Nor does it enrol a cluster under another name.
    let renamed = Claim { cluster: "north", ..scene.claim(Previous::Signed(scene.newest.spki())) };
    assert_eq!(scene.judged(&renamed).0, ["policy.renewal.other-cluster"]);
    let new = Claim { cluster: "north", ..scene.claim(Previous::Unnamed) };
    assert_eq!(scene.judged(&new), (Vec::new(), Vec::new(), None));
}

#[test]
fn each_difference_to_the_last_request_is_a_line() {
    let mut scene = scene();
    let signed = Previous::Signed(scene.newest.spki());
    let one = |claim: &Claim<'_>| {
        let (ids, changes, _) = scene.judged(claim);
        assert_eq!(ids, ["policy.renewal.signed", "policy.cluster.changed"]);
        changes.join("\n")
    };
    let claim = scene.claim(signed);
    assert_eq!(one(&Claim { environment: "dev", ..claim.clone() }), "environment: was prod, is dev");
    assert_eq!(
        one(&Claim { trust_domain: "mesh.example", ..claim.clone() }),
        "trust domain: was cluster.local, is mesh.example"
    );
    let larger = key(KeySpec::EcdsaP384);
    assert_eq!(one(&Claim { spki: larger.spki(), ..claim.clone() }), "key: was ECDSA P-256, is ECDSA P-384");
    assert_eq!(one(&Claim { recipients: &scene.recipients[..1], ..claim.clone() }), "recipient removed: age1c");
    let more: Vec<String> = ["age1b", "age1c", "age1d"].map(str::to_owned).to_vec();
    assert_eq!(one(&Claim { recipients: &more, ..claim.clone() }), "recipient added: age1d");
    scene.config =
        Config::parse(&format!("{CONFIG}[clusters.west]\nprofile = \"cert-manager\"\nrecipients = []\n")).unwrap();
    let (_, changes, _) = scene.judged(&scene.claim(Previous::Signed(scene.newest.spki())));
    assert_eq!(changes, ["profile: was istio, is cert-manager"]);
}

#[test]
fn a_retired_cluster_s_name_is_refused_whoever_signs() {
    let mut scene = scene();
    scene.story.retired("west").unwrap();
    for previous in [Previous::Unnamed, Previous::Signed(scene.newest.spki())] {
        let judgement = judge(&scene.config, &scene.story.state, &scene.claim(previous));
        let ids: Vec<&str> = judgement.findings.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, ["policy.cluster.retired"]);
        assert_eq!(judgement.findings[0].observed, "west was retired on 2026-11-21T09:30:00Z: gone");
    }
}
