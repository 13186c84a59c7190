//! Keys that are not what they should be: the root's own, imported, used twice.

use super::{openssl_request, pkcs11, request_by_the_tokens_key};
use crate::present::have;
use crate::support::{AUTHORITY, CREATE, ENTRIES, SIGN, World};
use anchorite::log::entry;

/// Leaves a founded world as a genesis that was killed after the token made the root key and before the log
/// knew it: the log ends with the root's `key.intent`, and no checkpoint or guard was ever made.
pub(super) fn cut_before_the_root_key_is_logged(world: &World) -> String {
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    let intents = |line: &&str| line.contains("\"key.intent\"") && line.contains("\"root\"");
    let intent = log.lines().find(intents).unwrap();
    let upto = log.find(intent).unwrap() + intent.len() + 1;
    world.write(ENTRIES, &log[..upto]);
    for dir in ["log/checkpoints", "log/audit", "issued", "public"] {
        std::fs::remove_dir_all(world.path(AUTHORITY).join(dir)).unwrap();
    }
    std::fs::remove_file(world.path("authority/log/checkpoint")).unwrap();
    for dir in ["log/checkpoints", "log/audit"] {
        std::fs::create_dir_all(world.path(AUTHORITY).join(dir)).unwrap();
    }
    let listed = pkcs11(world, &["--list-objects", "--type", "data"]);
    let guard = listed.lines().find_map(|line| line.trim().strip_prefix("label:")).unwrap().trim();
    let guard = guard.trim_matches('\'');
    pkcs11(world, &["--delete-object", "--type", "data", "--label", guard]);
    let parsed = entry::parse_line(intent.as_bytes()).unwrap().entry().unwrap();
    let anchorite::log::Record::KeyIntent(intent) = parsed.record else { panic!("not a key.intent") };
    intent.id.to_string()
}

/// Mistake 3. An intermediate's key equal to the root key: signed and written, then reported.
#[test]
fn mistake_3_a_request_with_the_root_key_is_refused_before_anything_is_signed() {
    if !have("pkcs11-tool") {
        return;
    }
    for (label, role) in [("anchorite root 1", "root"), ("anchorite audit 1", "audit")] {
        let world = World::ready();
        let csr = request_by_the_tokens_key(&world, label);
        world.write("requests/cluster9.csr", csr);
        let sha256 = world.sha256("requests/cluster9.csr");
        world.write("answers.toml", world.signing_answers(&[], &[("cluster9", &sha256)]));
        world.stopped(
            &SIGN,
            &format!(
                "
        error: cluster9.csr is refused by the rule policy.key.own: saw the {role} key,
               wanted a key of the cluster
        hint:  the request was made with the authority's own key: find out who could
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    "
            ),
        );
    }
}

/// Mistake 6. Duplicate subject and key: the same key for the same cluster, or for another.
#[test]
fn mistake_6_a_key_is_certified_once_whatever_the_request_calls_itself() {
    let world = World::ready();
    let first = world.plain_request("first");
    world.sign(&world.signing_answers(&[], &[("cluster1", &first)])).ok();
    // The very same file, for another cluster.
    std::fs::rename(world.path("requests/first.csr"), world.path("requests/second.csr")).unwrap();
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &first)]));
    world.stopped(
        &SIGN,
        "
        error: second.csr is refused by the rule policy.key.elsewhere: saw the key of
               cluster1, spki …, wanted a key of its own
        hint:  make a new key for this cluster
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
    // Another request with the same key and another subject, for the same cluster.
    world.secret("plain.key", include_str!("../fixtures/plain.key").trim_end());
    std::fs::remove_file(world.path("requests/second.csr")).unwrap();
    let third = openssl_request(&world, "third", &["-key", "plain.key", "-subj", "/CN=another name"]);
    world.write("answers.toml", world.signing_answers(&[], &[("cluster1", &third)]));
    world.stopped(
        &SIGN,
        "
        error: third.csr is refused by the rule policy.key.again: saw the key of
               cluster1, spki …, wanted a new key
        hint:  its certificate exists already: make its bundle again with anchorite
               export, or a new request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

/// Mistake 6. Two requests of one batch with one key.
#[test]
fn mistake_6_one_key_in_two_requests_of_a_batch_is_refused() {
    let world = World::ready();
    world.secret("plain.key", include_str!("../fixtures/plain.key").trim_end());
    let one = openssl_request(&world, "one", &["-key", "plain.key", "-subj", "/CN=one"]);
    let two = openssl_request(&world, "two", &["-key", "plain.key", "-subj", "/CN=two"]);
    world.write("answers.toml", world.signing_answers(&[], &[("one", &one), ("two", &two)]));
    world.stopped(
        &SIGN,
        "
        error: two.csr is refused by the rule policy.session.key: saw the key of
               one.csr, spki …, wanted a key of its own
        hint:  the same request lies on the stick twice, or two clusters share a key:
               each makes a key of its own
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

/// Mistake 6. A second key under one subject: the authority gives each generation a subject of its own.
#[test]
fn mistake_6_a_second_key_of_a_cluster_gets_another_subject() {
    let world = World::ready();
    world.issued("cluster1");
    for part in ["request.json", "request.sig"] {
        std::fs::remove_file(world.path(format!("requests/cluster1/{part}"))).unwrap();
    }
    std::fs::remove_dir_all(world.path("clusters/cluster1")).unwrap();
    let sha256 = world.request("cluster1");
    let answers = world.signing_answers(&[&sha256], &[]);
    // Two keys of one owner at a time: only with a reason, which the log keeps.
    world.write("answers.toml", &answers);
    world.stopped(
        &SIGN,
        "
        error: a plan with warnings needs a reason, which the log keeps: saw no reason
        Nothing was signed.
        exit 10
    ",
    );
    let signed = world.sign(&answers.replace("= \"approve\"", "= { approve = \"the first key was lost\" }")).ok();
    assert!(signed.stderr.contains("L=cluster1, serialNumber=2"), "{}", signed.stderr);
    let subjects: Vec<String> = std::fs::read_dir(world.path("authority/issued"))
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            world.tool("openssl", &["x509", "-noout", "-subject", "-in", path.to_str().unwrap()]).ok().stdout
        })
        .collect();
    let distinct: std::collections::BTreeSet<&String> = subjects.iter().collect();
    assert_eq!(distinct.len(), subjects.len(), "{subjects:?}");
}

/// Mistake 14. A root key made in memory and imported.
#[test]
fn mistake_14_a_key_that_was_imported_is_never_taken_for_one_that_the_token_made() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    let id = cut_before_the_root_key_is_logged(&world);
    // Someone puts a key of their own under the very id that the log announces.
    for kind in ["privkey", "pubkey"] {
        pkcs11(&world, &["--delete-object", "--type", kind, "--id", &id]);
    }
    world.tool("openssl", &["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "mine.pem"]).ok();
    world.tool("openssl", &["pkcs8", "-topk8", "-nocrypt", "-in", "mine.pem", "-out", "mine.p8"]).ok();
    let module = crate::support::softhsm_module().unwrap();
    let mut import = vec!["--module", module.to_str().unwrap(), "--import", "mine.p8", "--token", "World Mesh Root"];
    import.extend(["--label", "anchorite root 1", "--id", &id, "--pin", crate::support::PIN]);
    world.tool("softhsm2-util", &import).ok();
    let went_on = world.run(&CREATE).ok();
    assert!(cleared(&went_on.stderr), "{}", went_on.stderr);
    assert!(!pkcs11(&world, &["--list-objects"]).contains(&id), "the imported key is there");
    world.run(&["log", "verify", "authority", "--at-rest"]).ok();
}

/// What people read where a key that was announced and never logged was destroyed.
fn cleared(shown: &str) -> bool {
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.contains("A try before this one left a key (root) destroyed")
        && shown.contains("nobody can tell what became of it meanwhile. It is gone from the token; another is made.")
}

/// Not a mistake of people's: a power cut while the token made the key pair took one half of it.
#[test]
fn half_a_key_that_a_power_cut_left_is_destroyed_and_another_is_made() {
    if !have("pkcs11-tool") {
        return;
    }
    for lost in ["pubkey", "privkey"] {
        let world = World::ready();
        let id = cut_before_the_root_key_is_logged(&world);
        pkcs11(&world, &["--delete-object", "--type", lost, "--id", &id]);
        let went_on = world.run(&CREATE).ok();
        assert!(cleared(&went_on.stderr), "{}", went_on.stderr);
        assert!(!pkcs11(&world, &["--list-objects"]).contains(&id), "{lost}: something is left of it");
        world.run(&["log", "verify", "authority", "--at-rest"]).ok();
    }
}

/// A token that keeps what it is told to destroy: nothing is made beside it, and people are told what to do.
#[test]
fn a_key_of_an_earlier_try_that_the_token_keeps_stops_the_genesis_with_the_way_on() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    let id = cut_before_the_root_key_is_logged(&world);
    world.behind_proxy();
    let asked = crate::misbehaving::calls_of(&world, &CREATE);
    let asked = asked.iter().filter(|call| call.function == "C_DestroyObject").count();
    let refused = (1..=asked).find_map(|from| {
        let world = super::super::crash::copy(&world);
        let output = world.run_with_faults(&format!("C_DestroyObject@{from}+=rv:0x6"), &CREATE);
        let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        said.contains("what a try before this one left").then_some((output, world))
    });
    let (output, world) = refused.unwrap();
    crate::support::assert_text(
        &output.error().replace(&id, "ID"),
        "
        error: what a try before this one left of the root key cannot be destroyed: the
               token did not destroy a key: saw C_DestroyObject: CKR_FUNCTION_FAILED
        hint:  delete it with the token's own tool (id
               ID), and run the same command
        hint:  the next ceremony closes this session in the log; now it failed: the
               token keeps the older guard beside the new one: saw C_DestroyObject:
               CKR_FUNCTION_FAILED
        The token may still hold the key with the id ID.
        Nothing was signed.
        exit 20
    ",
    );
    assert!(!world.path("authority/public/root-cert.pem").exists());
    world.run_with_faults("", &CREATE).ok();
}
