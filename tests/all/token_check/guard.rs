//! What the token remembers of the log, against the log on this disk.

use super::*;
use crate::present::have;
use crate::rollback::{copy, put_back};

const TOKENS: &str = "token/tokens";

#[test]
fn an_older_copy_of_the_authority_is_behind_its_token() {
    let world = World::ready();
    copy(&world, AUTHORITY, "older");
    world.issued("cluster1");
    put_back(&world, "older", AUTHORITY);
    differs(
        &world,
        40,
        &["DIFFERS guard: the token remembers 75 entries, and this log has 44 entries → this is an older copy"],
    );
}

#[test]
fn an_older_copy_of_the_token_is_behind_its_authority() {
    let world = World::ready();
    copy(&world, TOKENS, "tokens-before");
    world.issued("cluster1");
    put_back(&world, "tokens-before", TOKENS);
    differs(
        &world,
        40,
        &[
            "DIFFERS guard: the token remembers 44 entries, and the log's last checkpoint covers 75 entries → this token \
           did not see the last sessions",
        ],
    );
}

#[test]
fn another_history_of_the_authority_is_not_the_one_that_the_token_saw() {
    let world = World::ready();
    for (from, to) in [(AUTHORITY, "older"), (TOKENS, "tokens-before")] {
        copy(&world, from, to);
    }
    world.issued("cluster1");
    copy(&world, TOKENS, "tokens-after");
    put_back(&world, "older", AUTHORITY);
    put_back(&world, "tokens-before", TOKENS);
    std::fs::remove_dir_all(world.path("requests")).unwrap();
    world.issued("cluster2");
    put_back(&world, "tokens-after", TOKENS);
    differs(&world, 40, &["DIFFERS guard: at 75 entries the token remembers another log than this one → this log was"]);
}

#[test]
fn a_token_whose_memory_was_removed_or_that_remembers_another_log_is_said() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    world.write("guard.json", "{}");
    let label = "anchorite guard 00112233445566778899aabbccddeeff";
    let write = ["--write-object", "guard.json", "--type", "data", "--private", "--label", label];
    pkcs11(&world, &[&write[..], &["--application-label", "anchorite"]].concat());
    differs(
        &world,
        40,
        &[
            "DIFFERS guard: beside this log the token remembers another: 00112233445566778899aabbccddeeff → whose is it?",
        ],
    );
    let log = String::from_utf8(world.read(crate::support::ENTRIES)).unwrap();
    let id = log.split("\"log\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    pkcs11(&world, &["--delete-object", "--type", "data", "--label", &format!("anchorite guard {id}")]);
    let other = "DIFFERS guard: the token remembers another log, 00112233445566778899aabbccddeeff, and not this one";
    differs(&world, 40, &[other]);
    pkcs11(&world, &["--delete-object", "--type", "data", "--label", label]);
    differs(&world, 40, &["DIFFERS guard: the token remembers no state of this log → somebody removed it"]);
}
