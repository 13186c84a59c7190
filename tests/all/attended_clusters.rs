//! Renewal and retirement as people type them, on a production authority.

use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::*;

/// Signs the one request on the stick as people do, from its sheet; what the plan's screen showed.
fn signs(world: &World, sheet: &str) -> String {
    let mut seat = Seat::at(world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let plan = approves_from(&mut seat, sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    plan.replace("\r\n", "\n")
}

fn carry(world: &World, directory: &str, files: &[&str]) {
    for name in files {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/{directory}/{name}")));
    }
}

/// A production authority that signed the first request of `west`, opened into `clusters/west`.
fn running() -> World {
    let world = founded();
    let sheet = world.run(&["request", "west", "--into", "clusters"]).ok().stdout;
    carry(&world, "west", &["request.json", "request.sig"]);
    signs(&world, &sheet);
    let bundle = world.bundles().remove(0);
    let root = "authority/public/root-cert.pem";
    world.run(&["open", bundle.to_str().unwrap(), "--into", "clusters/west", "--root", root]).ok();
    world
}

#[test]
fn a_renewal_is_shown_as_one_and_the_witness_is_asked_all_the_same() {
    let world = running();
    let sheet = world.run(&["request", "west", "--renew", "--into", "clusters"]).ok().stdout;
    carry(&world, "west.2", &["request.json", "request.sig", "renewal.sig"]);
    let plan = signs(&world, &sheet);
    let renewal = plan.lines().find(|line| line.starts_with("  renewal      ")).unwrap_or_else(|| panic!("{plan}"));
    assert!(renewal.starts_with("  renewal      signed by the previous key: yes (generation 1, spki "), "{plan}");
    assert!(renewal.ends_with("…)"), "on one line: {plan}");
    assert!(plan.contains("(as before)\n") && !plan.contains("  changed "), "{plan}");
    let new = world.bundles();
    let opened = |bundle: &std::path::PathBuf| {
        world.run(&["open", bundle.to_str().unwrap(), "--into", "clusters/west.2"]).code == Some(0)
    };
    assert_eq!(new.iter().filter(|bundle| opened(bundle)).count(), 1);
    // Printed again, it is the same sheet.
    assert_eq!(world.run(&["words", "clusters/west.2/request.json"]).ok().stdout, sheet);
}

const NAME: &str = "Administrator, type the cluster's name to retire it (or no): ";
const WHY: &str = "Why is it retired? (the log keeps it): ";
const CONFIRM: &str = "Witness, type the cluster's name to confirm (or no): ";

#[test]
fn a_cluster_is_retired_by_its_name_twice_and_a_reason() {
    let world = running();
    let before = world.intents();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "retire", "west"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.answers(NAME, "west");
    assert!(shown.contains("this cannot be undone"), "{shown}");
    // A slip of the witness, then no reason, then right.
    seat.answers(WHY, "moved to east");
    seat.answers(CONFIRM, "vest");
    let helped = seat.answers(NAME, "west");
    assert!(helped.contains("not the cluster's name"), "{helped}");
    seat.answers(WHY, "");
    seat.answers(CONFIRM, "west");
    let helped = seat.answers(NAME, "west");
    assert!(helped.contains("not retired without a reason"), "{helped}");
    seat.answers(WHY, "moved to east");
    seat.answers(CONFIRM, "west");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("west is retired; 1 certificate of it still valid"), "{shown}");
    assert!(shown.contains("next   on the cluster's side: kubectl -n istio-system delete secret cacerts"), "{shown}");
    assert_eq!(world.intents(), before);
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("west: moved to east"), "{log}");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}

#[test]
fn a_witness_who_says_no_retires_nothing() {
    let world = running();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "retire", "west"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.answers(NAME, "west");
    seat.answers(WHY, "moved to east");
    seat.answers(CONFIRM, "no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.ends_with("error: declined: west is not retired\nNothing was signed.\n"), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("cluster.retired"), "{log}");
}

#[test]
fn a_secret_is_piped_in_and_never_pasted_into_a_terminal() {
    let world = World::new();
    let (shown, code) = Seat::at(&world, &["request", "west", "--renew", "--previous", "-"]).ends();
    assert_eq!(code, 2, "{shown}");
    assert_text(
        &shown,
        "
        error: nothing is piped in, and stdin is a terminal
        hint:  pipe it: kubectl -n istio-system get secret cacerts -o json | anchorite
               request west --renew --previous -
        Nothing was written.
    ",
    );
}
