//! `copy-authority`: the authority's own sticks are looked at while something can still be done about them: which
//! are here, what each holds, whether there is room. `close` writes them, once the last checkpoint is signed.

use crate::authority::AuthorityKind;
use crate::ceremony::copies::{self, Stick, WANTED};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Lasts, Ways};
use crate::files::medium::Role;
use crate::log::Record;
use crate::log::record::ValueRecorded;
use crate::screen::Screen;
use crate::store::Standing;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "copy-authority",
    says: "Look at the authority's own media",
    asks: false,
    needs: &[],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: Some(Role::Authority),
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let sticks = copies::gather(room, &step.id)?;
    let few = room.config.kind == AuthorityKind::Production && sticks.len() < WANTED;
    let warning = format!("{}; a production authority wants {WANTED} at least", of_them(sticks.len()));
    let mut screen = Screen::new().heading("The authority's own media", of_them(sticks.len()));
    for stick in &sticks {
        screen = screen.noted(&stick.medium.short_id(), held(stick), quoted(stick.medium.label.as_deref()));
    }
    if few {
        screen = screen.field("WARNING", &warning);
    }
    if !sticks.is_empty() {
        screen = screen.text(
            "Closing the session copies the authority to each: its log, certificates, and records with the names of \
             participants. No secret is among them.",
        );
    }
    room.people.show(&screen)?;
    let record = |name: &str, value: String| -> Record {
        ValueRecorded { step: step.id.clone(), name: name.to_owned(), value }.into()
    };
    let mut records: Vec<Record> =
        sticks.iter().map(|s| record("authority medium", format!("{}: {}", s.medium.called(), held(s)))).collect();
    if few {
        records.push(record("warning", warning));
    }
    room.journal.append(records)?;
    bench.copies = Some(sticks);
    Ok(())
}

fn of_them(count: usize) -> String {
    match count {
        0 => "no authority medium is here".to_owned(),
        1 => "1 authority medium is here".to_owned(),
        count => format!("{count} authority media are here"),
    }
}

fn quoted(label: Option<&str>) -> String {
    label.map_or_else(String::new, |label| format!("\"{label}\""))
}

fn held(stick: &Stick) -> String {
    match stick.standing {
        _ if stick.here => "holds the authority itself".to_owned(),
        Standing::Behind { entries: 0 } | Standing::Equal { entries: 0 } => "no copy yet".to_owned(),
        Standing::Behind { entries } => format!("an older copy, {entries} entries"),
        Standing::Equal { entries } | Standing::Ahead { entries } => format!("the log as it is, {entries} entries"),
        Standing::Diverged { at } => format!("another history from entry {at}"),
    }
}
