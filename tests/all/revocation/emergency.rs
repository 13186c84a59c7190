//! An emergency: 30 minutes, and only what the configuration said beforehand is done without.

use super::*;
use anchorite::ceremony::script::Script;

const SETTING: &str =
    "[emergency]\nwaivable = [\"witness\"]\nalternates = { witness = \"the security officer on call\" }\n";
const ORDER: [&str; 5] = ["revoke", "west", "--reason", "keyCompromise", "--emergency"];

/// An authority with this setting, and a certificate of `west`.
fn prepared(setting: &str) -> World {
    let world = World::configured("test", "ecdsa-p256");
    world.configure(&(configuration("test", "ecdsa-p256") + setting));
    world.found().ok();
    world.issued("west");
    world
}

fn deviations(world: &World) -> Vec<Value> {
    let entries = crate::crash::entries(world);
    entries.into_iter().filter(|entry| entry["type"] == "deviation").map(|entry| entry["data"].clone()).collect()
}

#[test]
fn a_role_that_may_be_waived_is_left_out_with_a_reason_and_the_record_says_so() {
    let world = prepared(SETTING);
    let waived = answers(&[("west@1", "keyCompromise")])
        .replace("witness = [\"Wim\"]\n", "\"without witness\" = \"nobody answers the telephone\"\n");
    let shown = run(&world, LATER, &[&ORDER[..], &["--waive", "witness"]].concat(), &waived).ok().stderr;
    assert!(shown.contains("Without a witness: [emergency] of authority.toml allows it."), "{shown}");
    let noted = serde_json::json!([{ "step": "participants", "expected": "the witness",
        "happened": "no witness took part: [emergency] waivable of authority.toml",
        "decided": "nobody answers the telephone" }]);
    assert_eq!(Value::from(deviations(&world)), noted);
    assert_eq!(published(&world).revoked.len(), 1);
    // Nobody claims that a witness was there.
    let entries = crate::crash::entries(&world);
    let last = entries.last().unwrap();
    assert_eq!(last["actors"], serde_json::json!(["administrator"]));
    verified(&world);
}

#[test]
fn an_alternate_gives_a_name_like_everybody_and_the_record_says_whose_place_it_is() {
    let world = prepared(SETTING);
    let order = [&ORDER[..], &["--alternate", "witness"]].concat();
    let shown = run(&world, LATER, &order, &answers(&[("west@1", "keyCompromise")])).ok().stderr;
    assert!(shown.contains("In place of the witness: the security officer on call."), "{shown}");
    let noted = serde_json::json!([{ "step": "participants", "expected": "the witness",
        "happened": "in place of the witness came the security officer on call",
        "decided": "as [emergency] alternates of authority.toml says" }]);
    assert_eq!(Value::from(deviations(&world)), noted);
}

#[test]
fn what_the_configuration_does_not_name_is_not_done_without() {
    let world = prepared("");
    world.write("answers-crl.toml", answers(&[("west@1", "keyCompromise")]));
    let refused = |more: &[&str], text: &str| world.refused(&arguments(LATER, &[&ORDER[..], more].concat()), text);
    refused(
        &["--waive", "witness"],
        "
        error: the configuration does not let an emergency do without this role: saw
               witness, wanted none: [emergency] waivable is empty
        hint:  [emergency] of authority.toml names such roles; it is adopted in a
               ceremony, beforehand
        Nothing was signed.
        exit 2
    ",
    );
    refused(
        &["--waive", "custodian"],
        "
        error: the configuration does not let an emergency do without this role: saw
               custodian, wanted none: [emergency] waivable is empty
        hint:  the token opens to as many shares as its custody set says, in an
               emergency as well
        Nothing was signed.
        exit 2
    ",
    );
    refused(
        &["--alternate", "witness"],
        "
        error: the configuration names no alternate for this role: saw witness, wanted
               none: [emergency] alternates is empty
        hint:  [emergency] of authority.toml names them; it is adopted in a ceremony,
               beforehand
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_setting_that_waives_shares_or_names_nobody_is_refused_with_its_place() {
    let world = World::new();
    let refused = |setting: &str, text: &str| {
        world.configure(&(configuration("test", "ecdsa-p256") + setting));
        assert_text(&world.run(&["-C", AUTHORITY, "config", "check"]).error(), text);
    };
    refused(
        "[emergency]\nwaivable = [\"custodian\"]\n",
        "
        error: authority.toml, line 19, column 1: [emergency] waivable: this role is
               never left out: saw custodian
        hint:  the token opens to as many shares as its custody set says, in an
               emergency as well
        exit 2
    ",
    );
    refused(
        "[emergency]\nwaivable = [\"administrator\"]\n",
        "
        error: authority.toml, line 19, column 1: [emergency] waivable: this role is
               never left out: saw administrator
        hint:  somebody holds the ceremony
        exit 2
    ",
    );
    refused(
        "[emergency]\nalternates = { custodian = \"a deputy\" }\n",
        "
        error: authority.toml, line 19, column 1: [emergency] alternates: nobody stands
               in for a custodian: saw custodian
        hint:  a share is its holder's; custody change deals new ones
        exit 2
    ",
    );
    refused(
        "[emergency]\nalternates = { witness = \"\" }\n",
        "
        error: authority.toml, line 19, column 1: [emergency] alternates: who stands in
               is named by office: saw nothing, wanted 1 to 80 printable characters,
               such as \"the security officer on call\"
        exit 2
    ",
    );
}

#[test]
fn the_script_that_ships_keeps_to_its_thirty_minutes_and_one_that_does_not_is_refused() {
    let ships = Script::built_in("emergency-revocation").unwrap();
    let planned: u32 = ships.steps.iter().filter_map(|step| step.minutes).sum();
    assert!(planned <= 30 && ships.steps.iter().all(|step| step.minutes.is_some()), "{planned}");
    let world = World::new();
    world.write("slow.toml", ships.text.replace("minutes = 4\n", "minutes = 20\n"));
    assert_text(
        &world.run(&["ceremony", "check", "slow.toml"]).refusal(),
        "
        error: slow.toml: a ceremony of the kind \"emergency\" is planned for too long:
               saw 61 minutes, wanted at most 30
        hint:  leave out what can wait for the next ceremony
        error: slow.toml cannot work: saw 1 fault
        exit 2
    ",
    );
}

#[test]
fn the_paper_says_who_may_stand_in_and_who_may_be_left_out() {
    let world = prepared(SETTING);
    let page = world.run(&["-C", AUTHORITY, "ceremony", "script", "emergency-revocation"]).ok().stdout;
    for wanted in ["the security officer on call", "may be left out", "Shares of custodians are never waived"] {
        assert!(page.contains(wanted), "{wanted} is not in the page");
    }
    let page = world.run(&["-C", AUTHORITY, "ceremony", "script", "revocation"]).ok().stdout;
    assert!(!page.contains("may be left out"));
}

#[test]
fn every_script_of_revocation_is_rehearsed() {
    for script in ["revocation", "emergency-revocation", "crl-refresh"] {
        let world = World::new();
        let output = world.run(&["ceremony", "rehearse", script, "--into", "trial", "--unattended"]);
        assert_eq!(output.code, Some(0), "{script}: {}", output.stderr);
    }
}
