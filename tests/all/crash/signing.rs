//! Killed while two requests are signed.

use super::*;

/// A founded world with a package and a plain request on the stick, and the answers to them.
fn prepared() -> World {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("cluster2");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster2", &plain)]));
    world
}

#[test]
fn signing_killed_at_any_write_is_said_and_completed_by_the_next_start() {
    if !instants::can_trace("signing_killed_at_any_write_is_said_and_completed_by_the_next_start") {
        return;
    }
    let world = prepared();
    let all = instants::of_run(&copy(&world), &SIGN, &["authority/", "medium/"]);
    for needed in ["log/entries.jsonl", "log/checkpoint", "authority/issued", "medium/"] {
        assert!(all.iter().any(|at| at.to_string().contains(needed)), "{needed} is not among {all:?}");
    }
    instants::each(&all, |at| {
        let world = copy(&world);
        instants::kill(&world, &SIGN, at);
        holds(&world, at);
        let open = open_intents(&entries(&world));
        let covered = checkpoint_size(&world);
        let closed = of_type(&entries(&world), "session.closed").len() == 2;
        let next = world.run(&SIGN);
        if closed {
            // Only the checkpoint over the last entry, or a copy of it, was missing: there is nothing left to sign.
            assert_eq!(next.code, Some(10), "{at}\n{}", next.stderr);
            assert!(next.stderr.contains("policy.key.again"), "{at}\n{}", next.stderr);
        } else {
            assert_eq!(next.code, Some(0), "{at}\n{}", next.stderr);
        }
        let wanted =
            open.iter().map(|(seq, _)| if u64::try_from(*seq).unwrap() < covered { "unknown" } else { "failed" });
        assert_eq!(fates(&world, &open), wanted.collect::<Vec<_>>(), "{at}");
        completes(&world, at);
        opens(&world, at);
    });
}

/// Each cluster can open the newest bundle that the log says was made for it.
fn opens(world: &World, at: &Instant) {
    let entries = entries(world);
    for cluster in ["cluster1", "cluster2"] {
        let bundle = of_type(&entries, "bundle.exported").into_iter().rfind(|e| e["data"]["cluster"] == cluster);
        let id =
            bundle.unwrap_or_else(|| panic!("{at}: {cluster} has no bundle"))["data"]["bundle_id"].as_str().unwrap();
        let (from, into) = (format!("medium/{id}"), format!("clusters/{cluster}"));
        let mut arguments = vec!["open", &from, "--into", &into, "--root", "authority/public/root-cert.pem"];
        if cluster == "cluster2" {
            std::fs::create_dir_all(world.path(&into)).unwrap();
            arguments.extend(["--identity", "identity"]);
        }
        let opened: Output = world.run(&arguments);
        assert_eq!(opened.code, Some(0), "{at}\n{}", opened.stderr);
    }
}
