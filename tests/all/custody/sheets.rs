//! Empty sheets for custodians, and what the supplies carry for a future without Anchorite.

use super::seats::with_custody;
use crate::seat::Seat;
use crate::support::{AUTHORITY, World, configuration};

#[test]
fn a_sheet_for_each_custodian_has_a_blank_for_every_word_and_the_form_of_the_pins() {
    let world = World::new();
    world.configure(&with_custody("rehearsal", 2, 4));
    let page = world.run(&["-C", AUTHORITY, "custody", "sheets"]).ok().stdout;
    assert_eq!(page.matches("<td class=\"write\"></td>").count(), 4 * 9 * 6);
    for said in ["Share 4 of 4", "any 2 of the 4 shares", "--user printable:40 --so printable:40", "REHEARSAL"] {
        assert!(page.contains(said), "{said}");
    }
    let (shown, code) = Seat::at(&world, &["-C", AUTHORITY, "custody", "sheets"]).ends();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("sheets are pages of HTML, and stdout is a terminal"), "{shown}");
    world.configure(&configuration("test", "ecdsa-p256"));
    world.refused(
        &["-C", AUTHORITY, "custody", "sheets"],
        r#"
        error: authority.toml has no [custody]: wanted [custody] threshold and
               custodians
        exit 2
    "#,
    );
}

#[test]
fn the_supplies_carry_the_sheets_and_the_script_that_opens_shares() {
    let world = World::new();
    world.configure(&with_custody("test", 2, 3));
    std::fs::create_dir(world.path("supplies")).unwrap();
    world.run(&["-C", AUTHORITY, "kit", "supplies", "--label", "S1"]).ok();
    let script = world.read("supplies/bin/share.py");
    assert_eq!(script, include_bytes!("../../../softhsm-test/share.py"));
    assert!(String::from_utf8(world.read("supplies/printouts/share-sheets.html")).unwrap().contains("Share 3 of 3"));
}
