//! The plan of faults, as `ANCHORITE_PROXY_FAULTS` says it: see the crate's head for the words.

use crate::misused;
use cryptoki_sys::CK_RV;
use std::sync::OnceLock;
use std::time::Duration;

/// What a call does instead of what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not done; this is returned.
    Return(CK_RV),
    /// Done; this is returned.
    After(CK_RV),
    /// Done; what it gives back is changed.
    Answer(Lie),
    /// Done later.
    Delay(Duration),
    /// Never returns.
    Hang,
    /// The token is pulled out before it is done.
    Pull,
    /// The token is pulled out once it is done, and the answer is lost.
    PullAfter,
    /// Ends or stops the process, before or after the call.
    Crash(Crash),
}

/// How what a call gives back is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    Flip,
    Short,
    Long,
    Zero,
    Same,
    Other,
}

/// How the process ends or stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    Abort,
    Segv,
    Overflow,
    Exit,
    Kill,
    KillAfter,
    Stop,
    StopAfter,
}

/// A rule as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// `None`: by the number over all calls.
    function: Option<String>,
    first: u64,
    last: u64,
    fault: Fault,
    /// WHAT, for the journal.
    text: String,
}

fn rules() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        let plan = std::env::var("ANCHORITE_PROXY_FAULTS").unwrap_or_default();
        parse(&plan).unwrap_or_else(|rule| misused(&format!("cannot read the fault {rule:?}")))
    })
}

/// Ends the process where the plan cannot be read.
pub fn check() {
    rules();
}

/// The fault of a call: the number over all calls, the function, the how manieth of it. With its text.
pub fn fault(number: u64, function: &str, nth: u64) -> Option<(Fault, &'static str)> {
    find(rules(), number, function, nth).map(|rule| (rule.fault, rule.text.as_str()))
}

fn find<'r>(rules: &'r [Rule], number: u64, function: &str, nth: u64) -> Option<&'r Rule> {
    rules.iter().find(|rule| {
        let at = match &rule.function {
            None => number,
            Some(name) if name == function => nth,
            Some(_) => return false,
        };
        (rule.first..=rule.last).contains(&at)
    })
}

fn parse(plan: &str) -> Result<Vec<Rule>, String> {
    plan.split(';').map(str::trim).filter(|rule| !rule.is_empty()).map(|r| rule(r).ok_or_else(|| r.into())).collect()
}

fn rule(text: &str) -> Option<Rule> {
    let (place, what) = text.split_once('=')?;
    let (name, count) = place.split_once('@').map_or((place, None), |(name, count)| (name, Some(count)));
    let function = (!name.is_empty()).then(|| name.to_owned());
    if function.as_ref().is_some_and(|name| !crate::calls::NAMES.contains(&name.as_str())) {
        return None;
    }
    let (first, last) = match count {
        None => (1, u64::MAX),
        Some(count) => match count.strip_suffix('+') {
            Some(from) => (from.parse().ok()?, u64::MAX),
            None => (count.parse().ok()?, count.parse().ok()?),
        },
    };
    Some(Rule { function, first, last, fault: read(what)?, text: what.to_owned() })
}

fn read(what: &str) -> Option<Fault> {
    let (word, value) = what.split_once(':').map_or((what, None), |(word, value)| (word, Some(value)));
    let code = || {
        let value = value?;
        value.strip_prefix("0x").map_or_else(|| value.parse().ok(), |hex| CK_RV::from_str_radix(hex, 16).ok())
    };
    match (word, value) {
        ("rv", _) => return code().map(Fault::Return),
        ("after", _) => return code().map(Fault::After),
        ("delay", Some(ms)) => return ms.parse().ok().map(Duration::from_millis).map(Fault::Delay),
        (_, Some(_)) => return None,
        (_, None) => {}
    }
    Some(match word {
        "flip" => Fault::Answer(Lie::Flip),
        "short" => Fault::Answer(Lie::Short),
        "long" => Fault::Answer(Lie::Long),
        "zero" => Fault::Answer(Lie::Zero),
        "same" => Fault::Answer(Lie::Same),
        "other" => Fault::Answer(Lie::Other),
        "hang" => Fault::Hang,
        "pull" => Fault::Pull,
        "pull-after" => Fault::PullAfter,
        "abort" => Fault::Crash(Crash::Abort),
        "segv" => Fault::Crash(Crash::Segv),
        "overflow" => Fault::Crash(Crash::Overflow),
        "exit" => Fault::Crash(Crash::Exit),
        "kill" => Fault::Crash(Crash::Kill),
        "kill-after" => Fault::Crash(Crash::KillAfter),
        "stop" => Fault::Crash(Crash::Stop),
        "stop-after" => Fault::Crash(Crash::StopAfter),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_calls_by_function_or_by_number() {
        let rules = parse("C_Sign@2=rv:0x32; C_Login=delay:500;@17=kill;@20+=after:48").unwrap();
        let at = |number, function, nth| find(&rules, number, function, nth).map(|rule| rule.fault);
        assert_eq!(at(5, "C_Sign", 2), Some(Fault::Return(0x32)));
        assert_eq!(at(5, "C_Sign", 3), None);
        assert_eq!(at(5, "C_Login", 9), Some(Fault::Delay(Duration::from_millis(500))));
        assert_eq!(at(17, "C_Logout", 1), Some(Fault::Crash(Crash::Kill)));
        assert_eq!(at(99, "C_Logout", 1), Some(Fault::After(48)));
    }

    #[test]
    fn a_plan_with_a_mistake_is_not_read() {
        for wrong in ["C_Sgin@1=flip", "C_Sign@x=flip", "C_Sign", "C_Sign=rv", "C_Sign=flip:1", "C_Sign=nothing"] {
            assert_eq!(parse(wrong), Err(wrong.to_owned()));
        }
    }
}
