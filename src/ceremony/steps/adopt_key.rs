//! `adopt-key`: a root that was made elsewhere becomes this authority's. Its key is found in the token by its public
//! half, what the token says of it is shown and judged, and people say that this is the root they mean. Its past is
//! written into the log as what it is: a claim. The audit key is made then; nothing is signed here.

use super::generate_root;
use super::reason::{self, REASON};
use crate::ceremony::attestation;
use crate::ceremony::people::Stop;
use crate::ceremony::precondition;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::takeover::{Adoption, check_findings};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::{Base64, Digest};
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::finding::{self, Finding, Severity};
use crate::key::KeySpec;
use crate::log::Record;
use crate::log::record::KeyAdopted;
use crate::policy::adoption;
use crate::screen::Screen;
use crate::text;
use crate::token::{Generated, KeyId, KeyRef, KeyRole};
use crate::words;
use crate::x509::read::show_name;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "adopt-key",
    says: "Adopt the root that is in the token",
    asks: true,
    needs: &[Fact::Preflighted, Fact::Unlocked, Fact::NoRoot],
    gives: &[Fact::NewKeys, Fact::Plannable],
    takes: &[Fact::NoRoot],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// What names the root in an answers file, and in the question.
pub const ROOT: &str = "root";
const WHY: &str = "why is it adopted all the same? (the log keeps it)";

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let result = adopt_all(room, &mut keys, step);
    bench.keys = Some(keys);
    result
}

fn adopt_all(room: &mut Room<'_>, keys: &mut Keyring, step: &Step) -> Result<(), Stop> {
    if room.journal.state().key(KeyRole::Root.name()).is_none() {
        adopt(room, keys, step)?;
    } else {
        // An interrupted session adopted it.
        for key in [ROOT, REASON] {
            room.people.answered_before(Some(&step.id), key);
        }
    }
    generate_root::generate_all(room, keys, &[(KeyRole::Audit, 1, KeySpec::EcdsaP256)])
}

fn adopt(room: &mut Room<'_>, keys: &mut Keyring, step: &Step) -> Result<(), Stop> {
    let adoption = room.wishes.adoption.clone().ok_or_else(|| {
        Error::new(Kind::Usage, "no root to adopt was named")
            .hint("name its certificate: anchorite root adopt --certificate FILE --token-serial SERIAL")
            .truth("Nothing was adopted.")
    })?;
    let mut findings = adoption::judge_root(&room.config, &adoption.certificate, room.journal.now());
    check_findings("the root to be adopted", &findings)?;
    let key = find(keys, &adoption)?;
    let seen = keys.token(KeyRole::Root)?.inspect(&key)?;
    let of_key = adoption::judge_key(&seen.attributes);
    check_findings("the key of the root to be adopted", &of_key)?;
    findings.extend(of_key);
    findings.extend(adoption::judge_others(&precondition::others(keys, &key.id.0)?));
    room.people.show(&screen(room, &adoption, &seen, &findings))?;
    confirm(room, step, adoption.fingerprint())?;
    let reason = match finding::worst(&findings) {
        Some(Severity::Warn | Severity::Refuse) => {
            Some(reason::ask(room, step, "administrator", WHY, "the warnings ask for a reason")?)
        }
        _ => None,
    };
    room.check_answers(step)?;
    let adopted = KeyAdopted {
        id: key.id.0.clone(),
        role: KeyRole::Root.name().to_owned(),
        generation: 1,
        token_serial: keys.token(KeyRole::Root)?.identity().serial.clone(),
        spki: Base64(key.spki.der().to_vec()),
        certificate: Base64(adoption.certificate.der.clone()),
        attributes: seen.attributes,
        findings,
        reason,
    };
    let past = adoption.past.records(adoption.crl_number).into_iter().map(Record::from);
    // In one act: no crash leaves a root without its past.
    room.journal.append(std::iter::once(adopted.into()).chain(past).collect())?;
    keys.hold(KeyRole::Root, 1, key);
    attestation::keep_from_token(room, keys, (KeyRole::Root, 1))?;
    Ok(())
}

/// The key of a certificate: by the id that people named, else among all that the token holds.
fn find(keys: &mut Keyring, adoption: &Adoption) -> Result<KeyRef, Error> {
    let wanted = &adoption.certificate.view.spki;
    let truth = |error: Error| error.truth("Nothing was adopted.");
    let token = keys.token(KeyRole::Root)?;
    if let Some(id) = &adoption.key_id {
        let found = token.find(&KeyId(id.clone()), Some(wanted)).map_err(truth)?;
        return found.ok_or_else(|| {
            truth(
                Error::new(Kind::Token, "the token holds no private key with this id")
                    .saw(id.to_string())
                    .hint("leave --key-id out: the key is found by the certificate's public key"),
            )
        });
    }
    let holdings = token.holdings()?;
    let mut ids: Vec<KeyId> =
        holdings.into_iter().filter(|h| h.what == "private key").filter_map(|h| h.id).map(KeyId).collect();
    ids.dedup();
    let mut half = None;
    for id in ids {
        match token.find(&id, None) {
            Ok(Some(key)) if key.spki == *wanted => return Ok(key),
            Ok(_) => {}
            // A key of a kind that is not known here, or without its public half, is not the one, or cannot be proved.
            Err(error) => half = half.or(Some(error)),
        }
    }
    let error = Error::new(Kind::Token, "the token does not hold the key of this certificate").wanted(format!(
        "a {} key, spki sha256 {}",
        wanted.spec().title(),
        wanted.sha256()
    ));
    let error = match half {
        Some(half) => error
            .saw(half.to_string())
            .hint("the public half must be there too: pkcs11-tool --write-object PUBLIC.der --type pubkey --id ID"),
        None => error.hint("is it the right token? A key in a file is not adopted"),
    };
    Err(truth(error))
}

/// People say that this is the root: its words 1 to 4, or, beforehand, its fingerprint.
fn confirm(room: &mut Room<'_>, step: &Step, fingerprint: Digest) -> Result<(), Stop> {
    let question = "root words 1-4 (or no)";
    loop {
        let typed = room.people.answer(&step.id, ROOT, "witness", question)?;
        if typed.trim().eq_ignore_ascii_case("no") {
            return Err(Stop::Declined("the root is not the one that is meant".to_owned()));
        }
        if typed.trim().replace(':', "").to_lowercase() == fingerprint.hex() {
            return Ok(());
        }
        match words::compare(&typed, &fingerprint.0, 0, 4) {
            Ok(()) => return Ok(()),
            Err(error) => {
                let error = error.hint("they come with the root, from whoever made it: not from this screen");
                room.people.help(&error)?;
            }
        }
    }
}

fn screen(room: &Room<'_>, adoption: &Adoption, seen: &Generated, findings: &[Finding]) -> Screen {
    let (view, fingerprint) = (&adoption.certificate.view, adoption.fingerprint());
    let banner = room.banner();
    let flag = |name: &str| seen.attributes.get(name).map_or("unknown", String::as_str).to_owned();
    let (known, revoked) = adoption.past.counts();
    let crl = match (adoption.past.last_crl(), adoption.crl_number) {
        (Some((number, ends)), given) => {
            let number = number.unwrap_or_default().max(given.unwrap_or_default());
            format!("up to {number}; the last one ends {ends}")
        }
        (None, Some(given)) => format!("up to {given}; the last one is not here"),
        (None, None) => "none that anybody knows of".to_owned(),
    };
    let mut screen = Screen::new()
        .banner(format!("{} · {}", banner.name, banner.kind), "adoption")
        .heading("A root that was made elsewhere", finding::tally(findings))
        .field("subject", show_name(&view.subject))
        .field("valid", format!("{} → {}", view.not_before, view.not_after))
        .field("serial", view.serial.colons())
        .noted("key", view.spki.spec().title(), format!("CKA_ID {}", seen.key.id.0))
        .field("sensitive", flag("CKA_SENSITIVE"))
        .field("extractable", flag("CKA_EXTRACTABLE"))
        .field("made inside", flag("CKA_LOCAL"))
        .field("issued", format!("{}, {revoked} of them revoked", text::count(known, "certificate")))
        .field("CRL numbers", crl);
    for finding in findings {
        screen = screen
            .field(&finding.severity.to_string(), format!("{}: {}", finding.id, finding.observed))
            .field("", &finding.hint);
    }
    screen = screen
        .field("sha256", fingerprint.hex())
        .field("words 1-4", "from your own paper: the root's card, or who made it");
    screen.text(
        "What it signed before today is what these files say, and nobody can prove that it is all: status, records \
         and every check of the log will say so for good.",
    )
}
