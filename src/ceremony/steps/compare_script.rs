//! `compare-script`: the paper in everybody's hands is the script that runs; before a root exists, also the
//! configuration that was reviewed. Words of the digest are asked at random positions; the screen does not show
//! them, so they can only come from the cover of the paper.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::spot_check;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Digest;
use crate::error::Error;
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "compare-script",
    says: "Compare the script with the paper",
    asks: false,
    needs: &[],
    gives: &[Fact::Compared],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// Who holds a paper and is asked: those that every script has.
const ASKED: [&str; 2] = ["administrator", "witness"];

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let screen = Screen::new().field("script", format!("{} ({})", room.script.title, room.script.name)).text(
        "The cover of your paper has 32 words, the digest of the script that it prints. Each of you types the words \
         that are asked, from your own paper.",
    );
    room.people.show(&screen)?;
    let script = Printed { words: "words", what: "script", sha256: room.script.sha256 };
    for role in ASKED {
        compare(room, step, role, &script)?;
    }
    if room.journal.state().keys.is_empty() {
        room.people.show(&Screen::new().text(
            "This ceremony makes what authority.toml says, for good. Its words are on the cover too, below those of the \
             script; `anchorite config check` shows them.",
        ))?;
        let config = Printed { words: "config words", what: "configuration", sha256: room.config_adopted.1 };
        compare(room, step, "witness", &config)?;
    }
    Ok(())
}

/// Something whose digest is on the cover in words.
struct Printed {
    words: &'static str,
    what: &'static str,
    sha256: Digest,
}

fn compare(room: &mut Room<'_>, step: &Step, role: &str, printed: &Printed) -> Result<(), Stop> {
    let what = printed.what;
    loop {
        let positions = spot_check::positions(&mut room.entropy, 32)?;
        let typed = room.people.answer(&step.id, role, role, &question(printed.words, &positions))?;
        if matches!(typed.to_lowercase().as_str(), "no" | "n") {
            return Err(Stop::Declined(format!("the paper of the {role} has another {what}")));
        }
        match spot_check::compare(&typed, &positions, &printed.sha256.0) {
            Ok(()) => {
                return Ok(room.record(step, role, &format!("words of the {what}"), &spot_check::says(&positions))?);
            }
            Err(error) => room.people.help(&helped(error, what))?,
        }
    }
}

/// Short enough that three of the longest words fit beside it on the same line.
fn question(words: &str, positions: &[usize]) -> String {
    format!("{words} {} (or no)", spot_check::says(positions))
}

fn helped(error: Error, what: &str) -> Error {
    error
        .hint(format!("if your paper says otherwise, it has another {what}: type \"no\" to stop"))
        .hint("the paper is printed with: anchorite -C DIR ceremony script NAME")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    #[test]
    fn the_longest_words_fit_on_the_line_of_their_question() {
        let odd = (0..=u8::MAX).map(|byte| words::word(1, byte).len()).max().unwrap();
        for (role, words) in [("Administrator", "words"), ("Witness", "config words")] {
            let asked = format!("{role}, {}: ", question(words, &[28, 30, 32]));
            assert!(asked.len() + 3 * odd + 2 <= 80, "{asked}: {}", 3 * odd + 2);
        }
    }
}
