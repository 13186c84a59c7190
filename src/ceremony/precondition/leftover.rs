//! What a token holds that this authority does not know: keys of an earlier genesis, of another authority, of
//! another program. Each is named with the ways on; none is used, changed or passed over.

use crate::ceremony::room::Room;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::token::{Holding, KeyRole};

/// Begins the label of every object of this program.
const OURS: &str = "anchorite ";
/// So many are listed; the others are counted.
const LISTED: usize = 6;

/// A root's token holds the keys of one authority: a key that nobody here knows could sign in its name, and a
/// second root under one PIN is a second CA that people did not mean.
pub(super) fn look(room: &mut Room<'_>, keys: &mut Keyring) -> Result<(), Error> {
    let mut known: Vec<Hex> = room.journal.state().keys.iter().map(|key| key.id.clone()).collect();
    let mut guards = vec![format!("{OURS}guard {}", room.journal.header().log)];
    if let Some(lost) = &room.wishes.lost {
        known.extend(lost.state.keys.iter().map(|key| key.id.clone()));
        guards.push(format!("{OURS}guard {}", lost.log));
    }
    let mut roles = vec![KeyRole::Root];
    roles.extend(room.config.audit.is_some().then_some(KeyRole::Audit));
    for role in roles {
        let token = keys.token(role)?;
        let serial = token.identity().serial.clone();
        let holdings = token.holdings()?;
        let mut strange = strangers(&holdings, &known, &guards);
        if room.script.kind.takes_over() {
            // The root to be taken over is among them; people judge the others when they see it.
            strange.retain(|holding| holding.label.starts_with(OURS));
        }
        if !strange.is_empty() {
            return Err(refusal(&serial, &strange));
        }
    }
    Ok(())
}

/// Keys that can sign and objects under our labels, but for those that the log knows.
fn strangers<'a>(holdings: &'a [Holding], known: &[Hex], guards: &[String]) -> Vec<&'a Holding> {
    let strange = |holding: &&Holding| match &holding.id {
        Some(id) if known.contains(id) => false,
        None if guards.contains(&holding.label) => false,
        _ => holding.signs || holding.label.starts_with(OURS),
    };
    let mut found: Vec<&Holding> = holdings.iter().filter(strange).collect();
    // Tokens list objects in any order.
    found.sort_by_key(|holding| (!holding.signs, &holding.label, &holding.id));
    found
}

fn refusal(serial: &str, strange: &[&Holding]) -> Error {
    let mut listed: Vec<String> = strange.iter().take(LISTED).map(|holding| describe(holding)).collect();
    if strange.len() > LISTED {
        listed.push(format!("{} more", strange.len() - LISTED));
    }
    let ours = strange.iter().any(|holding| holding.label.starts_with(OURS));
    let what = if ours {
        "the token holds keys of another authority, or of a genesis whose log is gone"
    } else {
        "the token holds a key of another program"
    };
    let error = Error::new(Kind::Token, what)
        .saw(listed.join("; "))
        .wanted(format!("a token (serial {serial}) that holds no key able to sign"));
    let error = match ours {
        true => error.hint("if the directory of their authority still exists, go on there: anchorite -C DIR status"),
        false => error,
    };
    let data = match strange.iter().any(|holding| holding.id.is_none()) {
        true => "; a data object: --type data --label LABEL",
        false => "",
    };
    error.hint("use another token: a blank one, or another --token-serial SERIAL").hint(format!(
        "or, once it is certain that nobody needs them, delete them with the token's own tool: \
         pkcs11-tool --module MODULE --slot SLOT --login --delete-object --id ID --type privkey, and again \
         with --type pubkey{data}"
    ))
}

/// What a token holds that nobody here knows, but for data objects: described for people.
pub fn strangers_among(holdings: &[Holding], known: &[Hex]) -> Vec<String> {
    strangers(holdings, known, &[]).into_iter().map(describe).collect()
}

/// Keys in the root's token, but for one, that can sign: described for people.
///
/// # Errors
/// [`Kind::Token`].
pub fn others(keys: &mut Keyring, but: &Hex) -> Result<Vec<String>, Error> {
    let holdings = keys.token(KeyRole::Root)?.holdings()?;
    Ok(strangers(&holdings, std::slice::from_ref(but), &[]).into_iter().map(describe).collect())
}

/// `private key "anchorite root 1", ECDSA P-384, id 0a1b…`
fn describe(holding: &Holding) -> String {
    let mut said = format!("{} \"{}\"", holding.what, holding.label);
    if !holding.kind.is_empty() {
        said.push_str(&format!(", {}", holding.kind));
    }
    match &holding.id {
        Some(id) if id.0.is_empty() => said.push_str(", without an id"),
        Some(id) => said.push_str(&format!(", id {id}")),
        None => {}
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(what: &'static str, label: &str, id: Option<u8>, signs: bool) -> Holding {
        Holding { what, label: label.into(), id: id.map(|id| Hex(vec![id; 2])), kind: "RSA".into(), signs }
    }

    #[test]
    fn what_the_log_knows_is_no_stranger_and_everything_else_of_ours_or_able_to_sign_is() {
        let guards = ["anchorite guard 07".to_owned()];
        let holdings = [
            holding("private key", "anchorite audit 1", Some(1), true),
            holding("private key", "anchorite root 1", Some(2), true),
            holding("private key", "web", Some(3), true),
            holding("private key", "decrypts only", Some(4), false),
            holding("public key", "anchorite root 1", Some(5), false),
            holding("public key", "someone's", Some(6), false),
            holding("data object", "anchorite guard 07", None, false),
            holding("data object", "anchorite guard 08", None, false),
        ];
        let found = strangers(&holdings, &[Hex(vec![1; 2])], &guards);
        let labels: Vec<(&str, &str)> = found.iter().map(|h| (h.what, h.label.as_str())).collect();
        assert_eq!(
            labels,
            [
                ("private key", "anchorite root 1"),
                ("private key", "web"),
                ("data object", "anchorite guard 08"),
                ("public key", "anchorite root 1")
            ]
        );
    }

    #[test]
    fn many_are_counted() {
        let many: Vec<Holding> = (0..9).map(|id| holding("private key", "k", Some(id), true)).collect();
        let error = refusal("01", &many.iter().collect::<Vec<_>>());
        assert!(error.seen().is_some_and(|seen| seen.ends_with("id 0505; 3 more")), "{error}");
    }
}
