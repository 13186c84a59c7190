//! From a wrapped file to a token that signs.

use super::*;

fn signs(world: &World, now: &str) {
    let request = world.request("cluster1");
    let answers = world.signing_answers(&[&request], &[]).replacen(PARTICIPANTS, &participants(2), 1);
    world.write("answers.toml", answers);
    world.run(&with_shares(&SIGN.map(|word| if word.starts_with("2026") { now } else { word }))).ok();
    verifies(world);
}

fn verifies(world: &World) {
    let root = ["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"];
    assert!(world.run(&root).ok().stdout.contains("consistent and authenticated"));
}

fn restored_and_signing(key: &str) -> World {
    let world = wrapped(key);
    lose_token(&world);
    let shown = world.run(&with_shares(&RESTORE)).ok().stderr;
    for wanted in ["Is this the newest copy of the log?", "The keys are made anew", "The key backup lives"] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    let record = world.run(&["-C", AUTHORITY, "--json", "ceremony", "record"]).ok().stdout;
    assert!(
        record.contains("made anew of its wrapped backup") && record.contains("\"key_backup\": \"wrapped\""),
        "{record}"
    );
    signs(&world, "2026-11-26T09:30:00Z");
    world
}

#[test]
fn a_lost_tokens_keys_are_made_anew_and_sign() {
    let world = restored_and_signing("ecdsa-p384");
    let is = |entry: &Value, name: &str| entry["attributes"][name].as_str().unwrap().to_owned();
    let stages =
        [("key.generated", "true", "true"), ("key.locked", "false", "true"), ("key.restored", "false", "false")];
    for (kind, extractable, own) in stages {
        let entries = said(&world, kind);
        assert_eq!(entries.len(), 2, "{kind}: the root key and the audit key");
        for entry in &entries {
            assert_eq!(is(entry, "CKA_SENSITIVE"), "true", "{kind}");
            assert_eq!(is(entry, "CKA_EXTRACTABLE"), extractable, "{kind}");
            assert_eq!(is(entry, "CKA_NEVER_EXTRACTABLE"), "false", "{kind}");
            assert_eq!((is(entry, "CKA_ALWAYS_SENSITIVE"), is(entry, "CKA_LOCAL")), (own.into(), own.into()), "{kind}");
            assert_eq!(is(entry, "CKA_MODIFIABLE"), extractable, "{kind}");
        }
    }
    let made = &said(&world, "key_backup.made")[0];
    assert_eq!((made["mode"].as_str(), made["means"].as_str()), (Some("wrapped"), Some("blob")));
    let path = file(&world).display().to_string();
    let digest = world.tool("sha256sum", &[&path]).ok().stdout;
    assert!(digest.starts_with(made["wrapped"]["sha256"].as_str().unwrap()), "{digest} {made}");
    // The proof of the file, and that of the keys that were made of it.
    assert_eq!(said(&world, "key_backup.proved").len(), 2);
    // The same custodians open it again; a drill proves the file on the second token.
    world.write("answers.toml", participants(2));
    let drill = ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "ceremony", "run", "restore-drill"];
    let shown = world.run(&with_both(&[&drill[..], &["--answers", "answers.toml"]].concat())).ok().stderr;
    assert!(shown.contains("The key backup lives"), "{shown}");
    verifies(&world);
}

#[test]
fn rsa_keys_are_wrapped_and_made_anew_too() {
    restored_and_signing("rsa-3072");
}

#[test]
fn every_root_of_an_authority_is_made_anew() {
    let world = wrapped("ecdsa-p256");
    let reviewed = format!("sha256:{}", world.sha256("authority/authority.toml"));
    world.write("answers-roll.toml", format!("{}[review]\n\"{reviewed}\" = \"approve\"\n", participants(2)));
    let roll = ["-C", AUTHORITY, "--now", "2026-11-23T09:00:00Z", "root", "rollover", "--answers", "answers-roll.toml"];
    let ended = world.run(&with_shares(&roll)).ok().stderr;
    assert!(ended.contains("anchorite key-backup     no backup has the new root's key yet"), "{ended}");
    // The first file is the only one of the first keys: its name is not given again.
    let later = BACKUP.map(|word| if word.starts_with("2026") { "2026-11-24T09:30:00Z" } else { word });
    let said_of = world.run(&with_both(&later)).error();
    assert!(said_of.starts_with("error: a key backup of this name holds keys that cannot be wrapped"), "{said_of}");
    world.write("answers-backup.toml", format!("{}[backup]\nname = \"B2\"\n", participants(2)));
    world.run(&with_both(&later)).ok();
    lose_token(&world);
    world.run(&with_shares(&RESTORE)).ok();
    let restored = said(&world, "key.restored");
    let of = |entry: &Value| format!("{} {} {}", entry["role"], entry["generation"], entry["backup"]).replace('"', "");
    let restored: Vec<String> = restored.iter().map(of).collect();
    assert_eq!(restored, ["root 1 B1, safe in Bonn", "root 2 B2", "audit 2 B2"]);
    signs(&world, "2026-11-26T09:30:00Z");
}

#[test]
fn an_authority_that_ends_asks_after_the_file() {
    let world = wrapped("ecdsa-p256");
    let ending = |fate: &str, review: &str| {
        let name = "World Mesh Root";
        let people = format!("{}[destroy]\nadministrator = \"{name}\"\nwitness = \"{name}\"\n", participants(2));
        world.write(
            "answers-end.toml",
            format!("{people}reason = \"as foreseen\"\n\"backup {NAME}\" = \"{fate}\"\n{review}"),
        );
        let end = ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "decommission", "--answers", "answers-end.toml"];
        world.run(&with_shares(&end))
    };
    let refused = ending("here", crate::ending::CRL).error();
    assert!(refused.starts_with("error: a file is not destroyed here: any copy of it is as good"), "{refused}");
    let ended = ending("destroyed", "").ok().stderr;
    assert!(ended.contains("The audit key is destroyed"), "{ended}");
    let gone = said(&world, "key.destroyed");
    assert!(gone.iter().any(|entry| entry["backup"] == NAME && entry["shown"] == "said"), "{gone:?}");
}

#[test]
fn the_shares_and_the_file_give_the_keys_to_stock_tools() {
    if !crate::present::have("python3") {
        return;
    }
    let world = wrapped("ecdsa-p256");
    let shares: Vec<String> =
        crate::custody::unattended::share_files(&world).iter().map(|path| path.display().to_string()).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/share.py");
    let shown = world.tool("python3", &[script, "--kek", &shares[0], &shares[2]]).ok().stdout;
    let kek = shown.lines().find_map(|line| line.strip_prefix("kek  ")).expect("a key").to_owned();
    let kept: Value = serde_json::from_slice(&std::fs::read(file(&world)).unwrap()).unwrap();
    let wrapped = kept["keys"][0]["wrapped"].as_str().unwrap();
    world.write("wrapped", data_encoding::BASE64.decode(wrapped.as_bytes()).unwrap());
    let open = ["enc", "-d", "-id-aes256-wrap-pad", "-K", &kek, "-iv", "A65959A6", "-in", "wrapped", "-out", "p8"];
    world.tool("openssl", &open).ok();
    let of_key = world.tool("openssl", &["pkey", "-inform", "DER", "-in", "p8", "-pubout"]).ok().stdout;
    let root = "authority/public/root-cert.pem";
    let of_root = world.tool("openssl", &["x509", "-in", root, "-noout", "-pubkey"]).ok().stdout;
    assert_eq!(of_key, of_root);
}
