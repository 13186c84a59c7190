//! A cluster asks again: the new key beside the old one, what the ceremony shows of it, and what it refuses.

use crate::support::*;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;

/// The days after genesis on which the n-th generation is signed.
const DAYS: [&str; 4] = ["", "2026-11-21T10:00:00Z", "2026-12-01T10:00:00Z", "2026-12-02T10:00:00Z"];

fn sign_at(day: usize) -> [&'static str; 13] {
    let mut arguments = SIGN;
    arguments[3] = DAYS[day];
    arguments
}

/// Opens a bundle; only the first one needs to be told the root.
fn open(world: &World, bundle: &Path, into: &str) -> Output {
    let into = format!("clusters/{into}");
    let mut arguments = vec!["--now", "2026-12-03T10:00:00Z", "open", bundle.to_str().unwrap(), "--into", &into];
    if !world.path(format!("{into}/receipt.json")).exists() {
        arguments.extend(["--root", "authority/public/root-cert.pem"]);
    }
    world.run(&arguments)
}

/// A world in which `west` runs with its first certificate, opened into `clusters/west`.
fn running() -> World {
    let world = World::ready();
    let bundle = world.issued("west");
    open(&world, &bundle, "west").ok();
    world
}

fn renew(world: &World, options: &[&str]) -> Output {
    world.run(&[&["--now", DAYS[2], "request", "west", "--renew", "--into", "clusters"], options].concat())
}

/// Carries a request to the stick, in the place of what lies there; its digest.
fn carry(world: &World, directory: &str) -> String {
    let _ = std::fs::remove_dir_all(world.path("requests/west"));
    for name in ["request.json", "request.sig", "renewal.sig"] {
        let from = format!("clusters/{directory}/{name}");
        if world.path(&from).exists() {
            world.write(format!("requests/west/{name}"), world.read(from));
        }
    }
    let sha256 = world.sha256("requests/west/request.json");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    sha256
}

/// Another intermediate beside one that lives for long needs a reason, where the newest key did not sign.
fn with_reason(world: &World) {
    let answers = String::from_utf8(world.read("answers.toml")).unwrap();
    world.write("answers.toml", answers.replace("= \"approve\"", "= { approve = \"the key was lost\" }"));
}

/// Signs what lies on the stick; what the ceremony showed, with one space between words, and the bundle.
fn signed(world: &World, day: usize) -> (String, std::path::PathBuf) {
    let before = world.bundles();
    let shown = world.run(&sign_at(day)).ok().stderr;
    let new = world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap();
    (words(&shown), new)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_renewal_is_made_beside_the_old_key_and_shown_as_signed_by_it() {
    let world = running();
    let before = world.tree("clusters/west");
    let made = renew(&world, &[]).ok();
    assert_eq!(world.tree("clusters/west"), before, "the key in use is as it was");
    assert!(made.stdout.contains("renews       the key with spki "), "{}", made.stdout);
    assert!(made.stderr.contains("anchorite open BUNDLE --into clusters/west.2\n"), "{}", made.stderr);
    assert!(
        made.stderr.contains("copy request.json, request.sig and renewal.sig of clusters/west.2\n"),
        "{}",
        made.stderr
    );
    assert!(made.stderr.contains("nothing in clusters/west: its key stays in use"), "{}", made.stderr);

    carry(&world, "west.2");
    let (shown, bundle) = signed(&world, 2);
    assert!(shown.contains("renewal signed by the previous key: yes (generation 1, spki "), "{shown}");
    for wanted in ["generation 2", "to 1 recipient age1", "(as before)"] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert!(!shown.contains("changed"), "{shown}");
    // The root need not be told again.
    open(&world, &bundle, "west.2").ok();
    assert_eq!(world.tree("clusters/west"), before);
    let public = |file: &str, of: &[&str]| {
        world.tool("openssl", &[&[of[0], "-in", file, "-noout"], &of[1..]].concat()).ok().stdout
    };
    let certified = public("clusters/west.2/ca-cert.pem", &["x509", "-pubkey"]);
    let held = world.tool("openssl", &["pkey", "-in", "clusters/west.2/ca-key.pem", "-pubout"]).ok().stdout;
    assert_eq!(certified, held);

    // The next one renews the newest that was opened.
    renew(&world, &[]).ok();
    carry(&world, "west.3");
    let (shown, _) = signed(&world, 3);
    assert!(shown.contains("signed by the previous key: yes (generation 2, spki "), "{shown}");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}

#[test]
fn a_bundle_of_the_renewal_is_not_put_over_the_old_key() {
    let world = running();
    renew(&world, &[]).ok();
    carry(&world, "west.2");
    let (_, bundle) = signed(&world, 2);
    // With the identity at hand, and the old key beside: the old habit.
    let into_old = [
        "--now",
        DAYS[3],
        "open",
        bundle.to_str().unwrap(),
        "--into",
        "clusters/west",
        "--identity",
        "clusters/west.2/identity.age",
    ];
    let before = world.everything();
    let refused = world.run(&into_old);
    assert_eq!(refused.code, Some(40), "{}", refused.stderr);
    assert!(words(&refused.stderr).contains("open it where the request was made"), "{}", refused.stderr);
    assert_eq!(world.everything(), before);
}

/// A Secret as `kubectl get secret -o json` prints it.
fn secret(world: &World, data: &[(&str, &str)]) -> Value {
    let data: serde_json::Map<String, Value> =
        data.iter().map(|(name, file)| ((*name).to_owned(), BASE64.encode(&world.read(file)).into())).collect();
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "cacerts" }, "type": "Opaque", "data": data })
}

#[test]
fn the_key_comes_from_the_mesh_s_secret_too_as_a_file_or_a_pipe() {
    let world = running();
    let files = [("ca-key.pem", "clusters/west/ca-key.pem"), ("ca-cert.pem", "clusters/west/ca-cert.pem")];
    let tls = [("tls.key", files[0].1), ("tls.crt", files[1].1)];
    // Whoever renews has nothing else of the cluster.
    for (number, data) in [files, tls].iter().enumerate() {
        world.secret("secret.json", &secret(&world, data).to_string());
        let into = format!("elsewhere-{number}");
        std::fs::create_dir(world.path(&into)).unwrap();
        let request =
            ["--now", DAYS[2], "request", "west", "--renew", "--key", "ecdsa-p256", "--into", &into, "--previous"];
        world.run(&[&request[..], &["secret.json"]].concat()).ok();
        let mut piped = world.command(&[&request[..], &["-"]].concat());
        piped.stdin(File::open(world.path("secret.json")).unwrap());
        assert!(piped.output().unwrap().status.success());
        for directory in ["west.2", "west.3"] {
            let json: Value = serde_json::from_slice(&world.read(format!("{into}/{directory}/request.json"))).unwrap();
            let old =
                world.tool("sh", &["-c", "openssl pkey -in clusters/west/ca-key.pem -pubout -outform der | sha256sum"]);
            assert!(old.stdout.starts_with(json["previous"].as_str().unwrap()), "{json}");
            assert_eq!(
                (json["environment"].as_str(), json["trust_domain"].as_str()),
                (Some("prod"), Some("cluster.local"))
            );
        }
    }
    let from = world.path("elsewhere-0/west.2");
    std::fs::rename(from, world.path("clusters/west.2")).unwrap();
    carry(&world, "west.2");
    let (shown, _) = signed(&world, 2);
    assert!(shown.contains("signed by the previous key: yes (generation 1, spki "), "{shown}");
}

#[test]
fn a_renewal_asks_for_what_the_request_before_asked_for() {
    let world = World::ready();
    let first =
        ["--environment", "staging", "--trust-domain", "mesh.example", "--key", "ecdsa-p256", "--recipient", RECIPIENT];
    world.run(&[&["--now", GENESIS, "request", "west", "--into", "clusters"], &first[..]].concat()).ok();
    carry(&world, "west");
    let (_, bundle) = signed(&world, 1);
    open(&world, &bundle, "west").ok();
    let asked = renew(&world, &["--json"]).ok();
    let asked: Value = serde_json::from_str(&asked.stdout).unwrap();
    assert_eq!(
        (asked["environment"].as_str(), asked["trust_domain"].as_str()),
        (Some("staging"), Some("mesh.example"))
    );
    let recipients = asked["recipients"].as_array().unwrap();
    assert_eq!(recipients.len(), 2, "the team's recipient and the identity's: {asked}");
    assert!(recipients.contains(&RECIPIENT.into()));
    assert_eq!(asked["words"].as_array().unwrap().len(), 32);
    carry(&world, "west.2");
    let (shown, _) = signed(&world, 2);
    assert!(!shown.contains("environment: was") && !shown.contains("key: was"), "{shown}");
    assert!(!shown.contains("recipient removed: "), "{shown}");
}

#[test]
fn a_destroyed_identity_is_replaced_and_the_recipients_of_before_and_after_are_shown() {
    let world = running();
    std::fs::remove_file(world.path("clusters/west/identity.age")).unwrap();
    renew(&world, &[]).ok();
    carry(&world, "west.2");
    let (shown, bundle) = signed(&world, 2);
    for wanted in ["generation 2", "changed recipient removed: age1", "recipient added: age1", "(changed)"] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    open(&world, &bundle, "west.2").ok();
}

#[test]
fn an_identity_that_the_configuration_names_is_asked_with_and_opens_the_bundle() {
    let world = World::configured("test", "ecdsa-p256");
    world.secret("team.age", crate::support::IDENTITY);
    let fixed = format!("[clusters.west]\nrecipients = [\"{RECIPIENT}\"]\n");
    world.configure(&format!("{}{fixed}", crate::support::configuration("test", "ecdsa-p256")));
    world.found().ok();
    world.run(&["--now", GENESIS, "request", "west", "--into", "clusters", "--identity", "team.age"]).ok();
    carry(&world, "west");
    let (shown, bundle) = signed(&world, 1);
    assert!(shown.contains(&format!("to 1 recipient {}", &RECIPIENT[..10])), "{shown}");
    open(&world, &bundle, "west").ok();
}

#[test]
fn every_difference_stands_on_the_plan_s_screen() {
    let world = running();
    std::fs::remove_file(world.path("clusters/west/identity.age")).unwrap();
    let options =
        ["--environment", "dev", "--trust-domain", "mesh.example", "--key", "rsa-3072", "--recipient", RECIPIENT];
    renew(&world, &options).ok();
    carry(&world, "west.2");
    let (shown, _) = signed(&world, 2);
    for wanted in [
        "environment: was prod, is dev",
        "trust domain: was cluster.local, is mesh.example",
        "key: was ECDSA P-256, is RSA-3072",
        "recipient removed: age1",
        &format!("recipient added: {RECIPIENT}"),
    ] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
}

#[test]
fn an_older_key_and_a_signature_that_did_not_travel_do_not_renew() {
    let world = running();
    renew(&world, &[]).ok();
    carry(&world, "west.2");
    std::fs::remove_file(world.path("requests/west/renewal.sig")).unwrap();
    with_reason(&world);
    let (shown, bundle) = signed(&world, 2);
    assert!(
        shown.contains(
            "signed by the previous key: no (a key is named, and its renewal.sig is not here); the words settle it"
        ),
        "{shown}"
    );
    open(&world, &bundle, "west.2").ok();
    renew(&world, &["--previous", "clusters/west"]).ok();
    carry(&world, "west.3");
    with_reason(&world);
    let (shown, _) = signed(&world, 3);
    assert!(
        shown.contains("signed by the previous key: no (by generation 1, and the newest is 2); the words settle it"),
        "{shown}"
    );
}

#[test]
fn a_renewal_that_another_key_signed_is_refused() {
    let world = running();
    renew(&world, &[]).ok();
    carry(&world, "west.2");
    // Signed by the new key where the old one belongs.
    world.write("requests/west/renewal.sig", world.read("requests/west/request.sig"));
    world.stopped(
        &sign_at(2),
        "
        error: west is refused by the rule request.package.renewal: saw a signature does
               not verify, wanted a signature by the previous intermediate's key
        hint:  renew with the key that is in use: anchorite request NAME --renew
               --previous SECRET.json
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_key_of_one_cluster_does_not_renew_another() {
    let world = running();
    std::fs::remove_dir_all(world.path("requests/west")).unwrap();
    // A bare key says of no cluster whose it is; the log does.
    world
        .run(&[
            "--now",
            DAYS[2],
            "request",
            "east",
            "--renew",
            "--key",
            "ecdsa-p256",
            "--into",
            "clusters",
            "--previous",
            "clusters/west/ca-key.pem",
        ])
        .ok();
    std::fs::rename(world.path("clusters/east.2"), world.path("clusters/west.2")).unwrap();
    carry(&world, "west.2");
    world.stopped(
        &sign_at(2),
        "
        error: west is refused by the rule policy.renewal.other-cluster: saw the key of
               west, spki …, wanted a key of east
        hint:  renew with the cluster's own key: anchorite request NAME --renew
               --previous SECRET.json; a new cluster gets a new key and no --renew
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn the_sheet_and_the_witness_s_form_number_the_same_words() {
    let world = World::new();
    let sheet = world.run(&["--now", GENESIS, "request", "west", "--into", "clusters"]).ok().stdout;
    let form = world.run(&["words", "--form"]).ok().stdout;
    let numbers = |text: &str| {
        let rows = text.lines().filter(|line| line.starts_with("  row "));
        rows.flat_map(|row| row.split_whitespace().filter(|cell| cell.parse::<u8>().is_ok()).skip(1)).count()
    };
    assert_eq!((numbers(&sheet), numbers(&form)), (32, 32), "{sheet}{form}");
    for (text, wanted) in
        [(&sheet, "calls you, at your number in the directory"), (&form, "number up in the directory")]
    {
        assert!(words(text).contains(wanted), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    world.refused(
        &["words"],
        "
        error: the following required arguments were not provided: <FILE>
        Usage: anchorite words <FILE>
        For more information, try '--help'.
        exit 2
    ",
    );
}

#[test]
fn words_that_no_ceremony_asks_for_are_not_printed() {
    let world = World::new();
    std::fs::create_dir(world.path("my clusters")).unwrap();
    world.run(&["--now", GENESIS, "request", "west", "--into", "my clusters"]).ok();
    let package = "my clusters/west/request.json";
    world.refused(
        &["words", package, "--enrol", "west", "--recipient", RECIPIENT],
        "
        error: a package says itself for which cluster it is: saw request.json and
               --enrol, wanted --enrol with a plain CSR only
        hint:  leave --enrol out: the sheet has the words that the witness is asked for
        exit 2
    ",
    );
    world.write("plain.csr", "whatever\n");
    let enrol = |cluster, recipient| {
        let said = world.run(&["words", "plain.csr", "--enrol", cluster, "--recipient", recipient]);
        (said.code, said.stderr)
    };
    assert_eq!(enrol("west", RECIPIENT), (Some(0), String::new()));
    assert!(enrol("west/1", RECIPIENT).1.contains("not a cluster name"));
    assert!(enrol("west", "age1").1.contains("recipient"));
}

#[test]
fn a_package_is_inspected_by_its_directory_and_by_its_file() {
    let world = World::new();
    std::fs::create_dir(world.path("my clusters")).unwrap();
    let made = world.run(&["--now", GENESIS, "request", "west", "--into", "my clusters"]).ok();
    // A directory with a space is one word of the commands that come next.
    assert!(made.stderr.contains("anchorite words 'my clusters/west'/request.json | lp"), "{}", made.stderr);
    let by_directory = world.run(&["inspect", "request", "my clusters/west"]).ok().stdout;
    assert_eq!(world.run(&["inspect", "request", "my clusters/west/request.json"]).ok().stdout, by_directory);
    std::fs::remove_file(world.path("my clusters/west/request.sig")).unwrap();
    let alone = world.run(&["inspect", "request", "my clusters/west/request.json"]);
    assert!(alone.stdout.contains("request.package.whole"), "{}", alone.stdout);
}
