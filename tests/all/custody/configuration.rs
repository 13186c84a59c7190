//! `[custody]` with one mistake at a time.

use super::seats::with_custody;
use crate::support::{AUTHORITY, World, configuration};

#[track_caller]
fn refused(custody: &str, text: &str) {
    let world = World::new();
    world.configure(&format!("{}{custody}", configuration("test", "ecdsa-p256")));
    world.refused(&["-C", AUTHORITY, "config", "check"], text);
}

#[test]
fn every_share_needed_is_refused_because_one_lost_share_would_lose_the_root() {
    refused("[custody]\nthreshold = 3\ncustodians = 3\n", "");
}

#[test]
fn numbers_that_protect_nothing_are_refused() {
    refused("[custody]\nthreshold = 1\ncustodians = 3\n", "");
    refused("[custody]\nthreshold = 2\ncustodians = 2\n", "");
    refused("[custody]\nthreshold = 4\ncustodians = 3\n", "");
    refused("[custody]\nthreshold = 2\ncustodians = 17\n", "");
    refused("[custody]\nthreshold = 2\n", "");
    refused("[custody]\nthreshold = 2\ncustodian = 3\n", "");
}

#[test]
fn recipients_are_one_for_each_custodian_and_need_people() {
    refused("[custody]\nthreshold = 2\ncustodians = 3\nrecipients = [\"age1a\", \"age1b\"]\n", "");
    refused("[custody]\nthreshold = 2\ncustodians = 3\nrecipients = [\"age1a\", \"age1b\", \"age1a\"]\n", "");
    refused("[custody]\nthreshold = 2\ncustodians = 3\nrecipients = [\"age1a\", \"age1b\", \"age1c\"]\n", "");
    let world = World::new();
    world.configure(
        &with_custody("production", 2, 3)
            .replace("custodians = 3", "custodians = 3\nrecipients = [\"age1a\", \"age1b\", \"age1c\"]"),
    );
    world.refused(&["-C", AUTHORITY, "config", "check"], "");
}

#[test]
fn a_script_and_a_configuration_that_do_not_fit_are_refused_before_anybody_comes() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    world.refused(&["-C", AUTHORITY, "root", "create", "--script", "root-genesis"], "");
    world.configure(&configuration("production", "ecdsa-p256"));
    world.refused(&["-C", AUTHORITY, "root", "create", "--script", "root-genesis-custody"], "");
}

#[test]
fn shares_from_files_are_for_unattended_authorities_only() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    world.refused(&["-C", AUTHORITY, "root", "create", "--shares", "shares"], "");
}
