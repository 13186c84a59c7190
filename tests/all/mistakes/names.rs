//! What a request asks for, and what certificates must carry.

use super::openssl_request;
use crate::support::{PARTICIPANTS, SIGN, World};

/// Mistake 14. All CSR extensions copied. Mistake 5. A CA that may issue CAs under an issuer that says no.
#[test]
fn mistake_14_5_a_request_that_asks_for_everything_gets_nothing_of_it_and_the_screen_says_so() {
    let world = World::ready();
    world.plain_request("unused");
    std::fs::remove_file(world.path("requests/unused.csr")).unwrap();
    let asked = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-keyout",
        "own.key",
        "-subj",
        "/O=Elsewhere/CN=Another Root CA",
        "-addext",
        "basicConstraints=critical,CA:TRUE,pathlen:5",
        "-addext",
        "keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
        "-addext",
        "subjectAltName=DNS:kubernetes.default.svc,URI:spiffe://cluster.local/ns/x/sa/y",
        "-addext",
        "nameConstraints=permitted;DNS:example.com",
    ];
    let sha256 = openssl_request(&world, "greedy", &asked);
    let signed = world.sign(&world.signing_answers(&[], &[("greedy", &sha256)])).ok();
    let plan = signed.stderr.split("asked, not given").nth(1).unwrap();
    for part in
        ["pathlen:5", "digitalSignature", "kubernetes.default.svc", "spiffe://", "example.com", "Another Root CA"]
    {
        assert!(plan.split("plan digest").next().unwrap().contains(part), "{part} is not in {plan}");
    }
    let shown = issued(&world, "greedy");
    for given in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "DNS:istiod.istio-system.svc", "L = greedy"] {
        assert!(shown.contains(given), "{given} is not in {shown}");
    }
    for not in ["Digital Signature", "kubernetes", "spiffe", "example.com", "Another Root", "Elsewhere", "pathlen:5"] {
        assert!(!shown.contains(not), "{not} is in {shown}");
    }
}

/// The certificate of a cluster as openssl shows it.
fn issued(world: &World, cluster: &str) -> String {
    let files = std::fs::read_dir(world.path("authority/issued")).unwrap();
    let shown = files.map(|file| {
        let path = file.unwrap().path();
        world.tool("openssl", &["x509", "-noout", "-text", "-in", path.to_str().unwrap()]).ok().stdout
    });
    shown.into_iter().find(|text| text.contains(&format!("L = {cluster}"))).unwrap()
}

/// Mistake 14. No SKI, no AKI.
#[test]
fn mistake_14_every_certificate_has_its_key_identifiers_and_those_below_the_root_copy_its_own() {
    let world = World::ready();
    world.issued("cluster1");
    let text = |file: &str, extension: &str| {
        let arguments = ["x509", "-noout", "-ext", extension, "-in", file];
        let shown = world.tool("openssl", &arguments).ok().stdout;
        shown.lines().last().unwrap_or_default().trim().to_owned()
    };
    let root = text("authority/public/root-cert.pem", "subjectKeyIdentifier");
    assert_eq!(root.len(), 59, "{root}");
    for file in std::fs::read_dir(world.path("authority/issued")).unwrap() {
        let path = file.unwrap().path();
        let path = path.to_str().unwrap();
        assert_eq!(text(path, "subjectKeyIdentifier").len(), 59, "{path}");
        let above = text(path, "authorityKeyIdentifier");
        let is_root = text(path, "subjectKeyIdentifier") == root;
        assert!(is_root || above.trim_start_matches("keyid:") == root, "{path}: {above}");
    }
}

/// Mistake 14. "Confirm" without showing the certificate: an answer is about what was reviewed, or counts for
/// nothing.
#[test]
fn mistake_14_an_approval_that_names_nothing_or_something_else_signs_nothing() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    let words = format!("{PARTICIPANTS}[requests.\"sha256:{sha256}\"]\nwords = \"same\"\n");
    world.write("answers.toml", format!("{words}[review]\nall = \"approve\"\n"));
    let unanswered = "
        error: answers: [review] has no answer for sha256:…
        hint:  add it under [review]
        Nothing was signed.
        exit 2
    ";
    world.stopped(&SIGN, unanswered);
    world.write("answers.toml", format!("{words}[review]\n\"sha256:{}\" = \"approve\"\n", "ab".repeat(32)));
    world.stopped(&SIGN, unanswered);
    let mut yes = SIGN.to_vec();
    yes.push("--yes");
    world.refused(
        &yes,
        "
        error: unexpected argument '--yes' found

        Usage: anchorite sign --from <DIR> --to <DIR> --pin-file <FILE> --answers <FILE>

        For more information, try '--help'.
        exit 2
    ",
    );
}
