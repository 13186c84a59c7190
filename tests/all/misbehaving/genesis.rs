//! A token that misbehaves while a root is made.

use super::judge::{at_rest, judge};
use super::*;
use crate::crash::entries;
use crate::support::CREATE;

fn prepared() -> World {
    let world = World::configured("test", "ecdsa-p256");
    world.behind_proxy();
    let reviewed = world.sha256("authority/authority.toml");
    let review = format!("[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", format!("{PARTICIPANTS}{review}"));
    world
}

#[test]
fn no_answer_of_a_token_that_fails_makes_a_wrong_root() {
    let world = prepared();
    let faults = failures(&calls_of(&world, &CREATE), "rv", 4);
    tries(&world, &faults);
    tally::held("calls of a genesis that failed", faults.len());
}

#[test]
fn a_token_that_makes_a_thing_and_says_that_it_failed_is_found_out_at_genesis() {
    let world = prepared();
    let faults = failures(&calls_of(&world, &CREATE), "after", 8);
    tries(&world, &faults);
    tally::held("calls of a genesis that were done and said to have failed", faults.len());
}

#[test]
fn no_lie_about_a_signature_makes_a_wrong_root() {
    let world = prepared();
    let mut faults = lies::of_signatures(&calls_of(&world, &CREATE));
    // While keys are tried out there is one at a time, and no other that could sign.
    faults.retain(|fault| !["C_Sign@2=other", "C_Sign@4=other"].contains(&fault.as_str()));
    tries(&world, &faults);
    tally::held("signatures of a genesis that were wrong", faults.len());
}

fn tries(world: &World, faults: &[String]) {
    each(world, faults, |world, index, fault| {
        let output = run_in_order(world, fault, &CREATE);
        judge(world, fault, &output, 0)?;
        if tally::full() || index.is_multiple_of(3) { goes_on(world) } else { Ok(()) }
    });
}

/// The same command, with a token that works, has one root and one audit key in the end.
fn goes_on(world: &World) -> Result<(), String> {
    let next = run_in_order(world, "", &CREATE);
    let whole = next.code == Some(2) && next.stderr.contains("this authority has a root already");
    if next.code != Some(0) && !whole {
        return Err(format!("the next genesis: {}", next.refusal()));
    }
    for role in ["root", "audit"] {
        let made = |entry: &&serde_json::Value| entry["type"] == "key.generated" && entry["data"]["role"] == role;
        let made = entries(world).iter().filter(made).count();
        if made != 1 {
            return Err(format!("{made} {role} keys"));
        }
    }
    for name in ["root-cert.pem", "audit-cert.pem", "root.crl", "root-card.txt"] {
        if !world.path("authority/public").join(name).exists() {
            return Err(format!("{name} is missing"));
        }
    }
    at_rest(world)
}
