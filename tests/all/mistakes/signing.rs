//! Certificates that must not be: outliving their issuer, under a pathlen-0 issuer, refused by the lint.

use crate::support::{AUTHORITY, GENESIS, SIGN, World, configuration};
use anchorite::authority::Config;
use anchorite::digest::Hex;
use anchorite::key::KeySpec;
use anchorite::plan::{MadePlan, Standard, make, make::Context};
use anchorite::words;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::{pem, read};
use anchorite::{policy, profile};

/// Mistake 4. An intermediate outlives its issuer: the configuration that says so is none.
#[test]
fn mistake_4_a_configuration_in_which_an_intermediate_outlives_its_root_is_refused() {
    let world = World::new();
    let text = configuration("test", "ecdsa-p256").replace("validity_days = 3650", "validity_days = 100");
    world.configure(&text);
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        "
        error: authority.toml, line 15, column 1: [intermediates] max_validity_days: an
               intermediate cannot outlive its root: saw 365, wanted 1 to 100, the
               root's
        exit 2
    ",
    );
}

/// Mistake 4. An intermediate that would begin when its root has ended.
#[test]
fn mistake_4_an_intermediate_that_begins_after_the_end_of_its_root_is_refused() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut late = SIGN;
    late[3] = "2036-11-21T10:00:00Z";
    world.stopped(
        &late,
        "
        error: the root certificate has ended: nothing that it signs now is valid: saw
               2036-11-21T10:00:00Z, wanted a time before 2036-11-18T09:24:59Z
        hint:  is the clock right? (date -u)
        hint:  if it is, the meshes need a new root: anchorite root rollover
        Nothing was signed.
        exit 10
    ",
    );
}

/// Mistake 4. An intermediate that would begin before its root: the clock stands before the genesis.
#[test]
fn mistake_4_an_intermediate_that_predates_its_root_is_refused_with_the_clock_that_would_make_it() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut early = SIGN;
    early[3] = "2026-11-01T10:00:00Z";
    world.refused(
        &early,
        "
        error: the clock is behind the log's last entry: saw 2026-11-01T10:00:00Z,
               wanted not before 2026-11-21T09:30:00Z
        hint:  set the clock from the master clock of the room (date -u -s …), then run
               the ceremony again
        Nothing was signed.
        exit 12
    ",
    );
}

/// Mistake 5. A CA under an issuer whose path length is 0. Nothing of ours can plan one, so one is made
/// elsewhere, and judged by the lint that every plan passes.
#[test]
fn mistake_5_a_ca_under_an_issuer_with_path_length_0_is_refused_by_the_lint_for_every_profile() {
    let world = World::ready();
    world.write("ca.cnf", "[v3]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n[below]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n[req]\ndistinguished_name=dn\n[dn]\n");
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "ca.cnf", "-utf8"];
    let top = [
        "req",
        "-x509",
        "-subj",
        "/CN=Intermediate",
        "-extensions",
        "v3",
        "-days",
        "30",
        "-keyout",
        "top.key",
        "-out",
        "top.pem",
    ];
    world.tool("openssl", &[&top[..], &key].concat()).ok();
    let below = ["req", "-new", "-subj", "/CN=Below", "-keyout", "below.key", "-out", "below.csr"];
    world.tool("openssl", &[&below[..], &key].concat()).ok();
    let sign = [
        "x509",
        "-req",
        "-in",
        "below.csr",
        "-CA",
        "top.pem",
        "-CAkey",
        "top.key",
        "-days",
        "20",
        "-extfile",
        "ca.cnf",
        "-extensions",
        "below",
        "-out",
        "below.pem",
    ];
    world.tool("openssl", &sign).ok();
    let view = |file: &str| {
        let der = pem::decode_one(&world.read(file), "CERTIFICATE").unwrap();
        read::certificate(&der).unwrap().view
    };
    let (issuer, subject) = (view("top.pem"), view("below.pem"));
    for name in ["istio", "cert-manager", "linkerd", "subordinate"] {
        let findings = policy::lint(&subject, Some(&issuer), profile::by_name(name).unwrap());
        let found = findings.iter().find(|finding| finding.id == "certificate.path-length").expect(name);
        assert_eq!(found.severity, anchorite::finding::Severity::Refuse);
        assert_eq!(found.observed, "a CA under an issuer with path length 0", "{name}");
        assert_eq!(found.expected, "no CA there", "{name}");
    }
    let judged = world.run(&["inspect", "certificate", "below.pem", "--profile", "subordinate", "--issuer", "top.pem"]);
    crate::support::assert_text(
        &judged.error(),
        "
        error: the certificate is refused for subordinate by the rule
               certificate.path-length: saw a CA under an issuer with path length 0,
               wanted no CA there
        hint:  set the profile's path length; under an issuer with path length 0 there
               can be no CA at all
        exit 10
    ",
    );
}

/// Mistake 11. A finding silenced by a skip list: a reason changes nothing where a rule refuses.
#[test]
fn mistake_11_a_request_that_a_rule_refuses_is_not_signed_whatever_the_reason() {
    let world = World::new();
    let linkerd = configuration("test", "ecdsa-p256").replace("\"istio\"", "\"linkerd\"");
    let all = "[\"rsa-3072\", \"rsa-4096\", \"ecdsa-p256\", \"ecdsa-p384\"]";
    world.configure(&linkerd.replace(all, "[\"ecdsa-p256\"]"));
    world.found().ok();
    world.run(&["--now", GENESIS, "request", "west", "--key", "ecdsa-p384", "--into", "clusters"]).ok();
    for name in ["request.json", "request.sig"] {
        let bytes = world.read(format!("clusters/west/{name}"));
        world.write(format!("requests/west/{name}"), bytes);
    }
    let sha256 = world.sha256("requests/west/request.json");
    let answers = world.signing_answers(&[&sha256], &[]);
    let reason = "{ approve = \"the vendor says that it is fine\" }";
    let text = "
        error: west is refused by the rule request.key.curve: saw ECDSA P-384, wanted
               ECDSA P-256
        hint:  make a key on an allowed curve, named and not spelled out
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ";
    for answers in [answers.clone(), answers.replace("= \"approve\"", &format!("= {reason}"))] {
        world.write("answers.toml", answers);
        world.stopped(&SIGN, text);
    }
}

/// Mistake 11. Lint after creation: a plan has its findings before people see it, and one that the lint refuses
/// becomes nothing that may be signed, with the right words and with any reason.
#[test]
fn mistake_11_a_plan_that_the_lint_refuses_cannot_be_approved_whatever_the_reason() {
    let text = configuration("test", "ecdsa-p256");
    let config = Config::parse(&text).unwrap();
    let now = GENESIS.parse().unwrap();
    let context = Context { config: &config, config_sha256: Config::digest(&text), session: "s", now };
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let good = make::root(context, key.spki(), 1, Hex(vec![7; 16])).unwrap();
    good.approve_by_answer(&good.plan().reviewed, None).unwrap();
    // The same bytes, held against what they are not.
    let audit = Standard::Certificate(*profile::by_name("audit").unwrap(), None);
    let bad = MadePlan::new(good.plan().clone(), audit).unwrap();
    let words = |at: usize| words::words(&bad.digest().0)[at..at + 2].join(" ");
    for reason in [None, Some("Let's Encrypt did it too")] {
        let by_words = bad.approve_by_words(&words(0), &words(2), reason).unwrap_err();
        let by_answer = bad.approve_by_answer(&bad.plan().reviewed, reason).unwrap_err();
        for error in [by_words, by_answer] {
            assert_eq!(error.kind().exit_code(), 10);
            assert_eq!(
                error.to_string(),
                "the plan is refused by the rule certificate.subject-is-issuer: saw no issuer, wanted an issuer's \
                 certificate"
            );
            assert_eq!(error.truths(), ["Nothing was signed."]);
        }
    }
}

/// Mistake 11. There is nothing to silence a rule with: not in the configuration, not on the command line.
#[test]
fn mistake_11_a_rule_cannot_be_switched_off() {
    let world = World::new();
    world.configure(&format!("skip_lints = [\"certificate.key-kind\"]\n{}", configuration("test", "ecdsa-p256")));
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        "
        error: authority.toml, line 1, column 1: unknown field \"skip_lints\": wanted one
               of name, kind, unattended, token, audit, root, intermediates, clusters,
               crl, custody, roles, emergency, key_backup, ceremonies, status,
               countersigners, preflight
        exit 2
    ",
    );
    let world = World::ready();
    let mut skip = SIGN.to_vec();
    skip.push("--skip-lint");
    world.refused(
        &skip,
        "
        error: unexpected argument '--skip-lint' found

          tip: a similar argument exists: '--script'

        Usage: anchorite sign --from <DIR> --to <DIR> --pin-file <FILE> --answers <FILE>
        --script <FILE>

        For more information, try '--help'.
        exit 2
    ",
    );
}
