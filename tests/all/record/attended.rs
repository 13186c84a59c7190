//! A signing session as people type it, with a deviation, a pause and a crash: its record is its script filled in.

use super::{acts, entries, json};
use crate::paper::printer::{SIZES, can_print, print, run};
use crate::present::have;
use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::{AUTHORITY, ENTRIES, PIN, World};
use anchorite::ceremony::script::Script;
use serde_json::Value;
use std::process::Command;

/// Two clusters: a deviation, a pause at the review, a crash at the review, then signed.
fn held() -> World {
    let world = founded();
    let sheets: Vec<String> = ["east", "west"]
        .iter()
        .map(|cluster| {
            world.request(cluster);
            world.run(&["words", &format!("requests/{cluster}/request.json")]).ok().stdout
        })
        .collect();
    let sign = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];

    let mut seat = Seat::at(&world, &sign);
    seat.answers("Name of the administrator: ", "d");
    seat.answers("What was expected?: ", "a <b>sealed</b> bag");
    seat.answers("What happened?: ", "the seal was torn");
    seat.answers("What was decided?: ", "the token is compared by its serial");
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.answers("Witness: sheet words ", "q");
    seat.answers("Pause here? ", "yes");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");

    // A power cut: the process is gone at a question.
    let mut seat = Seat::at(&world, &sign);
    seat.answers("Go on at step ", "yes");
    seat.answers("User PIN of the root token: ", PIN);
    seat.asked("Witness: sheet words ");
    run(Command::new("kill").args(["-KILL", &seat.process()]));
    drop(seat);

    let mut seat = Seat::at(&world, &sign);
    seat.answers("Go on at step ", "yes");
    seat.answers("User PIN of the root token: ", PIN);
    for sheet in &sheets {
        approves_from(&mut seat, sheet);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("records/record-"), "{shown}");
    world
}

#[test]
fn the_record_of_a_session_with_a_deviation_a_pause_and_a_crash_is_its_script_filled_in() {
    let world = held();
    let record = json(&world, &["-C", AUTHORITY]);
    check_script(&world, &record);
    check_entries(&world, &record);
    check_outcomes(&record);
    check_end(&world, &record);

    let html = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    check_page(&record, &html);
    // What close wrote is what the command makes: nothing of the record is anywhere but in the log and the names.
    let written = format!("authority/records/record-{}.html", record["ceremony"]["id"].as_str().unwrap());
    assert_eq!(String::from_utf8(world.read(written)).unwrap(), html);
    if can_print() {
        check_print(&world, &record, &html);
    }
}

/// The same title, the same steps, the same numbers, each done.
fn check_script(world: &World, record: &Value) {
    let adopted = entries(world, ENTRIES).into_iter().rfind(|entry| entry["type"] == "script.adopted").unwrap();
    let script = Script::parse("intermediate-signing", adopted["data"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(record["ceremony"]["title"], script.title);
    assert_eq!(record["ceremony"]["script_sha256"], script.sha256.hex());
    assert_eq!(record["ceremony"]["script_entry"], adopted["seq"]);
    let steps = record["steps"].as_array().unwrap();
    assert_eq!(steps.len(), script.steps.len());
    for ((step, planned), number) in steps.iter().zip(&script.steps).zip(1u64..) {
        assert_eq!(step["number"], number);
        assert_eq!((&step["id"], &step["do"]), (&planned.id.clone().into(), &planned.activity.clone().into()));
        // A machine of tests may be unfit: people say so and go on.
        let unfit = planned.activity == "preflight" && step["state"] == "left out";
        assert!(unfit || step["state"] == "done", "{step}");
    }
}

/// Every entry of the ceremony is in the record once, with its time and its actors.
fn check_entries(world: &World, record: &Value) {
    let [first, last] = [&record["entries"][0], &record["entries"][1]].map(|seq| seq.as_u64().unwrap());
    let all = entries(world, ENTRIES);
    let beginning = all.iter().find(|entry| entry["seq"] == first).unwrap();
    assert_eq!((&beginning["type"], &all.last().unwrap()["seq"]), (&"script.adopted".into(), &last.into()));
    let mut said = acts(record);
    said.sort_by_key(|act| act["entry"].as_u64());
    let of: Vec<&Value> = all.iter().filter(|entry| entry["seq"].as_u64() >= Some(first)).collect();
    assert_eq!(said.len(), of.len());
    for (act, entry) in said.iter().zip(of) {
        assert_eq!(act["entry"], entry["seq"]);
        assert_eq!((&act["type"], &act["time"], &act["by"]), (&entry["type"], &entry["time"], &entry["actors"]));
        if entry["type"] == "value.recorded" {
            assert!(act["details"].to_string().contains(entry["data"]["value"].as_str().unwrap()), "{act}");
        }
    }
    // What an act is about stands at its step: the deviation at the first, requests and plans at theirs.
    let at = |kind: &str| {
        let steps = record["steps"].as_array().unwrap().iter();
        let with = steps.filter(|step| step["acts"].as_array().unwrap().iter().any(|act| act["type"] == kind));
        with.map(|step| step["do"].as_str().unwrap()).collect::<Vec<_>>()
    };
    for (kind, activity) in [
        ("token.unlocked", "unlock-token"),
        ("recovered", "unlock-token"),
        ("request.imported", "import-requests"),
        ("plan.made", "review-plans"),
        ("plan.approved", "review-plans"),
        ("sign.intent", "sign"),
        ("sign.outcome", "sign"),
        ("bundle.exported", "export-bundles"),
        ("deviation", "participants"),
    ] {
        assert_eq!(at(kind), [activity], "{kind}");
    }
}

fn check_outcomes(record: &Value) {
    assert_eq!(record["outcome"], "complete");
    let outcomes: Vec<&str> =
        record["sessions"].as_array().unwrap().iter().map(|session| session["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["paused", "interrupted", "complete"]);
    let deviation = &record["deviations"][0];
    assert_eq!(deviation["expected"], "a <b>sealed</b> bag");
    assert_eq!(deviation["decided"], "the token is compared by its serial");
    let names: Vec<&str> =
        record["participants"].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada Administrator", "Wim Witness"]);
    for person in record["participants"].as_array().unwrap() {
        assert_eq!(person["signed_off"]["value"], "agrees", "{person}");
    }
    let token = &record["materials"][0];
    assert_eq!(token["ticked"]["value"], "yes");
    // The bag of the genesis, found again.
    let bag = &token["values"][0];
    assert_eq!((&bag["recorded"]["value"], &bag["before"]), (&"B 17".into(), &"B 17".into()));
    assert_eq!(bag["same"], true);
    let signatures = record["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 2);
    for (signature, cluster) in signatures.iter().zip(["east", "west"]) {
        assert_eq!((&signature["status"], &signature["cluster"]), (&"ok".into(), &cluster.into()));
        assert!(signature["subject"].as_str().unwrap().contains(&format!("L={cluster}")), "{signature}");
    }
}

fn check_end(world: &World, record: &Value) {
    let checkpoint = &record["checkpoint"];
    let note = String::from_utf8(world.read("authority/log/checkpoint")).unwrap();
    assert_eq!(checkpoint["note"], note);
    assert_eq!(checkpoint["closing"], true);
    assert_eq!(checkpoint["words"].as_array().unwrap().len(), 8);
    assert_eq!(record["verified"]["authenticated"], false);
    let pinned = json(world, &["-C", AUTHORITY, "--root", "authority/public/root-cert.pem"]);
    assert_eq!(pinned["verified"]["authenticated"], true);
}

/// Every string of the JSON is on the page, escaped, and every entry by its number.
fn check_page(record: &Value, html: &str) {
    for act in acts(record) {
        assert!(html.contains(&format!(">entry {}<", act["entry"])), "entry {}", act["entry"]);
        for detail in act["details"].as_array().unwrap() {
            if matches!(detail["name"].as_str().unwrap(), "step" | "do") {
                continue;
            }
            let value = detail["value"].as_str().unwrap();
            let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            assert!(html.contains(&value), "{detail}");
        }
    }
    assert!(html.contains("a &lt;b&gt;sealed&lt;/b&gt; bag") && !html.contains("<b>sealed"));
    assert!(!html.contains(PIN), "a PIN is on the page");
}

/// On both sizes of paper: numbered pages, nothing outside or over another, a code that another program reads.
fn check_print(world: &World, record: &Value, html: &str) {
    let dir = tempfile::tempdir().unwrap();
    for size in SIZES {
        let printed = print(dir.path(), html, size);
        let count = printed.pages.len();
        assert!((8..=30).contains(&count), "{size}: {count} pages");
        for (page, number) in printed.pages.iter().zip(1..) {
            let text = page.text();
            assert!(text.contains(&format!("page {number} of {count}")), "{size}\n{text}");
            assert_eq!(page.faults(), [""; 0], "{size}, page {number}");
        }
        let text = printed.text();
        let mut said =
            vec!["Record: Sign intermediates", "Outcome: complete", "Ada Administrator", "session 2 (interrupted)"];
        said.extend(record["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()));
        said.extend(record["checkpoint"]["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
        for said in said {
            assert!(text.contains(said), "{size}: {said}\n{text}");
        }
        if have("zbarimg") {
            let picture = printed
                .picture(printed.pages.iter().position(|p| p.text().contains("closing checkpoint")).unwrap() + 1);
            let read = run(Command::new("zbarimg").args(["--raw", "-q", "-Sdisable", "-Sqrcode.enable"]).arg(picture));
            assert_eq!(read.trim_end(), String::from_utf8(world.read("authority/log/checkpoint")).unwrap().trim_end());
        }
    }
}
