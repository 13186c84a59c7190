//! `authority.toml` with one mistake at a time.

use crate::support::{AUTHORITY, World, configuration};

/// The mistake: what is replaced by what.
#[track_caller]
fn refused(from: &str, to: &str, text: &str) {
    let world = World::new();
    let good = configuration("test", "ecdsa-p256");
    let bad = good.replacen(from, to, 1);
    assert_ne!(good, bad, "{from} is not in the configuration");
    world.configure(&bad);
    world.refused(&["-C", AUTHORITY, "config", "check"], text);
}

#[test]
fn an_unknown_key_is_told_the_nearest_name() {
    refused(
        "unattended",
        "unatended",
        r#"
        error: authority.toml, line 3, column 1: unknown field "unatended": wanted one
               of name, kind, unattended, token, audit, root, intermediates, clusters,
               crl, custody, roles, emergency, key_backup, ceremonies, status,
               countersigners, preflight
        hint:  did you mean "unattended"?
        exit 2
    "#,
    );
    refused(
        "validity_days",
        "validity_day",
        r#"
        error: authority.toml, line 11, column 1: unknown field "validity_day": wanted
               one of subject, key, validity_days
        hint:  did you mean "validity_days"?
        exit 2
    "#,
    );
    refused(
        "[intermediates]",
        "[intermediate]",
        r#"
        error: authority.toml, line 13, column 2: unknown field "intermediate": wanted
               one of name, kind, unattended, token, audit, root, intermediates,
               clusters, crl, custody, roles, emergency, key_backup, ceremonies, status,
               countersigners, preflight
        hint:  did you mean "intermediates"?
        exit 2
    "#,
    );
    refused(
        "organization",
        "organisation",
        r#"
        error: authority.toml, line 9, column 13: unknown field "organisation": wanted
               one of country, state, organization, organizational_unit, common_name
        hint:  did you mean "organization"?
        exit 2
    "#,
    );
}

#[test]
fn a_wrong_type_is_named() {
    refused(
        "validity_days = 3650",
        "validity_days = \"ten years\"",
        r#"
        error: authority.toml, line 11, column 17: invalid type: string "ten years":
               wanted a whole number
        exit 2
    "#,
    );
    refused(
        "unattended = true",
        "unattended = \"yes\"",
        r#"
        error: authority.toml, line 3, column 14: invalid type: string "yes": wanted a
               boolean
        exit 2
    "#,
    );
    refused(
        "validity_days = 3650",
        "validity_days = -1",
        r#"
        error: authority.toml, line 11, column 17: invalid value: integer "-1": wanted a
               whole number
        exit 2
    "#,
    );
}

#[test]
fn an_unknown_value_is_told_what_is_known() {
    refused(
        "kind = \"test\"",
        "kind = \"tests\"",
        r#"
        error: authority.toml, line 2, column 8: unknown variant "tests": wanted one of
               production, test, rehearsal
        hint:  did you mean "test"?
        exit 2
    "#,
    );
    refused(
        "key = \"ecdsa-p256\"",
        "key = \"ecdsa-p265\"",
        r#"
        error: authority.toml, line 10, column 7: no such kind of key: saw "ecdsa-p265",
               wanted rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384, ecdsa-p521,
               ed25519
        hint:  did you mean "ecdsa-p256"?
        exit 2
    "#,
    );
    refused(
        "profile = \"istio\"",
        "profile = \"isto\"",
        r#"
        error: authority.toml, line 14, column 1: [intermediates] profile: no such
               profile: saw "isto"
        hint:  did you mean "istio"?
        exit 2
    "#,
    );
}

#[test]
fn what_is_missing_is_named() {
    refused(
        "[token]\nprofile = \"softhsm2\"\n",
        "",
        r#"
        error: authority.toml, line 1, column 1: missing field "token"
        hint:  `anchorite new` writes a file with every setting, to compare with
        exit 2
    "#,
    );
    refused(
        "name = \"World Mesh Root\"\n",
        "",
        r#"
        error: authority.toml, line 1, column 1: missing field "name"
        hint:  `anchorite new` writes a file with every setting, to compare with
        exit 2
    "#,
    );
}

#[test]
fn what_is_no_toml_is_named_by_line_and_column() {
    refused(
        "kind = \"test\"",
        "kind = test",
        "
        error: authority.toml, line 2, column 8: invalid boolean: saw test, wanted true
        hint:  a text stands in quotation marks
        exit 2
    ",
    );
    refused(
        "kind = \"test\"",
        "kind = \"test\"\nkind = \"test\"",
        "
        error: authority.toml, line 3, column 1: duplicate key: saw kind
        exit 2
    ",
    );
}

#[test]
fn contradictions_are_named_where_they_stand() {
    refused(
        "kind = \"test\"",
        "kind = \"production\"",
        r#"
        error: authority.toml, line 3, column 1: unattended: a production authority is
               never unattended: saw unattended = true
        hint:  set kind = "test" for pipelines
        exit 2
    "#,
    );
    refused(
        "max_validity_days = 365",
        "max_validity_days = 36500",
        "
        error: authority.toml, line 15, column 1: [intermediates] max_validity_days: an
               intermediate cannot outlive its root: saw 36500, wanted 1 to 3650, the
               root's
        exit 2
    ",
    );
    refused(
        "validity_days = 3650",
        "validity_days = 0",
        "
        error: authority.toml, line 11, column 1: [root] validity_days: out of range:
               saw 0, wanted 1 to 18263
        exit 2
    ",
    );
    refused(
        "validity_days = 3650",
        "validity_days = 99999",
        "
        error: authority.toml, line 11, column 1: [root] validity_days: out of range:
               saw 99999, wanted 1 to 18263
        exit 2
    ",
    );
    refused(
        "key = \"ecdsa-p256\"",
        "key = \"rsa-2048\"",
        "
        error: authority.toml, line 10, column 1: [root] key: a root key of RSA-2048 is
               not made: wanted rsa-3072 or better
        exit 2
    ",
    );
    refused(
        "name = \"World Mesh Root\"",
        "name = \"\"",
        "
        error: authority.toml, line 1, column 1: name: a name of 1 to 64 printable
               characters is needed: saw nothing
        exit 2
    ",
    );
    refused(
        "name = \"World Mesh Root\"",
        "name = \"a\\u001b[2J\"",
        r#"
        error: authority.toml, line 1, column 1: name: a name of 1 to 64 printable
               characters is needed: saw a\u{1b}[2J
        exit 2
    "#,
    );
    refused(
        "common_name = \"World Mesh Root CA\"",
        "common_name = \"\"",
        "
        error: authority.toml, line 9, column 1: [root] subject: CN needs 1 to 54
               characters without outer spaces: saw nothing
        exit 2
    ",
    );
    // It would fit the root's subject, and not the audit certificate's, which is longer.
    refused(
        "common_name = \"World Mesh Root CA\"",
        &format!("common_name = \"{}\"", "x".repeat(55)),
        "
        error: authority.toml, line 9, column 1: [root] subject: CN needs 1 to 54
               characters without outer spaces: saw
               xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        exit 2
    ",
    );
}

#[test]
fn a_section_that_contradicts_another_is_named_where_it_stands() {
    let check = ["-C", AUTHORITY, "config", "check"];
    let of = |table: &str| {
        let world = World::new();
        world.configure(&format!("{}{table}", configuration("test", "ecdsa-p256")));
        world
    };
    of("[clusters.Bad_Name]\n").refused(
        &check,
        "
        error: authority.toml, line 18, column 1: [clusters.Bad_Name]: not a cluster
               name: saw Bad_Name, wanted 1 to 63 of a-z, 0-9 and -, a letter or digit
               at both ends
        exit 2
    ",
    );
    of("[clusters.cluster1]\nkey_origin = \"offline\"\nrecipients = [\"age1x\"]\n").refused(
        &check,
        r#"
        error: authority.toml, line 18, column 1: [clusters.cluster1] algorithm: a key
               made here needs its kind: wanted algorithm = "ecdsa-p384", for example
        exit 2
    "#,
    );
    of("[clusters.cluster1]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p384\"\n").refused(
        &check,
        r#"
        error: authority.toml, line 18, column 1: [clusters.cluster1] recipients: a key
               made here needs at least one recipient to be sealed to: wanted recipients
               = ["age1…"]
        exit 2
    "#,
    );
    of("[clusters.cluster1]\nalgorithm = \"ecdsa-p384\"\n").refused(
        &check,
        r#"
        error: authority.toml, line 19, column 1: [clusters.cluster1] algorithm: only
               for key_origin = "offline": saw ecdsa-p384
        hint:  the cluster chooses its own key's kind; restrict it by keys = […]
        exit 2
    "#,
    );
    of("[clusters.cluster1]\nvalidity_days = 400\n").refused(
        &check,
        "
        error: authority.toml, line 19, column 1: [clusters.cluster1] validity_days: a
               cluster may be stricter than [intermediates], never laxer: saw 400,
               wanted 1 to 365
        exit 2
    ",
    );
    of("[clusters.cluster1]\nkeys = [\"ed25519\"]\n").refused(
        &check,
        "
        error: authority.toml, line 19, column 1: [clusters.cluster1] keys: a cluster
               may be stricter than [intermediates], never laxer: saw ed25519, wanted
               rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384
        exit 2
    ",
    );
    of("[clusters.cluster1]\nrecipients = [\"age1nonsense\"]\n").refused(
        &check,
        "
        error: authority.toml, line 19, column 1: [clusters.cluster1] recipients: this
               age recipient does not read: it is mistyped or cut: saw age1nonsense,
               wanted age1… or age1tag1…
        hint:  copy it again, whole
        exit 2
    ",
    );
    of("[crl]\nvalidity_days = 400\n").refused(
        &check,
        "
        error: authority.toml, line 19, column 1: [crl] validity_days: a CRL of a root
               lives at most 12 months: saw 400, wanted 1 to 365
        exit 2
    ",
    );
    of("[roles]\nwitness = 0\n").refused(
        &check,
        "
        error: authority.toml, line 19, column 1: [roles] witness: a ceremony needs an
               administrator and a witness: wanted at least 1
        exit 2
    ",
    );
}

#[test]
fn local_configuration_is_as_strict() {
    let world = World::configured("test", "ecdsa-p256");
    world.write("authority/local.toml", "[token]\nmodul = \"/x.so\"\n");
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        r#"
        error: local.toml, line 2, column 1: unknown field "modul": wanted one of
               module, directory, writes
        hint:  did you mean "module"?
        exit 2
    "#,
    );
    world.write("authority/local.toml", [0xff, 0xfe]);
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        "
        error: authority/local.toml is not UTF-8 text
        hint:  save it as UTF-8
        exit 2
    ",
    );
}

#[test]
fn a_profile_that_does_not_exist_is_told_the_nearest_one() {
    let world = World::configured("test", "ecdsa-p256");
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"softhsm\""));
    world.write("answers.toml", "");
    world.refused(
        &["-C", AUTHORITY, "root", "create", "--answers", "answers.toml"],
        r#"
        error: no such token profile: saw "softhsm", wanted softhsm2, kryoptic, nss,
               tpm2-pkcs11, opencryptoki, entrust-nshield, nitrokey-hsm2, thales-luna,
               utimaco, yubihsm2, yubikey-piv, or the path of a profile
        hint:  did you mean "softhsm2"?
        Nothing was signed.
        exit 2
    "#,
    );
}
