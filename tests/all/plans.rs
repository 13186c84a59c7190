//! What people are shown of a plan, what needs a reason of theirs, and what no reason can do.

use crate::seat::{APPROVE_1, APPROVE_2, Seat, approves, founded_as, from_sheet, introduces, plan_words};
use crate::support::{AUTHORITY, ENTRIES, GENESIS, PIN, SIGN, World, assert_text, configuration, with_reason};
use anchorite::request::package;
use anchorite::x509::{LocalKey, pem};

/// A request that asks for everything a CA could give.
const EVERYTHING: &str = include_str!("fixtures/everything.cnf");

/// Makes `requests/NAME.csr` by openssl; the digest of the file, in hex.
fn csr(world: &World, name: &str, key: &[&str]) -> String {
    world.write("everything.cnf", EVERYTHING);
    let path = format!("requests/{name}.csr");
    let mut arguments = vec!["req", "-new", "-nodes", "-keyout", "key.pem", "-config", "everything.cnf", "-out", &path];
    arguments.extend(["-newkey"].iter().chain(key));
    world.tool("openssl", &arguments).ok();
    world.sha256(path)
}

const P256: [&str; 3] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/// From the first line of the last plan to its words.
fn last_plan(shown: &str) -> String {
    let from = shown.rfind("World Mesh Root · ").unwrap();
    let to = from + shown[from..].find("words 1-4").unwrap();
    shown[from..to].to_owned()
}

#[test]
fn a_request_that_asks_for_everything_is_shown_with_what_it_gets_and_what_it_does_not() {
    let settings = "crl_urls = [\"http://pki.example.com/root.crl\"]\n\
                    ca_issuers_urls = [\"http://pki.example.com/root.cer\"]\n\
                    [intermediates.name_constraints]\npermitted_dns = [\"svc\"]\nexcluded_dns = [\"bank.svc\"]\n\
                    [clusters.cluster1]\nvalidity_days = 90\norganizational_unit = \"Payments\"\n\
                    name_constraints = { excluded_dns = [\"kube-system.svc\"] }\n";
    let world = World::new();
    world.configure(&(configuration("test", "ecdsa-p256") + settings));
    world.found().ok();
    let sha256 = csr(&world, "cluster1", &P256);
    let signed = world.sign(&world.signing_answers(&[], &[("cluster1", &sha256)])).ok();
    assert_text(
        &last_plan(&signed.stderr),
        "
        World Mesh Root · test                                               plan 1 of 1
        Intermediate CA for cluster1 (prod)                                 generation 1
          subject      O=World, OU=Payments, OU=TEST, CN=Intermediate CA, L=cluster1,
                       serialNumber=1
          issuer       O=World, OU=TEST, CN=World Mesh Root CA   (generation 1)
          key          ECDSA P-256 spki …
                       same as in the request: yes
          valid        2026-11-21 09:55:00 UTC → 2027-02-19 09:54:59 UTC   90 days
          may issue    leaves only (pathlen 0)
          serial       …
          for          istio · DNS:istiod.istio-system.svc
          leaves only  DNS:svc
          leaves never DNS:bank.svc, DNS:kube-system.svc
          CRL at       http://pki.example.com/root.crl
          issuer at    http://pki.example.com/root.cer
          trust domain cluster.local
          to           1 recipient   age1…   (new cluster)
          asked, not given: subject O=World, CN=World Mesh Root CA, pathlen:5, keyUsage
          digitalSignature, extendedKeyUsage serverAuth, SAN DNS:bank.example,
          SAN URI:spiffe://other/ns/a, nameConstraints permitted DNS:example.com,
          subjectKeyIdentifier …,
          authorityKeyIdentifier 0102030405060708090a0b0c0d0e0f1011121314,
          CRL distribution point http://evil.example/crl, caIssuers http://evil.example/ca,
          certificate policy 1.2.3.4
          findings     0 refuse · 0 warn · 15 info
          plan digest  …
    ",
    );
    let issued = std::fs::read_dir(world.path("authority/issued")).unwrap().map(|f| f.unwrap().path());
    let texts = issued.map(|path| {
        let path = path.display().to_string();
        world.tool("openssl", &["x509", "-in", &path, "-noout", "-text"]).ok().stdout
    });
    let text = texts.into_iter().find(|text| text.contains("cluster1")).unwrap();
    for asked in ["evil", "bank.example", "spiffe", "example.com\n", "1.2.3.4", "pathlen:5", "TLS Web", "Digital Sig"] {
        assert!(!text.contains(asked), "{asked}: {text}");
    }
    for given in ["pathlen:0", "DNS:bank.svc", "DNS:kube-system.svc", "http://pki.example.com/root.crl"] {
        assert!(text.contains(given), "{given}: {text}");
    }
}

/// Settings under which an RSA-2048 request has every warning of a first certificate.
fn full_of_warnings(kind: &str) -> String {
    let settings = "sidecar_only = true\nname_constraints = { permitted_uris = [\"cluster.local\"] }\n";
    configuration(kind, "ecdsa-p256")
        .replace("keys = [", "keys = [\"rsa-2048\", ")
        .replace("max_validity_days = 365", "max_validity_days = 3650")
        + settings
}

const WARNINGS: &str = "
    findings     0 refuse · 3 warn · 15 info
    warn         policy.key.rsa-2048
      seen       RSA-2048
      wanted     RSA-3072 or better, or ECDSA
      to do      ask for a key on P-256, or RSA of 3072 bits: anchorite request NAME
                 --key ecdsa-p256
    warn         policy.validity.cut-short
      seen       the root ends 2036-11-18T09:24:59Z
      wanted     2036-11-18T09:54:59Z
      to do      the root ends first: plan its successor, or shorten
                 max_validity_days or the cluster's validity_days
    warn         certificate.uri-constraint
      seen       URI:cluster.local
      wanted     none, where a ztunnel verifies
      to do      sure that this mesh will have no ztunnel while the certificate
                 lives? else leave it out
    so           to approve it needs a typed reason, which the log keeps
    plan digest  …
";

#[test]
fn a_warning_needs_a_reason_and_the_log_keeps_it() {
    let world = World::new();
    world.configure(&full_of_warnings("test"));
    world.found().ok();
    let sha256 = csr(&world, "cluster1", &["rsa:2048"]);
    let answers = world.signing_answers(&[], &[("cluster1", &sha256)]);
    let without = "
        error: a plan with warnings needs a reason, which the log keeps: saw no reason
        Nothing was signed.
        exit 10
    ";
    world.write("answers.toml", &answers);
    world.stopped(&SIGN, without);
    world.write("answers.toml", answers.replace("= \"approve\"", "= { approve = \"  \" }"));
    world.stopped(
        &SIGN,
        &format!(
            "
        error: answers: [review]
               sha256:{sha256}
               is not filled in: saw {{ approve = \"  \" }}
        Nothing was signed.
        exit 2
    "
        ),
    );
    let signed = world.sign(&with_reason(&answers)).ok();
    let plan = last_plan(&signed.stderr);
    let findings = &plan[plan.find("  findings").unwrap()..];
    assert_text(findings, WARNINGS);
    assert!(String::from_utf8(world.read(ENTRIES)).unwrap().contains("agreed on the telephone"));
}

#[test]
fn people_are_asked_for_the_reason_after_their_words() {
    let world = founded_as(&full_of_warnings("production"));
    world.tool("openssl", &["genrsa", "-out", "rsa.pem", "2048"]).ok();
    world.run(&["--now", GENESIS, "request", "cluster1", "--use-key", "rsa.pem", "--into", "clusters"]).ok();
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/cluster1/{name}"), world.read(format!("clusters/cluster1/{name}")));
    }
    let sheet = world.run(&["words", "requests/cluster1/request.json"]).ok().stdout;
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let plan = seat.asked("Witness: sheet words ");
    let places = seat.reads(" (or no): ");
    seat.types(&from_sheet(&sheet, &places));
    let (administrator, witness) = plan_words(&plan);
    seat.answers(APPROVE_1, &administrator);
    seat.answers(APPROVE_2, &witness);
    seat.answers("Reason: ", "");
    // A key pressed too early does not end a ceremony.
    let shown = seat.answers(APPROVE_1, &administrator);
    assert!(shown.contains("Not yet: a plan with warnings needs a reason"), "{shown}");
    seat.answers(APPROVE_2, &witness);
    seat.answers("Reason: ", "their machine makes no other key");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(String::from_utf8(world.read(ENTRIES)).unwrap().contains("their machine makes no other key"));
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn no_answer_and_no_setting_overrules_a_refusal() {
    let world = World::new();
    world.configure(&(configuration("test", "ecdsa-p256") + "hashes = [\"sha512\"]\n"));
    world.found().ok();
    let sha256 = csr(&world, "cluster1", &P256);
    let answers = world.signing_answers(&[], &[("cluster1", &sha256)]);
    let refused = "
        error: cluster1.csr is refused by the rule policy.hash: saw sha256, wanted sha512
        hint:  sign the request again with one of them: openssl req -new -sha256
               (-sha384, -sha512) -key KEY.pem
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ";
    for answers in [answers.clone(), with_reason(&answers)] {
        world.write("answers.toml", answers);
        world.stopped(&SIGN, refused);
    }
    // No answer exists that would say so.
    world.write("answers.toml", answers.replace("words = \"same\"", "words = \"same\"\noverrule = \"policy.hash\""));
    let run = world.run(&SIGN);
    assert!(run.code != Some(0) && run.stderr.contains("unknown field \"overrule\""), "{}", run.stderr);
    for setting in ["ignore = [\"policy.hash\"]", "severity = { \"policy.hash\" = \"warn\" }"] {
        world.configure(&(configuration("test", "ecdsa-p256") + setting + "\n"));
        let checked = world.run(&["-C", AUTHORITY, "config", "check"]);
        assert!(checked.code == Some(2) && checked.stderr.contains("unknown field"), "{}", checked.stderr);
    }
}

#[test]
fn a_cluster_gets_the_profile_that_it_chose() {
    let world = World::new();
    let settings = "profiles = [\"linkerd\", \"subordinate\"]\npath_len = 2\n[clusters.cluster1]\nprofile = \"linkerd\"\n\
                    [clusters.cluster2]\nprofile = \"subordinate\"\npath_len = 1\n";
    world.configure(&(configuration("test", "ecdsa-p256") + settings));
    world.found().ok();
    let requests = ["cluster1", "cluster2", "cluster3"].map(|name| world.request(name));
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    let shown = world.sign(&world.signing_answers(&requests, &[])).ok().stderr;
    let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text}: {shown}"));
    assert!(at("for          linkerd\n") < at("for          subordinate\n"), "{shown}");
    assert!(shown.contains("leaves and CAs below it to a depth of 1 (pathlen 1)"), "{shown}");
    assert!(at("for          subordinate\n") < at("for          istio · DNS:istiod.istio-system.svc\n"), "{shown}");
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    let enrolled = log.lines().filter(|line| line.contains("\"cluster.enrolled\""));
    let profiles: Vec<bool> = enrolled.zip(["linkerd", "subordinate", "istio"]).map(|(l, p)| l.contains(p)).collect();
    assert_eq!(profiles, [true, true, true]);
}

#[test]
fn approving_three_plans_of_a_genesis_shows_no_finding() {
    let world = World::configured("production", "ecdsa-p256");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for pin in ["New security officer's PIN: ", "New security officer's PIN, again: "] {
        seat.answers(pin, crate::support::SO_PIN);
    }
    for pin in ["New user PIN: ", "New user PIN, again: "] {
        seat.answers(pin, PIN);
    }
    for _ in 0..3 {
        assert!(approves(&mut seat).contains("findings     0 refuse · 0 warn · 0 info"));
    }
    assert_eq!(seat.ends().1, 0);
}

#[test]
fn a_package_whose_request_has_another_subject_shows_it_as_not_given() {
    let world = World::ready();
    csr(&world, "odd", &P256);
    world.run(&["--now", GENESIS, "request", "cluster1", "--key", "ecdsa-p256", "--into", "clusters"]).ok();
    let key = LocalKey::from_pem(&String::from_utf8(world.read("key.pem")).unwrap().into()).unwrap();
    let json = package::parse(&world.read("clusters/cluster1/request.json")).unwrap();
    let odd = pem::decode_one(&world.read("requests/odd.csr"), "CERTIFICATE REQUEST").unwrap();
    std::fs::remove_file(world.path("requests/odd.csr")).unwrap();
    let files = package::make_package(json, &odd, &key, None).unwrap();
    world.write("requests/cluster1/request.json", files.json);
    world.write("requests/cluster1/request.sig", files.signature);
    let sha256 = world.sha256("requests/cluster1/request.json");
    let shown = world.sign(&world.signing_answers(&[&sha256], &[])).ok().stderr;
    assert!(shown.contains("asked, not given: subject O=World, CN=World Mesh Root CA, pathlen:5"), "{shown}");
}
