//! What a later version wrote is refused by name, and nothing is appended to it.

use super::{all, log, world};
use crate::support::{AUTHORITY, ENTRIES, World, assert_text};
use crate::tampering::Files;
use anchorite::bundle::envelope::Envelope;
use anchorite::bundle::manifest::{Manifest, Receipt};
use anchorite::error::{Error, Kind};
use anchorite::log::{entry, record::Record};
use anchorite::request::package;
use serde_json::value::RawValue;

fn newer<T>(result: Result<T, Error>, kind: Kind, said: &str) {
    let error = result.err().expect(said);
    assert_eq!(error.kind(), kind, "{said}: {error}");
    assert!(error.to_string().contains(said), "{said}: {error}");
    assert!(error.hints().iter().any(|hint| hint.starts_with("use the version of anchorite that wrote")), "{error:?}");
}

#[test]
fn a_type_or_version_of_a_later_anchorite_is_refused_by_name() {
    let line = br#"{"v":2,"seq":0,"prev":"","log":"","session":"","time":"","time_source":"","actors":[],"type":"genesis","data":{}}"#;
    newer(entry::parse_line(line), Kind::Verify, "written by a newer anchorite: saw v 2, wanted v 1");
    let data = RawValue::from_string("{}".to_owned()).unwrap();
    newer(
        Record::parse("key.sung", data.get()),
        Kind::Verify,
        "written by a newer anchorite: saw an entry of type key.sung",
    );
    let later = |what: &str| format!("{{\"type\":\"anchorite/{what}/v2\",\"more\":{{}}}}").into_bytes();
    let named = |file: &str, what: &str| {
        format!("{file} was written by a newer anchorite: saw anchorite/{what}/v2, wanted anchorite/{what}/v1")
    };
    newer(Envelope::read(&later("envelope")), Kind::Verify, &named("envelope.json", "envelope"));
    newer(Manifest::read(&later("manifest")), Kind::Verify, &named("manifest.json", "manifest"));
    newer(Receipt::read(&later("receipt")), Kind::Verify, &named("receipt.json", "receipt"));
    newer(package::parse(&later("request")), Kind::Medium, &named("request.json", "request"));
}

#[test]
fn the_marker_of_a_medium_of_a_later_anchorite_is_refused_by_name() {
    let world = World::ready();
    world.request("west");
    world.write("requests/anchorite-medium.json", r#"{"type":"anchorite/medium/v2","more":1}"#);
    world.write("answers.toml", crate::support::PARTICIPANTS);
    let refused = world.run(&crate::support::SIGN).error();
    let words = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("was written by a newer anchorite: saw anchorite/medium/v2"), "{refused}");
}

#[test]
fn a_plan_of_a_later_anchorite_in_a_log_is_refused_by_name() {
    let golden = all().into_iter().next().unwrap();
    let files = Files::of(&log(&golden));
    let text = String::from_utf8(files.entries.clone()).unwrap();
    let changed = Files { entries: text.replacen("anchorite/plan/v1", "anchorite/plan/v2", 1).into_bytes(), ..files };
    let said = changed.refused("a newer plan");
    assert!(said.contains("rule plan.tbs): a plan was written by a newer anchorite: saw anchorite/plan/v2"), "{said}");
}

#[test]
fn nothing_is_appended_to_a_log_that_a_later_anchorite_went_on_with() {
    let golden = all().into_iter().find(|golden| golden.ends_with("certified")).unwrap();
    for (from, to, saw) in [
        ("\n{\"v\":1,", "\n{\"v\":2,", "v 2, wanted v 1"),
        (
            "\"type\":\"token.unlocked\"",
            "\"type\":\"token.sung\"",
            "an entry of type token.sung, wanted a type that this version knows",
        ),
    ] {
        let world = world(&golden);
        let text = String::from_utf8(world.read(ENTRIES)).unwrap();
        let at = text.rfind(from).unwrap();
        let later = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
        world.write(ENTRIES, &later);
        let line = later[..=at + 1].lines().count();
        world.write("answers.toml", format!("{}[review]\n\"crl:1\" = \"approve\"\n", crate::support::PARTICIPANTS));
        let now = ["-C", AUTHORITY, "--now", "2027-01-10T10:00:00Z"];
        let crl = ["crl", "--pin-file", "pin", "--answers", "answers.toml"];
        let before = world.everything();
        for command in [&[&now[..], &crl].concat()[..], &[&now[..], &["status"]].concat()] {
            let said = world.run(command);
            assert_text(
                &said.error(),
                &format!(
                    "error: the log: line {line} (byte …, rule entry.form): written by a newer anchorite: saw {saw} \
                     hint: use the version of anchorite that wrote this log, or a later one \
                     hint: `anchorite log verify` checks the whole log \
                     exit 40"
                ),
            );
        }
        assert_eq!(world.everything(), before);
    }
}
