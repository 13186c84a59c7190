//! What a restored log holds, and what it goes on from.

use super::*;
use serde_json::Value;

#[test]
fn a_restored_log_names_the_lost_one_and_what_is_lost_of_it_and_verifies() {
    let world = lost();
    let shown =
        restore(&world, &["--checkpoint", "lost/public/checkpoint", "--crl", "lost/public/root.crl"]).ok().stderr;
    let lines = |dir: &str| String::from_utf8(world.read(format!("{dir}/log/entries.jsonl"))).unwrap().lines().count();
    let (had, left) = (lines("lost"), lines("copy"));
    let spoken = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(spoken.contains(&format!("entries {left} to {}, {} of them", had - 1, had - left)), "{shown}");
    let root = "copy/public/root-cert.pem";
    let report = world.run(&["log", "verify", NEW, "--root", root, "--at-rest"]).ok().stdout;
    assert!(report.contains("consistent and authenticated") && report.contains("not covered"), "{report}");
    assert_ne!(log_id(&world, NEW), log_id(&world, "copy"));
    let log = world.run(&["log", "show", NEW]).ok().stdout;
    let wanted = format!("in the place of {}, {left} of {had} entries at hand", log_id(&world, "copy"));
    assert!(log.contains(&wanted), "{log}");
    // The same keys, the same certificates.
    for file in ["root-cert.pem", "audit-cert.pem"] {
        assert_eq!(world.read(format!("{NEW}/public/{file}")), world.read(format!("copy/public/{file}")), "{file}");
    }
    assert_eq!(world.read(format!("{NEW}/authority.toml")), world.read("copy/authority.toml"));
    let record = world.run(&["-C", NEW, "ceremony", "record"]).ok().stdout;
    assert!(record.contains("takes the place of one that was LOST") && record.contains("both sticks burnt"));
}

#[test]
fn everything_numbered_goes_on_above_what_was_seen() {
    let world = lost();
    restore(&world, &["--checkpoint", "lost/public/checkpoint"]).ok();
    // Seconds since 1970 are above every number that the lost part can have given.
    let crl =
        world.tool("openssl", &["crl", "-in", &format!("{NEW}/public/root.crl"), "-noout", "-crlnumber"]).ok().stdout;
    assert_eq!(
        crl,
        format!("crlNumber=0x{:X}\n", "2026-11-25T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second())
    );
    let status = |dir: &str| -> Value {
        serde_json::from_str(&world.run(&["--json", "-C", dir, "--now", RESTORING, "status"]).ok().stdout).unwrap()
    };
    let (copy, new) = (status("copy"), status(NEW));
    let generation = |status: &Value| status["clusters"][0]["generation"].as_u64().unwrap();
    let lines = |dir: &str| String::from_utf8(world.read(format!("{dir}/log/entries.jsonl"))).unwrap().lines().count();
    let missing = u64::try_from(lines("lost") - lines("copy")).unwrap();
    assert_eq!(generation(&new), generation(&copy) + missing.div_ceil(4));
    assert_eq!(new["certificates"].as_array().unwrap().len(), copy["certificates"].as_array().unwrap().len());
    // Nobody brought what east was sent.
    assert!(!new["clusters"].as_array().unwrap().iter().any(|cluster| cluster["name"] == "east"));
    assert!(new["uncovered"].as_str().unwrap().contains("an older log was lost"));
}

#[test]
fn what_a_cluster_opened_brings_a_lost_certificate_back_and_its_bundle_is_made_again() {
    let world = lost();
    let shown = restore(&world, &["--bundle", "clusters/east"]).ok().stderr;
    assert!(shown.contains("found again") && shown.contains("east generation 1, serial"), "{shown}");
    let issued = world.read("clusters/east/ca-cert.pem");
    let again = export(&world, "east");
    open(&world, &again, "east", &[]).ok();
    assert_eq!(world.read("clusters/east/ca-cert.pem"), issued);
    let receipt: Value = serde_json::from_slice(&world.read("clusters/east/receipt.json")).unwrap();
    assert_eq!(receipt["log"], log_id(&world, NEW).as_str());
    let report = world.run(&["log", "verify", NEW, "--root", "copy/public/root-cert.pem", "--at-rest"]).ok().stdout;
    assert!(report.contains("consistent and authenticated"), "{report}");
}

#[test]
fn the_next_certificate_of_a_cluster_has_a_generation_that_nobody_used() {
    let world = lost();
    restore(&world, &["--bundle", "clusters/east"]).ok();
    std::fs::remove_dir_all(world.path("requests/east")).unwrap();
    world.run(&["--now", RESTORING, "request", "east", "--key", "ecdsa-p256", "--into", "clusters", "--renew"]).ok();
    let made =
        std::fs::read_dir(world.path("clusters")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let made = made.filter(|name| name.starts_with("east") && name != "east").max().unwrap();
    for name in ["request.json", "request.sig", "renewal.sig"] {
        let bytes = world.read(format!("clusters/{made}/{name}"));
        world.write(format!("requests/east/{name}"), bytes);
    }
    let sha256 = world.sha256("requests/east/request.json");
    world.write("answers.toml", with_reason(&world.signing_answers(&[&sha256], &[])));
    let mut sign = SIGN;
    (sign[1], sign[3]) = (NEW, "2026-11-25T11:00:00Z");
    let output = world.run(&sign);
    let shown = output.stderr.clone();
    output.ok();
    assert!(!shown.contains("serialNumber=2\n"), "a number that the lost part may have used:\n{shown}");
}

#[test]
fn an_interrupted_restore_goes_on_with_the_same_command() {
    let world = lost();
    world.write("answers-restore.toml", answers(&world).replace("\"approve\"", "{ decline = \"not today\" }"));
    let command = [
        "-C",
        NEW,
        "--now",
        RESTORING,
        "restore",
        "--from",
        "copy",
        "--pin-file",
        "pin",
        "--answers",
        "answers-restore.toml",
    ];
    assert_eq!(world.run(&command).code, Some(11));
    let mut sign = SIGN;
    (sign[1], sign[3]) = (NEW, "2026-11-25T11:00:00Z");
    assert_text(
        &world.run(&sign).refusal(),
        "
        error: the restore of this authority is not finished
        hint:  finish it with: anchorite restore
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers-restore.toml", answers(&world));
    let mut later = command;
    later[3] = "2026-11-25T10:00:00Z";
    world.run(&later).ok();
    let log = world.run(&["log", "show", NEW]).ok().stdout;
    assert_eq!((log.matches(" restore  ").count(), log.matches(" key.adopted ").count()), (1, 2), "{log}");
}

#[test]
fn a_restored_log_is_restored_once_more_and_remembers_both() {
    let world = lost();
    restore(&world, &["--bundle", "clusters/east"]).ok();
    let first = log_id(&world, "copy");
    let again = export(&world, "west");
    drop(again);
    world.tool("rm", &["-rf", "copy"]).ok();
    // The copy is of before the export.
    world.tool("sh", &["-c", &format!("cp -a {NEW} copy && cp -a {NEW} second-lost")]).ok();
    let _ = export(&world, "east");
    world.tool("rm", &["-rf", NEW]).ok();
    let mut output = None;
    world.write("answers-restore.toml", answers(&world));
    let command = [
        "-C",
        NEW,
        "--now",
        "2026-11-26T09:00:00Z",
        "restore",
        "--from",
        "copy",
        "--pin-file",
        "pin",
        "--answers",
        "answers-restore.toml",
    ];
    output.replace(world.run(&command).ok());
    let text = String::from_utf8(world.read(format!("{NEW}/log/entries.jsonl"))).unwrap();
    let line = text.lines().find(|line| line.contains("\"type\":\"restore\"")).unwrap();
    assert!(line.contains(&first) && line.contains(&log_id(&world, "copy")), "{line}");
}
