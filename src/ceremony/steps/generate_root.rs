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
use crate::token::{Generated, KeyId, KeyRole, Token};

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
        room.people.working(0, 1, &format!("generating the {} key ({})", role.name(), spec.title()));
        let (generated, adopted) = match left_over(room, keys, (*role, *generation), *spec)? {
            Some(generated) => (generated, true),
            None => (generate(room, keys, (*role, *generation), *spec)?, false),
        };
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
        room.people.show(&screen((*role, *generation), *spec, &generated, adopted))?;
        attestation::keep_from_token(room, keys, (*role, *generation))?;
    }
    Ok(())
}

/// A key that an interrupted ceremony intended and the token made: it is adopted, not made twice.
fn left_over(
    room: &mut Room<'_>,
    keys: &mut Keyring,
    (role, generation): (KeyRole, u32),
    spec: KeySpec,
) -> Result<Option<Generated>, Stop> {
    let intended: Vec<Hex> = room
        .journal
        .state()
        .keys
        .iter()
        .filter(|k| k.role == role.name() && k.generation == generation && k.spki.is_none())
        .map(|k| k.id.clone())
        .collect();
    let stage = wrapped::stage(&room.config, role);
    for id in intended.into_iter().map(KeyId) {
        let token = keys.token(role)?;
        let found = token.find(&id, None);
        if !matches!(found, Ok(Some(_))) {
            let was = found.as_ref().err().map_or("the public half of a key alone".to_owned(), Error::to_string);
            clear_half(room, token, &id, role, &was)?;
        }
        if let Ok(Some(key)) = found {
            let described =
                token.describe(&key, stage).and_then(|described| of_kind(described, spec)).map_err(|error| {
                    error
                        .within(format!("the {} key that the log announces cannot be adopted", role.name()))
                        .hint(format!(
                            "was it imported? delete it with the token's own tool (id {}) and run the same command: \
                         another one is made, under another id",
                            key.id.0
                        ))
                        .truth("No key was generated.")
                })?;
            return Ok(Some(described));
        }
    }
    Ok(None)
}

/// What a power cut left of a key that the log announces, and that is no key: the token may have kept one half, or none
/// that can be read. The log never had its public half, so nothing was signed with it that counts, and nobody adopts it.
fn clear_half(room: &mut Room<'_>, token: &mut dyn Token, id: &KeyId, role: KeyRole, was: &str) -> Result<(), Stop> {
    let gone = token.destroy(id).map_err(|error| {
        error.within(format!("what an interrupted session left of the {} key cannot be cleared: {was}", role.name()))
    })?;
    if gone == 0 {
        return Ok(());
    }
    token.sync()?;
    let screen = Screen::new()
        .heading("Half a key was left by the interrupted session", "destroyed")
        .field("id", id.0.to_string())
        .field("was", was)
        .text(format!("It was destroyed, unused. Another {} key is made.", role.name()));
    room.people.show(&screen)
}

/// The token may have been given another key under the announced id: people reviewed the kind that is configured.
fn of_kind(found: Generated, spec: KeySpec) -> Result<Generated, Error> {
    if found.spki.spec() == spec {
        return Ok(found);
    }
    Err(Error::new(Kind::Token, "it is a key of another kind").saw(found.spki.spec().title()).wanted(spec.title()))
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

fn screen((role, generation): (KeyRole, u32), spec: KeySpec, generated: &Generated, adopted: bool) -> Screen {
    let name =
        if generation > 1 { format!("{} key {generation}", role.name()) } else { format!("{} key", role.name()) };
    let how = if adopted { "found: made by the interrupted session" } else { "generated" };
    let dropped = if generated.dropped.is_empty() { "none".to_owned() } else { generated.dropped.join(", ") };
    let flag = |name: &str| generated.attributes.get(name).map_or("unknown", String::as_str).to_owned();
    Screen::new()
        .heading(format!("The {name}"), how)
        .noted("kind", spec.title(), format!("by {}", generated.mechanism))
        .field("spki sha256", generated.spki.sha256().hex())
        .field("sensitive", flag("CKA_SENSITIVE"))
        .field("extractable", flag("CKA_EXTRACTABLE"))
        .field("left out", dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::KeyRef;
    use crate::x509::keygen::LocalKey;

    #[test]
    fn a_key_of_another_kind_than_people_reviewed_is_not_adopted() {
        let spki = LocalKey::generate(KeySpec::EcdsaP384).unwrap().spki().clone();
        let key = KeyRef { id: KeyId(Hex(vec![7; 16])), spki: spki.clone() };
        let found = Generated {
            key,
            spki,
            attributes: [].into(),
            dropped: Vec::new(),
            mechanism: "CKM_EC_KEY_PAIR_GEN".into(),
        };
        assert!(of_kind(found.clone(), KeySpec::EcdsaP384).is_ok());
        let error = of_kind(found, KeySpec::EcdsaP256).unwrap_err();
        assert_eq!(error.to_string(), "it is a key of another kind: saw ECDSA P-384, wanted ECDSA P-256");
    }
}
