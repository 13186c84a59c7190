//! What people read: the whole screen, for one that works and one that does not.

use super::pki::Pki;
use crate::support::assert_text;

#[test]
fn a_screen_says_who_works_and_what_to_do() {
    let pki = Pki::new();
    pki.copy("broken");
    pki.world.write("broken/cert-chain.pem", pki.pem("root"));
    let output = pki.world.run(&["inspect", "cacerts", "broken"]);
    assert_eq!(output.code, Some(10));
    assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{}", output.stdout);
    assert_text(&output.stdout, "");
    assert_text(&output.refusal(), "");
}
