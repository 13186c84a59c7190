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
        let known = module.fails.iter().find(|(kind, ..)| *kind == "*" || *kind == key);
        let failed = self.steps.iter_mut().find_map(|(name, outcome)| match outcome {
            Outcome::Failed(saw) => Some((name.clone(), saw)),
            _ => None,
        });
        let unexpected = match (failed, known) {
            (Some((name, saw)), Some((_, step, why))) if name == *step => {
                println!("{}, {key}: {name} fails as it is known to: {saw}", module.title);
                *saw = (*why).to_owned();
                None
            }
            (Some((name, saw)), _) => Some(format!("{name}: {saw}")),
            (None, Some((_, step, why))) => Some(format!("{step} is known to fail ({why}), and held")),
            (None, None) => None,
        };
        let file = rows().join(format!("{}-{key}-{}.json", module.profile, self.hashed));
        std::fs::create_dir_all(rows()).unwrap();
        std::fs::write(file, serde_json::to_vec_pretty(&self).unwrap()).unwrap();
        assert!(unexpected.is_none(), "{} with {key}: {}", module.title, unexpected.unwrap_or_default());
        table::says(&self);
    }
}

/// Where rows are kept.
pub fn rows() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance")
}
