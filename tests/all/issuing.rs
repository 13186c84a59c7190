//! What is issued follows from the adopted configuration and the log, and from nothing else.

use crate::support::*;
use serde_json::Value;

const LATER: &str = "2026-12-01T10:00:00Z";

/// The only certificate that was issued to a cluster, as `openssl x509 -text` shows it.
fn shown(world: &World, cluster: &str) -> String {
    world.tool("openssl", &["x509", "-in", &format!("clusters/{cluster}/ca-cert.pem"), "-noout", "-text"]).ok().stdout
}

fn opened(world: &World, bundle: &std::path::Path, cluster: &str) -> Output {
    let bundle = bundle.to_str().unwrap();
    let into = format!("clusters/{cluster}");
    world.run(&["--now", LATER, "open", bundle, "--into", &into, "--root", "authority/public/root-cert.pem"])
}

/// The entries of a type, in order.
fn entries(world: &World, kind: &str) -> Vec<Value> {
    let text = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|entry| entry["type"] == kind).collect()
}

#[test]
fn everything_that_istios_makefile_sets_is_configured_here() {
    // ROOTCA_ORG, ROOTCA_CN, ROOTCA_KEYSZ, ROOTCA_DAYS; INTERMEDIATE_ORG, _CN, _KEYSZ, _DAYS, _SAN_DNS; L=<cluster>.
    let world = World::configured("test", "rsa-3072");
    let text = configuration("test", "rsa-3072")
        .replace(
            "organization = \"World\", common_name = \"World Mesh Root CA\"",
            "country = \"CZ\", state = \"Praha\", organization = \"Acme\", common_name = \"Acme Root\"",
        )
        .replace("validity_days = 3650", "validity_days = 700")
        .replace("max_validity_days = 365", "max_validity_days = 30")
        .replace(
            "organization = \"World\", common_name = \"Intermediate CA\"",
            "organization = \"Acme Mesh\", common_name = \"Acme Intermediate\"",
        )
        + "dns_names = [\"istiod.mesh-system.svc\"]\n";
    world.configure(&text);
    world.found().ok();
    let bundle = world.issued("west");
    opened(&world, &bundle, "west").ok();
    let text = shown(&world, "west");
    for wanted in [
        "Subject: O = Acme Mesh, OU = TEST, CN = Acme Intermediate, L = west, serialNumber = 1",
        "Issuer: C = CZ, ST = Praha, O = Acme, OU = TEST, CN = Acme Root",
        "Signature Algorithm: sha256WithRSAEncryption",
        "DNS:istiod.mesh-system.svc",
        "CA:TRUE, pathlen:0",
        "Certificate Sign, CRL Sign",
        // From five minutes before the signing, thirty days less a second.
        "Not Before: Nov 21 09:55:00 2026 GMT",
        "Not After : Dec 21 09:54:59 2026 GMT",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    assert!(!text.contains("Extended Key Usage"), "{text}");
}

#[test]
fn a_san_is_left_out_where_the_configuration_says_so_and_validity_ends_with_the_root() {
    let world = World::configured("test", "ecdsa-p256");
    world.configure(
        &(configuration("test", "ecdsa-p256").replace("validity_days = 3650", "validity_days = 365")
            + "dns_names = []\n"),
    );
    world.found().ok();
    let sha256 = world.request("west");
    // That it ends before its days are over needs a reason.
    world.sign(&with_reason(&world.signing_answers(&[&sha256], &[]))).ok();
    let bundle = world.bundles().remove(0);
    opened(&world, &bundle, "west").ok();
    let text = shown(&world, "west");
    assert!(!text.contains("Subject Alternative Name"), "{text}");
    // The root began at 09:25 on the day of genesis: its intermediate does not outlive it.
    assert!(text.contains("Not After : Nov 21 09:24:59 2027 GMT"), "{text}");
}

#[test]
fn a_second_generation_has_its_own_name_and_follows_the_first_in_the_log() {
    let world = World::ready();
    let first = world.issued("west");
    opened(&world, &first, "west").ok();
    std::fs::rename(world.path("clusters/west"), world.path("clusters/west-1")).unwrap();
    let sha256 = world.request("west");
    // The first one lives, and the request is not a renewal: that needs a reason.
    world.write("answers.toml", with_reason(&world.signing_answers(&[&sha256], &[])));
    let signed = world.run(&[
        "-C",
        AUTHORITY,
        "--now",
        LATER,
        "sign",
        "--from",
        "requests",
        "--to",
        "medium",
        "--pin-file",
        "pin",
        "--answers",
        "answers.toml",
    ]);
    let signed = signed.ok();
    assert!(signed.stderr.contains("generation 2"), "{}", signed.stderr);
    assert!(signed.stderr.contains("serialNumber=2"), "{}", signed.stderr);
    assert!(signed.stderr.contains("signed by the previous key: no (no previous key is named)"), "{}", signed.stderr);
    // The cluster keeps its receipt: the new bundle must extend the log that it saw.
    let receipt = world.read("clusters/west-1/receipt.json");
    world.write("clusters/west/receipt.json", receipt);
    let second = world.bundles().into_iter().find(|bundle| *bundle != first).unwrap();
    opened(&world, &second, "west").ok();
    let receipt: Value = serde_json::from_slice(&world.read("clusters/west/receipt.json")).unwrap();
    assert_eq!(receipt["sequence"], 2);
    // And the first one is now older than what is there.
    let older = opened(&world, &first, "west");
    assert_eq!(older.code, Some(40), "{}", older.stderr);
}

#[test]
fn a_changed_configuration_counts_only_once_a_ceremony_has_adopted_it() {
    let world = World::ready();
    let bundle = world.issued("west");
    opened(&world, &bundle, "west").ok();
    let changed = configuration("test", "ecdsa-p256").replace("max_validity_days = 365", "max_validity_days = 20");
    world.configure(&changed);
    std::fs::remove_dir_all(world.path("requests/west")).unwrap();
    let sha256 = world.request("east");
    let answers = world.signing_answers(&[&sha256], &[]);
    let stopped = world.sign(&answers);
    assert_eq!(stopped.code, Some(2), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("[config] has no answer"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("- max_validity_days = 365"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("+ max_validity_days = 20"), "{}", stopped.stderr);

    let digest = world.sha256("authority/authority.toml");
    world.sign(&format!("{answers}[config]\n\"sha256:{digest}\" = \"adopt\"\n")).ok();
    assert_eq!(entries(&world, "config.adopted").len(), 2);
    let bundle = world.bundles().into_iter().find(|b| *b != bundle).unwrap();
    opened(&world, &bundle, "east").ok();
    assert!(shown(&world, "east").contains("Not After : Dec 11 09:54:59 2026 GMT"), "{}", shown(&world, "east"));
}

#[test]
fn what_genesis_fixed_cannot_be_changed_by_editing_the_file() {
    let world = World::ready();
    world.configure(&configuration("test", "ecdsa-p256").replace("World Mesh Root CA", "Another Root CA"));
    let sha256 = world.request("east");
    let refused = world.sign(&world.signing_answers(&[&sha256], &[]));
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("[root] subject was fixed at genesis"), "{}", refused.stderr);
    assert!(refused.stderr.contains("Nothing was signed."), "{}", refused.stderr);
}

#[test]
fn a_key_made_here_is_sealed_first_and_its_bundle_can_be_made_again_from_the_log() {
    let world = World::configured("test", "ecdsa-p256");
    world.plain_request("unused");
    std::fs::remove_file(world.path("requests/unused.csr")).unwrap();
    let recipient = include_str!("fixtures/recipient.txt").trim();
    world.configure(&format!(
        "{}[clusters.south]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p256\"\nrecipients = [\"{recipient}\"]\n",
        configuration("test", "ecdsa-p256")
    ));
    world.found().ok();
    let people = world.signing_answers(&[], &[]);
    world.sign(&format!("{people}\"offline:south\" = \"approve\"\n")).ok();
    let sealed = entries(&world, "key.sealed");
    let intent = entries(&world, "sign.intent").into_iter().find(|e| e["data"]["cluster"] == "south").unwrap();
    assert!(sealed[0]["seq"].as_u64() < intent["seq"].as_u64());
    let bundle = world.bundles().remove(0);
    let root = "authority/public/root-cert.pem";
    let into = |bundle: &std::path::Path, dir: &str| {
        world.run(&[
            "--now",
            LATER,
            "open",
            bundle.to_str().unwrap(),
            "--into",
            dir,
            "--identity",
            "identity",
            "--root",
            root,
        ])
    };
    into(&bundle, "clusters/south").ok();

    let participants = people.split("[review]").next().unwrap().to_owned();
    world.write("answers-export.toml", participants);
    world
        .run(&[
            "-C",
            AUTHORITY,
            "--now",
            LATER,
            "export",
            "south",
            "--to",
            "medium",
            "--pin-file",
            "pin",
            "--answers",
            "answers-export.toml",
        ])
        .ok();
    let again = world.bundles().into_iter().find(|b| *b != bundle).unwrap();
    into(&again, "clusters/south-again").ok();
    assert_eq!(world.read("clusters/south/ca-key.pem"), world.read("clusters/south-again/ca-key.pem"));
    assert_eq!(world.read("clusters/south/ca-cert.pem"), world.read("clusters/south-again/ca-cert.pem"));
}

#[test]
fn a_given_time_is_logged_as_given() {
    let world = World::ready();
    let genesis = entries(&world, "genesis").remove(0);
    assert_eq!(genesis["time"], GENESIS);
    assert_eq!(genesis["time_source"], "given");
}

#[test]
fn a_request_can_be_made_for_a_key_that_exists() {
    let world = World::ready();
    world.tool("openssl", &["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "own.pem"]).ok();
    std::fs::set_permissions(world.path("own.pem"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.run(&["--now", GENESIS, "request", "west", "--use-key", "own.pem", "--into", "clusters"]).ok();
    let public = |key: &str| world.tool("openssl", &["pkey", "-in", key, "-pubout"]).ok().stdout;
    assert_eq!(public("own.pem"), public("clusters/west/ca-key.pem"));
    let fit = world.run(&["--json", "inspect", "request", "clusters/west"]).ok();
    assert!(fit.stdout.contains("\"verdict\": \"fit\""), "{}", fit.stdout);
}

#[test]
fn a_configuration_that_was_only_written_behind_the_last_checkpoint_is_not_in_force() {
    use anchorite::digest::Digest;
    use anchorite::log::record::ConfigAdopted;
    use anchorite::log::{Record, entry, merkle};
    let world = World::ready();
    // Someone without the token edits the file and appends, well chained, that it was adopted.
    let forged = configuration("test", "ecdsa-p256").replace("max_validity_days = 365", "max_validity_days = 3000");
    world.configure(&forged);
    let mut log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let last = log.lines().last().unwrap().to_owned();
    let header = (*entry::parse_line(last.as_bytes()).unwrap().entry().unwrap().header).clone();
    let record = Record::from(ConfigAdopted { sha256: Digest::of(forged.as_bytes()), text: forged });
    let seq = u64::try_from(log.lines().count()).unwrap();
    let line = entry::write_line(&header, seq, &merkle::leaf_hash(last.as_bytes()), &record).unwrap();
    log += &format!("{}\n", String::from_utf8(line).unwrap());
    world.write("authority/log/entries.jsonl", log);

    let sha256 = world.request("east");
    let stopped = world.sign(&world.signing_answers(&[&sha256], &[]));
    assert_eq!(stopped.code, Some(2), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("+ max_validity_days = 3000"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("[config] has no answer"), "{}", stopped.stderr);

    // The next checkpoint covered the forged line, and still it is not in force.
    let again = world.sign(&world.signing_answers(&[&sha256], &[]));
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    assert!(again.stderr.contains("+ max_validity_days = 3000"), "{}", again.stderr);
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}
