//! Files with a request's name that are no request: each is refused by a rule, and people may strike it.

use super::requests::{der, pem, with_file};
use crate::support::{PLAIN_CSR, SIGN, World};
use rustix::fs::{CWD, FileType, Mode};
use std::fs::File;
use std::os::unix::net::UnixListener;

/// What `inspect request` says of a file in the world: the refusal, whole.
#[track_caller]
fn inspected(world: &World, path: &str, text: &str) {
    world.refused_with_screen(&["inspect", "request", path], text);
}

const STRUCK: &str = "hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 30";

#[test]
fn a_file_that_is_no_request_is_refused() {
    let no_block = |seen: &str| {
        format!(
            "
        error: cluster2.csr is refused by the rule request.pem.label: saw {seen}
        hint:  is it the right file? ask for the certificate request
        {STRUCK}
    "
        )
    };
    let none = "no PEM block, wanted -----BEGIN CERTIFICATE REQUEST-----";
    with_file("cluster2.csr", "good morning\n").stopped(&SIGN, &no_block(none));
    with_file("cluster2.csr", "").stopped(&SIGN, &no_block(none));
    with_file("cluster2.csr", PLAIN_CSR.replace("CERTIFICATE REQUEST", "CERTIFICATE"))
        .stopped(&SIGN, &no_block("CERTIFICATE, wanted CERTIFICATE REQUEST"));
    with_file("cluster2.csr", der(PLAIN_CSR)).stopped(
        &SIGN,
        &format!(
            "
        error: cluster2.csr is refused by the rule request.pem.der: saw DER, wanted PEM
        hint:  convert it: openssl req -inform DER -in FILE -out FILE.pem
        {STRUCK}
    "
        ),
    );
    with_file("cluster2.csr", format!("{PLAIN_CSR}{PLAIN_CSR}")).stopped(
        &SIGN,
        &format!(
            "
        error: cluster2.csr is refused by the rule request.pem.one-block: saw 2 blocks,
               wanted one
        hint:  put each request into a file of its own, without certificates beside it
        {STRUCK}
    "
        ),
    );
    with_file("cluster2.csr", PLAIN_CSR.replace("REQUEST-----\n", "REQUEST-----\nProc-Type: 4,ENCRYPTED\n")).stopped(
        &SIGN,
        &format!(
            "
        error: cluster2.csr is refused by the rule request.pem.form: saw line 2: a PEM
               block with headers, wanted one plain PEM block
        hint:  write it again: openssl req -in FILE -out FILE.pem; or ask for the
               request again
        {STRUCK}
    "
        ),
    );
}

#[test]
fn a_request_that_is_not_strict_der_is_refused_by_what_is_broken() {
    let whole = der(PLAIN_CSR);
    let refused = |der: &[u8], text: &str| with_file("cluster2.csr", pem(der)).stopped(&SIGN, text);
    refused(
        &whole[..whole.len() - 9],
        &format!(
            "
        error: cluster2.csr is refused by the rule request.der.cut-short: saw not DER: a
               structure is cut short, wanted DER
        hint:  the file is damaged: copy it again, or ask for the request again
        {STRUCK}
    "
        ),
    );
    refused(
        &[whole.as_slice(), &[5, 0]].concat(),
        &format!(
            "
        error: cluster2.csr is refused by the rule request.der.trailing: saw not DER:
               bytes follow the structure: 2 bytes, wanted none
        hint:  make the request again with another tool
        {STRUCK}
    "
        ),
    );
    let mut indefinite = whole.clone();
    indefinite[1] = 0x80;
    refused(
        &indefinite,
        &format!(
            "
        error: cluster2.csr is refused by the rule request.der.length: saw not DER: an
               indefinite length, wanted DER
        hint:  the request is BER, not DER: make it again with another tool
        {STRUCK}
    "
        ),
    );
    refused(
        &[0x30, 4, 0x02, 2, 0, 1],
        &format!(
            "
        error: cluster2.csr is refused by the rule request.der.value: saw not DER: an
               INTEGER that is empty or not minimal, wanted DER
        hint:  the request can be read in two ways: make it again with another tool
        {STRUCK}
    "
        ),
    );
    let deep = (0..40u8).fold(vec![], |inner, _| [vec![0x30, u8::try_from(inner.len()).unwrap()], inner].concat());
    refused(
        &deep,
        &format!(
            "
        error: cluster2.csr is refused by the rule request.der.depth: saw not DER:
               nested too deeply, wanted at most 24 levels
        hint:  this is no request of a common tool: find out where it comes from
        {STRUCK}
    "
        ),
    );
    refused(
        &[0x30, 0],
        &format!(
            "
        error: cluster2.csr is refused by the rule request.structure: saw not a
               certificate request, wanted a PKCS#10 certificate request
        hint:  make the request again: anchorite request NAME, or openssl req -new
        {STRUCK}
    "
        ),
    );
}

#[test]
fn a_request_that_is_too_large_is_not_read() {
    let world = with_file("cluster2.csr", vec![b'A'; 64 * 1024 + 1]);
    let text = |file: &str, path: &str, size: &str, last: &str| {
        format!(
            "
        error: {file} is refused by the rule request.file.size: saw {path} is too large:
               {size} bytes, wanted at most 65536 bytes
        hint:  is it the right file? export the request alone, as PEM
        {last}
    "
        )
    };
    let nothing = "Nothing was signed.\nexit 30";
    world.stopped(&SIGN, &text("cluster2.csr", "requests/cluster2.csr", "65537", STRUCK));
    // Fifty megabytes that take no room on the disk, and one line of eight.
    File::create(world.path("large.csr")).unwrap().set_len(50 << 20).unwrap();
    inspected(&world, "large.csr", &text("the request", "large.csr", "52428800", nothing));
    world.write("line.csr", vec![b'A'; 8 << 20]);
    inspected(&world, "line.csr", &text("the request", "line.csr", "8388608", nothing));
}

#[test]
fn what_is_no_file_is_neither_opened_nor_waited_for() {
    let world = World::ready();
    let answers = world.signing_answers(&[], &[]);
    world.write("answers.toml", answers);
    world.write("elsewhere.csr", PLAIN_CSR);
    let path = world.path("requests/cluster2.csr");
    let kinds: [(&str, &dyn Fn()); 6] = [
        ("it is a symbolic link, and links are not followed", &|| {
            std::os::unix::fs::symlink(world.path("elsewhere.csr"), &path).unwrap();
        }),
        ("it is a symbolic link, and links are not followed", &|| {
            std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        }),
        ("not a regular file: a FIFO", &|| {
            rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).unwrap();
        }),
        ("not a regular file: a directory", &|| std::fs::create_dir(&path).unwrap()),
        ("it is a socket, a FIFO or a device that is gone", &|| drop(UnixListener::bind(&path).unwrap())),
        ("not a regular file: a character device", &|| {
            let zero = rustix::fs::makedev(1, 5);
            if rustix::fs::mknodat(CWD, &path, FileType::CharacterDevice, Mode::RUSR, zero).is_err() {
                eprintln!("SKIPPED: only root makes devices");
            }
        }),
    ];
    for (seen, make) in kinds {
        make();
        if path.symlink_metadata().is_err() {
            continue;
        }
        let text = |file: &str, last: &str| {
            format!(
                "
        error: {file} is refused by the rule request.file.kind: saw cannot read
               requests/cluster2.csr: {seen}, wanted a regular file
        hint:  copy the request itself to the stick, as a file
        {last}
    "
            )
        };
        world.stopped(&SIGN, &text("cluster2.csr", STRUCK));
        inspected(&world, "requests/cluster2.csr", &text("the request", "Nothing was signed.\nexit 30"));
        if path.is_dir() && !path.is_symlink() {
            std::fs::remove_dir(&path).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn a_file_that_was_not_read_is_struck_by_its_name_and_the_others_go_on() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    rustix::fs::mknodat(CWD, world.path("requests/cluster2.csr"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    world.write("requests/cluster3.csr", "good morning\n");
    let morning = world.sha256("requests/cluster3.csr");
    let answers = world.signing_answers(&[&sha256], &[])
        + &format!(
            "[requests.\"file:cluster2.csr\"]\nstrike = \"a FIFO\"\n[requests.\"sha256:{morning}\"]\nstrike = \"a letter\"\n"
        );
    let signed = world.sign(&answers).ok();
    assert!(signed.stderr.contains("cluster2.csr is refused") && signed.stderr.contains("(not read)"));
    assert_eq!(world.bundles().len(), 1);
    let log = String::from_utf8(world.read(crate::support::ENTRIES)).unwrap();
    let refused: Vec<&str> = log.lines().filter(|line| line.contains("\"request.refused\"")).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("\"request.file.kind\"") && refused[0].contains("\"struck\":true"), "{}", refused[0]);
    assert!(refused[1].contains("\"request.pem.label\"") && refused[1].contains(&morning), "{}", refused[1]);
    world.run(&["log", "verify", crate::support::AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_private_key_on_the_stick_is_called_compromised() {
    let refusal = |file: &str, seen: &str| {
        format!(
            "
        error: {file} is refused by the rule request.private-key: saw {seen}
        hint:  treat that key as compromised: destroy it, make a new key and a new
               request, and copy only request.json and request.sig, or the CSR
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    "
        )
    };
    let key = include_str!("../fixtures/plain.key");
    let within = "a PRIVATE KEY block, wanted a request without its key";
    with_file("cluster2.pem", format!("{key}{PLAIN_CSR}")).stopped(&SIGN, &refusal("cluster2.pem", within));
    // Beside the request, under a key's own name; and under a request's label.
    with_file("cluster2.key", key).stopped(&SIGN, &refusal("cluster2.key", within));
    let pkcs8 = anchorite::x509::pem::decode_one(key.as_bytes(), "PRIVATE KEY").unwrap();
    let labelled = "a private key (PKCS#8), wanted a request without its key";
    with_file("cluster2.csr", pem(&pkcs8)).stopped(&SIGN, &refusal("cluster2.csr", labelled));
    with_file("cluster2.csr", &pkcs8).stopped(&SIGN, &refusal("cluster2.csr", labelled));
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.write("requests/cluster1/ca-key.pem", world.read("clusters/cluster1/ca-key.pem"));
    let beside = "cluster1/ca-key.pem, wanted request.json and request.sig only";
    world.stopped(&SIGN, &refusal("cluster1", beside));
    // At home the key lies beside its request, and that is where it belongs.
    world.run(&["inspect", "request", "clusters/cluster1"]).ok();
}
