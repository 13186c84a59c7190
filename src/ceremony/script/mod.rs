//! A ceremony's script: a TOML file, the same that people hold on paper. It is data: steps of a closed
//! vocabulary, no expressions, no shell.
//!
//! [`read`] turns the file into a [`Script`] and names every fault with line and column; [`check`] refuses
//! what cannot work, by the table of what each step needs and gives. Neither looks at an authority.

mod check;
mod kind;
mod order;
pub mod pinned;
mod read;
#[cfg(test)]
mod tests;

pub use kind::ScriptKind;
pub use read::Fault;

use crate::digest::Digest;
use crate::error::{Error, Kind};

/// Who holds a ceremony.
const ADMINISTRATOR: &str = "administrator";

/// The scripts that ship, by name.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("root-genesis", include_str!("../../../ceremony/root-genesis.toml")),
    ("root-genesis-custody", include_str!("../../../ceremony/root-genesis-custody.toml")),
    ("root-rollover", include_str!("../../../ceremony/root-rollover.toml")),
    ("root-rollover-cross", include_str!("../../../ceremony/root-rollover-cross.toml")),
    ("root-certified", include_str!("../../../ceremony/root-certified.toml")),
    ("checkpoint-countersigned", include_str!("../../../ceremony/checkpoint-countersigned.toml")),
    ("intermediate-signing", include_str!("../../../ceremony/intermediate-signing.toml")),
    ("export", include_str!("../../../ceremony/export.toml")),
    ("cluster-retirement", include_str!("../../../ceremony/cluster-retirement.toml")),
    ("restore-drill", include_str!("../../../ceremony/restore-drill.toml")),
    ("adopt", include_str!("../../../ceremony/adopt.toml")),
    ("restore", include_str!("../../../ceremony/restore.toml")),
    ("revocation", include_str!("../../../ceremony/revocation.toml")),
    ("emergency-revocation", include_str!("../../../ceremony/emergency-revocation.toml")),
    ("crl-refresh", include_str!("../../../ceremony/crl-refresh.toml")),
    ("custodian-change", include_str!("../../../ceremony/custodian-change.toml")),
    ("key-backup", include_str!("../../../ceremony/key-backup.toml")),
    ("key-restore", include_str!("../../../ceremony/key-restore.toml")),
    ("root-retirement", include_str!("../../../ceremony/root-retirement.toml")),
    ("decommission", include_str!("../../../ceremony/decommission.toml")),
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
    /// Which kind of ceremony it is.
    pub kind: ScriptKind,
    /// How many people of each role take part, in the script's order.
    pub roles: Vec<(String, usize)>,
    /// What lies ready before the first step.
    pub materials: Vec<Material>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Something that is brought to a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// What it is.
    pub item: String,
    /// Values that are written down when it is laid out.
    pub record: Vec<Value>,
    /// The line in the script where it begins, from 1.
    pub line: usize,
    /// The column there, from 1.
    pub column: usize,
}

/// A value that people write down and type: a bag number, a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// The name of the value of an earlier ceremony that this one continues: the newest recorded one must be
    /// the same, or a deviation says why not.
    pub continues: Option<String>,
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
    /// How long it takes, as planned.
    pub minutes: Option<u32>,
    /// What people should know, printed with the step and shown with it.
    pub note: Option<String>,
    /// What is ticked, one by one (`checklist`).
    pub items: Vec<String>,
    /// What is written down (`record`).
    pub values: Vec<Value>,
    /// What is read out (`read-aloud`).
    pub text: Option<String>,
    /// The line in the script where it begins, from 1.
    pub line: usize,
    /// The column there, from 1.
    pub column: usize,
}

impl Script {
    /// The same ceremony held without some roles: who holds it acts in their place. Paper and digest stay as they are.
    pub fn without(self, roles: &[String]) -> Self {
        let is_out = |role: &String| roles.contains(role);
        let stand_in = |step: Step| match is_out(&step.by) {
            true => Step { by: ADMINISTRATOR.to_owned(), ..step },
            false => step,
        };
        Self {
            roles: self.roles.into_iter().filter(|(role, _)| !is_out(role)).collect(),
            steps: self.steps.into_iter().map(stand_in).collect(),
            ..self
        }
    }

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

    /// Reads a script without checking that it can work: for the record of one that an earlier version ran.
    ///
    /// # Errors
    /// Every fault of its form.
    pub fn read(name: &str, source: &str) -> Result<Self, Vec<Fault>> {
        read::script(name, source)
    }

    /// Reads a script and checks that it can work.
    ///
    /// # Errors
    /// [`Kind::Usage`] with line, column and reason of the first fault; the others are counted.
    pub fn parse(name: &str, source: &str) -> Result<Self, Error> {
        Self::find_faults(name, source).map_err(|faults| {
            let more = faults.len().saturating_sub(1);
            let first = faults.into_iter().next().map(|fault| fault.error(&format!("{name}.toml")));
            let first = first.unwrap_or_else(|| Error::new(Kind::Bug, "a script without a fault was refused"));
            match more {
                0 => first,
                1 => first.hint("there is one fault more: anchorite ceremony check FILE"),
                more => first.hint(format!("there are {more} faults more: anchorite ceremony check FILE")),
            }
        })
    }

    /// Reads a script and checks that it can work; every fault where it cannot, in the order of its lines.
    ///
    /// # Errors
    /// The faults, at least one.
    pub fn find_faults(name: &str, source: &str) -> Result<Self, Vec<Fault>> {
        let script = read::script(name, source)?;
        let faults = check::check(&script);
        if faults.is_empty() { Ok(script) } else { Err(faults) }
    }
}
