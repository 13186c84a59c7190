//! Genesis and signing with custodians, as people type them.

use super::seats::{Sheet, founded, introduces, open_with};
use crate::seat::{Seat, approves_from};
use crate::support::{AUTHORITY, ENTRIES};

/// Every word of the sheets that are rare enough to be a leak where they are found: a whole row.
fn rows(sheets: &[Sheet]) -> Vec<&String> {
    sheets.iter().flat_map(|sheet| &sheet.0).collect()
}

#[test]
fn a_root_is_made_whose_token_opens_to_two_of_three_custodians() {
    let (world, sheets, shown) = founded();
    // Nothing that opens the token is left: not on the terminal, not in the authority's directory.
    for row in rows(&sheets) {
        assert!(!shown.contains(row.as_str()), "{row}");
        for (path, (_, content)) in world.tree("") {
            assert!(!String::from_utf8_lossy(&content).contains(row.as_str()), "{row} in {}", path.display());
        }
    }
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.contains("\"type\":\"custody.split\""), "{log}");

    let sheet = world.run(&["request", "cluster1", "--into", "clusters"]).ok().stdout;
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/cluster1/{name}"), world.read(format!("clusters/cluster1/{name}")));
    }
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat, 2);
    open_with(&mut seat, &[&sheets[2], &sheets[0]]);
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("2 of 3 custodians, set "), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("1, 3 for unlock"), "{log}");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}
