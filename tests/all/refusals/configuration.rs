//! `authority.toml` with one mistake at a time.

use crate::support::{AUTHORITY, World, configuration};

/// The mistake: what is replaced by what.
#[track_caller]
fn refused(from: &str, to: &str, text: &str) {
    let world = World::new();
    let good = configuration("test", "ecdsa-p256");
    let bad = good.replacen(from, to, 1);
    assert_ne!(good, bad, "{from} is not in the configuration");
    world.configure(&bad);
    world.refused(&["-C", AUTHORITY, "config", "check"], text);
}

#[test]
fn an_unknown_key_is_told_the_nearest_name() {
    refused("unattended", "unatended", "?");
    refused("validity_days", "validity_day", "?");
    refused("[intermediates]", "[intermediate]", "?");
    refused("organization", "organisation", "?");
}

#[test]
fn a_wrong_type_is_named() {
    refused("validity_days = 3650", "validity_days = \"ten years\"", "?");
    refused("unattended = true", "unattended = \"yes\"", "?");
    refused("validity_days = 3650", "validity_days = -1", "?");
}

#[test]
fn an_unknown_value_is_told_what_is_known() {
    refused("kind = \"test\"", "kind = \"tests\"", "?");
    refused("key = \"ecdsa-p256\"", "key = \"ecdsa-p265\"", "?");
    refused("profile = \"istio\"", "profile = \"isto\"", "?");
}

#[test]
fn what_is_missing_is_named() {
    refused("[token]\nprofile = \"softhsm2\"\n", "", "?");
    refused("name = \"World Mesh Root\"\n", "", "?");
}

#[test]
fn what_is_no_toml_is_named_by_line_and_column() {
    refused("kind = \"test\"", "kind = test", "?");
    refused("kind = \"test\"", "kind = \"test\"\nkind = \"test\"", "?");
}

#[test]
fn contradictions_are_named_where_they_stand() {
    refused("kind = \"test\"", "kind = \"production\"", "?");
    refused("max_validity_days = 365", "max_validity_days = 36500", "?");
    refused("validity_days = 3650", "validity_days = 0", "?");
    refused("validity_days = 3650", "validity_days = 99999", "?");
    refused("key = \"ecdsa-p256\"", "key = \"rsa-2048\"", "?");
    refused("name = \"World Mesh Root\"", "name = \"\"", "?");
    refused("name = \"World Mesh Root\"", "name = \"a\\u001b[2J\"", "?");
    refused("common_name = \"World Mesh Root CA\"", "common_name = \"\"", "?");
}

#[test]
fn a_section_that_contradicts_another_is_named_where_it_stands() {
    let check = ["-C", AUTHORITY, "config", "check"];
    let of = |table: &str| {
        let world = World::new();
        world.configure(&format!("{}{table}", configuration("test", "ecdsa-p256")));
        world
    };
    of("[clusters.Bad_Name]\n").refused(&check, "?");
    of("[clusters.cluster1]\nkey_origin = \"offline\"\nrecipients = [\"age1x\"]\n").refused(&check, "?");
    of("[clusters.cluster1]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p384\"\n").refused(&check, "?");
    of("[clusters.cluster1]\nalgorithm = \"ecdsa-p384\"\n").refused(&check, "?");
    of("[clusters.cluster1]\nvalidity_days = 400\n").refused(&check, "?");
    of("[clusters.cluster1]\nkeys = [\"ed25519\"]\n").refused(&check, "?");
    of("[clusters.cluster1]\nrecipients = [\"age1nonsense\"]\n").refused(&check, "?");
    of("[crl]\nvalidity_days = 400\n").refused(&check, "?");
    of("[roles]\nwitness = 0\n").refused(&check, "?");
    of("[key_backup]\nmode = \"clone\"\n").refused(&check, "?");
}

#[test]
fn local_configuration_is_as_strict() {
    let world = World::configured("test", "ecdsa-p256");
    world.write("authority/local.toml", "[token]\nmodul = \"/x.so\"\n");
    world.refused(&["-C", AUTHORITY, "config", "check"], "?");
    world.write("authority/local.toml", [0xff, 0xfe]);
    world.refused(&["-C", AUTHORITY, "config", "check"], "?");
}

#[test]
fn a_profile_that_does_not_exist_is_told_the_nearest_one() {
    let world = World::configured("test", "ecdsa-p256");
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"softhsm\""));
    world.write("answers.toml", "");
    world.refused(&["-C", AUTHORITY, "root", "create", "--answers", "answers.toml"], "?");
}
