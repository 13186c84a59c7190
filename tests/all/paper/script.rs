//! The printed script: everything of the script is on it, it fits both papers, and its code is its digest.

use super::printer::{Printed, SIZES, can_print, print, run};
use crate::present::have;
use crate::seat::Seat;
use crate::support::{AUTHORITY, World};
use anchorite::ceremony::paper::script::{Printout, script};
use anchorite::ceremony::script::{BUILT_IN, Material, Script, Step, Value};
use std::collections::BTreeMap;
use std::process::Command;

/// What every printout has, beside its script.
const ALWAYS: [&str; 12] = [
    "practice",
    "production",
    "sha256sum -c SHA256SUMS",
    "I do not agree; remark:",
    "Came (UTC) Went (UTC)",
    "Exception 4",
    "happened",
    "If you lose…",
    "the laptop",
    "the clock",
    "tree size",
    "Signed in the room",
];

/// A script of people's steps and machine's, with the longest and the worst that a file may say.
fn demanding() -> Script {
    let mut script = Script::built_in("intermediate-signing").unwrap();
    script.title = "Sign <b>intermediates</b> & more".to_owned();
    script.roles = vec![("administrator".to_owned(), 1), ("witness".to_owned(), 3)];
    let value =
        |name: &str, continues: Option<&str>| Value { name: name.to_owned(), continues: continues.map(str::to_owned) };
    script.materials = vec![
        Material {
            item: "Token in its bag".to_owned(),
            record: vec![value("bag number", Some("bag number"))],
            line: 0,
            column: 0,
        },
        Material {
            item: "Safe log".to_owned(),
            record: vec![value("page", Some("page of the safe log"))],
            line: 0,
            column: 0,
        },
    ];
    let first = script.steps[0].clone();
    let step = |id: &str, activity: &str| Step {
        id: id.to_owned(),
        activity: activity.to_owned(),
        minutes: Some(7),
        by: "witness".to_owned(),
        ..first.clone()
    };
    let mut checklist = step("bag", "checklist");
    checklist.items =
        (1..=40).map(|n| format!("Look at thing number{n} from all sides and say what you see")).collect();
    checklist.items.push("J".repeat(300));
    let mut aloud = step("oath", "read-aloud");
    aloud.text = Some("Nobody here <i>acts</i> alone.\nWe stop when one of us says so.".to_owned());
    let mut record = step("seals", "record");
    record.values = vec![value("new bag number", None)];
    record.note = Some("Two people \u{202e}look.".to_owned());
    script.steps.splice(1..1, [checklist, aloud, record]);
    script
}

fn printout(script: &Script) -> Printout<'_> {
    Printout {
        script,
        file: "mine.toml",
        authority: None,
        software: Vec::new(),
        last: BTreeMap::from([("bag number".to_owned(), "A 0042 117".to_owned())]),
        agenda: None,
    }
}

/// Pages numbered to the last, nothing outside the margins, nothing over another.
#[track_caller]
fn check_pages(printed: &Printed, size: &str) {
    let count = printed.pages.len();
    for (page, number) in printed.pages.iter().zip(1..) {
        let text = page.text();
        assert!(text.contains(&format!("page {number} of {count}")), "{size}: page {number} of {count}\n{text}");
        assert_eq!(page.faults(), [""; 0], "{size}, page {number}: {}", printed.pdf.display());
    }
}

#[test]
fn everything_that_a_script_says_is_on_paper_of_both_sizes() {
    if !can_print() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let long = demanding();
    for size in SIZES {
        let printed = print(dir.path(), &script(&printout(&long)), size);
        check_pages(&printed, size);
        assert!((9..=13).contains(&printed.pages.len()), "{size}: {} pages", printed.pages.len());
        let text = printed.text();
        let mut said: Vec<String> = ALWAYS.iter().map(|s| (*s).to_owned()).collect();
        said.extend((1..=40).map(|n| format!("number{n} from all sides")));
        let seen = [
            "Sign <b>intermediates</b> & more",
            "witness 3",
            "Nobody here <i>acts</i> alone.",
            "new bag number",
            "must equal what the last ceremony recorded: A 0042 117",
            "compare with the last closing value (page of the safe log), on the last paper",
            "Two people \\u{202e}look.",
            "7 min, until 0:09 h",
            "insert the REQUESTS stick",
            "Review and approve each plan",
        ];
        said.extend(seen.map(str::to_owned));
        said.extend(long.steps.iter().map(|step| step.id.clone()));
        for said in said {
            assert!(text.contains(&said), "{size}: {said}\n{text}");
        }
        // Letters without a space are broken, not cut.
        assert_eq!(text.matches('J').count(), 300, "{size}");
    }
}

#[test]
fn every_script_that_ships_is_a_few_pages() {
    if !can_print() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, _) in BUILT_IN {
        let script = Script::built_in(name).unwrap();
        for size in SIZES {
            let printed = print(dir.path(), &self::script(&printout(&script)), size);
            check_pages(&printed, size);
            let text = printed.text();
            for said in script.steps.iter().map(|step| step.id.as_str()).chain(ALWAYS) {
                assert!(text.contains(said), "{name}, {size}: {said}\n{text}");
            }
            assert!((7..=14).contains(&printed.pages.len()), "{name}, {size}: {} pages", printed.pages.len());
        }
    }
}

#[test]
fn the_code_on_the_cover_is_what_sha256sum_checks() {
    if !can_print() || !have("zbarimg") {
        return;
    }
    let world = World::configured("rehearsal", "ecdsa-p256");
    world.write("my signing.toml", include_str!("../../../ceremony/intermediate-signing.toml"));
    world.request("cluster1");
    let arguments = ["-C", AUTHORITY, "ceremony", "script", "my signing.toml", "--agenda", "requests"];
    let html = world.run(&arguments).ok().stdout;
    for size in SIZES {
        let printed = print(&world.path(""), &html, size);
        check_pages(&printed, size);
        let code = run(Command::new("zbarimg").args(["-q", "--raw"]).arg(printed.picture(1)));
        assert_eq!(code, format!("{}  my signing.toml\n", world.sha256("my signing.toml")), "{size}");
        world.write("code", code);
        assert_eq!(world.tool("sha256sum", &["-c", "code"]).ok().stdout, "my signing.toml: OK\n");
        let pages = printed.pages.iter().map(|page| page.text());
        for text in pages {
            assert!(text.contains("REHEARSAL"), "{size}: every page says what it is\n{text}");
        }
        let text = printed.text().replace(' ', "");
        for file in ["authority/authority.toml", "requests/cluster1/request.json"] {
            assert!(text.contains(&world.sha256(file)), "{size}: {file}\n{text}");
        }
        assert!(text.contains("WorldMeshRoot·rehearsal") && text.contains("cluster1("), "{text}");
    }
}

#[test]
fn the_words_of_an_expected_request_are_the_witness_s_to_bring() {
    let world = World::configured("test", "ecdsa-p256");
    world.request("cluster1");
    let digest = anchorite::digest::Digest::from_hex(&world.sha256("requests/cluster1/request.json")).unwrap();
    let html = world.run(&["ceremony", "script", "intermediate-signing", "--agenda", "requests"]).ok().stdout;
    assert!(html.contains("Expected requests") && html.contains("<strong>cluster1</strong>"), "{html}");
    let words = anchorite::words::words(&digest.0);
    let spelled = words.windows(3).filter(|three| three.iter().all(|word| html.contains(&format!("</small>{word}"))));
    assert!(spelled.count() < 3, "the paper spells the words of a request");
}

#[test]
fn a_page_for_a_terminal_is_refused_and_says_how_to_print() {
    let world = World::configured("test", "ecdsa-p256");
    let (shown, code) = Seat::at(&world, &["ceremony", "script", "root-genesis"]).ends();
    assert_eq!(code, 2);
    insta::assert_snapshot!(shown.replace('\r', ""), @r"
    error: the paper is a page of HTML, and stdout is a terminal
    hint:  end the command with > script.html, and print that file from a browser
    ");
}

#[test]
fn a_script_or_an_agenda_that_is_not_there_is_named() {
    let world = World::configured("test", "ecdsa-p256");
    let run = |arguments: &[&str]| world.run(&[&["ceremony", "script"], arguments].concat()).refusal();
    insta::assert_snapshot!(run(&["root-genesi"]), @r"
    error: cannot read root-genesi: there is no such file or directory
    hint:  did you mean the script that ships, root-genesis?
    exit 30
    ");
    insta::assert_snapshot!(run(&["export", "--agenda", "nowhere"]), @r"
    error: cannot list nowhere: there is no such file or directory
    exit 30
    ");
}
