//! Whether a script can work: ids, roles, activities and their settings, and that each step finds what it
//! needs. The table in [`vocabulary`] is the whole model.

use super::read::Fault;
use super::{Script, Step};
use crate::ceremony::vocabulary::{self, Fact, Setting};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// Every fault of a script, in the order of its lines.
pub fn check(script: &Script) -> Vec<Fault> {
    let mut faults = Vec::new();
    for role in ["administrator", "witness"] {
        if !script.roles.iter().any(|(name, count)| name == role && *count > 0) {
            faults.push(Fault::of_file(format!("[roles] lacks the {role}")).wanted("at least 1"));
        }
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut facts: BTreeSet<Fact> = script.kind.begins_with().iter().copied().collect();
    for step in &script.steps {
        if let Some(line) = seen.insert(&step.id, step.line) {
            faults.push(at(step, format!("its id is used twice: line {line} has it first")));
        }
        if !script.roles.iter().any(|(role, count)| *role == step.by && *count > 0) {
            let roles = script.roles.iter().map(|(role, _)| role.as_str()).collect::<Vec<_>>().join(", ");
            faults.push(at(step, "the role that acts is not in [roles]".to_owned()).saw(&step.by).wanted(roles));
        }
        match vocabulary::find(&step.activity) {
            None => faults.push(unknown(step)),
            Some(activity) => {
                settings(step, activity.settings, &mut faults);
                for missing in activity.needs.iter().filter(|need| !facts.contains(need)) {
                    faults.push(lacks(step, *missing));
                }
                for taken in activity.takes {
                    facts.remove(taken);
                }
                facts.extend(activity.gives);
            }
        }
    }
    for demanded in script.kind.demands() {
        if !script.steps.iter().any(|s| s.activity == *demanded) {
            let kind = script.kind.name();
            faults.push(Fault::of_file(format!("a script of the kind \"{kind}\" lacks the step {demanded}")));
        }
    }
    if facts.contains(&Fact::Unlocked) {
        faults.push(
            Fault::of_file("the token is still unlocked after the last step".to_owned())
                .hint("end the script with a step that does \"close\""),
        );
    }
    faults
}

fn at(step: &Step, what: String) -> Fault {
    Fault { line: step.line, column: step.column, ..Fault::of_file(format!("step \"{}\": {what}", step.id)) }
}

/// The need that no step before gives, and which one would.
fn lacks(step: &Step, missing: Fact) -> Fault {
    let fault = at(step, format!("{} needs {}, and no step before it gives that", step.activity, missing.says()));
    let givers: Vec<&str> =
        vocabulary::VOCABULARY.iter().filter(|a| a.gives.contains(&missing)).map(|a| a.name).collect();
    if givers.is_empty() { fault } else { fault.hint(format!("given by: {}", givers.join(", "))) }
}

fn unknown(step: &Step) -> Fault {
    let names = || vocabulary::VOCABULARY.iter().map(|a| a.name);
    let fault = at(step, "no such activity".to_owned()).saw(&step.activity);
    match text::nearest(&step.activity, names()) {
        Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
        None => fault.wanted(names().collect::<Vec<_>>().join(", ")),
    }
}

/// A setting that the activity does not take, or cannot do without.
fn settings(step: &Step, taken: &[Setting], faults: &mut Vec<Fault>) {
    for (setting, given) in [
        (Setting::Items, !step.items.is_empty()),
        (Setting::Values, !step.values.is_empty()),
        (Setting::Text, step.text.is_some()),
    ] {
        match (taken.contains(&setting), given) {
            (true, false) => faults.push(at(step, format!("{} needs {}", step.activity, setting.says()))),
            (false, true) => faults.push(at(step, format!("{} takes no {}", step.activity, setting.name()))),
            _ => {}
        }
    }
}
