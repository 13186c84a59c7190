//! What was signed when a session was killed, and not written out: the log has it, and it is not signed again.

use super::super::support::PARTICIPANTS;
use super::*;
use crate::seat::Seat;
use crate::support::PIN;

const LATER: &str = "2026-11-21T11:00:00Z";
const REVIEW: &str = "[review]\n\"crl:1\" = \"approve\"\n";

/// A command that issues a CRL, at a time.
fn at<'a>(now: &'a str, command: &[&'a str]) -> Vec<&'a str> {
    [&["-C", AUTHORITY, "--now", now], command, &["--pin-file", "pin", "--answers", "answers-crl.toml"]].concat()
}

/// The world with a command killed just after the outcome of its CRL was written.
fn killed_after_the_outcome(world: &World, arguments: &[&str]) -> World {
    let all = instants::of_run(&copy(world), arguments, &["authority/log/"]);
    let checkpoint = all.iter().position(|at| at.is("rename", "log/checkpoints/")).unwrap();
    let outcome = all[checkpoint..].iter().position(|at| at.is("pwrite64", "log/entries.jsonl")).unwrap();
    let killed = copy(world);
    instants::kill(&killed, arguments, &all[checkpoint + outcome + 1]);
    let left = entries(&killed);
    assert_eq!(left.last().unwrap()["type"], "sign.outcome");
    assert_eq!((numbers(&killed), published(&killed)), (vec![1, 2], 1));
    killed
}

/// The numbers of CRLs that the root key was asked for.
fn numbers(world: &World) -> Vec<u64> {
    of_type(&entries(world), "sign.intent").into_iter().filter_map(|e| e["data"]["crl_number"].as_u64()).collect()
}

/// The number of the CRL in `public/`.
pub fn published(world: &World) -> u64 {
    let public = world.tool("openssl", &["crl", "-in", "authority/public/root.crl", "-noout", "-crlnumber"]).ok();
    u64::from_str_radix(public.stdout.trim().rsplit_once("0x").unwrap().1, 16).unwrap()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const TAKEN: &str = "CRL number 2 was signed before, by a ceremony that was not completed; it is not signed again.";

#[test]
fn a_crl_whose_session_was_killed_is_published_by_the_next_and_not_signed_again() {
    const NAME: &str = "a_crl_whose_session_was_killed_is_published_by_the_next_and_not_signed_again";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    world.write("answers-crl.toml", format!("{PARTICIPANTS}{REVIEW}"));
    let killed = killed_after_the_outcome(&world, &at(LATER, &["crl"]));
    let status = one_line(&killed.run(&["-C", AUTHORITY, "status"]).ok().stdout);
    assert!(status.contains("CRL 2 was issued; public/ may lack it until the next ceremony."), "{status}");

    // Whoever asks only for what is missing is not told that nothing is.
    let world = copy(&killed);
    let next = world.run(&at(LATER, &["crl", "--if-needed"])).ok();
    assert!(one_line(&next.stderr).contains(TAKEN), "{}", next.stderr);
    assert!(next.stderr.contains("CRL number 2 lists"), "{}", next.stderr);
    assert_eq!((numbers(&world), published(&world)), (vec![1, 2], 2));
    completes(&world, &NAME);
    let again = world.run(&at(LATER, &["crl", "--if-needed"])).ok();
    assert!(again.stderr.contains("nothing was changed"), "{}", again.stderr);
    // What was ended is not gone on with: the next one is another.
    world.run(&at(LATER, &["crl"])).ok();
    assert_eq!((numbers(&world), published(&world)), (vec![1, 2, 3], 3));

    // Once the next one is due, the one that was left is no answer any more.
    let world = copy(&killed);
    world.run(&at("2027-02-21T11:00:00Z", &["crl"])).ok();
    assert_eq!((numbers(&world), published(&world)), (vec![1, 2, 3], 3));
    completes(&world, &NAME);
}

#[test]
fn people_who_go_on_with_a_killed_crl_find_it_signed() {
    const NAME: &str = "people_who_go_on_with_a_killed_crl_find_it_signed";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    world.write("answers-crl.toml", format!("{PARTICIPANTS}{REVIEW}"));
    // By the machine's clock, which people who attend have too.
    let arguments = ["-C", AUTHORITY, "crl", "--pin-file", "pin", "--answers", "answers-crl.toml"];
    let killed = killed_after_the_outcome(&world, &arguments);
    let mut seat = Seat::at(&killed, &["-C", AUTHORITY, "crl"]);
    seat.asked("Go on at step ");
    seat.reads(": ");
    seat.types("yes");
    seat.answers("User PIN of the root token: ", PIN);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(one_line(&shown).contains(TAKEN), "{shown}");
    assert_eq!((numbers(&killed), published(&killed)), (vec![1, 2], 2));
    completes(&killed, &NAME);
}

#[test]
fn a_revocation_that_was_killed_after_its_crl_was_signed_is_published_and_what_is_new_is_signed() {
    const NAME: &str = "a_revocation_that_was_killed_after_its_crl_was_signed_is_published_and_what_is_new_is_signed";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    let requests = ["west", "east"].map(|cluster| world.request(cluster));
    world.sign(&world.signing_answers(&[&requests[0], &requests[1]], &[])).ok();
    let revoke =
        |cluster: &str| format!("{PARTICIPANTS}[revoke]\n\"{cluster}@1\" = {{ revoke = \"superseded\" }}\n{REVIEW}");
    let none = format!("{PARTICIPANTS}{REVIEW}");
    let west = at(LATER, &["revoke", "west", "--reason", "superseded"]);
    world.write("answers-crl.toml", revoke("west"));
    let killed = killed_after_the_outcome(&world, &west);

    // The same command goes on, also where it was asked for what is missing only; and the command of CRLs does.
    let if_needed = at(LATER, &["revoke", "west", "--reason", "superseded", "--if-needed"]);
    for (command, answers) in [(west, revoke("west")), (if_needed, revoke("west")), (at(LATER, &["crl"]), none)] {
        let world = copy(&killed);
        world.write("answers-crl.toml", answers);
        let next = world.run(&command).ok();
        assert!(one_line(&next.stderr).contains("CRL number 2 lists 1 certificate"), "{}", next.stderr);
        assert_eq!((numbers(&world), published(&world)), (vec![1, 2], 2));
        let revoked = entries(&world);
        assert_eq!(of_type(&revoked, "certificate.revoked").len(), 1);
        completes(&world, &NAME);
    }

    // What was revoked since is on no CRL: that one is signed.
    let world = copy(&killed);
    world.write("answers-crl.toml", revoke("east"));
    let next = world.run(&at(LATER, &["revoke", "east", "--reason", "superseded"])).ok();
    assert!(next.stderr.contains("CRL number 3 lists 2 certificates"), "{}", next.stderr);
    assert_eq!((numbers(&world), published(&world)), (vec![1, 2, 3], 3));
    completes(&world, &NAME);
}

#[test]
fn the_last_crl_of_an_authority_that_was_killed_after_it_is_not_signed_again() {
    const NAME: &str = "the_last_crl_of_an_authority_that_was_killed_after_it_is_not_signed_again";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    world.issued("west");
    world.write("answers-end.toml", crate::ending::answers(None));
    // An ordinary CRL that was left would end too early.
    world.write("answers-crl.toml", format!("{PARTICIPANTS}{REVIEW}"));
    let early = killed_after_the_outcome(&world, &at("2026-12-24T09:00:00Z", &["crl"]));
    early.run(&crate::ending::END).ok();
    assert_eq!((numbers(&early), published(&early)), (vec![1, 2, 3], 3));

    let killed = killed_after_the_outcome(&world, &crate::ending::END);
    let next = killed.run(&crate::ending::END).ok();
    assert!(one_line(&next.stderr).contains(TAKEN), "{}", next.stderr);
    assert_eq!((numbers(&killed), published(&killed)), (vec![1, 2], 2));
    completes(&killed, &NAME);
}

/// The call that puts the CRL in its place.
fn puts_crl(at: &instants::Instant) -> bool {
    ["rename", "renameat", "renameat2"].iter().any(|call| at.is(call, "/root.crl\""))
}

/// A CRL that is signed and cannot be written out: the error says to give the same command again.
#[test]
fn a_crl_whose_session_failed_after_it_is_published_by_the_same_command() {
    const NAME: &str = "a_crl_whose_session_failed_after_it_is_published_by_the_same_command";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    world.write("answers-crl.toml", format!("{PARTICIPANTS}{REVIEW}"));
    let refresh = at(LATER, &["crl"]);
    let all = instants::of_run(&copy(&world), &refresh, &["authority/public/"]);
    let failed = instants::fail(&world, &refresh, all.iter().find(|at| puts_crl(at)).unwrap());
    assert_eq!(failed.code, Some(50), "{}", failed.stderr);
    assert!(one_line(&failed.stderr).contains("start the same command again"), "{}", failed.stderr);
    assert_eq!(entries(&world).last().unwrap()["type"], "session.closed");
    assert_eq!(published(&world), 1);
    let status = one_line(&world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout);
    assert!(status.contains("publish CRL number 2"), "{status}");
    assert!(status.contains("how anchorite crl --if-needed"), "{status}");
    for command in [refresh, at(LATER, &["crl", "--if-needed"])] {
        let world = copy(&world);
        let next = world.run(&command).ok();
        assert!(one_line(&next.stderr).contains(TAKEN), "{}", next.stderr);
        assert_eq!((numbers(&world), published(&world)), (vec![1, 2], 2));
        completes(&world, &NAME);
    }
}

/// Whichever ceremony is the next: what was approved and signed is published by it.
#[test]
fn a_crl_whose_session_failed_after_it_is_published_by_any_other_ceremony_too() {
    const NAME: &str = "a_crl_whose_session_failed_after_it_is_published_by_any_other_ceremony_too";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    world.issued("west");
    world.write("answers-crl.toml", format!("{PARTICIPANTS}{REVIEW}"));
    let refresh = at(LATER, &["crl"]);
    let all = instants::of_run(&copy(&world), &refresh, &["authority/public/"]);
    assert_eq!(instants::fail(&world, &refresh, all.iter().find(|at| puts_crl(at)).unwrap()).code, Some(50));
    // Neither is a ceremony that failed before it came to the token: it changes nothing about that.
    world.write("answers-crl.toml", REVIEW);
    world.run(&refresh).error();
    assert_eq!(published(&world), 1);
    world.write("answers-crl.toml", PARTICIPANTS);
    let next = world.run(&at(LATER, &["export", "west", "--to", "medium"])).ok();
    let told = "CRL number 2 was signed by a ceremony that was not completed. public/ has it from now on.";
    assert!(one_line(&next.stderr).contains(told), "{}", next.stderr);
    assert_eq!((numbers(&world), published(&world)), (vec![1, 2], 2));
    let status = one_line(&world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout);
    assert!(!status.contains("publish CRL"), "{status}");
    completes(&world, &NAME);
}
