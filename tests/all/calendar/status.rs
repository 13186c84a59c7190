//! The screen, the JSON and the exit code of an authority's `status`.

use super::{running, status, words};
use crate::present::have;
use crate::support::*;
use serde_json::Value;

#[test]
fn what_is_due_has_a_day_to_begin_and_a_day_to_be_done_and_the_first_to_begin_is_first() {
    let world = running();
    let shown = status(&world, "2026-12-01T10:00:00Z", &[]).ok().stdout;
    let table = shown.split("  begin by ").nth(1).unwrap();
    let wanted = "   done by      days  what
  2027-04-20  2027-05-20      169  issue the CRL after number 1
  2027-09-21  2027-11-20      353  renew the intermediate of west
  2027-10-22  2027-11-21      354  rehearse: hold a restore drill
  2035-11-19  2036-11-18     3639  replace the root
";
    assert_eq!(table, wanted, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn what_must_be_begun_is_marked_and_says_why_and_how() {
    let world = running();
    let shown = status(&world, "2027-10-01T10:00:00Z", &[]).ok().stdout;
    assert!(shown.contains("! 2027-04-20  2027-05-20     -134  issue the CRL after number 1\n"), "{shown}");
    assert!(shown.contains("! 2027-09-21  2027-11-20       49  renew the intermediate of west\n"), "{shown}");
    assert!(shown.contains("  2035-11-19  2036-11-18     3335  replace the root\n"), "{shown}");
    let said = words(&shown);
    for wanted in [
        "issue the CRL after number 1 134 days LATE begin by 2027-04-20 done by 2027-05-20T09:24:59Z why from then on \
         whoever checks revocation refuses every certificate of this root how anchorite crl",
        "renew the intermediate of west 49 days left begin by 2027-09-21 done by 2027-11-20T09:54:59Z why it ends \
         2027-11-21T09:54:59Z; workloads' certificates live 24 hours, so what it issues later outlives it how on the \
         cluster's side: anchorite request west --renew",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn check_is_silent_where_nothing_waits_and_exits_10_where_something_does() {
    let world = running();
    let quiet = status(&world, "2027-04-20T09:24:58Z", &["--check"]).ok();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    world.refused(
        &["-C", AUTHORITY, "--now", "2027-04-20T09:24:59Z", "status", "--check"],
        "
        error: 1 thing has to be begun; first: issue the CRL after number 1, by
               2027-05-20
        hint:  begin with: anchorite crl
        exit 10
    ",
    );
    let shown = status(&world, "2027-04-20T09:24:59Z", &["--check"]).stderr;
    assert!(shown.starts_with("issue the CRL after number 1                                        30 days left\n"));
    // Earlier, if one wants to know earlier.
    assert_eq!(status(&world, "2027-04-10T10:00:00Z", &["--check", "--within", "9"]).code, Some(0));
    let within = status(&world, "2027-04-10T10:00:00Z", &["--check", "--within", "10"]);
    assert_eq!(within.code, Some(10));
    assert!(words(&within.stderr).contains("error: 1 thing has to be begun within 10 days; first: "), "{within:?}");
    let many = status(&world, "2027-10-01T10:00:00Z", &["--check"]);
    assert!(words(&many.stderr).contains("error: 2 things have to be begun; first: issue the CRL"), "{many:?}");
}

#[test]
fn json_has_the_whole_and_the_exit_code_says_the_same() {
    if !have("jq") {
        return;
    }
    let world = running();
    let output = status(&world, "2027-10-01T10:00:00Z", &["--json", "--check"]);
    assert_eq!(output.code, Some(10));
    world.write("status.json", &output.stdout);
    let jq = |filter: &str| world.tool("jq", &["-r", filter, "status.json"]).ok().stdout;
    assert_eq!(jq("[.due[] | select(.urgent) | .id] | join(\" \")"), "crl.1 intermediate.west\n");
    assert_eq!(jq(".due[0].by"), "2027-05-20T09:24:59Z\n");
    assert_eq!(jq("[.due[] | keys[]] | unique | join(\" \")"), "begin by days how id urgent what why\n");
}

#[test]
fn a_renewal_moves_the_date_and_both_generations_are_listed() {
    let world = running();
    world.run(&["--now", "2027-10-01T10:00:00Z", "request", "west", "--renew", "--into", "clusters"]).ok();
    for name in ["request.json", "request.sig", "renewal.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west.2/{name}")));
    }
    let sha256 = world.sha256("requests/west/request.json");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut sign = SIGN;
    sign[3] = "2027-10-02T10:00:00Z";
    world.run(&sign).ok();
    let shown = status(&world, "2027-10-03T10:00:00Z", &[]).ok().stdout;
    for wanted in [
        "  west · 1  ",
        "  west · 2  ",
        "  2028-08-01  2028-09-30      362  renew the intermediate of west\n",
        "  overlap      west: generations 1 and 2 are both valid until 2027-11-21\n",
    ] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    // Once the old one has ended there is nothing to say of it.
    let later = status(&world, "2027-12-03T10:00:00Z", &[]).ok().stdout;
    assert!(!later.contains("overlap"), "{later}");
}

#[test]
fn a_short_lived_crl_is_not_due_on_the_day_it_was_made() {
    let text = |more: &str| format!("{}[crl]\nvalidity_days = 12\n{more}", configuration("test", "ecdsa-p256"));
    let due = |text: &str| {
        let world = World::configured("test", "ecdsa-p256");
        world.configure(text);
        world.found().ok();
        let json: Value = serde_json::from_str(&status(&world, GENESIS, &["--json"]).ok().stdout).unwrap();
        json["due"].as_array().unwrap().iter().map(|due| due["begin"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // After two thirds of its days; the drill a month before its year is over.
    let begun = due(&text(""));
    assert_eq!(begun[..2], ["2026-11-29T09:25:00Z".to_owned(), "2027-10-22T09:25:00Z".to_owned()]);
    let own = due(&text("[status]\ncrl_days = 2\ndrill_days = 0\n"));
    assert_eq!(own[0], "2026-12-01T09:24:59Z");
    assert_eq!(own.len(), 2, "a root, a CRL, and no drill: {own:?}");
}

#[test]
fn settings_out_of_range_are_refused_with_their_place() {
    let world = World::configured("test", "ecdsa-p256");
    for (more, text) in [
        (
            "[status]\ncrl_days = 0\n",
            "
            error: authority.toml, line 19, column 1: [status] crl_days: out of range: saw
                   0, wanted 1 to 3650 days
            exit 2
            ",
        ),
        (
            "[status]\nbackup_days = 4000\n",
            "
            error: authority.toml, line 19, column 1: [status] backup_days: out of range:
                   saw 4000, wanted 0 to 3650 days
            exit 2
            ",
        ),
    ] {
        world.configure(&format!("{}{more}", configuration("test", "ecdsa-p256")));
        world.refused(&["-C", AUTHORITY, "config", "check"], text);
    }
    let text = configuration("test", "ecdsa-p256").replace("[intermediates]\n", "[intermediates]\nleaf_hours = 8761\n");
    world.configure(&text);
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        "
        error: authority.toml, line 14, column 1: [intermediates] leaf_hours: a
               workload's certificate cannot outlive the intermediate that issues it: saw
               8761, wanted 1 to 8760, the days of max_validity_days
        exit 2
    ",
    );
}
