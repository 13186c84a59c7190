//! Whether a machine is fit for a ceremony: by the command, and by the step of a script.

mod settings;
mod step;

use crate::support::{AUTHORITY, BINARY, World, configuration};
use anchorite::authority::config::CHECKS;
use anchorite::digest::Digest;
use serde_json::Value;

/// A digest that no file has.
const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The SHA-256 of the program under test.
fn program() -> String {
    Digest::of(&std::fs::read(BINARY).unwrap()).hex()
}

/// A world with an unattended authority and this `[preflight]`.
fn with_preflight(settings: &str) -> World {
    let world = World::new();
    world.configure(&(configuration("test", "ecdsa-p256") + "[preflight]\n" + settings));
    world
}

/// The preflight of the world's authority as JSON.
fn checked(world: &World, more: &[&str]) -> Value {
    let output = world.run(&[&["-C", AUTHORITY, "--json", "preflight"], more].concat());
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", output.stderr))
}

/// The result and what was seen of one check.
#[track_caller]
fn check<'j>(json: &'j Value, name: &str) -> (&'j str, &'j str) {
    let checks = json["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}\n{json:#}"));
    (check["result"].as_str().unwrap(), check["seen"].as_str().unwrap())
}

#[test]
fn every_check_is_there_in_its_order_with_or_without_an_authority() {
    let world = World::configured("test", "ecdsa-p256");
    let elsewhere = world.run(&["--json", "preflight"]);
    let alone: Value = serde_json::from_str(&elsewhere.stdout).unwrap();
    for json in [&alone, &checked(&world, &[])] {
        let names: Vec<&str> =
            json["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
        assert_eq!(names, CHECKS);
    }
    assert_eq!(check(&alone, "token"), ("unknown", "no authority is named (-C DIR)"));
}

#[test]
fn the_fences_stand_and_were_tried_with_the_module_loaded() {
    let world = World::configured("test", "ecdsa-p256");
    let json = checked(&world, &[]);
    let fences = ["fence-descriptors", "fence-privileges", "fence-network"];
    for fence in fences {
        assert_eq!(check(&json, fence).0, "pass", "{json:#}");
    }
    assert!(check(&json, "fence-network").1.contains("tried: sockets: IPv4 EPERM, IPv6 EPERM"), "{json:#}");
    // These two hang on the machine: locked memory on its limits, writes on its kernel.
    for fence in ["fence-memory", "fence-writes"] {
        assert!(check(&json, fence).1.contains("tried: "), "{json:#}");
    }
}

#[test]
fn a_machine_without_a_network_has_no_interface_up_no_address_and_no_route() {
    let Some(through) = without_network() else { return };
    let world = World::configured("test", "ecdsa-p256");
    let output = world.run_through(&through, &["-C", AUTHORITY, "--json", "preflight"]).ok();
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    for name in ["interfaces", "addresses", "routes"] {
        assert_eq!(check(&json, name).0, "pass", "{json:#}");
    }
}

/// A network namespace with nothing in it, where this machine allows one; else the skip is said.
fn without_network() -> Option<Vec<&'static str>> {
    let through = vec!["unshare", "--map-root-user", "--net"];
    let trial = std::process::Command::new(through[0]).args(&through[1..]).arg("true").output();
    if !trial.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: network namespaces are not allowed here: a machine without a network was NOT tested");
        return None;
    }
    Some(through)
}

#[test]
fn a_machine_with_a_network_says_which_and_how_to_end_it() {
    let Some(through) = without_network() else { return };
    let connect = "ip link add dummy7 type dummy && ip address add 192.0.2.7/24 dev dummy7 && ip link set dummy7 up";
    let script = format!("{connect} && exec \"$@\"");
    let through = [&through[..], &["sh", "-c", &script, "sh"]].concat();
    let tool = World::new().run_through(&through, &["--version"]);
    if tool.code != Some(0) {
        eprintln!("SKIPPED: no interface can be made here (iproute2): a machine with a network was NOT tested");
        return;
    }
    let world = World::configured("production", "ecdsa-p256");
    let output = world.run_through(&through, &["-C", AUTHORITY, "preflight"]);
    assert_eq!(output.code, Some(10));
    let screen = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let seen = "FAIL interfaces: up and connected: dummy7 FAIL addresses: 192.0.2.7 on dummy7";
    assert!(screen.contains(seen), "{}", output.stdout);
    assert!(screen.contains("→ Take the cable out, and: ip link set dummy7 down"), "{}", output.stdout);
}

#[test]
fn the_clock_and_the_media_are_compared_with_the_authoritys() {
    let world = World::ready();
    let at = |time: &str| checked(&world, &["--now", time]);
    let before = at("2026-11-21T09:29:59Z");
    assert_eq!(check(&before, "clock-log").0, "fail", "{before:#}");
    let after = at("2026-11-21T10:00:00Z");
    assert_eq!(check(&after, "clock-log").0, "pass", "{after:#}");
    assert_eq!(check(&at("2029-11-21T10:00:00Z"), "clock-log").0, "warn");
    assert_eq!(check(&after, "token").0, "pass");
    assert_eq!(check(&after, "filesystem").0, "pass");
    assert_eq!(check(&after, "media"), ("unknown", "local.toml names no media"));

    world.write("authority/local.toml", "[media]\nrequests = \"requests\"\nexports = \"absent\"\n");
    assert_eq!(check(&at("2026-11-21T10:00:00Z"), "media"), ("warn", "no exports at absent"));
    world.run(&["medium", "prepare", "--role", "exports", "medium"]).ok();
    world.write("authority/local.toml", "[media]\nrequests = \"medium\"\n");
    let (result, seen) = (at("2026-11-21T10:00:00Z"), "an exports medium");
    assert_eq!(check(&result, "media").0, "fail");
    assert!(check(&result, "media").1.contains(seen), "{result:#}");
    // A token that is taken away is missed.
    std::fs::rename(world.path("token/tokens"), world.path("token/elsewhere")).unwrap();
    std::fs::create_dir(world.path("token/tokens")).unwrap();
    assert_eq!(check(&at("2026-11-21T10:00:00Z"), "token").0, "fail");
}
