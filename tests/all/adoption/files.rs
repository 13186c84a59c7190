//! Files that do not hold what they should are refused before a PIN is asked for.

use super::*;

#[test]
fn a_private_key_in_a_file_is_refused_with_the_reason() {
    let (world, token) = old_ca();
    is_refused(
        &world,
        &adopt(&world, &token, &["--issued", "old/root.key"]),
        "
        error: a private key in a file is not adopted: saw old/root.key, wanted a key
               in a token, and files without keys
        hint:  whoever had the file has the key: make a new root, and roll over to it
        hint:  where that cannot be: import it into a token with the token's own tool,
               destroy every copy of the file, and adopt it there; the ceremony asks
               why, and the log keeps the answer
        Nothing was adopted.
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_line_of_the_list_that_is_not_understood_is_named() {
    let (world, token) = old_ca();
    old_issues(&world, "a");
    let index = String::from_utf8(world.read("old/index.txt")).unwrap();
    world.write("old/index.txt", index.replace("\tunknown\t/O=Old/CN=a", "\tunknown"));
    is_refused(
        &world,
        &adopt(&world, &token, &["--issued", "old/index.txt"]),
        "
        error: old/index.txt line 2: not a line of an index: saw 5 fields, wanted 6,
               with a tab between each two
        hint:  it is the index.txt that openssl ca keeps, as it is
        Nothing was adopted.
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn what_another_ca_issued_is_no_part_of_this_roots_past() {
    let (world, token) = old_ca();
    let (other, _) = old_ca_with("/O=Elsewhere/CN=Other", "20260101000000Z", EXTENSIONS);
    old_issues(&other, "x");
    old_crl(&other);
    world.write("x.pem", other.read("old/x.pem"));
    world.write("x.crl", other.read("old/last.crl"));
    is_refused(
        &world,
        &adopt(&world, &token, &["--issued", "x.pem"]),
        "
        error: x.pem: a certificate that this root did not issue: saw O=Old, CN=x, by
               O=Elsewhere, CN=Other, wanted one by O=World, OU=TEST, CN=World Mesh
               Root CA
        hint:  give only what the root itself signed: what intermediates issued is
               theirs
        Nothing was adopted.
        Nothing was signed.
        exit 2
    ",
    );
    is_refused(
        &world,
        &adopt(&world, &token, &["--crl", "x.crl"]),
        "
        error: x.crl: a CRL that this root did not issue: saw O=Elsewhere, CN=Other,
               wanted one by O=World, OU=TEST, CN=World Mesh Root CA
        Nothing was adopted.
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn lists_that_contradict_each_other_are_refused() {
    let (world, token) = old_ca();
    old_issues(&world, "a");
    let index = String::from_utf8(world.read("old/index.txt")).unwrap();
    world.write("old/other.txt", index.replace("V\t280601000000Z", "V\t290601000000Z"));
    is_refused(
        &world,
        &adopt(&world, &token, &["--issued", "old/newcerts", "--issued", "old/other.txt"]),
        "
        error: old/other.txt line 2: serial 1001 is told twice, with another end: saw
               2029-06-01T00:00:00Z, wanted 2028-06-01T00:00:00Z
        Nothing was adopted.
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_certificate_on_hold_and_a_revocation_of_tomorrow_are_refused() {
    let (world, token) = old_ca();
    old_issues(&world, "a");
    let index = String::from_utf8(world.read("old/index.txt")).unwrap();
    let revoked = |how: &str| {
        world.write(
            "old/index.txt",
            index.replace("V\t280601000000Z\t\t1001", &format!("R\t280601000000Z\t{how}\t1001")),
        )
    };
    revoked("261101000000Z,certificateHold");
    is_refused(
        &world,
        &adopt(&world, &token, &["--issued", "old/index.txt"]),
        "
        error: old/index.txt line 2: this reason is not for a certificate of this
               authority: saw certificateHold, wanted unspecified, keyCompromise,
               cACompromise, affiliationChanged, superseded, cessationOfOperation,
               privilegeWithdrawn
        hint:  a CA is not suspended: relying parties differ in what a hold means, and
               nothing lifts it everywhere
        hint:  a certificate on hold is revoked or released first, with the tool that
               put it there
        Nothing was signed.
        Nothing was adopted.
        Nothing was signed.
        exit 2
    ",
    );
    revoked("261231000000Z");
    is_refused(
        &world,
        &adopt(&world, &token, &["--issued", "old/index.txt"]),
        "
        error: the revocation of serial 1001 is dated after now: saw
               2026-12-31T00:00:00Z, wanted at the latest 2026-11-21T09:30:00Z
        hint:  is the clock right? (date -u)
        Nothing was adopted.
        Nothing was signed.
        exit 12
    ",
    );
}

#[test]
fn a_root_that_is_not_the_reviewed_one_is_refused_with_every_contradiction() {
    let (world, token) = old_ca_with("/O=World/CN=World Mesh Root CA", "20260101000000Z", EXTENSIONS);
    let text = configuration("test", "ecdsa-p384");
    world.configure(&text);
    is_refused(
        &world,
        &adopt(&world, &token, &[]),
        r#"
        error: the root to be adopted is refused by 2 rules
        hint:  adoption.key.kind: saw ecdsa-p256, wanted [root] key = "ecdsa-p384"
        hint:  write the kind of the certificate's key into [root] key, if that is
               one; and have it reviewed
        hint:  adoption.subject: saw O=World, CN=World Mesh Root CA, wanted O=World,
               OU=TEST, CN=World Mesh Root CA
        hint:  write the certificate's subject into [root] subject, and have it
               reviewed; a test or rehearsal authority adopts only a root with OU=TEST
               or OU=REHEARSAL
        Nothing was adopted.
        Nothing was signed.
        exit 10
    "#,
    );
}

#[test]
fn a_root_that_cannot_do_its_work_is_refused() {
    let cases = [
        (
            "20270101000000Z",
            EXTENSIONS.to_owned(),
            "adoption.validity",
            "valid 2027-01-01T00:00:00Z to 2036-01-01T00:00:00Z; it is 2026-11-21T09:30:00Z",
        ),
        (
            "20260101000000Z",
            EXTENSIONS.replace("CA:TRUE", "CA:TRUE,pathlen:0"),
            "adoption.path-length",
            "path length 0",
        ),
        ("20260101000000Z", EXTENSIONS.replace("keyCertSign,cRLSign", "keyCertSign"), "adoption.ca", "no cRLSign"),
        ("20260101000000Z", EXTENSIONS.replace("CA:TRUE", "CA:FALSE"), "adoption.ca", "no CA:TRUE"),
        ("20260101000000Z", EXTENSIONS.replace("=hash", "=none"), "adoption.key-id", "none"),
    ];
    for (from, extensions, rule, seen) in cases {
        let (world, token) = old_ca_with(SUBJECT, from, &extensions);
        let output = adopt(&world, &token, &[]);
        assert_eq!(output.code, Some(10), "{}", output.stderr);
        let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = format!("error: the root to be adopted is refused by the rule {rule}: saw {seen}, wanted");
        assert!(said.starts_with(&wanted), "{said}");
        assert!(!world.path("authority/log").exists());
    }
}

#[test]
fn an_intermediate_is_no_root_to_adopt() {
    let (world, token) = old_ca();
    old_issues(&world, "a");
    std::fs::copy(world.path("old/a.pem"), world.path("old/root.pem")).unwrap();
    let output = adopt(&world, &token, &[]);
    assert_eq!(output.code, Some(10), "{}", output.stderr);
    assert!(output.error().contains("adoption.self-signed: saw"), "{}", output.error());
    assert!(output.error().contains("adopt the root above it"), "{}", output.error());
}
