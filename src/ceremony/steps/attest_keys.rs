//! `attest-keys`: the vendor's evidence of where the keys were made is read from the token again, and from what people
//! bring, where a tool of the vendor's made it: files in `attestation/` of the requests stick.

use crate::ceremony::attestation::{self, Piece};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::files::intake::{self, Shape};
use crate::screen::Screen;
use crate::token::{Evidence, KeyRole};
use crate::x509::attested::{self, Attested};
use crate::x509::{Spki, pem};
use std::path::Path;

/// The directory on the stick.
const DIRECTORY: &str = "attestation";
/// The most files, and the most bytes of one.
const FILES: usize = 16;
const LONGEST: u64 = 64 * 1024;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "attest-keys",
    says: "Keep the vendor's evidence of where the keys were made",
    asks: false,
    needs: &[Fact::Unlocked],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    let state = room.journal.state();
    let held = |role: KeyRole| {
        let of_role = state.keys.iter().filter(move |key| key.role == role.name() && state.may_be_held(key));
        of_role.filter_map(move |key| Some((role, key.generation, key.spki.clone()?)))
    };
    let mut all: Vec<(KeyRole, u32, Spki)> = held(KeyRole::Root).chain(held(KeyRole::Audit)).collect();
    all.sort_by_key(|(role, generation, _)| (*role, *generation));
    let brought = match &room.wishes.stick {
        Some(stick) => read(&stick.join(DIRECTORY))?,
        None => Vec::new(),
    };
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let of_token = all.iter().try_fold(0, |count, (role, generation, _)| {
        Ok::<usize, Stop>(count + attestation::keep_from_token(room, &mut keys, (*role, *generation))?)
    });
    bench.keys = Some(keys);
    let mut kept = of_token?;
    for (role, generation, pieces) in sorted(&all, brought) {
        kept += attestation::keep(room, (role, generation), pieces)?;
    }
    if kept == 0 {
        let place = match &room.wishes.stick {
            Some(stick) => stick.join(DIRECTORY).display().to_string(),
            None => "no requests stick is named".to_owned(),
        };
        let screen = Screen::new()
            .text("Nothing new: the token holds no evidence that its profile names and the log lacks.")
            .field("files", place);
        room.people.show(&screen)?;
    }
    Ok(())
}

/// Which key each file is for: the one that it certifies; else the newest root, whose device it may be.
fn sorted(all: &[(KeyRole, u32, Spki)], brought: Vec<Evidence>) -> Vec<(KeyRole, u32, Vec<Piece>)> {
    let mut out: Vec<(KeyRole, u32, Vec<Piece>)> =
        all.iter().map(|(role, generation, _)| (*role, *generation, Vec::new())).collect();
    let newest_root = all.iter().rposition(|(role, _, _)| *role == KeyRole::Root).unwrap_or(0);
    for evidence in brought {
        let certifies =
            |spki: &Spki| matches!(attested::judge(&evidence.bytes, spki), Attested::Key | Attested::Itself);
        let place = all.iter().position(|(_, _, spki)| certifies(spki)).unwrap_or(newest_root);
        if let Some((_, _, pieces)) = out.get_mut(place) {
            pieces.push((evidence, "file"));
        }
    }
    out.retain(|(_, _, pieces)| !pieces.is_empty());
    out
}

/// The files of the directory: each certificate of a PEM file apart, anything else as it stands.
fn read(dir: &Path) -> Result<Vec<Evidence>, Error> {
    if !intake::is_there(dir)? {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for found in intake::list(dir, FILES)?.into_iter().filter(|found| found.shape == Shape::File) {
        let bytes = intake::read(&found.path, LONGEST)?;
        match pem::decode_all(&bytes, "CERTIFICATE") {
            Ok(ders) if !ders.is_empty() => {
                all.extend(ders.into_iter().map(|bytes| Evidence { name: found.shown.clone(), bytes }));
            }
            _ if bytes.is_empty() => {
                return Err(Error::new(Kind::Medium, "an empty file is no evidence").saw(&found.shown));
            }
            _ => all.push(Evidence { name: found.shown, bytes }),
        }
    }
    Ok(all)
}
