//! One fact of a token against one fact of the log. Pure: values in, a finding out.

use super::recorded::{Attributes, Recorded};
use super::{Finding, Standing};
use crate::authority::state::KeyRecord;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::log::record::TokenUnlocked;
use crate::text;
use crate::token::{Guard, Holding, Identity, KeyRole, PinState};
use crate::x509::Spki;

/// How a token writes an attribute that it does not tell.
const UNTOLD: &str = "unavailable";

/// Who the token says it is, against what it said at its last unlocking.
pub(super) fn identity(role: KeyRole, now: &Identity, then: Option<&TokenUnlocked>) -> Finding {
    let finding = |standing, seen: String| Finding::new(role, "identity", standing, seen);
    let Some(then) = then else {
        return finding(Standing::Unknown, "the log has no unlocking of it".to_owned());
    };
    let fields = [
        ("manufacturer", &then.manufacturer, &now.manufacturer),
        ("model", &then.model, &now.model),
        ("label", &then.label, &now.label),
        ("firmware", &then.firmware, &now.firmware),
        ("library", &then.library, &now.library),
    ];
    let changed: Vec<_> = fields.iter().filter(|(_, then, now)| then != now).collect();
    let said: Vec<String> =
        changed.iter().map(|(name, then, now)| format!("{name} was \"{then}\", is \"{now}\"")).collect();
    if changed.is_empty() {
        let said = format!("{} {}, firmware {}, {}", now.manufacturer, now.model, now.firmware, now.library);
        return finding(Standing::Agrees, said);
    }
    if changed.iter().any(|(name, ..)| matches!(*name, "manufacturer" | "model")) {
        return finding(Standing::Differs(Kind::Verify), said.join("; "))
            .remedy("this is another token with the same serial number: keep it apart, and find out whose it is");
    }
    finding(Standing::Changed, said.join("; ")).remedy("was that done on purpose? The next session's entries record it")
}

/// The module, against the one that the last session loaded.
pub(super) fn module(now: &(String, crate::digest::Digest), recorded: &Recorded) -> Finding {
    let finding = |standing, seen: String| Finding::new(KeyRole::Root, "module", standing, seen);
    let Some(then) = &recorded.session else {
        return finding(Standing::Unknown, "the log has no session".to_owned());
    };
    let (path, sha256) = now;
    let mut changed = Vec::new();
    if *sha256 != then.module_sha256 {
        changed.push(format!("sha256 was {}, is {sha256}", then.module_sha256));
    }
    if *path != then.module {
        changed.push(format!("path was {}, is {path}", then.module));
    }
    match changed.as_slice() {
        [] => finding(Standing::Agrees, format!("{path}, sha256 {}", sha256.short())),
        changed => finding(Standing::Changed, changed.join("; "))
            .remedy("was it updated on purpose? `[preflight] module_sha256` pins the one that was reviewed"),
    }
}

/// The flags of the user PIN.
pub(super) fn pin(role: KeyRole, pin: &PinState) -> Finding {
    let finding = |standing, seen: &str| Finding::new(role, "pin", standing, seen.to_owned());
    let officer = "its security officer can set a new one, where the vendor allows that";
    match pin {
        PinState { locked: true, .. } => finding(Standing::Differs(Kind::PinFinal), "it is locked").remedy(officer),
        PinState { final_try: true, .. } => finding(Standing::Differs(Kind::PinFinal), "the next wrong one locks it")
            .remedy("somebody tried wrong ones: find out who; look the PIN up before it is typed again"),
        PinState { set: false, .. } => finding(Standing::Differs(Kind::Token), "none is set").remedy(officer),
        PinState { to_be_changed: true, .. } => {
            finding(Standing::Differs(Kind::Token), "it must be changed before use").remedy("with the vendor's tool")
        }
        PinState { count_low: true, .. } => finding(Standing::Changed, "a wrong one was tried since the last login")
            .remedy("who did that? No ceremony tries a PIN twice"),
        _ => finding(Standing::Agrees, "set, and no wrong one was tried since the last login"),
    }
}

/// `root key 1 (ECDSA P-384, id 0a1b2c3d…)`
fn named(key: &KeyRecord) -> String {
    let id = key.id.to_string();
    format!("{} key {} ({}, id {}…)", key.role, key.generation, key.spec.title(), id.get(..8).unwrap_or(&id))
}

/// A key that the log says is there, by its public half.
pub(super) fn key(role: KeyRole, key: &KeyRecord, found: Result<Option<Spki>, Error>) -> Finding {
    let finding = |standing, seen: String| Finding::new(role, "key", standing, format!("{} {seen}", named(key)));
    match found {
        Err(error) => finding(Standing::Differs(Kind::Token), format!("cannot be read: {error}")),
        Ok(None) => finding(Standing::Differs(Kind::Token), "is not in it".to_owned()).remedy(
            "is this another token with the same serial number, or one that was cleared? Look for a key backup",
        ),
        Ok(Some(found)) if Some(&found) == key.spki.as_ref() => {
            finding(Standing::Agrees, format!("is there: public half {}", found.sha256().short()))
        }
        Ok(Some(found)) => finding(
            Standing::Differs(Kind::Verify),
            format!(
                "is another key: public half {}, and the log has {}",
                found.sha256().short(),
                key.spki.as_ref().map_or_else(|| "none".to_owned(), |spki| spki.sha256().short())
            ),
        )
        .remedy("keep this token apart, as evidence: it holds another key under the id of this one"),
    }
}

/// Every attribute of a key, against the ones that the log has.
pub(super) fn attributes(role: KeyRole, key: &KeyRecord, then: Option<&Attributes>, now: &Attributes) -> Finding {
    let finding = |standing, seen: String| Finding::new(role, "attributes", standing, format!("{} {seen}", named(key)));
    let Some(then) = then else {
        return finding(Standing::Unknown, "has none in the log".to_owned());
    };
    let is = |name: &String| now.get(name).map_or(UNTOLD, String::as_str);
    let changed: Vec<(&String, &String)> = then.iter().filter(|(name, then)| is(name) != then.as_str()).collect();
    if changed.is_empty() {
        return finding(Standing::Agrees, format!("has the {} of the log", text::count(then.len(), "attribute")));
    }
    let said: Vec<String> = changed.iter().map(|(name, then)| format!("{name} was {then}, is {}", is(name))).collect();
    // What is told now and was not, or the other way round, another version of a module can be the reason of.
    let told = |(name, then): &(&String, &String)| then.as_str() != UNTOLD && is(name) != UNTOLD;
    match changed.iter().any(told) {
        true => finding(Standing::Differs(Kind::Verify), format!("was changed: {}", said.join("; "))).remedy(
            "no ceremony changes a key without an entry in the log: stop, and find out who had the token and the PIN",
        ),
        false => finding(Standing::Changed, format!("is told otherwise: {}", said.join("; ")))
            .remedy("another version of the module does this; see the module's line"),
    }
}

/// A key whose end is in the log, or that a ceremony was making.
pub(super) fn ended(role: KeyRole, key: &KeyRecord, recorded: &Recorded, there: bool) -> Option<Finding> {
    let finding = |standing, seen: &str| Finding::new(role, "retired", standing, format!("{} {seen}", named(key)));
    match (recorded.state.ending(key), there) {
        (Some(end), true) if end.gone.is_some() => Some(
            finding(Standing::Differs(Kind::Verify), "is in the token, and the log has it as destroyed")
                .remedy("is this a copy of the token from before? Destroy it, or keep it apart as evidence"),
        ),
        (Some(_), true) => Some(
            finding(Standing::Changed, "is in the token still: its end was announced, and not completed")
                .remedy("the ceremony that began it goes on: anchorite decommission"),
        ),
        (Some(_), false) => Some(finding(Standing::Agrees, "is gone, as the log says")),
        (None, true) if key.spki.is_none() => Some(
            finding(Standing::Changed, "is in the token: an interrupted ceremony made it")
                .remedy("the same command goes on and takes it: anchorite status"),
        ),
        _ => None,
    }
}

/// What is there that the log does not know: keys able to sign, and objects under labels of this program.
pub(super) fn strangers(role: KeyRole, strange: &[String]) -> Finding {
    match strange {
        [] => Finding::new(role, "strangers", Standing::Agrees, "no other key in it is able to sign".to_owned()),
        strange => Finding::new(role, "strangers", Standing::Differs(Kind::Token), strange.join("; "))
            .remedy("whose are they? Whoever opens the token can sign with them; no ceremony here made them"),
    }
}

/// The labels of guards of other logs among what a token holds.
pub(super) fn other_logs<'h>(holdings: &'h [Holding], own: &str, replaced: Option<&Hex>) -> Vec<&'h str> {
    let others = holdings.iter().filter(|holding| holding.what == "data object").map(|h| h.label.as_str());
    let ids = others.filter_map(|label| label.strip_prefix("anchorite guard "));
    ids.filter(|id| *id != own && replaced.is_none_or(|replaced| replaced.to_string() != *id)).collect()
}

/// The guard against the log: what the token remembers, and what is on this disk.
pub(super) fn guard(recorded: &Recorded, keeps: bool, found: Result<Option<Guard>, Error>, others: &[&str]) -> Finding {
    let finding = |standing, seen: String| Finding::new(KeyRole::Root, "guard", standing, seen);
    let differs = |seen: String, remedy: &str| finding(Standing::Differs(Kind::Verify), seen).remedy(remedy);
    let entries = |n: u64| text::entries(n);
    if !keeps {
        return finding(
            Standing::Unknown,
            "by its profile the token keeps none: only paper says which copy of the log is newest".to_owned(),
        );
    }
    let reading = &recorded.reading;
    let found = match found {
        Ok(found) => found,
        Err(error) => return differs(error.to_string(), "stop: compare every copy of the log and the signed paper"),
    };
    let Some(guard) = found else {
        let seen = match others {
            [] => "the token remembers no state of this log".to_owned(),
            others => format!("the token remembers another log, {}, and not this one", others.join(", ")),
        };
        return differs(seen, "somebody removed it, or this is a copy of the token that lacks it; compare the paper");
    };
    if guard.size > reading.size() {
        let seen = format!("the token remembers {}, and this log has {}", entries(guard.size), entries(reading.size()));
        return differs(seen, "this is an older copy of the authority: go on with the one that was written last");
    }
    match reading.root_at(guard.size) {
        Ok(root) if root == guard.root => {}
        Ok(_) => {
            let seen = format!("at {} the token remembers another log than this one", entries(guard.size));
            return differs(seen, "this log was changed, or a clone of the token has signed: keep both as evidence");
        }
        Err(error) => return differs(error.to_string(), "anchorite log verify checks the whole log"),
    }
    if let [_, ..] = others {
        let seen = format!("beside this log the token remembers another: {}", others.join(", "));
        return differs(seen, "whose is it? A root's token serves one authority");
    }
    let covered = reading.checkpoint().map_or(0, |checkpoint| checkpoint.size);
    if guard.size < covered {
        let seen = format!(
            "the token remembers {}, and the log's last checkpoint covers {}",
            entries(guard.size),
            entries(covered)
        );
        return match recorded.state.session {
            Some(_) => finding(Standing::Changed, seen).remedy("a session was interrupted; the next one moves it"),
            None => differs(
                seen,
                "this token did not see the last sessions: it was put back to an older state, or is a copy",
            ),
        };
    }
    finding(Standing::Agrees, format!("in step with the log at {}", entries(guard.size)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::x509::keygen::LocalKey;

    fn key_of(spki: Option<Spki>) -> KeyRecord {
        KeyRecord {
            id: Hex(vec![0xab; 16]),
            role: "root".into(),
            generation: 1,
            spec: KeySpec::EcdsaP256,
            token_serial: "01".into(),
            spki,
            certificate: None,
        }
    }

    fn unlocked() -> TokenUnlocked {
        TokenUnlocked {
            role: "root".into(),
            serial: "01".into(),
            label: "l".into(),
            manufacturer: "m".into(),
            model: "o".into(),
            firmware: "1.0".into(),
            library: "lib 1".into(),
            profile: "p".into(),
        }
    }

    fn said(finding: &Finding) -> String {
        format!("{}: {} → {}", finding.check, finding.seen, finding.remedy.as_deref().unwrap_or_default())
    }

    #[test]
    fn a_token_that_was_updated_is_changed_and_one_of_another_make_is_another_token() {
        let now = |model: &str, firmware: &str| Identity {
            serial: "01".into(),
            label: "l".into(),
            manufacturer: "m".into(),
            model: model.into(),
            firmware: firmware.into(),
            library: "lib 1".into(),
        };
        let of = |model, firmware| identity(KeyRole::Root, &now(model, firmware), Some(&unlocked()));
        assert_eq!(of("o", "1.0").result, Standing::Agrees);
        let updated = of("o", "1.1");
        assert_eq!(updated.result, Standing::Changed);
        assert!(said(&updated).starts_with("identity: firmware was \"1.0\", is \"1.1\" → was that done on purpose?"));
        let other = of("x", "1.0");
        assert_eq!(other.result, Standing::Differs(Kind::Verify));
        assert!(said(&other).contains("another token with the same serial number"), "{other:?}");
        assert_eq!(identity(KeyRole::Root, &now("o", "1.0"), None).result, Standing::Unknown);
    }

    #[test]
    fn another_key_under_the_same_id_is_a_contradiction_and_a_missing_one_is_not_fit() {
        let spki = || LocalKey::generate(KeySpec::EcdsaP256).unwrap().spki().clone();
        let (ours, theirs) = (spki(), spki());
        let record = key_of(Some(ours.clone()));
        let of = |found| key(KeyRole::Root, &record, found);
        assert_eq!(of(Ok(Some(ours.clone()))).result, Standing::Agrees);
        assert_eq!(of(Ok(None)).result, Standing::Differs(Kind::Token));
        let other = of(Ok(Some(theirs)));
        assert_eq!(other.result, Standing::Differs(Kind::Verify));
        assert!(
            said(&other).contains("root key 1 (ECDSA P-256, id abababab…) is another key: public half"),
            "{other:?}"
        );
        let broken = of(Err(Error::new(Kind::Token, "the token holds more than one key with the same id")));
        assert!(said(&broken).contains("cannot be read: the token holds more than one key"), "{broken:?}");
    }

    #[test]
    fn what_a_module_tells_and_did_not_tell_is_no_contradiction_and_another_value_is() {
        let map = |pairs: &[(&str, &str)]| -> Attributes {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let then = map(&[("CKA_LOCAL", UNTOLD), ("CKA_SIGN", "true")]);
        let of = |now: &Attributes| attributes(KeyRole::Root, &key_of(None), Some(&then), now);
        assert_eq!(of(&then).result, Standing::Agrees);
        let told = of(&map(&[("CKA_LOCAL", "true"), ("CKA_SIGN", "true"), ("CKA_NEW", "x")]));
        assert_eq!(told.result, Standing::Changed);
        assert!(said(&told).contains("is told otherwise: CKA_LOCAL was unavailable, is true"), "{told:?}");
        let changed = of(&map(&[("CKA_LOCAL", UNTOLD), ("CKA_SIGN", "false")]));
        assert_eq!(changed.result, Standing::Differs(Kind::Verify));
        assert!(said(&changed).contains("was changed: CKA_SIGN was true, is false → no ceremony"), "{changed:?}");
        assert_eq!(attributes(KeyRole::Root, &key_of(None), None, &then).result, Standing::Unknown);
    }

    #[test]
    fn each_state_of_a_pin_that_stops_a_ceremony_is_named() {
        let of = |state| pin(KeyRole::Root, &state);
        let set = PinState { set: true, ..PinState::default() };
        assert_eq!(of(set).result, Standing::Agrees);
        assert_eq!(of(PinState::default()).result, Standing::Differs(Kind::Token));
        assert_eq!(of(PinState { to_be_changed: true, ..set }).result, Standing::Differs(Kind::Token));
        assert_eq!(of(PinState { locked: true, ..set }).result, Standing::Differs(Kind::PinFinal));
    }
}
