//! A vendor's evidence of where a key was made: read from the token, brought in files, judged, kept in the log.

use super::{initialize, profile, world_of};
use crate::present::have;
use crate::support::{AUTHORITY, CREATE, ENTRIES, PARTICIPANTS, PIN, World, softhsm_module};
use serde_json::Value;

const PROFILE: &str = "[attestation]\nsays = [\"The maker signs.\"]\nof_keys = [\"Attestation of \"]\n\
                       labels = [\"Device certificate\"]";
const LATER: &str = "2026-12-21T09:30:00Z";

fn shell(world: &World, script: &str) {
    world.tool("sh", &["-ec", script]).ok();
}

/// A maker's CA and a device's certificate under it.
fn maker(world: &World) {
    shell(
        world,
        "exec 2>&1; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout maker.key -out maker.pem \
           -subj /CN=Maker -days 3650
         openssl req -x509 -newkey rsa:2048 -nodes -keyout device.key -out device.pem -subj '/CN=Device 1' \
           -CA maker.pem -CAkey maker.key -days 3650
         openssl x509 -in device.pem -outform DER -out device.der",
    );
}

/// The device certifies the root key, as a device does when it is asked.
fn attest(world: &World) {
    shell(
        world,
        "exec 2>&1; openssl x509 -in authority/public/root-cert.pem -noout -pubkey > root.pub
         openssl req -new -newkey rsa:2048 -nodes -keyout other.key -subj /CN=attested -out attested.csr
         openssl x509 -req -in attested.csr -force_pubkey root.pub -CA device.pem -CAkey device.key -days 90 -out attested.pem
         openssl x509 -in attested.pem -outform DER -out attested.der",
    );
}

fn write_object(world: &World, file: &str, label: &str, id: &str) {
    let module = softhsm_module().unwrap();
    let object = ["--write-object", file, "--type", "cert", "--label", label, "--id", id];
    let login = ["--module", module.to_str().unwrap(), "--login", "--pin", PIN];
    world.tool("pkcs11-tool", &[&login[..], &object].concat()).ok();
}

/// A founded authority on a token that was made with a device certificate in it.
fn founded() -> World {
    let world = world_of(&profile(PROFILE));
    maker(&world);
    let serial = initialize(&world, "Vendor");
    write_object(&world, "device.der", "Device certificate", "d0");
    let reviewed = world.sha256("authority/authority.toml");
    world.write("answers-root.toml", format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n"));
    world.run(&[&CREATE[..], &["--token-serial", &serial]].concat()).ok();
    world
}

fn entries(world: &World, kind: &str) -> Vec<Value> {
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|entry| entry["type"] == kind).map(|entry| entry["data"].clone()).collect()
}

/// A CRL ceremony that also keeps evidence.
fn attesting(world: &World) -> crate::support::Output {
    let script = include_str!("../../../ceremony/crl-refresh.toml");
    let step = "[[step]]\nid = \"evidence\"\ndo = \"attest-keys\"\n\n[[step]]\nid = \"verify\"";
    world.write("mine.toml", script.replace("[[step]]\nid = \"verify\"", step));
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    world.write("authority/local.toml", "[media]\nrequests = \"requests\"\n");
    world.run(&[
        "-C",
        AUTHORITY,
        "--now",
        LATER,
        "crl",
        "--script",
        "mine.toml",
        "--pin-file",
        "pin",
        "--answers",
        "answers.toml",
    ])
}

#[test]
fn the_devices_certificate_is_kept_with_each_key_that_it_made() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = founded();
    let kept = entries(&world, "key.attested");
    let told: Vec<_> = kept.iter().map(|k| (k["role"].as_str().unwrap(), k["of"].as_str().unwrap())).collect();
    assert_eq!(told, [("audit", "device"), ("root", "device")]);
    assert_eq!(kept[0]["name"], "Device certificate");
    assert_eq!(kept[0]["sha256"], world.sha256("device.der"));
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem"]).ok();
}

#[test]
fn a_certificate_of_the_key_is_read_from_the_token_or_a_file_and_shown_with_who_signed_it() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = founded();
    attest(&world);
    let id = entries(&world, "key.generated").iter().find(|k| k["role"] == "root").unwrap()["id"].clone();
    write_object(&world, "attested.der", "Attestation of 9c", id.as_str().unwrap());
    // Another program put the root's own certificate under the key's id: that shows nothing and is no evidence.
    shell(&world, "openssl x509 -in authority/public/root-cert.pem -outform DER -out root.der");
    write_object(&world, "root.der", "Root certificate", id.as_str().unwrap());
    std::fs::create_dir_all(world.path("requests/attestation")).unwrap();
    world.write("requests/attestation/maker.pem", world.read("maker.pem"));
    world.write("requests/attestation/bundle.att", "{\"kcmsg\": \"…\"}");
    world.write("requests/attestation/own.pem", world.read("authority/public/root-cert.pem"));
    let output = attesting(&world).ok();
    assert!(output.stderr.contains("a certificate of this very key"), "{}", output.stderr);
    let kept = entries(&world, "key.attested");
    let by = |name: &str| kept.iter().find(|k| k["name"] == name && k["role"] == "root").unwrap().clone();
    let key = by("Attestation of 9c");
    assert_eq!((key["of"].as_str(), key["source"].as_str()), (Some("key"), Some("token")));
    assert_eq!(key["signed_by"], world.sha256("device.der"));
    let (maker, bundle, own) = (by("maker.pem"), by("bundle.att"), by("own.pem"));
    assert_eq!((maker["of"].as_str(), maker["source"].as_str()), (Some("device"), Some("file")));
    assert_eq!((bundle["of"].as_str(), own["of"].as_str()), (Some("bytes"), Some("itself")));
    assert!(!kept.iter().any(|k| k["name"] == "Root certificate"));
    // What is kept stays kept, once: the same ceremony again adds nothing.
    attesting(&world).ok();
    assert_eq!(entries(&world, "key.attested").len(), kept.len());
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem"]).ok();
    let card = world.run(&["-C", AUTHORITY, "root", "show"]).ok().stdout;
    assert!(card.contains("Attestation of 9c, entry"), "{card}");
    let card: Value =
        serde_json::from_str(&world.run(&["--json", "-C", AUTHORITY, "root", "show"]).ok().stdout).unwrap();
    assert_eq!(card["attested"].as_array().unwrap().len(), 5, "{card}");
    let record = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    assert!(!record.contains("own.pem"), "the last ceremony kept nothing");
}

#[test]
fn what_a_log_says_of_evidence_is_judged_again_by_whoever_verifies_it() {
    use anchorite::authority::State;
    use anchorite::log::entry::parse_line;
    use anchorite::log::record::KeyAttested;
    use anchorite::log::{Entry, Record};
    if !have("pkcs11-tool") {
        return;
    }
    let world = founded();
    attest(&world);
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let mut state = State::default();
    let mut device = None;
    for line in text.lines() {
        let entry = parse_line(line.as_bytes()).unwrap().entry().unwrap();
        match &entry.record {
            Record::KeyAttested(piece) => device = Some(piece.clone()),
            // Nothing follows the end of a session.
            Record::SessionClosed(_) => break,
            _ => {}
        }
        state.apply(&entry).unwrap();
    }
    let device: KeyAttested = device.unwrap();
    let header = parse_line(text.lines().last().unwrap().as_bytes()).unwrap().entry().unwrap().header;
    let judge = |change: &dyn Fn(&mut KeyAttested)| {
        let mut piece = device.clone();
        piece.bytes = anchorite::digest::Base64(world.read("attested.der"));
        piece.sha256 = anchorite::digest::Digest::of(&piece.bytes.0);
        piece.of = "key".to_owned();
        piece.signed_by = Some(device.sha256);
        change(&mut piece);
        let entry = Entry { seq: state.size, header: header.clone(), record: piece.into() };
        state.clone().apply(&entry).map_err(|error| error.to_string())
    };
    judge(&|_| {}).unwrap();
    let lies: [&dyn Fn(&mut KeyAttested); 5] = [
        &|piece| piece.of = "device".to_owned(),
        &|piece| piece.sha256 = device.sha256,
        &|piece| piece.generation = 2,
        &|piece| piece.signed_by = Some(piece.sha256),
        &|piece| piece.role = "audit".to_owned(),
    ];
    for (number, lie) in lies.iter().enumerate() {
        let error = judge(lie).expect_err(&format!("lie {number}"));
        assert!(error.contains("evidence") || error.contains("attested") || error.contains("signed"), "{error}");
    }
}
