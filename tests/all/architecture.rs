//! Holds the code to its architecture: what each module may depend on, where each effect lives, who may
//! use the root key. The tables here are the ones that `lib.rs` explains; a change to them is a decision.

use crate::source::{self, Source};
use std::collections::{BTreeMap, BTreeSet};

/// The bottom: values, which may use each other and nothing else.
const VALUES: &[&str] = &["error", "text", "digest", "words", "name", "dns", "key", "finding", "format", "screen"];

/// What a module may use directly; what those use, it may use too, and everything may use the values.
const MAY_USE: &[(&str, &[&str])] = &[
    ("x509", &[]),
    // A note's signature is verified where every signature is.
    ("log", &["x509"]),
    ("profile", &[]),
    ("request", &["x509"]),
    ("authority", &["log", "profile", "x509"]),
    ("policy", &["authority", "request"]),
    ("plan", &["policy"]),
    ("audit", &["authority", "log", "x509"]),
    // Effects: they never use each other.
    ("store", &["x509", "log"]),
    ("clock", &["x509", "log"]),
    ("entropy", &["x509", "log"]),
    ("files", &["x509", "log"]),
    ("host", &["x509", "log"]),
    ("token", &["x509", "log"]),
    ("execute", &["plan", "store", "token", "clock", "x509"]),
    ("bundle", &["authority", "log", "x509", "files"]),
    ("consumer", &["authority", "log", "x509", "files"]),
    ("rollover", &["consumer", "authority", "log", "x509", "files"]),
    // Pure: seeds, shares, words, PINs.
    ("custody", &[]),
    ("ceremony", &["audit", "bundle", "consumer", "custody", "entropy", "execute", "host"]),
    ("cli", &["ceremony", "rollover"]),
];

/// Names that only some places may have: the crate or the call behind an effect, and those places.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("cryptoki", &["token/"]),
    ("cryptoki_sys", &["token/"]),
    ("dialoguer", &["cli/terminal/"]),
    ("console", &["cli/terminal/"]),
    ("indicatif", &["cli/terminal/"]),
    ("signal_hook", &["cli/terminal/"]),
    ("println!", &["cli/terminal/"]),
    ("eprintln!", &["cli/terminal/"]),
    ("print!", &["cli/terminal/"]),
    ("eprint!", &["cli/terminal/"]),
    ("dbg!", &[]),
    ("stdout", &["cli/terminal/"]),
    ("stderr", &["cli/terminal/"]),
    ("stdin", &["cli/terminal/"]),
    ("SystemTime", &["clock.rs"]),
    ("Timestamp::now", &["clock.rs"]),
    ("Zoned::now", &["clock.rs"]),
    // What holds the process in, and the kernel's news of links and addresses.
    ("landlock", &["host/"]),
    ("seccompiler", &["host/"]),
    ("nix", &["host/", "cli/terminal/crash.rs"]),
    // The token module copies and syncs a file-backed token's directory; the host's facts are files of the kernel.
    ("std::fs", &["files/", "store/", "token/", "host/", "cli/terminal/"]),
    ("fs_err", &["files/", "store/", "token/"]),
    ("OpenOptions", &["files/", "store/", "token/", "cli/terminal/"]),
    ("tempfile", &["files/", "store/", "token/"]),
    ("rustix", &["files/", "store/", "token/", "host/", "entropy.rs", "cli/terminal/"]),
    ("TcpStream", &[]),
    ("TcpListener", &[]),
    ("UdpSocket", &[]),
    // Programs are never run: not from PATH, not by a plugin.
    ("process::Command", &[]),
    // The one that is strict: the crate's takes several texts one after another.
    ("BASE64.decode", &["digest.rs"]),
    // One path to the root key.
    ("sign_committed", &["execute/"]),
];

/// Files may not be longer than this, so that a file has one subject.
const MOST_LINES: usize = 400;

fn closure() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    fn reach(module: &'static str, into: &mut BTreeSet<&'static str>) {
        for (_, uses) in MAY_USE.iter().filter(|(name, _)| *name == module) {
            for used in *uses {
                if into.insert(used) {
                    reach(used, into);
                }
            }
        }
    }
    let values = VALUES.iter().map(|v| (*v, BTreeSet::new()));
    let modules = MAY_USE.iter().map(|(name, _)| {
        let mut all = BTreeSet::new();
        reach(name, &mut all);
        (*name, all)
    });
    let mut table: BTreeMap<_, BTreeSet<_>> = values.chain(modules).collect();
    for (name, all) in &mut table {
        all.extend(VALUES);
        all.insert(name);
    }
    table
}

fn hold(rule: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{rule}:\n  {}\n", faults.join("\n  "));
}

/// The uses in `source` that the table does not allow.
fn forbidden(source: &Source, table: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let module = source.module();
    let Some(allowed) = table.get(module) else {
        return vec![format!("src/{}: module {module} is not in the table", source.path)];
    };
    let modules = table.keys().collect::<BTreeSet<_>>();
    source
        .references()
        .into_iter()
        // A name that is no module is a macro or a re-export of the crate's root.
        .filter(|(name, _)| modules.contains(&name.as_str()) && !allowed.contains(name.as_str()))
        .map(|(name, line)| format!("src/{}:{line}: {module} uses {name}", source.path))
        .collect()
}

/// The names in `source` that only other places may have.
fn misplaced(source: &Source) -> Vec<String> {
    ONLY_IN
        .iter()
        .filter(|(name, places)| source.line_of(name).is_some() && !places.iter().any(|p| source.path.starts_with(p)))
        .map(|(name, places)| {
            let line = source.line_of(name).unwrap_or(0);
            let places = if places.is_empty() { "nowhere".to_owned() } else { places.join(", ") };
            format!("src/{}:{line}: {name}, allowed in {places}", source.path)
        })
        .collect()
}

#[test]
fn each_module_uses_only_what_the_architecture_allows() {
    let table = closure();
    let program = source::program();
    let program = program.iter().filter(|s| s.module() != "lib" && s.module() != "main");
    hold("a module uses what the table does not allow", program.flat_map(|s| forbidden(s, &table)).collect());
}

#[test]
fn each_effect_lives_in_its_own_module() {
    hold("an effect outside its module", source::program().iter().flat_map(misplaced).collect());
}

/// Software keys have a `sign` too (cluster side, offline keys, proofs of possession), so the rule is:
/// who can see a token does not sign, except `execute`.
#[test]
fn only_execute_asks_a_token_for_a_signature() {
    let faults = source::program()
        .iter()
        .filter(|s| !["execute", "token"].contains(&s.module()))
        .filter(|s| ["token", "Token", "Keyring"].iter().any(|name| s.line_of(name).is_some()))
        .filter_map(|s| s.line_of(".sign").map(|line| format!("src/{}:{line}", s.path)))
        .collect();
    hold("a token signs outside execute/", faults);
}

#[test]
fn no_file_is_too_long_to_have_one_subject() {
    let all = [("src", source::everything()), ("tests", source::tests())];
    let files = all.iter().flat_map(|(root, files)| files.iter().map(move |(path, text)| (root, path, text)));
    let counted = files.map(|(root, path, text)| (root, path, text.lines().count()));
    let faults = counted
        .filter(|(_, _, lines)| *lines > MOST_LINES)
        .map(|(root, path, lines)| format!("{root}/{path}: {lines} lines, at most {MOST_LINES}"))
        .collect();
    hold("too long", faults);
}

#[test]
fn each_module_says_at_its_head_what_it_owns() {
    let faults = source::everything()
        .iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| format!("src/{path}"))
        .collect();
    hold("a file without a head", faults);
}

#[test]
fn the_table_itself_has_no_cycle_and_effects_stand_alone() {
    let table = closure();
    for (name, uses) in MAY_USE {
        for used in *uses {
            assert!(!table[used].contains(name), "{name} and {used} use each other");
        }
    }
    let effects = ["store", "clock", "entropy", "files", "host", "token"];
    for effect in effects {
        for other in effects.iter().filter(|other| **other != effect) {
            assert!(!table[effect].contains(other), "{effect} may use {other}");
        }
    }
}

#[test]
fn a_forbidden_use_is_found() {
    let source = |path: &str, code: &str| Source { path: path.into(), code: code.into() };
    let table = closure();
    assert_eq!(
        forbidden(&source("plan/make.rs", "use crate::policy::x;\nuse crate::{token::Token, key};"), &table),
        ["src/plan/make.rs:2: plan uses token"],
    );
    assert_eq!(forbidden(&source("new/mod.rs", ""), &table), ["src/new/mod.rs: module new is not in the table"]);
    assert_eq!(
        misplaced(&source("plan/make.rs", "fn a() {\n println!() }")),
        ["src/plan/make.rs:2: println!, allowed in cli/terminal/"],
    );
    assert!(misplaced(&source("cli/terminal/mod.rs", "println!()")).is_empty());
}
