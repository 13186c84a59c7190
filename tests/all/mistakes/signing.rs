//! Certificates that must not be: outliving their issuer, under a pathlen-0 issuer, refused by the lint.

use crate::support::{AUTHORITY, SIGN, World, configuration};
use anchorite::x509::{pem, read};
use anchorite::{policy, profile};

/// Mistake 4. An intermediate outlives its issuer: the configuration that says so is none.
#[test]
fn a_configuration_in_which_an_intermediate_outlives_its_root_is_refused() {
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
fn an_intermediate_that_begins_after_the_end_of_its_root_is_refused() {
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
        hint:  if it is, the meshes need a new root: anchorite new DIR
        Nothing was signed.
        exit 10
    ",
    );
}

/// Mistake 4. An intermediate that would begin before its root: the clock stands before the genesis.
#[test]
fn an_intermediate_that_predates_its_root_is_refused_with_the_clock_that_would_make_it() {
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
fn a_ca_under_an_issuer_with_path_length_0_is_refused_by_the_lint_for_every_profile() {
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
}

/// Mistake 11. Lint after creation, a lint silenced by a skip list: what the lint refuses is refused before
/// anything is signed, and a reason changes nothing.
#[test]
fn a_plan_that_the_lint_refuses_is_not_signed_whatever_the_reason() {
    let world = World::new();
    // Legal: a P-256 root can issue linkerd's intermediates; this cluster brings another kind of key.
    world.configure(&configuration("test", "ecdsa-p256").replace("\"istio\"", "\"linkerd\""));
    world.found().ok();
    world.run(&["--now", crate::support::GENESIS, "request", "west", "--key", "ecdsa-p384", "--into", "clusters"]).ok();
    for name in ["request.json", "request.sig"] {
        let bytes = world.read(format!("clusters/west/{name}"));
        world.write(format!("requests/west/{name}"), bytes);
    }
    let sha256 = world.sha256("requests/west/request.json");
    let answers = world.signing_answers(&[&sha256], &[]);
    let text = "
        error: the plan is refused by the rule certificate.key-kind: saw ECDSA P-384,
               wanted for linkerd: ECDSA P-256
        hint:  correct authority.toml, or choose another profile
        Nothing was signed.
        exit 10
    ";
    world.write("answers.toml", &answers);
    world.stopped(&SIGN, text);
    let reason = "{ approve = \"the vendor says that it is fine\" }";
    world.write("answers.toml", answers.replace("= \"approve\"", &format!("= {reason}")));
    world.stopped(&SIGN, text);
}

/// Mistake 11. There is nothing to silence a rule with: not in the configuration, not on the command line.
#[test]
fn a_rule_cannot_be_switched_off() {
    let world = World::new();
    world.configure(&format!("skip_lints = [\"certificate.key-kind\"]\n{}", configuration("test", "ecdsa-p256")));
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        "
        error: authority.toml, line 1, column 1: unknown field \"skip_lints\": wanted one
               of name, kind, unattended, token, audit, root, intermediates, clusters,
               crl, roles, key_backup
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
