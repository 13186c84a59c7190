//! What people see before a root key is destroyed, and after it.

use crate::authority::State;
use crate::authority::state::KeyRecord;
use crate::ceremony::room::Room;
use crate::ceremony::script::ScriptKind;
use crate::screen::Screen;
use crate::text;
use crate::token::KeyRole;
use jiff::Timestamp;

/// What ends, and what outlives it.
pub(super) fn before(room: &Room<'_>, doomed: &[KeyRecord]) -> Screen {
    let state = room.journal.state();
    let banner = room.banner();
    let ends = room.script.kind == ScriptKind::Decommission;
    let what = if ends { "the end of the authority" } else { "the end of a root key" };
    let mut screen = Screen::new().banner(format!("{} · {}", banner.name, banner.kind), what);
    for key in doomed {
        let spki = key.spki.as_ref().map(|spki| spki.sha256().short()).unwrap_or_default();
        screen = screen
            .field("root key", format!("generation {}, {}, spki {spki}…", key.generation, key.spec.title()))
            .field("in the token", &key.token_serial);
    }
    for key in doomed {
        screen = outlived(screen, state, key.generation, room.journal.now());
    }
    for backup in state.backups.all() {
        screen = screen.field("key backup", &backup.name);
    }
    screen.text(
        "This cannot be undone. What was issued stays valid to its end; nothing of it can be renewed or revoked by this key \
         any more, and no CRL of it follows the last.",
    )
}

/// Intermediates that are still valid, and whether the last CRL lasts as long.
fn outlived(screen: Screen, state: &State, generation: u32, now: Timestamp) -> Screen {
    let ends: Vec<Timestamp> = state.outlived_by(generation).map(|c| c.not_after).filter(|end| *end > now).collect();
    let Some(last) = ends.iter().max() else {
        return screen.field("still valid", "no intermediate");
    };
    let screen =
        screen.field("still valid", format!("{}, the last until {last}", text::count(ends.len(), "intermediate")));
    match state.crls.get(&generation) {
        None => screen.field("last CRL", "none"),
        Some(crl) if crl.next_update >= *last => {
            screen.field("last CRL", format!("number {}, until {}", crl.number, crl.next_update))
        }
        Some(crl) => screen
            .field("last CRL", format!("number {}, until {}: BEFORE the last intermediate", crl.number, crl.next_update))
            .text(
                "After that time, whoever checks revocation finds an expired CRL, and refuses these intermediates or stops \
                 checking. A CRL lasts 12 months at the most: replace the intermediates before it ends.",
            ),
    }
}

/// What is true now.
pub(super) fn after(room: &Room<'_>, doomed: &[KeyRecord]) -> Screen {
    let state = room.journal.state();
    let mut screen = doomed.iter().fold(
        Screen::new().heading("Destroyed, and not found again", text::count(doomed.len(), "root key")),
        |screen, key| screen.field("generation", format!("{}, in the token {}", key.generation, key.token_serial)),
    );
    if room.tokens.profile(KeyRole::Root).files.is_some() {
        screen = screen.text(
            "The key's files are removed, and so are the copies of before each login. A disk may keep what was removed: \
             destroy the medium too, and every image of it.",
        );
    }
    let still =
        state.backups.all().iter().filter(|b| doomed.iter().any(|key| b.generations.contains_key(&key.generation)));
    for backup in still {
        screen = screen.field("STILL EXISTS", format!("the key backup {}", backup.name));
    }
    match state.custody.of(KeyRole::Root.name(), "user") {
        Some(set) if room.script.kind == ScriptKind::Decommission => screen.text(format!(
            "The shares of set {} open a token without keys: destroy every sheet, and write down those that are not here.",
            set.set
        )),
        _ => screen,
    }
}
