//! The order of a script's steps: each finds what it needs, given by one before it and not ended since; what is
//! done once is not there twice; it begins with the comparison and ends with the close.

use super::check::at;
use super::read::Fault;
use super::{Script, Step, kind};
use crate::ceremony::vocabulary::{self, Activity, Fact};
use std::collections::BTreeMap;

/// What every script begins with: nobody goes on with a paper of another script.
const FIRST: &str = "compare-script";
/// What nothing follows: the session's last entry is its end.
const LAST: &str = "close";
/// What is done once in a ceremony.
const ONCE: &[&str] = &[FIRST, "participants", "materials", "initialize-token", LAST];

/// Which step made a fact true, and which ended it.
#[derive(Default)]
struct Facts<'s> {
    given: BTreeMap<Fact, Option<&'s Step>>,
    ended: BTreeMap<Fact, &'s Step>,
}

/// Every fault of the order.
pub fn check(script: &Script, faults: &mut Vec<Fault>) {
    if let Some(first) = script.steps.first().filter(|first| first.activity != FIRST) {
        faults.push(
            at(first, "the first step compares the script with everybody's paper".to_owned())
                .saw(&first.activity)
                .wanted(format!("do = \"{FIRST}\"")),
        );
    }
    let begins = script.kind.begins_with().iter().map(|fact| (*fact, None)).collect();
    let mut facts = Facts { given: begins, ended: BTreeMap::new() };
    let mut closed: Option<&Step> = None;
    for (index, step) in script.steps.iter().enumerate() {
        let Some(activity) = vocabulary::find(&step.activity) else { continue };
        let earlier = script.steps.iter().take(index).find(|earlier| earlier.activity == step.activity);
        match (closed, earlier) {
            (Some(close), _) => {
                faults.push(at(step, format!("nothing follows the close, step \"{}\"", close.id)));
                continue;
            }
            (None, Some(earlier)) if ONCE.contains(&activity.name) => {
                faults.push(at(step, format!("{} is done once: step \"{}\" does it first", step.activity, earlier.id)));
            }
            _ => {}
        }
        if !script.kind.may(activity.name) {
            let wanted = kind::kinds_of(activity.name).unwrap_or_default();
            let what = format!("{} is no part of a ceremony of this kind", step.activity);
            faults.push(at(step, what).saw(format!("kind = \"{}\"", script.kind.name())).wanted(wanted));
        } else {
            facts.check(step, activity, faults);
        }
        facts.follow(step, activity);
        if activity.name == LAST {
            closed = Some(step);
        }
    }
    demands(script, faults);
    if let Some(Some(step)) = facts.given.get(&Fact::Unlocked) {
        faults.push(
            at(step, "the token that it unlocks is still unlocked after the last step".to_owned())
                .hint("end the script with a step that does \"close\""),
        );
    }
}

impl<'s> Facts<'s> {
    fn check(&self, step: &Step, activity: &Activity, faults: &mut Vec<Fault>) {
        for missing in activity.needs.iter().filter(|need| !self.given.contains_key(need)) {
            faults.push(self.lacks(step, *missing));
        }
        if activity.gives == [Fact::Unlocked]
            && let Some(Some(unlocked)) = self.given.get(&Fact::Unlocked)
        {
            let what = format!("the token is unlocked already: step \"{}\" did it", unlocked.id);
            faults.push(at(step, what).hint("a token is locked by \"break\" and by \"close\""));
        }
    }

    fn follow(&mut self, step: &'s Step, activity: &Activity) {
        for taken in activity.takes {
            if self.given.remove(taken).is_some() {
                self.ended.insert(*taken, step);
            }
        }
        self.given.extend(activity.gives.iter().map(|fact| (*fact, Some(step))));
    }

    /// The need that no step before gives, or that one ended, and what would give it.
    fn lacks(&self, step: &Step, missing: Fact) -> Fault {
        let why = match self.ended.get(&missing) {
            Some(ender) => format!("step \"{}\" ended that", ender.id),
            None => "no step before it gives that".to_owned(),
        };
        let fault = at(step, format!("{} needs {}, and {why}", step.activity, missing.says()));
        let givers: Vec<&str> =
            vocabulary::VOCABULARY.iter().filter(|a| a.gives.contains(&missing)).map(|a| a.name).collect();
        if givers.is_empty() { fault } else { fault.hint(format!("given by: {}", givers.join(", "))) }
    }
}

/// What the kind cannot lack is there, in the kind's own order.
fn demands(script: &Script, faults: &mut Vec<Fault>) {
    let first = |activity: &str| script.steps.iter().position(|step| step.activity == activity);
    let last = |activity: &str| script.steps.iter().rposition(|step| step.activity == activity);
    let demanded = script.kind.demands();
    for name in demanded.iter().filter(|name| first(name).is_none()) {
        let kind = script.kind.name();
        faults.push(Fault::of_file(format!("a script of the kind \"{kind}\" lacks the step {name}")));
    }
    for pair in demanded.windows(2) {
        let [before, after] = pair else { continue };
        let (Some(from), Some(to)) = (first(before), last(after)) else { continue };
        let told = |step: &Step| faults.iter().any(|f| (f.line, f.column) == (step.line, step.column));
        if let Some(step) = script.steps.get(to).filter(|step| to < from && !told(step)) {
            faults.push(at(step, format!("{after} comes before {before}")));
        }
    }
}
