//! `generate-root`: the audit key and the root key, in the token. That each can be made and used there was
//! proved when the token was unlocked ([`crate::ceremony::precondition`]).

use crate::ceremony::attestation;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::ceremony::wrapped;
use crate::digest::{Base64, Hex};
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::key::KeySpec;
use crate::log::record::{KeyGenerated, KeyIntent};
use crate::screen::Screen;
use crate::token::{Generated, KeyId, KeyRole};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "generate-root",
    says: "Generate the audit key and the root key",
    asks: false,
    needs: &[Fact::Preflighted, Fact::Unlocked, Fact::NoRoot],
    gives: &[Fact::NewKeys, Fact::Plannable],
    takes: &[Fact::NoRoot],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    let root = room.config.root.key;
    let wanted = [(KeyRole::Audit, 1, KeySpec::EcdsaP256), (KeyRole::Root, 1, root)];
    wrapped::prove_token(room, bench, root)?;
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let result = generate_all(room, &mut keys, &wanted);
    bench.keys = Some(keys);
    result
}

/// Makes the keys of these roles and generations that are not there yet.
///
/// # Errors
/// [`Stop`]; the log says of each key whether it was made.
pub fn generate_all(room: &mut Room<'_>, keys: &mut Keyring, wanted: &[(KeyRole, u32, KeySpec)]) -> Result<(), Stop> {
    for (role, generation, spec) in wanted {
        if room.journal.state().key_of(role.name(), *generation).is_some() {
            // A session that made it may have ended before it kept what the token says of it.
            attestation::keep_from_token(room, keys, (*role, *generation))?;
            continue;
        }
        clear_left_over(room, keys, (*role, *generation))?;
        room.people.working(0, 1, &format!("generating the {} key ({})", role.name(), spec.title()));
        let generated = generate(room, keys, (*role, *generation), *spec)?;
        room.people.working(1, 1, "");
        keys.token(*role)?.sync()?;
        let record = KeyGenerated {
            id: generated.key.id.0.clone(),
            role: role.name().to_owned(),
            generation: *generation,
            spki: Base64(generated.spki.der().to_vec()),
            attributes: generated.attributes.clone(),
            dropped: generated.dropped.clone(),
            mechanism: generated.mechanism.clone(),
        };
        room.journal.append(vec![record.into()])?;
        keys.hold(*role, *generation, generated.key.clone());
        room.people.show(&screen((*role, *generation), *spec, &generated))?;
        attestation::keep_from_token(room, keys, (*role, *generation))?;
    }
    Ok(())
}

/// Destroys what a try before this one left of a key that the log announces and never had: a whole one, one half, or
/// what only looks like one. After a power cut a key may describe itself well and not sign (SoftHSM never syncs what it
/// wrote), anybody with the PIN may have put another under its id meanwhile, and the log never had its public half: it
/// signed nothing that counts. People see the key made that they will use.
fn clear_left_over(room: &mut Room<'_>, keys: &mut Keyring, (role, generation): (KeyRole, u32)) -> Result<(), Stop> {
    let announced = room
        .journal
        .state()
        .keys
        .iter()
        .filter(|key| key.role == role.name() && key.generation == generation && key.spki.is_none());
    for id in announced.map(|key| KeyId(key.id.clone())).collect::<Vec<_>>() {
        let token = keys.token(role)?;
        let gone = token.destroy(&id).map_err(|error| {
            error
                .within(format!("what a try before this one left of the {} key cannot be destroyed", role.name()))
                .hint(format!("delete it with the token's own tool (id {}), and run the same command", id.0))
        })?;
        if gone == 0 {
            continue;
        }
        token.sync()?;
        let screen = Screen::new()
            .heading(format!("A try before this one left a key ({})", role.name()), "destroyed")
            .field("id", id.0.to_string())
            .field("objects", gone.to_string())
            .text(
                "The log announced it and never had its public half: it signed nothing that counts, and nobody can tell \
                 what became of it meanwhile. It is gone from the token; another is made.",
            );
        room.people.show(&screen)?;
    }
    Ok(())
}

fn generate(
    room: &mut Room<'_>,
    keys: &mut Keyring,
    (role, generation): (KeyRole, u32),
    spec: KeySpec,
) -> Result<Generated, Error> {
    let id = Hex(room.random(keys, 16)?);
    let token_serial = keys.token(role)?.identity().serial.clone();
    let intent = KeyIntent { id: id.clone(), role: role.name().to_owned(), generation, spec, token_serial };
    room.journal.append(vec![intent.into()])?;
    let stage = wrapped::stage(&room.config, role);
    keys.token(role)?.generate(&KeyId(id), &wrapped::label(role, generation), spec, role, stage)
}

fn screen((role, generation): (KeyRole, u32), spec: KeySpec, generated: &Generated) -> Screen {
    let name =
        if generation > 1 { format!("{} key {generation}", role.name()) } else { format!("{} key", role.name()) };
    let dropped = if generated.dropped.is_empty() { "none".to_owned() } else { generated.dropped.join(", ") };
    let flag = |name: &str| generated.attributes.get(name).map_or("unknown", String::as_str).to_owned();
    Screen::new()
        .heading(format!("The {name}"), "generated")
        .noted("kind", spec.title(), format!("by {}", generated.mechanism))
        .field("spki sha256", generated.spki.sha256().hex())
        .field("sensitive", flag("CKA_SENSITIVE"))
        .field("extractable", flag("CKA_EXTRACTABLE"))
        .field("left out", dropped)
}
