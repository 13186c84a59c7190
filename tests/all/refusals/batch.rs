//! Requests that do not go together: signed before, for one cluster, with one key.

use super::requests::{der, pem};
use crate::seat::{APPROVE_1, APPROVE_2, Seat, founded, from_sheet, introduces, plan_words};
use crate::support::{AUTHORITY, PIN, PLAIN_CSR, SIGN, World, softhsm_module};
use anchorite::x509::strict;

const STRIKE: &str = "hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10";

/// `sign` on the day after the first.
fn later() -> [&'static str; 13] {
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    later
}

/// A world in which the fixture's key is certified for cluster2, and an empty stick.
fn certified() -> World {
    let world = World::ready();
    let sha256 = world.plain_request("cluster2");
    world.sign(&world.signing_answers(&[], &[("cluster2", &sha256)])).ok();
    std::fs::remove_file(world.path("requests/cluster2.csr")).unwrap();
    world
}

/// Puts a plain request on the stick that people say is for a cluster.
fn comes(world: &World, cluster: &str, content: impl AsRef<[u8]>) {
    world.write("requests/again.csr", content);
    let sha256 = world.sha256("requests/again.csr");
    world.write("answers.toml", world.signing_answers(&[], &[(cluster, &sha256)]));
}

/// One DER element of under 64 KiB.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut whole = vec![tag];
    match (content.len(), length) {
        (..0x80, [_, low]) => whole.push(low),
        (..0x100, [_, low]) => whole.extend([0x81, low]),
        (_, [high, low]) => whole.extend([0x82, high, low]),
    }
    whole.extend(content);
    whole
}

/// The same P-256 signature under its other name: n - s verifies wherever s does (SEC 1 section 4.1.4).
fn malleated(request: &[u8]) -> Vec<u8> {
    const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let inside = |der: &[u8]| -> Vec<Vec<u8>> {
        let content = strict::only(der).unwrap().content;
        strict::children(content).unwrap().iter().map(|part| part.whole.to_vec()).collect()
    };
    let parts = inside(request);
    let signature = inside(&strict::only(&parts[2]).unwrap().content[1..]);
    let s = strict::only(&signature[1]).unwrap().content;
    let n: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&N[2 * i..2 * i + 2], 16).unwrap()).collect();
    let s = [vec![0; 33 - s.len()], s.to_vec()].concat();
    let mut other = [0; 33];
    let mut borrow = 0;
    for i in (1..33).rev() {
        let difference = i32::from(n[i - 1]) - i32::from(s[i]) - borrow;
        borrow = i32::from(difference < 0);
        other[i] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    // A positive INTEGER, minimal.
    let first = other.iter().position(|byte| *byte != 0).unwrap();
    let other = &other[first - usize::from(other[first] >= 0x80)..];
    let signature = element(0x30, &[signature[0].clone(), element(2, other)].concat());
    let bits = element(3, &[vec![0], signature].concat());
    element(0x30, &[parts[0].clone(), parts[1].clone(), bits].concat())
}

#[test]
fn two_requests_for_one_cluster_are_one_too_many() {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("newer");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster1", &plain)]));
    world.stopped(
        &SIGN,
        "
        error: newer.csr is refused by the rule policy.session.cluster: saw cluster1 is
               for cluster1 as well, wanted one request
        hint:  ask the cluster's engineer which of the two is meant; the other is signed
               in no session
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_request_that_was_signed_is_not_signed_again() {
    let world = World::ready();
    world.issued("cluster1");
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    world.stopped(
        &later,
        "
        error: cluster1 is refused by the rule policy.key.again: saw the key of
               cluster1, spki …, wanted a new key
        hint:  its certificate exists already: make its bundle again with anchorite
               export, or a new request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_copy_of_a_signed_request_is_known_by_its_key_however_it_is_written() {
    let world = certified();
    let der = der(PLAIN_CSR);
    let copies = [
        PLAIN_CSR.to_owned(),
        PLAIN_CSR.replace('\n', "\r\n"),
        format!("A new request, at last\n{PLAIN_CSR}"),
        PLAIN_CSR.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
        pem(&malleated(&der)),
    ];
    assert_ne!(malleated(&der), der);
    assert_eq!(malleated(&malleated(&der)), der);
    for copy in copies {
        comes(&world, "cluster2", copy);
        world.stopped(
            &later(),
            &format!(
                "
        error: again.csr is refused by the rule policy.key.again: saw the key of
               cluster2, spki …, wanted a new key
        hint:  its certificate exists already: make its bundle again with anchorite
               export, or a new request
        {STRIKE}
    "
            ),
        );
    }
}

#[test]
fn a_key_that_is_certified_for_another_cluster_is_refused() {
    let world = certified();
    comes(&world, "cluster3", PLAIN_CSR);
    world.stopped(
        &later(),
        &format!(
            "
        error: again.csr is refused by the rule policy.key.elsewhere: saw the key of
               cluster2, spki …, wanted a key of its own
        hint:  make a new key for this cluster
        {STRIKE}
    "
        ),
    );
}

#[test]
fn one_file_under_two_names_is_one_request_too_many() {
    let world = World::ready();
    let sha256 = world.plain_request("cluster2");
    world.write("requests/copy.csr", PLAIN_CSR);
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    world.stopped(
        &SIGN,
        &format!(
            "
        error: copy.csr is refused by the rule policy.session.cluster: saw cluster2.csr
               is for cluster2 as well, wanted one request
        hint:  ask the cluster's engineer which of the two is meant; the other is signed
               in no session
        {STRIKE}
    "
        ),
    );
    let shown = world.run(&SIGN).stderr;
    assert!(shown.contains("2 reasons") && shown.contains("policy.session.key"), "{shown}");
    // The malleated copy has another digest, so it can be called another cluster's: its key tells.
    let world = World::ready();
    let first = world.plain_request("cluster2");
    comes(&world, "cluster3", pem(&malleated(&der(PLAIN_CSR))));
    let second = world.sha256("requests/again.csr");
    let answers = world.signing_answers(&[], &[("cluster2", &first), ("cluster3", &second)]);
    world.write("answers.toml", &answers);
    world.stopped(
        &SIGN,
        &format!(
            "
        error: cluster2.csr is refused by the rule policy.session.key: saw the key of
               again.csr, spki …, wanted a key of its own
        hint:  the same request lies on the stick twice, or two clusters share a key:
               each makes a key of its own
        {STRIKE}
    "
        ),
    );
    // One of the two struck, the other is signed.
    let struck = answers.replace(&format!("\"sha256:{first}\" = \"approve\"\n"), "").replacen(
        "words = \"same\"\n",
        "strike = \"the same key\"\n",
        1,
    );
    world.sign(&struck).ok();
    assert_eq!(world.bundles().len(), 1);
}

#[test]
fn a_request_of_the_authority_s_own_keys_is_refused() {
    let Some(module) = softhsm_module().filter(|_| crate::present::have("certtool")) else {
        eprintln!("SKIPPED: certtool makes requests of keys in a token, and is not here");
        return;
    };
    let world = World::ready();
    for (role, label) in [("root", "root"), ("audit", "audit")] {
        let provider = module.to_str().unwrap().to_owned();
        let listed = world.tool("p11tool", &["--provider", &provider, "--login", "--set-pin", PIN, "--list-privkeys"]);
        let urls = listed.ok().stdout;
        let url = urls.lines().find_map(|line| line.trim().strip_prefix("URL: ").filter(|url| url.contains(label)));
        let url = url.unwrap_or_else(|| panic!("{urls}")).to_owned();
        world.write("template", "cn = \"cluster2\"\n");
        let load = ["--generate-request", "--load-privkey", &url, "--provider", &provider, "--template", "template"];
        let mut command = std::process::Command::new("certtool");
        command.args(load).args(["--outfile", "own.csr", "--hash", "sha256"]);
        world.clean(&mut command);
        let made = command.env("GNUTLS_PIN", PIN).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        comes(&world, "cluster2", world.read("own.csr"));
        world.stopped(
            &SIGN,
            &format!(
                "
        error: again.csr is refused by the rule policy.key.own: saw the {role} key,
               wanted a key of the cluster
        hint:  the request was made with the authority's own key: find out who could
        {STRIKE}
    "
            ),
        );
    }
}

#[test]
fn a_cluster_s_name_that_climbs_collides_or_hides_is_refused() {
    let world = World::ready();
    world.request("cluster1");
    let json = String::from_utf8(world.read("requests/cluster1/request.json")).unwrap();
    for (name, shown) in [
        ("../authority", "\"../authority\""),
        ("a/b", "\"a/b\""),
        (".", "\".\""),
        ("Cluster1", "\"Cluster1\""),
        ("cluster1 ", "\"cluster1 \""),
        ("-rf", "\"-rf\""),
        ("", "\"\""),
        ("cluster1\\u202e", "\"cluster1\\u{202e}\""),
        ("cluster1\\u0000", "\"cluster1\\u{0}\""),
        ("clu\\u001b[2Jster", "\"clu\\u{1b}[2Jster\""),
        ("cl\u{443}ster", "\"cl\u{443}ster\""),
    ] {
        let altered = json.replace("\"cluster\": \"cluster1\"", &format!("\"cluster\": \"{name}\""));
        assert_ne!(altered, json);
        world.write("requests/cluster1/request.json", altered);
        let sha256 = world.sha256("requests/cluster1/request.json");
        world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
        world.stopped(
            &SIGN,
            &format!(
                "
        error: cluster1 is refused by the rule request.package.form: saw not a cluster
               name: {shown}, wanted 1 to 63 of a-z, 0-9 and -, a letter or digit at both ends
        hint:  ask for a new package: anchorite request NAME
        {}
    ",
                STRIKE.replace("exit 10", "exit 30")
            ),
        );
    }
}

#[test]
fn what_is_signed_is_what_was_read_though_the_file_changes_meanwhile() {
    let world = founded();
    world.request("cluster1");
    let package = ["request.json", "request.sig"];
    let first = package.map(|name| world.read(format!("requests/cluster1/{name}")));
    let sheet = world.run(&["words", "requests/cluster1/request.json"]).ok().stdout;
    std::fs::rename(world.path("clusters/cluster1"), world.path("clusters/first")).unwrap();
    world.request("cluster1");
    let second = package.map(|name| world.read(format!("requests/cluster1/{name}")));
    assert_ne!(first, second);
    let put = |files: &[Vec<u8>; 2]| {
        for (name, bytes) in package.iter().zip(files) {
            world.write(format!("requests/cluster1/{name}"), bytes);
        }
    };
    put(&first);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let (administrator, witness) = plan_words(&seat.asked("Witness: sheet words "));
    // The first request was read; from here on, another lies on the stick.
    put(&second);
    let places = seat.reads(" (or no): ");
    seat.types(&from_sheet(&sheet, &places));
    seat.answers(APPROVE_1, &administrator);
    seat.answers(APPROVE_2, &witness);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let bundle = world.bundles()[0].to_str().unwrap().to_owned();
    let open = |into: &str| world.run(&["open", &bundle, "--into", into, "--root", "authority/public/root-cert.pem"]);
    assert_ne!(open("clusters/cluster1").code, Some(0), "the second request was signed");
    std::fs::remove_dir_all(world.path("clusters/cluster1")).unwrap();
    std::fs::rename(world.path("clusters/first"), world.path("clusters/cluster1")).unwrap();
    open("clusters/cluster1").ok();
    let public = |arguments: &[&str]| world.tool("openssl", arguments).ok().stdout;
    assert_eq!(
        public(&["x509", "-in", "clusters/cluster1/ca-cert.pem", "-noout", "-pubkey"]),
        public(&["pkey", "-in", "clusters/cluster1/ca-key.pem", "-pubout"])
    );
}
