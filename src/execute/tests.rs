//! What was signed is read and judged again; a flaw found then says that a signature exists.

use super::{examine, was_signed};
use crate::authority::Config;
use crate::digest::{Digest, Hex};
use crate::error::Kind;
use crate::key::KeySpec;
use crate::plan::make::{self, Context};
use crate::x509::LocalKey;
use crate::x509::build::assemble;
use crate::x509::tests::{issue, plain_ca, template};

const CONFIG: &str = r#"
name = "Example"
kind = "production"
[token]
profile = "softhsm2"
[root]
subject = { common_name = "Root CA" }
key = "ecdsa-p256"
validity_days = 3650
[intermediates]
max_validity_days = 365
subject = { common_name = "Intermediate CA" }
"#;

#[test]
fn a_signed_certificate_that_the_lint_refuses_or_that_is_not_its_plans_was_signed_all_the_same() {
    let config = Config::parse(CONFIG).unwrap();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let now = "2026-11-21T09:30:00Z".parse().unwrap();
    let context = Context { config: &config, config_sha256: Digest::of(b""), session: "s", now };
    let made = make::root(context, key.spki(), 1, Hex([0x5a; 16].to_vec())).unwrap();
    let approved = made.approve_by_answer(&made.plan().reviewed, None).unwrap();
    let tbs = &approved.plan().tbs.0;
    let algorithm = approved.plan().algorithm().unwrap();
    let der = assemble(tbs, algorithm, &key.sign(tbs).unwrap()).unwrap();
    examine(&approved, &der).unwrap();

    let with_path_length = issue(&template("Root CA", &key, None, &key, plain_ca(Some(1))), &key);
    let error = examine(&approved, &with_path_length.der).unwrap_err();
    assert_eq!(error.kind(), Kind::AfterSigning);
    assert_eq!(
        error.to_string(),
        "signed, but refused by the rule certificate.path-length: saw path length 1, wanted no path length"
    );
    assert!(was_signed(&Err(error)));

    let another = issue(&template("Root CA", &key, None, &key, plain_ca(None)), &key);
    let error = examine(&approved, &another.der).unwrap_err();
    assert_eq!(error.kind(), Kind::AfterSigning);
    assert_eq!(error.what(), "signed, but what was signed does not read back as its plan");
    let error = examine(&approved, b"nonsense").unwrap_err();
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::AfterSigning, 50));
}
