//! Requests that are refused, and answers that do not fit them.

use crate::support::World;

#[test]
fn a_request_is_signed() {
    let world = World::ready();
    let a = world.request("cluster1");
    let b = world.plain_request("cluster2");
    let out = world.sign(&world.signing_answers(&[&a], &[("cluster2", &b)])).ok();
    println!("{} {} {}", out.stdout, out.stderr, world.token_serial());
    assert_eq!(world.bundles().len(), 2);
}
