//! Whether a script can work: its roles, ids, activities and their settings, and the order of its steps. The
//! table in [`vocabulary`] is the whole model.

use super::read::Fault;
use super::{Material, Script, Step, order};
use crate::ceremony::vocabulary::{self, Setting};
use crate::text;
use std::collections::BTreeMap;

/// Roles that every ceremony has.
const ALWAYS: [&str; 2] = ["administrator", "witness"];

/// Every fault of a script, in the order of its lines; those of the file as a whole come first.
pub fn check(script: &Script) -> Vec<Fault> {
    let mut faults = Vec::new();
    let here = |role: &str| script.roles.iter().any(|(name, count)| name == role && *count > 0);
    for role in ALWAYS.iter().filter(|role| !here(role)) {
        faults.push(Fault::of_file(format!("[roles] lacks the {role}")).wanted("at least 1"));
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for step in &script.steps {
        if let Some(line) = seen.insert(&step.id, step.line) {
            faults.push(at(step, format!("its id is used twice: line {line} has it first")));
        }
        if !here(&step.by) && !ALWAYS.contains(&step.by.as_str()) {
            let roles = script.roles.iter().filter(|(_, count)| *count > 0);
            let roles = roles.map(|(role, _)| role.as_str()).collect::<Vec<_>>().join(", ");
            faults.push(at(step, "nobody in [roles] has the role that acts".to_owned()).saw(&step.by).wanted(roles));
        }
        match vocabulary::find(&step.activity) {
            None => faults.push(unknown(step)),
            Some(activity) => settings(script, step, activity.settings, &mut faults),
        }
    }
    let planned: u32 = script.steps.iter().filter_map(|step| step.minutes).fold(0, u32::saturating_add);
    if let Some(budget) = script.kind.budget().filter(|budget| planned > *budget) {
        let what = format!("a ceremony of the kind \"{}\" is planned for too long", script.kind.name());
        let fault = Fault::of_file(what).saw(format!("{planned} minutes"));
        faults.push(fault.wanted(format!("at most {budget}")).hint("leave out what can wait for the next ceremony"));
    }
    let asked = script.steps.iter().any(|step| {
        vocabulary::find(&step.activity).is_some_and(|activity| activity.settings.contains(&Setting::Materials))
    });
    faults.extend(script.materials.iter().filter(|m| !asked && !m.record.is_empty()).map(unrecorded));
    order::check(script, &mut faults);
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults
}

/// A fault of a step.
pub(super) fn at(step: &Step, what: String) -> Fault {
    Fault { line: step.line, column: step.column, ..Fault::of_file(format!("step \"{}\": {what}", step.id)) }
}

/// A material whose values nobody would type.
fn unrecorded(material: &Material) -> Fault {
    let fault = Fault::of_file("a value of this material is recorded by no step".to_owned());
    Fault { line: material.line, column: material.column, ..fault }
        .saw(&material.item)
        .hint("add a step that does \"materials\": it goes through them, and asks for their values")
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
fn settings(script: &Script, step: &Step, taken: &[Setting], faults: &mut Vec<Fault>) {
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
    if taken.contains(&Setting::Materials) && script.materials.is_empty() {
        faults.push(at(step, format!("{} needs {}", step.activity, Setting::Materials.says())));
    }
}
