//! Pinned scripts: where `[ceremonies]` names scripts by their digest, these are held and no others.

use super::Script;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::words;
use std::collections::BTreeMap;

/// Checks that a script may be held; without pins every script may.
///
/// # Errors
/// [`Kind::Usage`] with both digests and their first words. Nothing was signed.
pub fn check(pins: &BTreeMap<String, Digest>, script: &Script) -> Result<(), Error> {
    if pins.is_empty() || pins.values().any(|pin| *pin == script.sha256) {
        return Ok(());
    }
    let error = Error::new(Kind::Usage, "[ceremonies] of authority.toml does not allow this script").saw(format!(
        "{}, {}",
        script.name,
        says(&script.sha256)
    ));
    let error = match pins.get(&script.name) {
        Some(pin) => error.wanted(format!("{}, {}", script.name, says(pin))),
        None => error.wanted(format!("one of {}", pins.keys().cloned().collect::<Vec<_>>().join(", "))),
    };
    Err(error
        .hint("hold the script that was pinned; or pin this one, after a review: a ceremony adopts the change")
        .truth("Nothing was signed."))
}

/// The script that a command holds: of those at hand under its name, the one that is pinned; the first where none
/// is.
///
/// # Errors
/// [`Kind::Usage`]: the pinned one is not at hand, or there is none.
pub fn choose(pins: &BTreeMap<String, Digest>, name: &str, at_hand: Vec<Script>) -> Result<Script, Error> {
    let pin = pins.get(name);
    let seen: Vec<String> = at_hand.iter().map(|script| says(&script.sha256)).collect();
    at_hand.into_iter().find(|script| pin.is_none_or(|pin| *pin == script.sha256)).ok_or_else(|| {
        Error::new(Kind::Usage, format!("the script {name} that [ceremonies] pins is not here"))
            .saw(seen.join("; "))
            .wanted(pin.map_or_else(|| "a script".to_owned(), says))
            .hint(format!("put it into the authority's directory as ceremony/{name}.toml, or name it: --script FILE"))
            .truth("Nothing was signed.")
    })
}

/// A digest as people compare it at a glance: its beginning, and its first words.
pub fn says(sha256: &Digest) -> String {
    format!("sha256 {} ({})", sha256.short(), words::words(sha256.0.get(..4).unwrap_or_default()).join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(name: &str, sha256: Digest) -> BTreeMap<String, Digest> {
        BTreeMap::from([(name.to_owned(), sha256)])
    }

    #[test]
    fn without_pins_every_script_is_held_and_with_them_no_other() {
        let export = Script::built_in("export").unwrap();
        assert!(check(&BTreeMap::new(), &export).is_ok());
        assert!(check(&pins("export", export.sha256), &export).is_ok());
        // Pinned under another name: it is the digest that counts.
        assert!(check(&pins("ours", export.sha256), &export).is_ok());
        let error = check(&pins("export", Digest::of(b"ours")), &export).unwrap_err().to_string();
        let own = says(&export.sha256);
        let pinned = says(&Digest::of(b"ours"));
        let expected = format!(
            "[ceremonies] of authority.toml does not allow this script: saw export, {own}, wanted export, {pinned}"
        );
        assert_eq!(error, expected);
        let error = check(&pins("intermediate-signing", Digest::of(b"ours")), &export).unwrap_err().to_string();
        assert!(error.ends_with("wanted one of intermediate-signing"), "{error}");
    }

    #[test]
    fn of_the_scripts_at_hand_the_pinned_one_is_held() {
        let (export, drill) = (Script::built_in("export").unwrap(), Script::built_in("restore-drill").unwrap());
        let at_hand = || vec![export.clone(), drill.clone()];
        assert_eq!(choose(&BTreeMap::new(), "export", at_hand()).unwrap(), export);
        assert_eq!(choose(&pins("export", drill.sha256), "export", at_hand()).unwrap(), drill);
        let error = choose(&pins("export", Digest::of(b"ours")), "export", at_hand()).unwrap_err();
        assert_eq!(error.what(), "the script export that [ceremonies] pins is not here");
    }
}
