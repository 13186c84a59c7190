//! `ceremony answers`: a template with everything that a script will ask. Filled in, it is enough; left as it is,
//! a key changed, one more or one less, nothing is signed and the key is named.

use crate::support::*;
use serde_json::Value;

/// The template for a script, at a time.
fn template(world: &World, now: &str, more: &[&str]) -> String {
    world.run(&[&["-C", AUTHORITY, "--now", now, "ceremony", "answers"], more].concat()).ok().stdout
}

/// Fills every empty place by what its comment says, as a person would.
fn filled(template: &str) -> String {
    let line = |line: &str| {
        let line = line.replace("[\"\"]", "[\"NAME\"]");
        let answer = match line.split_once("# \"") {
            Some((_, says)) => says.split('"').next().unwrap_or_default().to_owned(),
            None => "because it was agreed".to_owned(),
        };
        let step = line.split(' ').next().unwrap_or_default();
        format!("{}\n", line.replace("\"NAME\"", &format!("\"The {step}\"")).replace("\"\"", &format!("\"{answer}\"")))
    };
    template.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

fn genesis(world: &World, answers: &str) -> Output {
    world.write("answers-root.toml", answers);
    world.run(&CREATE)
}

/// A world with a package, a plain CSR and a key to be made here, as in the demo.
fn demo() -> World {
    let world = World::new();
    let offline = format!(
        "[clusters.cluster3]\nrecipients = [\"{RECIPIENT}\"]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p256\"\n"
    );
    world.configure(&(configuration("test", "ecdsa-p256") + &offline));
    let answers = filled(&template(&world, GENESIS, &["root-genesis"]));
    genesis(&world, &answers).ok();
    world.request("cluster1");
    world.plain_request("cluster2");
    world
}

/// Every empty place of the plain CSR of the demo but the recipient.
fn for_plain(template: &str) -> String {
    filled(&template.replace("recipients = [\"\"]", &format!("recipients = [\"{RECIPIENT}\"]")))
        .replace("cluster = \"because it was agreed\"", "cluster = \"cluster2\"")
        .replace("trust_domain = \"because it was agreed\"", "trust_domain = \"cluster.local\"")
}

#[test]
fn a_template_that_is_filled_in_by_its_comments_runs_the_whole_demo() {
    let world = demo();
    let template = template(&world, SIGNING, &["intermediate-signing", "--from", "requests"]);
    for wanted in
        ["# cluster2.csr: a plain CSR", "# cluster3: its key is made in the ceremony", "\"offline:cluster3\" = \"\""]
    {
        assert!(template.contains(wanted), "{wanted}: {template}");
    }
    world.sign(&for_plain(&template)).ok();
    assert_eq!(world.bundles().len(), 3);

    let retire = ["ceremony", "answers", "cluster-retirement", "--cluster", "cluster1"];
    let later = "2026-12-01T10:00:00Z";
    let template = world.run(&[&["-C", AUTHORITY, "--now", later], &retire[..]].concat()).ok().stdout;
    world.write("answers-retire.toml", filled(&template));
    let held = [
        "-C",
        AUTHORITY,
        "--now",
        later,
        "retire",
        "cluster1",
        "--pin-file",
        "pin",
        "--answers",
        "answers-retire.toml",
    ];
    world.run(&held).ok();
}

#[test]
fn a_template_as_it_is_written_signs_nothing_and_each_empty_place_is_named() {
    let world = World::configured("test", "ecdsa-p256");
    let template_of_genesis = template(&world, GENESIS, &["root-genesis"]);
    let refusal = genesis(&world, &template_of_genesis).refusal();
    assert_text(
        &refusal,
        "
        error: answers: [participants] administrator is not filled in: saw [\"\"]
        Nothing was signed.
        exit 2
    ",
    );
    genesis(&world, &filled(&template_of_genesis)).ok();

    world.request("cluster1");
    let template = template(&world, SIGNING, &["intermediate-signing", "--from", "requests"]);
    let named = filled(template.split("[requests").next().unwrap());
    let rest = &template[template.find("[requests").unwrap()..];
    let said = world.sign(&(named.clone() + rest)).error();
    assert!(said.starts_with("error: answers: [requests]\n       sha256:"), "{said}");
    assert!(said.contains("is not filled in: saw { words = \"\" }") && said.ends_with("exit 2\n"), "{said}");
    let compared = named + &rest.replace("words = \"\"", "words = \"same\"");
    let said = world.sign(&compared).error();
    assert!(said.starts_with("error: answers: [review]\n") && said.contains("is not filled in: saw \"\""), "{said}");
    world.sign(&filled(&template)).ok();
}

#[test]
fn a_changed_configuration_is_asked_for_and_judged_as_it_will_be() {
    let world = World::ready();
    let settled = template(&world, SIGNING, &["intermediate-signing"]);
    assert!(!settled.contains("[config]"), "{settled}");
    world.configure(&(configuration("test", "ecdsa-p256") + "[clusters.cluster1]\ntrust_domain = \"other.example\"\n"));
    world.request("cluster1");
    let template = template(&world, SIGNING, &["intermediate-signing", "--from", "requests"]);
    let digest = world.sha256("authority/authority.toml");
    assert!(template.contains("[config]\n# authority.toml has changed"), "{template}");
    assert!(template.contains(&format!("\"sha256:{digest}\" = \"\"    # \"adopt\"")), "{template}");
    // The request is for the trust domain of before: it will be refused, so it can only be struck.
    assert!(template.contains("# refused by policy.cluster.fixed: saw trust domain cluster.local"), "{template}");
    assert!(template.contains("strike = \"\"    # why the others go on without it"), "{template}");
    assert!(!template.contains("[review]"), "{template}");
}

#[test]
fn a_warning_asks_for_a_reason_in_the_template_already() {
    let world = World::ready();
    world.issued("cluster1");
    std::fs::remove_dir_all(world.path("clusters/cluster1")).unwrap();
    std::fs::remove_dir_all(world.path("requests/cluster1")).unwrap();
    world.request("cluster1");
    let later = "2026-12-01T10:00:00Z";
    let template = template(&world, later, &["intermediate-signing", "--from", "requests"]);
    assert!(template.contains("# warns: "), "{template}");
    assert!(template.contains("= { approve = \"\" }    # why all the same, or { decline = \"why\" }"), "{template}");
    world.write("answers.toml", filled(&template));
    let sign = SIGN.map(|argument| if argument == SIGNING { later } else { argument });
    world.run(&sign).ok();
}

#[test]
fn answers_are_asked_for_where_they_count_and_nowhere_else() {
    let world = World::configured("production", "ecdsa-p256");
    world.refused(
        &["-C", AUTHORITY, "ceremony", "answers", "root-genesis"],
        "
        error: answers stand for people only in an unattended authority: saw kind =
               \"production\", unattended = false, wanted kind = \"test\" or \"rehearsal\",
               and unattended = true
        hint:  people are asked at the terminal: anchorite ceremony run SCRIPT
        exit 2
    ",
    );
    let world = World::ready();
    world.refused(
        &["-C", AUTHORITY, "ceremony", "answers", "cluster-retirement"],
        "
        error: a retirement is of one cluster: saw 0 clusters
        hint:  name it: --cluster NAME
        exit 2
    ",
    );
    let json = world.run(&["-C", AUTHORITY, "--json", "--now", SIGNING, "ceremony", "answers", "export"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["step"], "participants");
    assert_eq!(json[0]["empty"], serde_json::json!([""]));
}

#[test]
fn a_pipeline_that_runs_twice_changes_nothing_the_second_time() {
    let world = World::ready();
    world.issued("cluster1");
    let before = world.everything();
    let json = ["--json", "--if-needed"];
    let repeated = |arguments: &[&str]| -> Value {
        serde_json::from_str(&world.run(&[arguments, &json[..]].concat()).ok().stdout).unwrap()
    };
    assert_eq!(repeated(&SIGN)["changed"], false);
    assert_eq!(repeated(&CREATE)["changed"], false);
    let export = [
        "-C",
        AUTHORITY,
        "--now",
        SIGNING,
        "export",
        "--to",
        "medium",
        "--pin-file",
        "pin",
        "--answers",
        "answers.toml",
    ];
    assert_eq!(repeated(&export)["changed"], false);
    assert_eq!(world.everything(), before);

    // One request more: it is signed, and the one of before is passed over although its answers are there.
    let answers = String::from_utf8(world.read("answers.toml")).unwrap();
    let sha256 = world.request("cluster2");
    let (words, review) = (
        format!("[requests.\"sha256:{sha256}\"]\nwords = \"same\"\n[review]"),
        format!("\"sha256:{sha256}\" = \"approve\"\n"),
    );
    world.write("answers.toml", answers.replace("[review]", &words) + &review);
    let signed = repeated(&SIGN);
    assert_eq!((&signed["changed"], &signed["issued"]), (&Value::Bool(true), &serde_json::json!(["cluster2"])));
    let said = world.run(&SIGN).error();
    assert!(said.contains("policy.key.again"), "without --if-needed it is refused: {said}");
}

#[test]
fn a_cluster_that_is_retired_already_can_be_retired_if_needed() {
    let world = World::ready();
    world.issued("west");
    world.write("answers-retire.toml", format!("{PARTICIPANTS}[retire]\nwest = {{ retire = \"moved\" }}\n"));
    let later = "2026-12-01T10:00:00Z";
    let retire = [
        "-C",
        AUTHORITY,
        "--now",
        later,
        "--json",
        "retire",
        "west",
        "--if-needed",
        "--pin-file",
        "pin",
        "--answers",
        "answers-retire.toml",
    ];
    let changed = || -> Value { serde_json::from_str(&world.run(&retire).ok().stdout).unwrap() };
    assert_eq!(changed()["changed"], true);
    let before = world.everything();
    assert_eq!(changed()["changed"], false);
    assert_eq!(world.everything(), before);
}

/// What is said of a run, in one line.
#[track_caller]
fn named(output: Output, wanted: &str) {
    let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with(&format!("error: answers: {wanted}")), "{wanted}: {said}");
    assert!(said.contains("Nothing was signed.") && said.ends_with("exit 2"), "{said}");
}

#[test]
fn a_missing_a_wrong_and_a_stray_answer_are_named_at_each_kind_of_step_of_a_genesis() {
    let world = World::configured("test", "ecdsa-p256");
    let good = filled(&template(&world, GENESIS, &["root-genesis"]));
    let digest = world.sha256("authority/authority.toml");
    let approve = format!("\"sha256:{digest}\" = \"approve\"");
    for (from, to, wanted) in [
        (
            "label = \"World Mesh Root\"",
            "label = \"World\"",
            "[initialize] label: the label typed is not the new label: saw World, wanted World Mesh Root",
        ),
        ("label = \"World Mesh Root\"", "label = 7", "[initialize] label is out of form"),
        ("label = \"World Mesh Root\"", "", "[initialize] has no answer for label"),
        ("[review]", "slot = \"0\"\n[review]", "[initialize] slot answers nothing that is asked"),
        (&approve, "", &format!("[review] has no answer for sha256:{digest}")),
        (&approve, &approve.replace("approve", "same"), &format!("[review] sha256:{digest} is out of form")),
        ("witness = [\"The witness\"]", "witness = \"The witness\"", "[participants] witness is out of form"),
    ] {
        assert!(good.contains(from), "{from}: {good}");
        named(genesis(&world, &good.replace(from, to)), wanted);
        let made = std::fs::read_dir(world.path("token/tokens")).unwrap().count();
        assert_eq!(made == 0, !wanted.starts_with("[review]"), "{wanted}: the token was initialised");
        // What a genesis that stopped left is no matter here: each of these begins anew.
        std::fs::remove_dir_all(world.path("authority")).unwrap();
        std::fs::remove_dir_all(world.path("token/tokens")).unwrap();
        std::fs::create_dir(world.path("token/tokens")).unwrap();
        world.configure(&configuration("test", "ecdsa-p256"));
    }
    genesis(&world, &good).ok();
}

#[test]
fn a_missing_a_wrong_and_a_stray_answer_are_named_at_each_kind_of_step_afterwards() {
    let world = World::ready();
    world.issued("west");
    world.configure(&(configuration("test", "ecdsa-p256") + "[crl]\nvalidity_days = 90\n"));
    let digest = world.sha256("authority/authority.toml");
    world.request("cluster1");
    std::fs::remove_dir_all(world.path("requests/west")).unwrap();
    let good = filled(&template(&world, SIGNING, &["intermediate-signing", "--from", "requests"]));
    let adopt = format!("\"sha256:{digest}\" = \"adopt\"");
    for (from, to, wanted) in [
        (adopt.as_str(), "", format!("[config] has no answer for sha256:{digest}")),
        (
            &adopt,
            &adopt.replace("adopt", "yes"),
            format!("[config] sha256:{digest} is out of form: saw yes, wanted \"adopt\" or \"decline\""),
        ),
        ("words = \"same\"", "words = \"equal\"", "[requests] sha256:".to_owned()),
        ("words = \"same\"", "", "[requests] sha256:".to_owned()),
        (
            "[review]",
            "[review]\n\"offline:west\" = \"approve\"",
            "[review] offline:west answers nothing that is asked".to_owned(),
        ),
    ] {
        assert!(good.contains(from), "{from}: {good}");
        named(world.sign(&good.replace(from, to)), &wanted);
    }
    world.sign(&good).ok();

    let retire = |answer: &str| {
        world.write("answers-retire.toml", format!("{PARTICIPANTS}{answer}"));
        let later = "2026-12-01T10:00:00Z";
        let held = [
            "-C",
            AUTHORITY,
            "--now",
            later,
            "retire",
            "west",
            "--pin-file",
            "pin",
            "--answers",
            "answers-retire.toml",
        ];
        world.run(&held)
    };
    named(retire(""), "[retire] has no answer for west");
    named(
        retire("[retire]\nwest = \"yes\"\n"),
        "[retire] west is out of form: saw yes, wanted { retire = \"reason\" }",
    );
    named(
        retire("[retire]\nwest = { retire = \"moved\" }\neast = { retire = \"moved\" }\n"),
        "[retire] east answers nothing that is asked",
    );
    retire("[retire]\nwest = { retire = \"moved\" }\n").ok();
}
