//! Lists, values, texts, agreement: every confirmation is an entry, a slip is helped, a difference needs a
//! deviation.

use super::*;
use crate::seat::{founded, introduces};
use expectrl::Expect;

const BAG: &str = "values = [{ name = \"bag number\", continues = \"bag number\" }]\nby = \"witness\"";
/// The question of that step: what every ceremony asks is answered without waiting, so it has another name here.
const SEAL: &str = "values = [{ name = \"seal\", continues = \"bag number\" }]\nby = \"witness\"";

/// Pauses at the PIN, where these tests stop.
fn pauses(mut seat: Seat) -> String {
    seat.asked("User PIN of the root token: ");
    seat.session.send(expectrl::ControlCode::EndOfText).unwrap();
    seat.answers("Pause here? ", "yes");
    seat.ends().0
}

#[test]
fn each_item_of_a_list_is_confirmed_and_logged_by_who_said_so() {
    let world = founded();
    let list = step("seals", "checklist", "items = [\"The seal is intact\", \"The room is closed\"]\nby = \"witness\"");
    let mut seat = run(&world, &script(&list));
    introduces(&mut seat);
    let shown = seat.answers("Witness, is it so? (yes or no): ", "perhaps");
    assert!(shown.contains("  1 of 2       The seal is intact"), "{shown}");
    let helped = seat.answers("Witness, is it so? (yes or no): ", "Y");
    assert!(helped.contains("Not yet: neither yes nor no: saw perhaps, wanted yes, or no."), "{helped}");
    // What is not so stops the step; it can be mended, or left so for a reason.
    seat.answers("Witness, is it so? (yes or no): ", "no");
    let error = seat.answers("What now? retry, skip, pause, abandon: ", "retry");
    assert!(error.contains("an item of the checklist is not so: saw no: The room is closed"), "{error}");
    seat.answers("Witness, is it so? (yes or no): ", "yes");
    seat.answers("Witness, is it so? (yes or no): ", "no");
    seat.answers("What now? retry, skip, pause, abandon: ", "skip");
    seat.answers("Why is it left out? (the log keeps it): ", "the door has no lock");
    pauses(seat);
    let said = recorded(&world, "seals");
    let said: Vec<(&str, &str, &str)> = said.iter().map(|(by, n, v)| (by.as_str(), n.as_str(), v.as_str())).collect();
    assert_eq!(said, [("witness", "The seal is intact", "yes"); 2]);
    let skipped = entries(&world, "step.skipped");
    assert_eq!(skipped.last().unwrap()["data"]["reason"], "the door has no lock");
}

#[test]
fn a_value_that_continues_another_is_the_same_or_a_deviation_says_why_not() {
    let world = founded();
    let asks = step("seal", "record", SEAL);
    let mut seat = run(&world, &script(&asks));
    introduces(&mut seat);
    // The genesis recorded B 17; capitals and spaces do not matter.
    seat.answers("Witness, seal: ", "b17");
    pauses(seat);
    let mut seat = run(&world, &script(&asks).replace("Mine", "Another"));
    introduces(&mut seat);
    seat.answers("Witness, seal: ", "");
    let helped = seat.answers("Witness, seal: ", "B 18");
    assert!(helped.contains("the log keeps 1 to 200 printable characters: saw nothing"), "{helped}");
    let helped = seat.answers("Witness, seal: ", "B 19");
    let helped = helped.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(helped.contains("the seal is not what the last ceremony recorded: saw B 18, wanted B 17"), "{helped}");
    assert!(helped.contains("type d, write the deviation down, then type it once more"), "{helped}");
    seat.answers("Witness, seal: ", "d");
    seat.answers("What was expected?: ", "bag B 17");
    seat.answers("What happened?: ", "it is in bag B 18");
    seat.answers("What was decided?: ", "the safe log explains it: go on");
    seat.answers("Witness, seal: ", "B 18");
    pauses(seat);
    let deviations = entries(&world, "deviation");
    assert_eq!(deviations.len(), 1);
    assert_eq!(deviations[0]["data"]["happened"], "it is in bag B 18");
    assert_eq!(recorded(&world, "seal").last().unwrap().2, "B 18");
    // The deviation stands before what it explains.
    let seq = |entry: &serde_json::Value| entry["seq"].as_u64().unwrap();
    assert!(seq(&deviations[0]) < seq(entries(&world, "value.recorded").last().unwrap()));
}

#[test]
fn a_deviation_that_was_written_before_the_difference_was_shown_excuses_nothing() {
    let world = founded();
    let mut seat = run(&world, &script(&step("seal", "record", SEAL)));
    introduces(&mut seat);
    seat.answers("Witness, seal: ", "d");
    seat.answers("What was expected?: ", "a quiet room");
    seat.answers("What happened?: ", "the telephone rang");
    seat.answers("What was decided?: ", "go on");
    seat.answers("Witness, seal: ", "B 18");
    let helped = seat.answers("Witness, seal: ", "B 17");
    assert!(helped.contains("is not what the last ceremony recorded"), "{helped}");
    pauses(seat);
}

#[test]
fn a_material_that_is_missing_stops_and_its_values_are_asked() {
    let world = founded();
    let materials = "[[materials]]\nitem = \"Token in its bag\"\nrecord = [{ name = \"seal\" }]\n";
    let asks = script(&step("table", "materials", ""))
        .replace("[[step]]\nid = \"compare\"", &format!("{materials}[[step]]\nid = \"compare\""));
    let mut seat = run(&world, &asks);
    introduces(&mut seat);
    seat.answers("Administrator, is it here? (yes or no): ", "no");
    let error = seat.answers("What now? retry, skip, pause, abandon: ", "retry");
    assert!(error.contains("something that the script needs is not here: saw no: Token in its bag"), "{error}");
    seat.answers("Administrator, is it here? (yes or no): ", "yes");
    seat.answers("Administrator, seal: ", "S 1");
    pauses(seat);
    let said = recorded(&world, "table");
    assert_eq!(
        said.iter().map(|(_, n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>(),
        [("Token in its bag", "yes"), ("seal", "S 1")]
    );
}

#[test]
fn a_text_is_read_by_one_and_heard_by_another() {
    let world = founded();
    let text = "text = \"\"\"\nOne line\nof the text.\n\nAnother paragraph.\n\"\"\"\nby = \"witness\"";
    let mut seat = run(&world, &script(&step("aloud", "read-aloud", text)));
    introduces(&mut seat);
    let shown = seat.answers("Witness, is it read? (yes or no): ", "yes").replace("\r\n", "\n");
    assert!(shown.contains("\n  One line of the text.\n\n  Another paragraph.\n"), "{shown}");
    seat.answers("Administrator, did you hear it? (yes or no): ", "no");
    let error = seat.answers("What now? retry, skip, pause, abandon: ", "retry");
    assert!(error.contains("the text was not heard"), "{error}");
    seat.answers("Witness, is it read? (yes or no): ", "yes");
    seat.answers("Administrator, did you hear it? (yes or no): ", "yes");
    pauses(seat);
    let last: Vec<_> = recorded(&world, "aloud").into_iter().map(|(by, name, _)| (by, name)).collect();
    let said = |by: &str, name: &str| (by.to_owned(), name.to_owned());
    assert_eq!(last, [said("witness", "read aloud"), said("witness", "read aloud"), said("administrator", "heard")]);
}

#[test]
fn who_does_not_agree_is_in_the_record_and_stops_nothing() {
    let world = founded();
    let mut seat = run(&world, &script(&step("agreed", "sign-off", "")));
    introduces(&mut seat);
    seat.answers("Administrator, do you agree? (yes or no): ", "yes");
    seat.answers("Witness, do you agree? (yes or no): ", "no");
    seat.answers("Witness, why not? (the log keeps it): ", "");
    let helped = seat.answers("Witness, why not? (the log keeps it): ", "I did not see the seal");
    assert!(helped.contains("the log keeps 1 to 200 printable characters"), "{helped}");
    pauses(seat);
    let said = recorded(&world, "agreed");
    assert_eq!(said[0].2, "agrees");
    assert_eq!(said[1], ("witness".into(), "witness".into(), "does not agree: I did not see the seal".into()));
}

#[test]
fn what_was_recorded_is_what_the_next_ceremony_continues() {
    let world = founded();
    let mut seat =
        run(&world, &script(&step("bag", "record", &BAG.replace("name = \"bag number\"", "name = \"seal\""))));
    introduces(&mut seat);
    seat.answers("Witness, seal: ", "B 17");
    pauses(seat);
    let nothing = SEAL.replace("continues = \"bag number\"", "continues = \"number of the moon\"");
    let mut seat = run(&world, &script(&step("moon", "record", &nothing)));
    introduces(&mut seat);
    let shown = seat.answers("Witness, seal: ", "1");
    assert!(shown.contains("No earlier ceremony recorded the seal"), "{shown}");
    pauses(seat);
}
