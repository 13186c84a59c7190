//! What is still to be done of a script: a fold of its finished steps, and nothing else. A finished step is
//! never done twice, but those whose effect ended with their process and that a coming step needs.

use super::script::Step;
use super::vocabulary::{self, Fact, Lasts};
use crate::authority::state::Course;
use std::collections::BTreeSet;

/// For each step of the script, true where it is to be done by this process.
pub fn to_do(steps: &[Step], course: Option<&Course>) -> Vec<bool> {
    let mut needed: BTreeSet<Fact> = BTreeSet::new();
    let mut to_do: Vec<bool> = steps
        .iter()
        .rev()
        .map(|step| {
            let Some(activity) = vocabulary::find(&step.activity) else { return true };
            let done = course.is_some_and(|course| course.has(&step.id));
            let gone = activity.lasts == Lasts::Process && activity.gives.iter().any(|fact| needed.contains(fact));
            let runs = !done || gone;
            if runs {
                needed.retain(|fact| !activity.gives.contains(fact));
                needed.extend(activity.needs);
            }
            runs
        })
        .collect();
    to_do.reverse();
    to_do
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::state::DoneStep;
    use crate::ceremony::script::Script;
    use crate::digest::Digest;

    fn after(done: &[&str]) -> Vec<&'static str> {
        let script = Script::built_in("intermediate-signing").unwrap();
        let at = "2026-11-21T09:30:00Z".parse().unwrap();
        let course = Course {
            id: String::new(),
            ceremony: String::new(),
            script_sha256: Digest::of(b""),
            opened: 0,
            since: at,
            done: done.iter().map(|step| DoneStep { step: (*step).to_owned(), at, skipped: false }).collect(),
            paused: false,
        };
        let to_do = to_do(&script.steps, Some(&course));
        let steps = script.steps.iter().zip(to_do).filter(|(_, to_do)| *to_do);
        steps.map(|(step, _)| vocabulary::find(&step.activity).unwrap().name).collect()
    }

    #[test]
    fn what_is_done_stays_done_and_what_ended_with_its_process_is_done_again_where_it_is_needed() {
        let before = ["compare", "participants", "machine", "watch", "materials"];
        let with = |more: &[&'static str]| after(&[&before[..], more].concat());
        assert_eq!(after(&before[..3])[0], "confirm-clock");
        // A watch says nothing of the clock that a later process finds.
        assert_eq!(with(&[])[..2], ["confirm-clock", "unlock-token"]);
        let reviewed = ["unlock", "verify", "config", "requests", "review"];
        let again = ["confirm-clock", "unlock-token", "import-requests", "review-plans", "sign"];
        assert_eq!(with(&reviewed)[..5], again);
        let signed = with(&[&reviewed[..], &["sign"]].concat());
        assert_eq!(signed[..3], ["unlock-token", "export-bundles", "publish"]);
    }
}
