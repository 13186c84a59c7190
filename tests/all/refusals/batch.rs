//! Requests that do not go together: signed before, for one cluster, with one key.

use crate::support::{PLAIN_CSR, SIGN, World};

#[test]
fn two_requests_for_one_cluster_are_one_too_many() {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("newer");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster1", &plain)]));
    world.stopped(
        &SIGN,
        "
        error: newer.csr is refused by the rule policy.session.cluster: saw cluster1 is
               for cluster1 as well, wanted one request
        hint:  ask the cluster's engineer which of the two is meant; the other is signed
               in no session
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_request_that_was_signed_is_not_signed_again() {
    let world = World::ready();
    world.issued("cluster1");
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    world.stopped(
        &later,
        "
        error: cluster1 is refused by the rule policy.key.again: saw the key of
               cluster1, spki …, wanted a new key
        hint:  its certificate exists already: make its bundle again with anchorite
               export, or a new request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}
