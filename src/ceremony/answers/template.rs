//! What an answers file must say for a script to run, foreseen from the authority and from what lies on the
//! stick. How that is written down is [`written`](super::written)'s.
//!
//! Pure but for reading the stick. An empty answer is never taken for one ([`Answers`](super::Answers)).

use crate::authority::{Config, State};
use crate::ceremony::script::{Script, ScriptKind, Step};
use crate::ceremony::steps::{
    adopt_key, generate_next_root, import_requests, initialize_token, participants, reason, restore_log,
};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::plan::crl;
use crate::policy::{self, Order};
use crate::text;
use crate::x509::Reason;
use jiff::Timestamp;
use std::path::Path;
use toml::Value;

/// The reason of a revocation that is only rehearsed.
pub const REHEARSED: Reason = Reason::Superseded;

/// What is known before a ceremony begins.
pub struct Prospect<'a> {
    /// The configuration in force as the ceremony begins.
    pub in_force: &'a Config,
    /// The one that it will follow: that of the file, where the script adopts it.
    pub config: &'a Config,
    /// SHA-256 of `authority.toml` as it lies there.
    pub config_sha256: Digest,
    /// SHA-256 of the adopted one; `None` before genesis.
    pub adopted: Option<Digest>,
    /// What the log says; the empty state before genesis.
    pub state: &'a State,
    /// Now.
    pub now: Timestamp,
    /// The stick with requests.
    pub requests: Option<&'a Path>,
    /// Clusters that are named on the command line.
    pub clusters: &'a [String],
}

/// One question that a script will ask, and how its answer is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The step's id.
    pub step: String,
    /// The key in the step's table.
    pub key: String,
    /// What people should know, a comment line each.
    pub about: Vec<String>,
    /// The answer.
    pub answer: Answer,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One value.
    One(Blank),
    /// A table of its own.
    Fields(Vec<(&'static str, Blank)>),
}

/// A place to be filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Blank {
    /// What the template has: an empty text where people judge, the value where it is known.
    pub empty: Value,
    /// What says yes.
    pub yes: Value,
    /// How it is filled in.
    pub says: String,
}

impl Blank {
    /// A place for a judgement.
    pub fn judged(yes: impl Into<String>, says: impl Into<String>) -> Self {
        Self { empty: Value::String(String::new()), yes: Value::String(yes.into()), says: says.into() }
    }

    /// A value that is known beforehand.
    pub fn known(value: impl Into<Value>) -> Self {
        let value = value.into();
        Self { empty: value.clone(), yes: value, says: String::new() }
    }
}

/// A plan to come: the key of its approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// `sha256:…` or `offline:…`.
    pub key: String,
    /// What it is about.
    pub about: String,
    /// Rules that warn: the approval needs a reason.
    pub warnings: Vec<String>,
}

/// What the steps so far will ask, and the plans that a later one will show.
#[derive(Default)]
pub struct Foresight {
    /// Questions, in order.
    pub asked: Vec<Asked>,
    /// Plans that are not reviewed yet.
    pub reviewed: Vec<Reviewed>,
}

impl Foresight {
    /// One more question.
    pub fn ask(&mut self, step: &Step, key: impl Into<String>, about: Vec<String>, answer: Answer) {
        self.asked.push(Asked { step: step.id.clone(), key: key.into(), about, answer });
    }
}

type Foresee = fn(&mut Foresight, &Script, &Prospect<'_>, &Step) -> Result<(), Error>;

/// What each activity that asks will ask; those that are not named ask an answers file nothing.
const FORESEEN: &[(&str, Foresee)] = &[
    ("participants", people),
    ("initialize-token", label),
    ("restore-key", label),
    ("adopt-config", adoption),
    ("adopt-key", taken_over),
    ("restore-log", given_up),
    ("import-requests", |foresight, _, prospect, step| import_requests::foresee(foresight, prospect, step)),
    ("review-plans", review),
    ("retire-cluster", retirement),
    ("key-backup", copy),
    ("prove-backup", copy_proved),
    ("destroy-keys", the_end),
    ("take-certificate", parent),
    ("revoke", revocation),
    ("issue-crl", crls),
];

/// Every answer that a script will ask.
///
/// # Errors
/// [`Kind::Medium`] where the stick cannot be read, [`Kind::Usage`] for a cluster that cannot be meant.
pub fn foresee(script: &Script, prospect: &Prospect<'_>) -> Result<Vec<Asked>, Error> {
    let mut foresight = Foresight::default();
    for step in &script.steps {
        if let Some((_, foresee)) = FORESEEN.iter().find(|(name, _)| *name == step.activity) {
            foresee(&mut foresight, script, prospect, step)?;
        }
    }
    Ok(foresight.asked)
}

fn people(foresight: &mut Foresight, script: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    for (role, count) in
        participants::roles(script, &prospect.in_force.roles, prospect.config.custody.as_ref(), prospect.state)
    {
        let name = |index: usize| if count > 1 { format!("The {role} {index}") } else { format!("The {role}") };
        let names = |name: &dyn Fn(usize) -> String| Value::Array((1..=count).map(|i| name(i).into()).collect());
        let says = if count > 1 { format!("{count} names") } else { "a name".to_owned() };
        let place = Blank { empty: names(&|_| String::new()), yes: names(&name), says };
        foresight.ask(step, &role, Vec::new(), Answer::One(place));
    }
    Ok(())
}

fn label(foresight: &mut Foresight, script: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    if prospect.state.tokens.is_empty() || script.kind == ScriptKind::KeyRestore {
        let label = initialize_token::label_of(&prospect.config.name);
        let about = vec!["the label that the blank token gets".to_owned()];
        foresight.ask(step, "label", about, Answer::One(Blank::known(label)));
    }
    Ok(())
}

fn adoption(foresight: &mut Foresight, _: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    if prospect.adopted.is_some_and(|adopted| adopted != prospect.config_sha256) {
        let about = vec!["authority.toml has changed since it was adopted: compare the two".to_owned()];
        let place = Blank::judged("adopt", "\"adopt\"");
        foresight.ask(step, format!("sha256:{}", prospect.config_sha256), about, Answer::One(place));
    }
    Ok(())
}

fn taken_over(foresight: &mut Foresight, _: &Script, _: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    let about = vec!["which root: SHA-256 of its certificate, DER (openssl x509 -outform DER | sha256sum)".to_owned()];
    foresight.ask(step, adopt_key::ROOT, about, Answer::One(Blank::judged("", "64 hex digits, from whoever made it")));
    let about = vec!["why it is adopted in spite of the warnings; take this line out where there are none".to_owned()];
    foresight.ask(step, reason::REASON, about, Answer::One(Blank::judged("as foreseen", "a sentence")));
    Ok(())
}

fn given_up(foresight: &mut Foresight, _: &Script, _: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    let about = vec!["the id of the lost log, as its papers and its root card have it".to_owned()];
    foresight.ask(step, restore_log::LOG, about, Answer::One(Blank::judged("", "8 hex digits or more")));
    let about = vec!["why no newer copy can be had".to_owned()];
    foresight.ask(step, reason::REASON, about, Answer::One(Blank::judged("as foreseen", "a sentence")));
    Ok(())
}

fn review(foresight: &mut Foresight, script: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    let mut plans = std::mem::take(&mut foresight.reviewed);
    if script.steps.iter().any(|step| step.activity == generate_next_root::ACTIVITY.name) {
        let about = "authority.toml: the next root and what belongs to it, each plan on its own screen".to_owned();
        let adopts = script.steps.iter().any(|step| step.activity == "adopt-config");
        let reviewed = prospect.adopted.filter(|_| !adopts).unwrap_or(prospect.config_sha256);
        plans.insert(0, Reviewed { key: format!("sha256:{reviewed}"), about, warnings: Vec::new() });
    }
    if script.kind.takes_over() {
        let about = "the CRL after the last one; take this line out where no last one is given".to_owned();
        plans.push(Reviewed { key: crl::reviewed(1), about, warnings: Vec::new() });
    }
    if !prospect.state.is_founded() && script.kind != ScriptKind::Restore {
        let about = "authority.toml: the root certificate, the audit certificate and CRL 1".to_owned();
        // A genesis that was begun goes on with the configuration that it adopted.
        let reviewed = prospect.adopted.unwrap_or(prospect.config_sha256);
        plans.insert(0, Reviewed { key: format!("sha256:{reviewed}"), about, warnings: Vec::new() });
    }
    for Reviewed { key, about, warnings } in plans {
        let mut about = vec![about];
        let place = if warnings.is_empty() {
            Blank::judged("approve", "\"approve\", or { decline = \"why\" }")
        } else {
            about.extend(warnings.iter().map(|rule| format!("warns: {rule}")));
            let with = |reason: &str| Value::Table([("approve".to_owned(), reason.into())].into_iter().collect());
            let says = "why all the same, or { decline = \"why\" }".to_owned();
            Blank { empty: with(""), yes: with("as foreseen"), says }
        };
        foresight.ask(step, key, about, Answer::One(place));
    }
    Ok(())
}

fn retirement(foresight: &mut Foresight, _: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    let [cluster] = prospect.clusters else {
        return Err(Error::new(Kind::Usage, "a retirement is of one cluster")
            .saw(text::count(prospect.clusters.len(), "cluster"))
            .hint("name it: --cluster NAME"));
    };
    let with = |reason: &str| Value::Table([("retire".to_owned(), reason.into())].into_iter().collect());
    let place = Blank { empty: with(""), yes: with("as foreseen"), says: "why it is retired".to_owned() };
    let about = vec!["nothing of it is revoked; its name is never used again".to_owned()];
    foresight.ask(step, cluster, about, Answer::One(place));
    Ok(())
}

fn copy(foresight: &mut Foresight, _: &Script, _: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    let about = vec!["what is written on the key backup, and where it is kept".to_owned()];
    foresight.ask(step, "name", about, Answer::One(Blank::judged("B1", "a name")));
    Ok(())
}

fn copy_proved(foresight: &mut Foresight, script: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    if let (ScriptKind::Drill, [first, _, ..]) = (script.kind, prospect.state.backups.all()) {
        let about = vec!["the key backup that is at hand".to_owned()];
        foresight.ask(step, "backup", about, Answer::One(Blank::judged(&first.name, "its name")));
    }
    Ok(())
}

fn the_end(foresight: &mut Foresight, _: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    if !prospect.state.is_ending() {
        for role in ["administrator", "witness"] {
            let about = vec!["the authority's name: its root key is destroyed".to_owned()];
            foresight.ask(step, role, about, Answer::One(Blank::judged(&prospect.config.name, "the name")));
        }
        foresight.ask(step, "reason", Vec::new(), Answer::One(Blank::judged("as foreseen", "why")));
    }
    for backup in prospect.state.backups.all() {
        let says = "\"here\", \"destroyed\", or where it still is";
        foresight.ask(step, format!("backup {}", backup.name), Vec::new(), Answer::One(Blank::judged("here", says)));
    }
    Ok(())
}

/// The file is on the command line; what its last certificate must be stands on the parent's own paper.
fn parent(foresight: &mut Foresight, _: &Script, _: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    for role in ["administrator", "witness"] {
        let about = vec!["the parent's root, from the parent's own paper".to_owned()];
        let says = "its first four words, or 8 hex digits of its SHA-256 or more";
        foresight.ask(step, role, about, Answer::One(Blank::judged("", says)));
    }
    Ok(())
}

/// A revocation names its certificates on the command line, with the reason.
fn revocation(foresight: &mut Foresight, _: &Script, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    if prospect.clusters.is_empty() {
        return Err(Error::new(Kind::Usage, "a revocation is of one certificate or more")
            .saw("none")
            .hint("name it: --cluster NAME, NAME@GENERATION, or a serial number; may be repeated"));
    }
    let order = |what: &String| Order { what: what.clone(), reason: REHEARSED, invalid_from: None };
    let orders: Vec<Order> = prospect.clusters.iter().map(order).collect();
    for certificate in policy::revocation::all(prospect.state, &orders, prospect.now)? {
        let with = |reason: &str| Value::Table([("revoke".to_owned(), reason.into())].into_iter().collect());
        let says = "the reason, as the command gives it".to_owned();
        let place = Blank { empty: with(""), yes: with(REHEARSED.name()), says };
        let about = vec![format!("serial {}; this cannot be undone", certificate.serial)];
        foresight.ask(step, policy::revocation::name(certificate), about, Answer::One(place));
    }
    Ok(())
}

/// Each root that has not ended gets a CRL, approved by its generation.
fn crls(foresight: &mut Foresight, _: &Script, prospect: &Prospect<'_>, _: &Step) -> Result<(), Error> {
    for (generation, root) in prospect.state.living_certificates() {
        if root.not_after > prospect.now {
            let number = prospect.state.crl_number(generation) + 1;
            let about = format!("the next CRL of root generation {generation}: number {number}, from the log");
            foresight.reviewed.push(Reviewed { key: crl::reviewed(generation), about, warnings: Vec::new() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::vocabulary::VOCABULARY;

    #[test]
    fn what_every_activity_asks_is_foreseen() {
        for activity in VOCABULARY.iter().filter(|activity| activity.asks) {
            assert!(FORESEEN.iter().any(|(name, _)| *name == activity.name), "{}", activity.name);
        }
        for (name, _) in FORESEEN {
            assert!(VOCABULARY.iter().any(|activity| activity.name == *name), "{name}");
        }
    }
}
