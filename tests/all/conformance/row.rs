//! A row of the table: what one story saw, kept in the build's directory for tests.

use super::{Module, table};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it must be.
    Held,
    /// The token has no such thing, and why.
    Not(String),
    /// Not as it must be: what was seen.
    Failed(String),
}

/// What a story saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The module, as in the table.
    pub module: String,
    /// What the library and the token say of themselves.
    pub version: String,
    /// The kind of root key.
    pub key: String,
    /// Who hashes what the root signs: `token` or `host`.
    pub hashed: String,
    /// The steps in order, up to the first that failed.
    pub steps: Vec<(String, Outcome)>,
    /// Template attributes that the token rejected.
    pub dropped: Vec<String>,
}

impl Row {
    pub fn new(module: &Module, key: &str) -> Self {
        Self {
            module: module.title.to_owned(),
            version: String::new(),
            key: key.to_owned(),
            hashed: String::new(),
            steps: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Writes the row; then a failure that is not known, a known one that did not happen, and a table that says
    /// something else fail the test.
    #[track_caller]
    pub fn close(mut self, module: &Module, key: &str) {
        let unexpected = self.judge(module.fails);
        let file = rows().join(format!("{}-{key}-{}.json", module.profile, self.hashed));
        std::fs::create_dir_all(rows()).unwrap();
        std::fs::write(file, serde_json::to_vec_pretty(&self).unwrap()).unwrap();
        assert!(unexpected.is_none(), "{} with {key}: {}", module.title, unexpected.unwrap_or_default());
        table::says(&self);
    }

    /// Gives a failure that is known the reason that is known; what else is wrong, if anything.
    fn judge(&mut self, fails: &[(&str, &str, &str)]) -> Option<String> {
        let known = fails.iter().find(|(kind, ..)| *kind == "*" || *kind == self.key);
        let failed = self.steps.iter_mut().find_map(|(name, outcome)| match outcome {
            Outcome::Failed(saw) => Some((name.clone(), saw)),
            _ => None,
        });
        match (failed, known) {
            (Some((name, saw)), Some((_, step, why))) if name == *step => {
                println!("{}, {}: {name} fails as it is known to: {saw}", self.module, self.key);
                *saw = (*why).to_owned();
                None
            }
            (Some((name, saw)), _) => Some(format!("{name}: {saw}")),
            (None, Some((_, step, why))) => Some(format!("{step} is known to fail ({why}), and held")),
            (None, None) => None,
        }
    }
}

/// Where rows are kept.
pub fn rows() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance")
}

#[test]
fn a_known_failure_must_be_the_one_that_is_known_and_must_happen() {
    let row = |outcome: Outcome| Row {
        module: "Some token".into(),
        version: String::new(),
        key: "ed25519".into(),
        hashed: String::new(),
        steps: vec![("genesis".into(), outcome)],
        dropped: Vec::new(),
    };
    let failed = || row(Outcome::Failed("C_GenerateKeyPair: CKR_FUNCTION_FAILED".into()));
    let known = [("ed25519", "genesis", "it makes none")];
    let mut told = failed();
    assert_eq!(told.judge(&known), None);
    assert_eq!(told.steps[0].1, Outcome::Failed("it makes none".into()), "the table gives the reason that is known");
    assert!(failed().judge(&[]).unwrap().starts_with("genesis: C_GenerateKeyPair"));
    assert!(failed().judge(&[("ed25519", "guard", "it keeps none")]).is_some());
    assert!(failed().judge(&[("rsa-3072", "genesis", "too long")]).is_some());
    assert_eq!(row(Outcome::Held).judge(&known).unwrap(), "genesis is known to fail (it makes none), and held");
    assert_eq!(row(Outcome::Held).judge(&[]), None);
}
