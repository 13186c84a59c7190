//! `take-certificate`: people take what a parent outside issued for a root. The root key signs nothing, and meshes go on
//! trusting the authority's own root.

use crate::authority::State;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::{Base64, Digest};
use crate::error::{Error, Kind};
use crate::log::record::RootCertified;
use crate::screen::Screen;
use crate::words;
use crate::x509::read::{self, Certificate, show_name};
use crate::x509::verify;
use jiff::Timestamp;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "take-certificate",
    says: "Take the certificate that a parent issued for the root",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root, Fact::ClockConfirmed],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let ders = room.wishes.parent.clone();
    let (generation, path) = check(room.journal.state(), &ders, room.journal.now())?;
    let Some(((by_parent, certificate), (top, parents))) =
        path.first().zip(ders.first()).zip(path.last().zip(ders.get(1..)))
    else {
        return Err(Error::new(Kind::Bug, "a path that was checked is empty").into());
    };
    let fingerprint = Digest::of(&top.der);
    room.people.show(&screen(room, generation, by_parent, top))?;
    for role in ["administrator", "witness"] {
        compare(room, step, role, &fingerprint)?;
    }
    room.check_answers(step)?;
    let record = RootCertified {
        generation,
        certificate: Base64(certificate.clone()),
        parents: parents.iter().cloned().map(Base64).collect(),
    };
    room.journal.append(vec![record.into()])?;
    Ok(())
}

/// Whether a path can be taken: the generation of the root that it is of, and its certificates.
///
/// # Errors
/// [`Kind::Refused`], [`Kind::Verify`]: what does not hold. Nothing was changed.
pub fn check(state: &State, ders: &[Vec<u8>], now: Timestamp) -> Result<(u32, Vec<Certificate>), Error> {
    examine(state, ders, now).map_err(|error| error.truth("Nothing was changed."))
}

fn examine(state: &State, ders: &[Vec<u8>], now: Timestamp) -> Result<(u32, Vec<Certificate>), Error> {
    let path = verify::parent_path(ders.iter().map(Vec::as_slice))?;
    let roots = state.roots().into_iter().filter_map(|(generation, c)| Some((generation, c.der.clone()?)));
    let roots = roots.map(|(generation, der)| Ok((generation, read::certificate(&der)?)));
    let roots = roots.collect::<Result<Vec<_>, Error>>()?;
    let key = path.first().map(|by_parent| &by_parent.view.spki);
    let of_key = roots.iter().find(|(_, root)| Some(&root.view.spki) == key);
    let (generation, root) =
        of_key.or(roots.last()).ok_or_else(|| Error::new(Kind::Bug, "a founded authority has no root"))?;
    verify::check_parent(&path, root)?;
    verify::check_parent_at(&path, now)?;
    Ok((*generation, path))
}

/// Both read the parent's fingerprint from what the parent gave them apart from the file.
fn compare(room: &mut Room<'_>, step: &Step, role: &str, fingerprint: &Digest) -> Result<(), Stop> {
    loop {
        let question = "type the first four words of the parent's root, from its own paper (or no)";
        let question = format!("{question}, or the first 8 digits of its SHA-256");
        let typed = room.people.answer(&step.id, role, role, &question)?;
        let typed = typed.trim().to_lowercase().replace(':', "");
        if typed == "no" {
            return Err(Stop::Declined("the parent's certificate is not taken".to_owned()));
        }
        let words = words::words(fingerprint.0.get(..4).unwrap_or_default()).join(" ");
        if typed == words || (typed.len() >= 8 && fingerprint.hex().starts_with(&typed)) {
            return Ok(());
        }
        let error = Error::new(Kind::Declined, "not the fingerprint of the parent's root in the file").saw(typed);
        room.people.help(&error)?;
    }
}

fn screen(room: &Room<'_>, generation: u32, by_parent: &Certificate, top: &Certificate) -> Screen {
    let banner = room.banner();
    let view = &by_parent.view;
    let room_below = view.path_len().map_or("no limit".to_owned(), |n| format!("path length {n}"));
    Screen::new()
        .banner(format!("{} · {}", banner.name, banner.kind), "a parent's certificate")
        .heading("The root, certified by a parent", format!("generation {generation}"))
        .field("subject", show_name(&view.subject))
        .field("issuer", show_name(&view.issuer))
        .field("valid", format!("{} → {}", view.not_before, view.not_after))
        .field("below it", room_below)
        .field("up to", show_name(&top.view.subject))
        .text(
            "From now on bundles carry it in cert-chain.pem, so that whoever trusts the parent accepts the mesh's \
             workloads. The mesh itself goes on trusting the authority's own root, and nothing else that the parent \
             certifies. An intermediate whose path length leaves the parent's too little room is not accepted under \
             the parent.",
        )
}
