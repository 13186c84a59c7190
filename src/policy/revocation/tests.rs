//! What an order means, and the words in which it is refused.

use super::*;
use crate::authority::state::tests::Story;
use crate::key::KeySpec;
use crate::x509::LocalKey;
use crate::x509::tests::hierarchy;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `west` has two generations, `east` one.
fn story() -> Story {
    let h = hierarchy(KeySpec::EcdsaP256);
    let mut story = Story::new();
    for (cluster, generations) in [("west", 2), ("east", 1)] {
        story.enrolled(cluster, &["age1a"]);
        for generation in 1..=generations {
            let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
            story.issued(&h, cluster, generation, &key, &["age1a"]);
        }
    }
    story
}

fn order(what: &str) -> Order {
    Order { what: what.to_owned(), reason: Reason::Superseded, invalid_from: None }
}

fn said<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.truths(), ["Nothing was changed."]);
    [vec![error.to_string()], error.hints().to_vec()].concat().join(" | ")
}

#[test]
fn an_order_names_a_cluster_a_generation_or_a_serial_number() {
    let story = story();
    let now = at("2026-11-21T10:00:00Z");
    let meant = |what: &str| name(order(what).certificate(&story.state, now).unwrap());
    assert_eq!(meant("east"), "east@1");
    assert_eq!(meant("west@1"), "west@1");
    let serial = story.state.newest_intermediate("west").unwrap().serial.clone();
    assert_eq!(
        (meant(&serial.to_string()), meant(&serial.colons().to_uppercase())),
        ("west@2".into(), "west@2".into())
    );
}

#[test]
fn an_order_that_means_nothing_that_can_be_revoked_is_refused() {
    let mut story = story();
    let refused = |story: &Story, what: &str, now: &str| said(order(what).certificate(&story.state, at(now)));
    let now = "2026-11-21T10:00:00Z";
    assert_eq!(
        refused(&story, "west", now),
        "this cluster has several certificates that are valid: saw west, wanted west@1, west@2 | name its generation; \
         several can be named in one order"
    );
    assert_eq!(
        refused(&story, "vest", now),
        "no cluster of this name is enrolled: saw vest, wanted east, west, or a serial number | did you mean \"west\"?"
    );
    assert_eq!(refused(&story, "west@3", now), "there is no such certificate: saw west@3, wanted west@1, west@2");
    let foreign = "7f".repeat(16);
    assert_eq!(
        refused(&story, &foreign, now),
        format!(
            "no certificate of this authority has this serial number: saw {foreign} | anchorite status lists them; \
             another issuer's certificate is revoked by that issuer"
        )
    );
    assert_eq!(
        refused(&story, "east", "2027-11-22T00:00:00Z"),
        "this cluster has no certificate that could be revoked: saw east | each was revoked or has ended: anchorite \
         status"
    );
    assert_eq!(
        refused(&story, "east@1", "2027-11-22T00:00:00Z"),
        "this certificate has ended: nobody accepts it any more: saw east@1, wanted one that is valid | it ended on \
         2027-11-21T09:24:59Z"
    );
    let both = ["east", "east@1"].map(order);
    assert_eq!(said(all(&story.state, &both, at(now))), "one certificate is named twice: saw east@1");
    let record = order("east").record(&story.state, at(now)).unwrap();
    story.now = at(now);
    story.then(record).unwrap();
    assert_eq!(
        refused(&story, "east@1", now),
        "this certificate cannot be revoked: saw east@1 | it is revoked already"
    );
    assert!(order("east").is_done(&story.state) && !order("west@1").is_done(&story.state));
}

#[test]
fn a_revocation_is_dated_now_and_a_suspicion_earlier_never_later() {
    let story = story();
    let now = at("2026-11-21T10:00:00Z");
    let dated = |from: &str| Order { invalid_from: Some(at(from)), ..order("east") };
    let record = |from: &str| dated(from).record(&story.state, now).unwrap();
    let earlier = record("2026-11-20T00:00:00Z");
    assert_eq!((earlier.date, earlier.invalid_from), (at("2026-11-21T09:55:00Z"), Some(at("2026-11-20T00:00:00Z"))));
    // Between the two dates there is nothing to tell.
    assert_eq!(record("2026-11-21T09:58:00Z").invalid_from, None);
    assert_eq!(
        said(dated("2026-11-21T10:00:01Z").record(&story.state, now)),
        "the date lies in the future: saw 2026-11-21T10:00:01Z, wanted at most 2026-11-21T10:00:00Z | a revocation \
         counts from now; --date says since when the key is suspected to be in other hands"
    );
}
