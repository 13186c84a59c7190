//! `read-aloud`: a text that everybody hears: one reads it, another says that it was heard.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::confirm;
use crate::ceremony::vocabulary::{Activity, Lasts, Setting, Ways};
use crate::error::{Error, Kind};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "read-aloud",
    says: "Read aloud",
    asks: false,
    needs: &[],
    gives: &[],
    takes: &[],
    settings: &[Setting::Text],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let text = step.text.as_deref().unwrap_or_default();
    // Line breaks of the script are those of its file; empty lines part paragraphs.
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let screen = paragraphs.fold(Screen::new(), |screen, paragraph| screen.blank().indented(paragraph));
    room.people.show(&screen.blank())?;
    let hears = if step.by == "witness" { "administrator" } else { "witness" };
    let (by, step_by) =
        (step.by.clone(), [(step.by.as_str(), "read aloud", "is it read?"), (hears, "heard", "did you hear it?")]);
    for (role, name, question) in step_by {
        if !confirm::yes(room, step, role, name, question)? {
            let what = if role == by { "the text was not read aloud" } else { "the text was not heard" };
            return Err(Stop::Failed(Error::new(Kind::Declined, what).hint("read it aloud and retry")));
        }
    }
    Ok(())
}
