//! The rules of custody, whoever writes the log, and what the log says after an interruption.

use super::super::tests::Story;
use super::*;
use crate::log::record::{Record, TokenInitialized};

fn hex(byte: u8) -> Hex {
    Hex(vec![byte; 4])
}

fn split(set: u8) -> CustodySplit {
    let form = PinForm { alphabet: "printable".to_owned(), length: 40 };
    CustodySplit {
        set: hex(set),
        role: "root".to_owned(),
        threshold: 2,
        commitments: (0..3).map(|index| Digest::of(&[set, index])).collect(),
        user: form.clone(),
        so: form,
        sealed: Vec::new(),
    }
}

fn initialized(set: Option<u8>) -> Record {
    let text = |text: &str| text.to_owned();
    let (serial, label) = (text("01"), text("root"));
    let (manufacturer, model) = (text("m"), text("m"));
    TokenInitialized { role: text("root"), serial, label, manufacturer, model, custody: set.map(hex) }.into()
}

fn used(set: u8, indexes: &[u8], purpose: &str) -> CustodyShareUsed {
    CustodyShareUsed { set: hex(set), indexes: indexes.to_vec(), purpose: purpose.to_owned() }
}

fn changing(which: &str, set: u8) -> PinChanging {
    PinChanging { role: "root".to_owned(), which: which.to_owned(), set: hex(set) }
}

fn changed(which: &str, set: u8) -> PinChanged {
    PinChanged { role: "root".to_owned(), which: which.to_owned(), set: hex(set) }
}

/// A token with the PINs of set 1.
fn story() -> Story {
    let mut story = Story::new();
    story.then(split(1)).unwrap();
    story.then(initialized(Some(1))).unwrap();
    story
}

#[track_caller]
fn refused(story: &mut Story, record: impl Into<Record>, rule: &str) {
    let error = story.then(record).unwrap_err().to_string();
    assert!(error.contains(rule), "{error}");
}

/// Where the sets 1 and 2 stand, and the set of the user PIN.
fn standing(story: &Story) -> (Vec<&'static str>, Option<u8>) {
    let custody = &story.state.custody;
    let user = custody.of("root", "user").map(|set| set.set.0[0]);
    (custody.sets().iter().map(|set| custody.standing(set).name()).collect(), user)
}

#[test]
fn a_set_opens_the_token_from_its_initialisation_until_both_pins_are_changed() {
    let mut story = Story::new();
    story.then(split(1)).unwrap();
    assert_eq!(standing(&story), (vec!["begun"], None));
    story.then(initialized(Some(1))).unwrap();
    assert_eq!(standing(&story), (vec!["in force"], Some(1)));
    story.then(split(2)).unwrap();
    assert_eq!(standing(&story), (vec!["in force", "begun"], Some(1)));
    story.then(changing("so", 2)).unwrap();
    assert_eq!(story.state.custody.unsure("root", "so").map(|set| set.set.clone()), Some(hex(2)));
    story.then(changed("so", 2)).unwrap();
    assert_eq!(standing(&story), (vec!["in force", "begun"], Some(1)));
    story.then(changing("user", 2)).unwrap();
    assert_eq!(story.state.custody.all_unsure().count(), 1);
    story.then(changed("user", 2)).unwrap();
    assert_eq!(standing(&story), (vec!["replaced", "in force"], Some(2)));
    assert_eq!(story.state.custody.begun("root"), None);
}

#[test]
fn an_unlocking_answers_what_an_interrupted_change_left_open() {
    for (opened_by, user) in [(1, Some(1)), (2, Some(2))] {
        let mut story = story();
        for record in [Record::from(split(2)), changing("so", 2).into(), changed("so", 2).into()] {
            story.then(record).unwrap();
        }
        story.then(changing("user", 2)).unwrap();
        story.then(used(opened_by, &[1, 3], "unlock")).unwrap();
        assert_eq!(story.state.custody.unsure("root", "user"), None);
        assert_eq!(standing(&story).1, user);
        // A change that was not made is announced again.
        if opened_by == 1 {
            refused(&mut story, changed("user", 2), "announced before it is made");
        }
    }
}

#[test]
fn a_token_whose_pins_people_chose_opens_to_no_set() {
    let mut story = Story::new();
    story.then(initialized(None)).unwrap();
    assert!(story.state.custody.of("root", "user").is_none());
    // Custody begins with a change.
    story.then(split(1)).unwrap();
    story.then(changing("so", 1)).unwrap();
    story.then(changed("so", 1)).unwrap();
    assert_eq!(standing(&story), (vec!["begun"], None));
}

#[test]
fn a_split_that_could_not_be_is_refused() {
    let wrong = |change: fn(&mut CustodySplit), rule: &str| {
        let mut record = split(2);
        change(&mut record);
        refused(&mut story(), record, rule);
    };
    wrong(|s| s.set = hex(1), "a set is split once");
    wrong(|s| s.threshold = 1, "2 or more shares");
    wrong(|s| s.threshold = 4, "2 or more shares");
    wrong(|s| s.commitments[2] = s.commitments[0], "a commitment of its own");
    refused(&mut Story::new(), initialized(Some(9)), "a set that was split");
}

#[test]
fn shares_that_cannot_have_been_present_are_refused() {
    let wrong = |record: CustodyShareUsed, rule: &str| refused(&mut story(), record, rule);
    wrong(used(9, &[1, 2], "unlock"), "a set that was split");
    wrong(used(1, &[1], "unlock"), "as many shares as the threshold says");
    wrong(used(1, &[1, 1], "unlock"), "one of the set, once");
    wrong(used(1, &[0, 1], "unlock"), "one of the set, once");
    wrong(used(1, &[1, 4], "unlock"), "one of the set, once");
    wrong(used(1, &[1, 2], "party"), "unlock, initialize or change");
}

#[test]
fn a_pin_is_changed_only_after_that_was_announced() {
    let mut story = story();
    story.then(split(2)).unwrap();
    refused(&mut story, changed("so", 2), "announced before it is made");
    let mut story = self::story();
    story.then(split(2)).unwrap();
    story.then(changing("user", 2)).unwrap();
    refused(&mut story, changed("so", 2), "announced before it is made");
    refused(&mut self::story(), changing("so", 9), "a set that was split");
    refused(&mut self::story(), changing("puk", 1), "so or user");
}
