//! Each rule fires on what it forbids, with the text that people read.

use super::*;
use crate::key::KeySpec;
use crate::x509::tests::{Hierarchy, hierarchy};
use std::collections::BTreeSet;

/// A CRL with two entries, and what the log says of it.
fn sound() -> (Hierarchy, CrlView, Predecessor) {
    let h = hierarchy(KeySpec::EcdsaP256);
    let new = h.crl.view.clone();
    let listed = |(serial, date, reason): &(Hex, jiff::Timestamp, Option<String>)| {
        let reason = reason.as_deref().and_then(Reason::of_name).unwrap_or(Reason::Unspecified);
        let invalid_from = new.invalidity.get(serial).copied();
        (serial.clone(), Listed { serial: serial.clone(), date: *date, reason, invalid_from })
    };
    let listed = new.revoked.iter().map(listed).collect();
    let mut last = new.clone();
    last.number = Some(299);
    last.revoked.truncate(1);
    (h, new, Predecessor { last: Some(last), listed })
}

#[test]
fn each_rule_of_succession_fires_on_what_it_forbids_and_says_so() {
    let (h, new, before) = sound();
    assert_eq!(lint_succession(&new, &before), []);
    assert_eq!(compare_crls(&new, before.last.as_ref().unwrap()), []);
    let mut fired = BTreeSet::new();
    let mut says = |findings: Vec<Finding>, wanted: &str| {
        let said: Vec<String> =
            findings.iter().map(|f| format!("{}: {}, wanted {}", f.id, f.observed, f.expected)).collect();
        assert_eq!(said, [wanted]);
        fired.insert(findings[0].id.clone());
    };
    let with = |change: &dyn Fn(&mut CrlView)| {
        let mut view = new.clone();
        change(&mut view);
        view
    };
    let judged = |change: &dyn Fn(&mut CrlView)| lint_succession(&with(change), &before);
    let first = new.revoked[0].0.colons();
    let second = new.revoked[1].0.colons();
    says(
        judged(&|v| v.number = Some(299)),
        "crl.succession.number: number 299 after number 299, wanted above number 299",
    );
    says(judged(&|v| v.number = Some(1)), "crl.succession.number: number 1 after number 299, wanted above number 299");
    says(
        judged(&|v| {
            v.revoked.remove(0);
        }),
        &format!("crl.succession.lost: serial {first}, which the last CRL lists, is gone, wanted an entry for it"),
    );
    says(
        judged(&|v| {
            v.revoked.remove(1);
        }),
        &format!("crl.succession.lost: serial {second}, is not listed, wanted an entry for it"),
    );
    let foreign = Hex(vec![0x7f; 16]);
    says(
        judged(&|v| v.revoked.push((foreign.clone(), v.this_update, None))),
        &format!(
            "crl.succession.foreign: serial {}, wanted only what this root issued and the log has as revoked",
            foreign.colons()
        ),
    );
    says(
        judged(&|v| v.revoked[0].2 = Some("superseded".to_owned())),
        &format!(
            "crl.succession.changed: serial {first}: superseded at 2026-12-01T00:00:00Z, wanted keyCompromise at \
             2026-12-01T00:00:00Z"
        ),
    );
    let mut ahead = before.clone();
    ahead.last.as_mut().unwrap().this_update += jiff::SignedDuration::from_hours(1);
    says(
        lint_succession(&new, &ahead),
        "crl.succession.time: 2026-12-01T00:00:00Z, wanted not before 2026-12-01T01:00:00Z",
    );
    let without = with(&|v| {
        v.revoked.remove(0);
    });
    says(
        compare_crls(&without, before.last.as_ref().unwrap()),
        &format!("crl.succession.gone: serial {first}, which the last CRL lists, is gone, wanted an entry for it"),
    );
    let other = with(&|v| v.issuer_der[5] ^= 1);
    let name = show_name(&new.issuer);
    says(compare_crls(&other, before.last.as_ref().unwrap()), &format!("crl.succession.issuer: {name}, wanted {name}"));
    // In use: the newest itself is good, an older one is not.
    assert_eq!(lint_in_use(&new, &Predecessor { last: Some(new.clone()), ..before.clone() }), []);
    says(
        lint_in_use(&with(&|v| v.number = Some(298)), &before),
        "crl.succession.number: number 298, wanted number 299, the newest",
    );
    for (now, current) in [
        ("2026-11-30T23:59:59Z", false),
        ("2026-12-01T00:00:00Z", true),
        ("2027-11-01T00:00:00Z", true),
        ("2027-11-01T00:00:01Z", false),
    ] {
        let finding = lint_current(&new, now.parse().unwrap());
        assert_eq!(finding.is_none(), current, "{now}");
        if let Some(finding) = finding {
            let times = "crl.current: 2026-12-01T00:00:00Z to 2027-11-01T00:00:00Z";
            says(vec![finding], &format!("{times}, wanted current at {now}"));
        }
    }
    assert_eq!(lint_crl_signature(&h.crl, &h.root.view), None);
    let finding = lint_crl_signature(&h.crl, &h.intermediate.view).unwrap();
    let what = finding.observed.clone();
    says(vec![finding], &format!("crl.signature: {what}, wanted a signature by the issuer's key"));
    assert_eq!(fired, RULES.iter().map(|rule| rule.id.to_owned()).collect());
}
