//! A ceremony's script: a TOML file, the same that people hold on paper.

use super::vocabulary::{self, Fact};
use crate::authority::local::parse_toml;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The scripts that ship, by name.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("root-genesis", include_str!("../../ceremony/root-genesis.toml")),
    ("intermediate-signing", include_str!("../../ceremony/intermediate-signing.toml")),
    ("export", include_str!("../../ceremony/export.toml")),
    ("cluster-retirement", include_str!("../../ceremony/cluster-retirement.toml")),
];

/// A script that was read and can work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its name: of the built-in one, or of the file.
    pub name: String,
    /// The file, as it was read.
    pub text: String,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// How many people of each role take part, in the script's order.
    pub roles: Vec<(String, usize)>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its id, unique in the script.
    pub id: String,
    /// Its activity's name.
    pub activity: String,
    /// Who acts; the administrator where nobody is named.
    pub by: String,
    /// The line in the script where it begins.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    purpose: String,
    kind: ScriptKind,
    #[serde(default)]
    roles: BTreeMap<String, usize>,
    #[serde(default)]
    step: Vec<toml::Spanned<FileStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStep {
    id: String,
    #[serde(rename = "do")]
    activity: String,
    by: Option<String>,
}

/// What a script is for: what must be true before it, and which steps it cannot lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptKind {
    /// Makes the root.
    Genesis,
    /// Signs intermediates.
    Signing,
    /// Makes bundles again.
    Export,
    /// Retires a cluster.
    Retirement,
}

impl ScriptKind {
    /// What is true before the first step.
    fn begins_with(self) -> BTreeSet<Fact> {
        match self {
            ScriptKind::Genesis => BTreeSet::from([Fact::NoRoot]),
            ScriptKind::Signing | ScriptKind::Export | ScriptKind::Retirement => {
                BTreeSet::from([Fact::TokenReady, Fact::Root])
            }
        }
    }

    /// Activities that a script of this kind cannot lack.
    fn demands(self) -> &'static [&'static str] {
        match self {
            ScriptKind::Genesis => &["participants", "generate-root", "review-plans", "sign", "publish", "close"],
            ScriptKind::Signing => {
                &["participants", "import-requests", "review-plans", "sign", "export-bundles", "close"]
            }
            ScriptKind::Export => &["participants", "export-bundles", "close"],
            ScriptKind::Retirement => &["participants", "retire-cluster", "close"],
        }
    }
}

impl Script {
    /// The built-in script of a name.
    ///
    /// # Errors
    /// [`Kind::Usage`] for a name that does not exist.
    pub fn built_in(name: &str) -> Result<Self, Error> {
        match BUILT_IN.iter().find(|(n, _)| *n == name) {
            Some((name, text)) => Self::parse(name, text),
            None => Err(Error::new(Kind::Usage, "no such ceremony")
                .saw(name)
                .wanted(BUILT_IN.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", "))),
        }
    }

    /// Reads a script and checks that it can work.
    ///
    /// # Errors
    /// [`Kind::Usage`] with line, column and reason.
    pub fn parse(name: &str, source: &str) -> Result<Self, Error> {
        let file_name = format!("{name}.toml");
        let file: File = parse_toml(&file_name, source)?;
        let line_of = |offset: usize| source.get(..offset).unwrap_or_default().matches('\n').count() + 1;
        let steps: Vec<Step> = file
            .step
            .into_iter()
            .map(|spanned| {
                let line = line_of(spanned.span().start);
                let step = spanned.into_inner();
                let by = step.by.unwrap_or_else(|| "administrator".to_owned());
                Step { id: step.id, activity: step.activity, by, line }
            })
            .collect();
        let script = Script {
            name: name.to_owned(),
            text: source.to_owned(),
            sha256: Digest::of(source.as_bytes()),
            title: file.title,
            purpose: file.purpose,
            roles: file.roles.into_iter().collect(),
            steps,
        };
        script.check(&file_name, file.kind)?;
        Ok(script)
    }

    /// Checks ids, roles, activities, and that each step finds what it needs.
    fn check(&self, file: &str, kind: ScriptKind) -> Result<(), Error> {
        let fault = |step: &Step, what: String| {
            Error::new(Kind::Usage, format!("{file}, line {}, column 1: step \"{}\": {what}", step.line, step.id))
        };
        for role in ["administrator", "witness"] {
            let count = self.roles.iter().find(|(r, _)| r == role).map_or(0, |(_, n)| *n);
            if count == 0 {
                return Err(Error::new(Kind::Usage, format!("{file}: [roles] lacks the {role}")).wanted("at least 1"));
            }
        }
        let mut seen = BTreeSet::new();
        let mut facts = kind.begins_with();
        for step in &self.steps {
            if !seen.insert(&step.id) {
                return Err(fault(step, "its id is used twice".to_owned()));
            }
            if !self.roles.iter().any(|(role, _)| *role == step.by) {
                return Err(fault(step, "the role that acts is not in [roles]".to_owned()).saw(&step.by));
            }
            let Some(activity) = vocabulary::find(&step.activity) else {
                let names = || vocabulary::VOCABULARY.iter().map(|a| a.name);
                let error = fault(step, "no such activity".to_owned()).saw(&step.activity);
                return Err(match text::nearest(&step.activity, names()) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error.wanted(names().collect::<Vec<_>>().join(", ")),
                });
            };
            if let Some(missing) = activity.needs.iter().find(|need| !facts.contains(need)) {
                return Err(fault(
                    step,
                    format!("{} needs {}, and no step before it gives that", activity.name, missing.says()),
                ));
            }
            for taken in activity.takes {
                facts.remove(taken);
            }
            facts.extend(activity.gives);
        }
        for demanded in kind.demands() {
            if !self.steps.iter().any(|s| s.activity == *demanded) {
                return Err(Error::new(
                    Kind::Usage,
                    format!("{file}: a script of this kind lacks the step {demanded}"),
                ));
            }
        }
        if facts.contains(&Fact::Unlocked) {
            return Err(Error::new(Kind::Usage, format!("{file}: the token is still unlocked after the last step"))
                .hint("end the script with a step that does \"close\""));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(change: impl Fn(&str) -> String) -> String {
        let (name, text) = BUILT_IN[1];
        Script::parse(name, &change(text)).unwrap_err().to_string()
    }

    #[test]
    fn every_script_that_ships_can_work() {
        for (name, _) in BUILT_IN {
            assert!(Script::built_in(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn impossible_scripts_are_refused_with_line_and_reason() {
        let swapped = |t: &str| {
            let t = t.replace("do = \"sign\"", "do = \"SIGN\"").replace("do = \"review-plans\"", "do = \"sign\"");
            t.replace("do = \"SIGN\"", "do = \"review-plans\"")
        };
        assert_eq!(
            fault(swapped),
            "intermediate-signing.toml, line 27, column 1: step \"review\": sign needs approved plans, and no step before it gives that"
        );
        assert_eq!(
            fault(|t| t.replace("id = \"sign\"", "id = \"review\"")),
            "intermediate-signing.toml, line 31, column 1: step \"review\": its id is used twice"
        );
        assert!(fault(|t| t.replace("\"export-bundles\"", "\"export-bundle\"")).contains("no such activity"));
        assert!(
            fault(|t| t.replace("\n[[step]]\nid = \"close\"\ndo = \"close\"\n", "")).contains("lacks the step close")
        );
        assert!(fault(|t| t.replace("witness = 1", "")).contains("[roles] lacks the witness"));
        assert!(fault(|t| t.replace("do = \"sign\"", "do = \"sign\"\nby = \"cook\"")).contains("the role that acts"));
        assert!(
            fault(|t| t.replace("do = \"unlock-token\"", "do = \"unlock-token\"\nminuts = 3"))
                .contains("unknown field")
        );
    }
}
