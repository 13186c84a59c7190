//! A root whose token opens to two of three custodians, then a signing session for three clusters with a deviation,
//! a break and a crash in the middle: as people type them, and its record is its script filled in.

use super::*;
use crate::custody::seats::{self, open_with};
use crate::record::{acts, json};
use anchorite::ceremony::script::Script;
use rustix::process::Signal;

/// The shipped script with a break before the requests are read: people adapt scripts by editing them.
fn with_a_break(world: &World) -> Script {
    let shipped = Script::built_in("intermediate-signing").unwrap().text;
    let steps = "[[step]]\nid = \"tea\"\ndo = \"break\"\nby = \"witness\"\nminutes = 15\n\n\
                 [[step]]\nid = \"unlock-again\"\ndo = \"unlock-token\"\nminutes = 2\n\n";
    let config = "[[step]]\nid = \"config\"";
    let text = shipped.replace(config, &format!("{steps}{config}"));
    world.write("signing.toml", &text);
    world.run(&["ceremony", "check", "signing.toml"]).ok();
    Script::parse("signing", &text).unwrap()
}

#[test]
fn a_root_of_two_of_three_custodians_signs_for_three_clusters_through_a_deviation_a_break_and_a_crash() {
    let (world, sheets, _) = seats::founded();
    let clusters = ["east", "north", "west"];
    let requests: Vec<String> = clusters.iter().map(|cluster| request(&world, cluster)).collect();
    let script = with_a_break(&world);
    let sign = [&SIGN[..], &["--script", "signing.toml"]].concat();

    let mut seat = Seat::at(&world, &sign);
    seats::introduces(&mut seat, 2);
    open_with(&mut seat, &[&sheets[0], &sheets[1]]);
    seat.answers("Witness, is it agreed who stays? (yes or no): ", "yes");
    // Nobody guards an open token.
    seat.answers("Administrator, are you back? (yes or no): ", "no");
    let told = seat.answers("Administrator, are you back? (yes or no): ", "yes");
    assert!(told.contains("The break goes on."), "{told}");
    seat.answers("Witness, are you back? (yes or no): ", "yes");
    open_with(&mut seat, &[&sheets[1], &sheets[2]]);
    approves_from(&mut seat, &requests[0]);
    seat.answers(SHEET, "d");
    seat.answers("What was expected?: ", "the engineer of north on the telephone");
    seat.answers("What happened?: ", "the line broke off");
    seat.answers("What was decided?: ", "she called again and read her words");
    seat.asked(SHEET);
    // The power is gone in the middle of the review.
    seat.signals(Signal::KILL);
    seat.dies();
    world.run(&["log", "verify", AUTHORITY]).ok();
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert!(status.contains("was interrupted after"), "{status}");

    let mut seat = Seat::at(&world, &sign);
    let told = seat.answers(GO_ON, "yes");
    assert!(told.contains("Sign intermediates: begun") && told.contains("unlock-again"), "{told}");
    open_with(&mut seat, &[&sheets[0], &sheets[2]]);
    seat.answers(SHEET, "d");
    seat.answers("What was expected?: ", "no interruption");
    seat.answers("What happened?: ", "the power failed after the telephone call of north had been repeated");
    seat.answers("What was decided?: ", "all three plans are reviewed again");
    for sheet in &requests {
        approves_from(&mut seat, sheet);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
    assert_eq!(world.bundles().len(), 3);
    assert_eq!(of_type(&world, "sign.intent").len(), 3 + 3, "the genesis, and one for each cluster");
    let agreed = of_type(&world, "value.recorded").iter().filter(|value| value["value"] == "agrees").count();
    assert_eq!(agreed, 5 + 4, "everybody who took part: three custodians at the genesis, two at the signing");
    assert_filled_in(&world, &script);
    for row in sheets.iter().flat_map(|sheet| &sheet.0) {
        assert!(!shown.contains(row.as_str()), "a row of a share stayed on the terminal");
    }
}

/// The record has the script's steps under their numbers, each done once or left out for a reason, every entry of
/// the ceremony once, and its page says it all.
fn assert_filled_in(world: &World, script: &Script) {
    let record = json(world, &["-C", AUTHORITY]);
    assert_eq!(record["outcome"], "complete");
    assert_eq!(record["ceremony"]["title"], script.title);
    assert_eq!(record["ceremony"]["script_sha256"], script.sha256.hex());
    let steps = record["steps"].as_array().unwrap();
    let named: Vec<(u64, &str)> =
        steps.iter().map(|s| (s["number"].as_u64().unwrap(), s["id"].as_str().unwrap())).collect();
    let planned: Vec<(u64, &str)> = (1..).zip(script.steps.iter().map(|step| step.id.as_str())).collect();
    assert_eq!(named, planned);
    for step in steps {
        assert!(step["state"] == "done" || step["do"] == "preflight", "{step}");
    }
    let outcomes: Vec<&Value> = record["sessions"].as_array().unwrap().iter().map(|s| &s["outcome"]).collect();
    assert_eq!(outcomes, ["interrupted", "complete"]);
    let first = record["entries"][0].as_u64().unwrap();
    let mut told: Vec<u64> = acts(&record).iter().map(|act| act["entry"].as_u64().unwrap()).collect();
    told.sort_unstable();
    let last = u64::try_from(entries(world).len()).unwrap();
    assert_eq!(told, (first..last).collect::<Vec<_>>(), "every entry of the ceremony, once");
    let html = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    for text in ["no interruption", "all three plans are reviewed again", "east", "north", "west"] {
        assert!(html.contains(text), "{text}");
    }
    for step in &script.steps {
        assert!(html.contains(&step.id), "{}", step.id);
    }
}
