//! A batch with a refused request signs nothing, unless people strike that request and say why.

use crate::crash::instants;
use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::*;
use serde_json::Value;

/// Three requests on the stick, the middle one of a key that policy leaves out; the digest of each.
fn three(world: &World) -> [String; 3] {
    let first = world.request("alpha");
    let weak = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "weak.pem", "-subj", "/CN=x"];
    world.tool("openssl", &[&weak[..], &["-out", "requests/beta.csr"]].concat()).ok();
    let last = world.request("gamma");
    [first, world.sha256("requests/beta.csr"), last]
}

const REFUSAL: &str = "
    error: beta.csr is refused by the rule request.key.rsa-size: saw RSA of 2048 bits,
           wanted RSA-3072, RSA-4096
    hint:  make a key of 3072 or 4096 bits, or one on P-256
    hint:  the others can be signed without it: strike it, or take it off the stick
    Nothing was signed.
    exit 10
";

/// What the log keeps of refused requests and of the reasons that people typed.
fn kept(world: &World) -> (Vec<Value>, Vec<String>) {
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| all.iter().filter(|e| e["type"] == kind).map(|e| e["data"].clone()).collect::<Vec<_>>();
    let reasons = of("value.recorded").into_iter().filter(|v| v["name"] == "reason to strike beta.csr");
    (of("request.refused"), reasons.map(|v| v["value"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_batch_with_a_refused_request_signs_nothing() {
    let world = World::ready();
    let [first, _, last] = three(&world);
    world.write("answers.toml", world.signing_answers(&[&first, &last], &[]));
    world.stopped(&SIGN, REFUSAL);
    let (refused, reasons) = kept(&world);
    assert_eq!((refused.len(), refused[0]["struck"].as_bool(), reasons.len()), (1, Some(false), 0));
    assert_eq!(world.bundles().len(), 0);
}

#[test]
fn a_struck_request_lets_the_others_be_signed_and_the_log_keeps_why() {
    let world = World::ready();
    let [first, weak, last] = three(&world);
    let answers = world.signing_answers(&[&first, &last], &[]);
    let strike = format!("[requests.\"sha256:{weak}\"]\nstrike = \"asked again by mail\"\n[review]\n");
    let shown = world.sign(&answers.replace("[review]\n", &strike)).ok();
    assert!(shown.stderr.contains("beta.csr is refused"), "{}", shown.stderr);
    assert_eq!(world.bundles().len(), 2);
    let (refused, reasons) = kept(&world);
    assert_eq!((refused.len(), refused[0]["struck"].as_bool()), (1, Some(true)));
    assert_eq!(reasons, ["asked again by mail"]);
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}

#[test]
fn people_who_type_no_reason_strike_nothing_and_sign_nothing() {
    let world = founded();
    three(&world);
    let before = world.intents();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.answers("Reason: ", "");
    assert!(shown.contains("beta.csr is refused"), "{shown}");
    let failed = seat.answers("What now? retry, pause, abandon: ", "abandon");
    assert!(failed.contains("refused by the rule request.key.rsa-size"), "{failed}");
    seat.answers("Why is it given up? (the log keeps it): ", "beta is to be asked for again");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.ends_with("Nothing was signed.\n"), "{shown}");
    assert_eq!((world.intents(), world.bundles().len()), (before, 0));
    assert_eq!(kept(&world).1.len(), 0);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn people_strike_a_request_with_a_reason_and_sign_the_others() {
    let world = founded();
    three(&world);
    let sheets =
        ["alpha", "gamma"].map(|name| world.run(&["words", &format!("requests/{name}/request.json")]).ok().stdout);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.answers("Reason: ", "its engineer is on leave");
    for sheet in &sheets {
        approves_from(&mut seat, sheet);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.bundles().len(), 2);
    let (refused, reasons) = kept(&world);
    assert_eq!((refused[0]["struck"].as_bool(), reasons), (Some(true), vec!["its engineer is on leave".to_owned()]));
}

#[test]
fn a_request_that_asks_for_thousands_of_names_is_refused_and_does_not_stop_the_others() {
    let world = World::ready();
    let first = world.request("alpha");
    let names: Vec<String> = (0..5_800).map(|number| format!("DNS:a{number}")).collect();
    let names = format!("subjectAltName={}", names.join(","));
    let many = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "m.pem"];
    let many = [&many[..], &["-subj", "/CN=x", "-addext", &names, "-out", "requests/beta.csr"]].concat();
    world.tool("openssl", &many).ok();
    let answers = world.signing_answers(&[&first], &[]);
    world.write("answers.toml", &answers);
    world.stopped(
        &SIGN,
        "
        error: beta.csr is refused by the rule request.count: saw 5800 names and other
               things asked for, wanted at most 256
        hint:  make the request again with a plain subject and no extensions: none is
               copied
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
    let many = world.sha256("requests/beta.csr");
    let strike = format!("[requests.\"sha256:{many}\"]\nstrike = \"asked again by mail\"\n[review]\n");
    world.sign(&answers.replace("[review]\n", &strike)).ok();
    assert_eq!(world.bundles().len(), 1);
}

#[test]
fn an_answer_without_a_reason_strikes_nothing() {
    let world = World::ready();
    let [first, weak, last] = three(&world);
    let strike = format!("[requests.\"sha256:{weak}\"]\nstrike = \" \"\n[review]\n");
    world.write("answers.toml", world.signing_answers(&[&first, &last], &[]).replace("[review]\n", &strike));
    let refusal = format!(
        "
        error: answers: [requests]
               sha256:{weak}
               is not filled in: saw {{ strike = \" \" }}
        Nothing was signed.
        exit 2
        "
    );
    world.stopped(&SIGN, &refusal);
    assert_eq!(kept(&world).1.len(), 0);
}

/// What a signing of these clusters costs: syncs of the log, and signatures by the token.
fn cost(clusters: &[&str]) -> (usize, usize) {
    let world = World::ready();
    let requests: Vec<String> = clusters.iter().map(|cluster| world.request(cluster)).collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    world.write("answers.toml", world.signing_answers(&requests, &[]));
    let counted = crate::crash::copy(&world);
    let of_log = instants::of_run(&counted, &SIGN, &["authority/log/"]);
    let syncs = of_log.iter().filter(|at| at.is("fsync", "log/") || at.is("fdatasync", "log/")).count();
    world.behind_proxy();
    world.run_with_faults("", &SIGN).ok();
    let signatures = world.calls().iter().filter(|call| call.function == "C_SignInit").count();
    (syncs, signatures)
}

#[test]
fn a_batch_syncs_the_log_as_often_as_one_request_and_signs_once_for_each_certificate_and_bundle() {
    if !instants::can_trace("a_batch_syncs_the_log_as_often_as_one_request") {
        return;
    }
    let (one, four) = (cost(&["a"]), cost(&["a", "b", "c", "d"]));
    assert_eq!(one.0, four.0, "syncs of the log");
    // The root key for the certificate, the audit key for the bundle; checkpoints are as many.
    assert_eq!(four.1 - one.1, 3 * 2, "signatures");
}
