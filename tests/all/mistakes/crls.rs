//! CRLs that say what they must not: another issuer's certificate, an old number, a lost entry.

use crate::support::{AUTHORITY, PARTICIPANTS, World};
use anchorite::authority::state::Listed;
use anchorite::authority::{Config, State};
use anchorite::digest::{Digest, Hex};
use anchorite::key::KeySpec;
use anchorite::plan::TbsView;
use anchorite::plan::make::{self, Context, Issuer};
use anchorite::policy::{self, Predecessor};
use anchorite::x509::{LocalKey, Reason};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Mistake 7. A CRL lists another issuer's certificate: who orders that is told whose it is not.
#[test]
fn mistake_7_a_certificate_of_another_issuer_is_not_revoked_here() {
    let world = World::ready();
    world.issued("west");
    let foreign = "7f".repeat(16);
    world.write("answers-crl.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    world.refused(
        &["-C", AUTHORITY, "revoke", &foreign, "--reason", "superseded", "--answers", "answers-crl.toml"],
        "
        error: no certificate of this authority has this serial number: saw
               7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
        hint:  anchorite status lists them; another issuer's certificate is revoked by
               that issuer
        Nothing was changed.
        exit 2
    ",
    );
}

/// A plan of the CRL after number 4, which lists `listed`, where the log wants `wanted`.
fn judged(number: u64, listed: &[Hex], wanted: &[Hex]) -> Vec<String> {
    let root = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let config = Config::parse(&crate::support::configuration("test", "ecdsa-p256")).unwrap();
    let now = "2026-12-01T10:00:00Z".parse().unwrap();
    let context = Context { config: &config, config_sha256: Digest::of(b""), session: "s", now };
    let plan = make::root(context, root.spki(), 1, Hex(vec![0x5a; 16])).unwrap();
    let TbsView::Certificate(view) = plan.view().unwrap() else { panic!("a root is a certificate") };
    let issuer = Issuer { generation: 1, spki: root.spki().clone(), view: Arc::from(view) };
    let TbsView::Crl(sound) = make::crl(context, &issuer, &State::default()).unwrap().view().unwrap() else {
        panic!("a CRL is a CRL")
    };
    let with = |number: u64, serials: &[Hex]| {
        let mut view = (*sound).clone();
        view.number = Some(number);
        view.revoked = serials.iter().map(|serial| (serial.clone(), view.this_update, None)).collect();
        view
    };
    let must = |serial: &Hex| {
        let (serial, date) = (serial.clone(), sound.this_update);
        (serial.clone(), Listed { serial, date, reason: Reason::Unspecified, invalid_from: None })
    };
    let listed_before: BTreeMap<Hex, Listed> = wanted.iter().map(must).collect();
    let before = Predecessor { last: Some(with(4, wanted)), listed: listed_before };
    policy::lint_succession(&with(number, listed), &before)
        .into_iter()
        .map(|finding| format!("{}: {}, wanted {}", finding.id, finding.observed, finding.expected))
        .collect()
}

fn serial(byte: u8) -> Hex {
    Hex(vec![byte; 16])
}

/// Mistake 7. Nor does a plan that lists one pass the lint: nobody can approve it.
#[test]
fn mistake_7_a_plan_that_lists_another_issuer_s_certificate_is_refused() {
    let [own, foreign] = [0x51, 0x7f].map(serial);
    let wanted = std::slice::from_ref(&own);
    assert_eq!(judged(5, wanted, wanted), Vec::<String>::new());
    assert_eq!(
        judged(5, &[own.clone(), foreign.clone()], wanted),
        [format!(
            "crl.succession.foreign: serial {}, wanted only what this root issued and the log has as revoked",
            foreign.colons()
        )]
    );
}

/// Mistake 8. A CRL number is used again, or an entry of the last CRL is lost: refused as the plan is made, and again
/// when it is signed.
#[test]
fn mistake_8_a_number_that_is_used_again_and_an_entry_that_is_lost_are_refused() {
    let own = [serial(0x51)];
    for number in [4, 3] {
        assert_eq!(
            judged(number, &own, &own),
            [format!("crl.succession.number: number {number} after number 4, wanted above number 4")]
        );
    }
    assert_eq!(
        judged(5, &[], &own),
        [format!(
            "crl.succession.lost: serial {}, which the last CRL lists, is gone, wanted an entry for it",
            own[0].colons()
        )]
    );
}

/// Mistake 8. A number that a crash burnt is not used again either, and numbers and entries go on over ceremonies.
#[test]
fn mistake_8_numbers_rise_and_entries_stay_over_ceremonies() {
    let world = World::ready();
    world.issued("west");
    let reason = ["--reason", "keyCompromise"];
    world.write(
        "answers-crl.toml",
        format!(
            "{PARTICIPANTS}[revoke]\n\"west@1\" = {{ revoke = \"keyCompromise\" }}\n[review]\n\"crl:1\" = \"approve\"\n"
        ),
    );
    let run = |now: &str, command: &[&str]| {
        let first = ["-C", AUTHORITY, "--now", now];
        let last = ["--pin-file", "pin", "--answers", "answers-crl.toml"];
        world.run(&[&first[..], command, &last[..]].concat())
    };
    run("2026-12-01T10:00:00Z", &[&["revoke", "west"][..], &reason].concat()).ok();
    world.write("last.crl", world.read("authority/public/root.crl"));
    world.write("answers-crl.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    let crl =
        ["-C", AUTHORITY, "--now", "2026-12-02T10:00:00Z", "crl", "--pin-file", "pin", "--answers", "answers-crl.toml"];
    if crate::crash::instants::can_trace("mistake_8_numbers_rise_and_entries_stay_over_ceremonies") {
        // Killed while number 3 is being signed: nobody knows whether it was.
        let killed = crate::crash::signing::between_intent_and_outcome(&world, &crl);
        let mut next = crl;
        next[3] = "2026-12-03T10:00:00Z";
        killed.run(&next).ok();
        killed.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
        let shown = killed.tool("openssl", &["crl", "-in", "authority/public/root.crl", "-noout", "-crlnumber"]).ok();
        assert_eq!(shown.stdout.trim(), "crlNumber=0x04");
    }
    run("2026-12-04T10:00:00Z", &["crl"]).ok();
    let root = "authority/public/root-cert.pem";
    let inspect = ["--now", "2026-12-04T10:00:00Z", "inspect", "crl", "authority/public/root.crl", "--issuer", root];
    world.run(&[&inspect[..], &["--last", "last.crl"]].concat()).ok();
}
