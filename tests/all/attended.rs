//! The attended path, typed through a pseudo-terminal as people type it, on a production authority.

use crate::seat::{APPROVE_1, APPROVE_2, Seat, approves, assert_fits, founded, from_sheet, introduces, plan_words};
use crate::support::{AUTHORITY, ENTRIES, PIN, SO_PIN, World};

#[test]
fn an_authority_is_founded_and_signs_as_people_type() {
    let world = World::new();
    world.run(&["new", AUTHORITY, "--name", "World Mesh Root"]).ok();
    let edited = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    world.write("authority/authority.toml", edited.replace("key = \"ecdsa-p384\" ", "key = \"ecdsa-p256\" "));
    let checked = world.run(&["-C", AUTHORITY, "config", "check"]).ok();
    assert!(checked.stdout.contains("ECDSA P-256"), "{}", checked.stdout);

    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    seat.answers("Name of the administrator: ", "Ada Administrator");
    // One person is not two.
    seat.answers("Name of the witness: ", "Ada Administrator");
    let helped = seat.answers("Name of the witness: ", "Wim Witness");
    assert!(helped.contains("the same person is already the administrator"), "{helped}");
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh");
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    // Too short, then not the same twice, then right.
    seat.answers("New security officer's PIN: ", "123");
    seat.answers("New security officer's PIN, again: ", "123");
    let helped = seat.answers("New security officer's PIN: ", SO_PIN);
    assert!(helped.contains("too short"), "{helped}");
    seat.answers("New security officer's PIN, again: ", PIN);
    let helped = seat.answers("New security officer's PIN: ", SO_PIN);
    assert!(helped.contains("The two are not the same"), "{helped}");
    seat.answers("New security officer's PIN, again: ", SO_PIN);
    seat.answers("New user PIN: ", PIN);
    seat.answers("New user PIN, again: ", PIN);
    let shown = seat.asked(APPROVE_1);
    assert!(shown.contains("World Mesh Root · production"), "{shown}");
    assert!(shown.contains("plan 1 of 3"), "{shown}");
    // A wrong word is helped, not punished.
    seat.types("aardvark adroitness");
    seat.answers(APPROVE_2, "aardvark adroitness");
    let helped = seat.asked(APPROVE_1);
    assert!(helped.contains("Please answer again."), "{helped}");
    let (administrator, witness) = plan_words(&shown);
    seat.types(&administrator);
    seat.answers(APPROVE_2, &witness);
    for _ in 0..2 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    for secret in [PIN, SO_PIN] {
        assert!(!shown.contains(secret), "a PIN was shown");
    }

    // The cluster's side: a package, and a plain request of another tool.
    let sheet = world.run(&["request", "cluster1", "--into", "clusters"]).ok().stdout;
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/cluster1/{name}"), world.read(format!("clusters/cluster1/{name}")));
    }
    world.plain_request("plain");
    let enrol = ["words", "requests/plain.csr", "--enrol", "cluster2", "--recipient", crate::support::RECIPIENT];
    let plain_sheet = world.run(&enrol).ok().stdout;

    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    // A slip of the hand in an assignment is asked again.
    seat.answers("Cluster: ", "cluster2");
    seat.answers("Environment [prod]: ", "");
    seat.answers("Trust domain [cluster.local]: ", "");
    seat.answers("Recipient: ", "age1oops");
    let helped = seat.answers("Cluster: ", "cluster2");
    assert!(helped.contains("mistyped or cut"), "{helped}");
    seat.answers("Environment [prod]: ", "");
    seat.answers("Trust domain [cluster.local]: ", "");
    seat.answers("Recipient: ", crate::support::RECIPIENT);
    for sheet in [&sheet, &plain_sheet] {
        let plan = seat.asked("Witness: sheet words ");
        let (administrator, witness) = plan_words(&plan);
        seat.reads(" (or no): ");
        // Wrong first: other positions are asked.
        seat.types("aardvark aardvark aardvark");
        let helped = seat.asked("Witness: sheet words ");
        assert!(helped.contains("Please answer again."), "{helped}");
        let places = seat.reads(" (or no): ");
        seat.types(&from_sheet(sheet, &places));
        seat.answers(APPROVE_1, &administrator);
        seat.answers(APPROVE_2, &witness);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.bundles().len(), 2);

    // Open, and print the Secret: to a pipe, never to a terminal.
    let pinned = "authority/public/root-cert.pem";
    let opened = world.bundles().iter().any(|bundle| {
        let bundle = bundle.to_str().unwrap();
        world.run(&["open", bundle, "--into", "clusters/cluster1", "--root", pinned]).code == Some(0)
    });
    assert!(opened);
    let (shown, code) = Seat::at(&world, &["manifest", "clusters/cluster1"]).ends();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("stdout is a terminal") && !shown.contains("ca-key.pem:"), "{shown}");
    let secret = world.run(&["manifest", "clusters/cluster1"]).ok().stdout;
    assert!(secret.contains("name: cacerts") && secret.contains("ca-key.pem:"), "{secret}");

    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert!(status.contains("cluster1") && status.contains("cluster2"), "{status}");
    let card = world.run(&["-C", AUTHORITY, "root", "show"]).ok().stdout;
    assert!(card.contains("World Mesh Root"), "{card}");
    assert_fits(&format!("{status}{card}{sheet}{plain_sheet}{}", checked.stdout));
    world.run(&["log", "verify", AUTHORITY, "--root", pinned, "--at-rest"]).ok();
}

#[test]
fn a_plan_that_is_declined_is_not_signed_and_the_session_is_closed() {
    let world = founded();
    world.request("cluster1");
    let sheet = world.run(&["words", "requests/cluster1/request.json"]).ok().stdout;
    let before = world.intents();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.asked("Witness: sheet words ");
    let places = seat.reads(" (or no): ");
    seat.types(&from_sheet(&sheet, &places));
    seat.answers(APPROVE_1, "no");
    seat.answers("Why not? (the log keeps it; may be empty): ", "not today");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.ends_with("error: declined: no plan was approved\nNothing was signed.\n"), "{shown}");
    assert_eq!(world.intents(), before);
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.trim_end().ends_with("session.closed    declined"), "{log}");
    assert!(String::from_utf8(world.read(ENTRIES)).unwrap().contains("not today"));
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn words_that_differ_from_the_sheet_stop_the_ceremony() {
    let world = founded();
    world.request("cluster1");
    let before = world.intents();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.asked("Witness: sheet words ");
    seat.reads(" (or no): ");
    seat.types("no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(
        shown.ends_with("error: declined: the words of cluster1 differ from the sheet\nNothing was signed.\n"),
        "{shown}"
    );
    assert_eq!(world.intents(), before);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_label_that_is_not_typed_back_initialises_nothing() {
    let world = World::configured("production", "ecdsa-p256");
    let before = world.tree("token");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert_eq!(world.tree("token"), before);
}
