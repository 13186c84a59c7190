//! An answers file as text: a template in which every judgement is left empty, so that filling it in is all there is
//! to do, and the same with yes to everything.

use super::template::{Answer, Asked, Blank};
use crate::ceremony::script::Script;
use crate::text;
use toml::Value;

/// The template: comments, known values, and an empty text wherever people judge.
pub fn template(script: &Script, authority: &str, asked: &[Asked]) -> String {
    let head = format!(
        "# Answers for {} ({}) in {}.\n\
         # Fill in every \"\". An answer that is missing, left empty or asked by nobody stops the ceremony before\n\
         # anything is signed. Digests are of what was reviewed: another file is another question.\n",
        text::escape(&script.name),
        text::escape(&script.title),
        text::escape(authority)
    );
    head + &written(asked, true)
}

/// The same answers with yes to everything: what a rehearsal takes for the ceremonies that it needs beforehand.
pub fn yes_to_all(asked: &[Asked]) -> String {
    written(asked, false)
}

fn written(asked: &[Asked], blank: bool) -> String {
    let mut by_step: Vec<(&str, Vec<&Asked>)> = Vec::new();
    for question in asked {
        match by_step.iter_mut().find(|(step, _)| *step == question.step) {
            Some((_, questions)) => questions.push(question),
            None => by_step.push((&question.step, vec![question])),
        }
    }
    by_step.iter().map(|(step, questions)| table(step, questions, blank)).collect()
}

/// The table of a step: first its values, then the answers that are tables of their own.
fn table(step: &str, questions: &[&Asked], blank: bool) -> String {
    let (mut values, mut tables) = (String::new(), String::new());
    for question in questions {
        match &question.answer {
            Answer::One(place) => {
                values.push_str(&comments(&question.about, blank));
                values.push_str(&line(&quoted(&question.key), place, blank));
            }
            Answer::Fields(fields) => {
                tables.push_str(&format!("\n[{}.{}]\n", quoted(step), quoted(&question.key)));
                tables.push_str(&comments(&question.about, blank));
                tables.extend(fields.iter().map(|(name, place)| line(name, place, blank)));
            }
        }
    }
    if values.is_empty() { tables } else { format!("\n[{}]\n{values}{tables}", quoted(step)) }
}

fn comments(about: &[String], blank: bool) -> String {
    if blank { about.iter().map(|line| format!("# {}\n", text::escape(line))).collect() } else { String::new() }
}

fn line(name: &str, place: &Blank, blank: bool) -> String {
    match (blank, place.says.as_str()) {
        (true, "") => format!("{name} = {}\n", place.empty),
        (true, says) => format!("{name} = {}    # {}\n", place.empty, text::escape(says)),
        (false, _) => format!("{name} = {}\n", place.yes),
    }
}

/// A key as TOML writes it.
fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { key.to_owned() } else { Value::String(key.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_reads_as_answers_whatever_its_keys_hold() {
        let asked = |key: &str, answer| Asked {
            step: "a step".to_owned(),
            key: key.to_owned(),
            about: vec!["two\nlines".to_owned()],
            answer,
        };
        let fields = Answer::Fields(vec![("words", Blank::judged("same", "\"same\""))]);
        let asked =
            [asked("file:a \"b\" \\ c.csr", fields), asked("witness", Answer::One(Blank::judged("W", "a name")))];
        let read = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
        let filled = read(&yes_to_all(&asked));
        assert_eq!(filled["a step"]["witness"].as_str(), Some("W"));
        assert_eq!(filled["a step"]["file:a \"b\" \\ c.csr"]["words"].as_str(), Some("same"));
        let empty = read(&template_of(&asked));
        assert_eq!(empty["a step"]["witness"].as_str(), Some(""));
    }

    fn template_of(asked: &[Asked]) -> String {
        template(&Script::built_in("intermediate-signing").unwrap(), "A\nB", asked)
    }
}
