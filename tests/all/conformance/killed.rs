//! kill -9 inside of a module that keeps its objects in a database of SQLite (Kryoptic; NSS does too): at each write and
//! sync of it, at each end of its journal. Once the token is prepared, the same command goes on.

use super::kryoptic;
use crate::crash::instants::{Instant, all_of_run, can_trace, each, kill};
use crate::support::*;

const DATABASE: &str = "token/tokens/token.sql";

/// A configured authority with a blank token in a database, and the answers to its genesis.
fn blank() -> Option<World> {
    let mut world = World::without_token();
    let module = kryoptic::prepare(&mut world)?.module?;
    world.configure(&configuration("test", "ecdsa-p256").replace("softhsm2", "kryoptic"));
    world.write("authority/local.toml", format!("[token]\nmodule = {:?}\n", module.display().to_string()));
    let reviewed = world.sha256("authority/authority.toml");
    let review = format!("[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", format!("{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n{review}"));
    Some(world)
}

/// The calls of a genesis that change the database or its journal, before the log has the token's preparation and after;
/// and those that say in the log what became of it, before which a key is made that the log does not have.
fn instants() -> Option<[Vec<Instant>; 3]> {
    let world = blank().filter(|_| can_trace("kills inside of a database"))?;
    let all = all_of_run(&world, &CREATE);
    let next = |from: usize, file: &str| from + all[from..].iter().position(|at| at.is_on(file)).unwrap();
    // What is to be done stands in the log first; what was done, after it.
    let logged = next(next(next(0, "log/entries.jsonl"), DATABASE), "log/entries.jsonl");
    let of = |part: &[Instant]| part.iter().filter(|at| at.is_on(DATABASE)).cloned().collect::<Vec<_>>();
    let mut told = Vec::new();
    let mut from = logged;
    while let Some(changed) = all[from..].iter().position(|at| at.is_on(DATABASE)).map(|at| from + at)
        && let Some(at) = all[changed..].iter().position(|at| at.is_on("log/entries.jsonl"))
    {
        from = changed + at;
        told.push(all[from].clone());
    }
    Some([of(&all[..logged]), of(&all[logged..]), told])
}

/// So many of them, all over; all of them where the tests run in full size.
fn some(all: Vec<Instant>, count: usize) -> Vec<Instant> {
    let every = if tally::full() { 1 } else { all.len().div_ceil(count) };
    all.into_iter().skip(every / 2).step_by(every).collect()
}

#[test]
fn a_genesis_that_is_killed_while_the_token_writes_its_database_goes_on_with_the_same_command() {
    let Some([_, after, told]) = instants() else { return };
    let tried: Vec<Instant> = some(after, 3).into_iter().chain(told).collect();
    each(&tried, |at| {
        let world = blank().unwrap();
        kill(&world, &CREATE, at);
        let next = world.run(&CREATE);
        let whole = next.code == Some(2) && next.stderr.contains("this authority has a root already");
        assert!(next.code == Some(0) || whole, "{at}\n{}", next.refusal());
        let root = "authority/public/root-cert.pem";
        world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", root]).ok();
        let made = String::from_utf8(world.read(ENTRIES)).unwrap().matches("\"type\":\"key.generated\"").count();
        assert_eq!(made, 2, "{at}: one root and one audit key");
        let held = world.run(&["-C", AUTHORITY, "hsm", "check", "--login", "--pin-file", "pin"]);
        let said = held.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("no other key in it is able to sign"), "{at}\n{said}{}", held.stderr);
        assert!(!said.contains("an interrupted ceremony made it"), "{at}\n{said}");
    });
    tally::held("kills inside of calls of a module with a database, after its preparation", tried.len());
}

#[test]
fn a_preparation_that_is_killed_leaves_a_token_that_says_how_to_begin_anew() {
    let Some([before, ..]) = instants() else { return };
    let tried = some(before, 4);
    each(&tried, |at| {
        let world = blank().unwrap();
        kill(&world, &CREATE, at);
        let next = world.run(&CREATE);
        if next.code == Some(0) {
            return;
        }
        let said = next.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let begun = "does not start: saw C_Initialize: CKR_USER_PIN_NOT_INITIALIZED hint: its database was begun and not \
             completed: a token was never prepared in it, or was to be made blank hint: move the database aside";
        let half = "slot 5 has no user PIN: its preparation was cut off, and it has no private key";
        let prepared = "to use an initialised one, with its PIN: anchorite root create --token-serial SERIAL";
        assert!([begun, half, prepared].iter().any(|part| said.contains(part)), "{at}\n{}", next.refusal());
        let _ = std::fs::remove_file(world.path(format!("{DATABASE}-journal")));
        std::fs::rename(world.path(DATABASE), world.path("aside")).unwrap();
        world.run(&CREATE).ok();
    });
    tally::held("kills inside of the preparation of a token in a database", tried.len());
}
