//! What a script may say, and where its faults are.

use super::*;

#[test]
fn every_script_that_ships_can_work() {
    for (name, _) in BUILT_IN {
        assert!(Script::built_in(name).is_ok(), "{name}");
    }
}

#[test]
fn every_fault_is_found_in_one_reading() {
    let source =
        "title = 3\nkind = \"signin\"\n[roles]\nadministrator = \"one\"\n[[step]]\nid = \"a b\"\ndoo = \"x\"\n";
    let faults = Script::find_faults("x", source).unwrap_err();
    let places: Vec<(usize, usize)> = faults.iter().map(|f| (f.line, f.column)).collect();
    assert_eq!(places, [(1, 9), (2, 8), (4, 17), (5, 1), (6, 6), (7, 1)], "{faults:#?}");
}
