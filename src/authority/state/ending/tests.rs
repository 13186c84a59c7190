//! The rules about the end of keys and about proofs of their copies.

use crate::authority::state::tests::Story;
use crate::digest::{Base64, Digest, Hex};
use crate::key::KeySpec;
use crate::log::record::{
    KeyBackupMade, KeyBackupProved, KeyBackupProving, KeyDestroyed, KeyDestroying, KeyGenerated, KeyIntent,
};
use crate::x509::LocalKey;

fn generated(story: &mut Story, role: &str, id: u8) {
    let id = Hex(vec![id; 16]);
    let intent = KeyIntent {
        id: id.clone(),
        role: role.to_owned(),
        generation: 1,
        spec: KeySpec::EcdsaP256,
        token_serial: "01".to_owned(),
    };
    story.then(intent).unwrap();
    let spki = LocalKey::generate(KeySpec::EcdsaP256).unwrap().spki().der().to_vec();
    let generated = KeyGenerated {
        id,
        role: role.to_owned(),
        generation: 1,
        spki: Base64(spki),
        attributes: [].into(),
        dropped: Vec::new(),
        mechanism: "CKM_EC_KEY_PAIR_GEN".to_owned(),
    };
    story.then(generated).unwrap();
}

fn destroying(role: &str, id: u8) -> KeyDestroying {
    KeyDestroying {
        id: Hex(vec![id; 16]),
        role: role.to_owned(),
        generation: 1,
        token_serial: "01".to_owned(),
        reason: "over".to_owned(),
    }
}

fn destroyed(backup: Option<&str>) -> KeyDestroyed {
    KeyDestroyed {
        id: Hex(vec![1; 16]),
        role: "root".to_owned(),
        generation: 1,
        token_serial: "01".to_owned(),
        backup: backup.map(str::to_owned),
        shown: "searched".to_owned(),
    }
}

fn story() -> Story {
    let mut story = Story::new();
    generated(&mut story, "audit", 2);
    generated(&mut story, "root", 1);
    story
}

#[test]
fn an_audit_key_ends_after_every_root_key_and_no_end_goes_unannounced() {
    let mut early = story();
    assert!(early.then(destroying("audit", 2)).unwrap_err().to_string().contains("key.destroying"));
    let mut silent = story();
    assert!(silent.then(destroyed(None)).unwrap_err().to_string().contains("key.destroyed"));
    let mut stranger = story();
    assert!(stranger.then(destroying("root", 9)).is_err());

    let mut story = story();
    assert!(!story.state.is_ending());
    story.then(destroying("root", 1)).unwrap();
    assert!(story.state.is_ending() && story.state.ended().is_none());
    story.then(destroyed(None)).unwrap();
    story.then(destroying("audit", 2)).unwrap();
    assert!(story.state.ended().is_none(), "the session is open");
    story.state.session = None;
    assert!(story.state.ended().is_some());
}

#[test]
fn a_key_whose_end_was_announced_signs_nothing() {
    let mut story = story();
    story.enrolled("west", &["age1"]);
    story.then(destroying("root", 1)).unwrap();
    let refused = story.intended("west", 1, Hex(vec![5; 16])).unwrap_err().to_string();
    assert!(refused.contains("key.destroying") && refused.contains("generation 1"), "{refused}");
}

#[test]
fn a_proof_is_of_a_copy_that_was_made_and_answers_what_was_announced() {
    let made = |mode: &str| KeyBackupMade {
        name: "B1".to_owned(),
        mode: mode.to_owned(),
        means: "files".to_owned(),
        serial: "01".to_owned(),
        label: "root".to_owned(),
        manufacturer: String::new(),
        model: String::new(),
        generations: vec![1],
        wrapped: None,
    };
    let proving = KeyBackupProving {
        backup: "B1".to_owned(),
        generation: 1,
        nonce: Hex(vec![3; 16]),
        statement_sha256: Digest::of(b"statement"),
    };
    let proved = |proving| KeyBackupProved { proving, signature: Base64(vec![1]) };
    assert!(story().then(proving.clone()).unwrap_err().to_string().contains("key_backup.proving"));
    assert!(story().then(proved(0)).unwrap_err().to_string().contains("key_backup.proved"));
    assert!(story().then(made("wrapped")).is_err());

    let mut story = story();
    story.then(made("clone")).unwrap();
    assert_eq!(story.state.backups.last_proved(1), None);
    let seq = story.state.size;
    story.then(proving).unwrap();
    story.then(proved(seq)).unwrap();
    assert!(story.state.backups.last_proved(1).is_some());
    // Made anew, it is proved by nothing; and it is none once its key is gone.
    story.then(made("clone")).unwrap();
    assert_eq!((story.state.backups.last_proved(1), story.state.backups.all().len()), (None, 1));
    story.then(destroyed(Some("B1"))).unwrap();
    assert!(story.state.backups.all().is_empty());
}
