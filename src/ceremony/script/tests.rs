use super::*;

fn fault(change: impl Fn(&str) -> String) -> String {
    let (name, text) = BUILT_IN[1];
    Script::parse(name, &change(text)).unwrap_err().to_string()
}

#[test]
fn every_script_that_ships_can_work() {
    for (name, _) in BUILT_IN {
        assert!(Script::built_in(name).is_ok(), "{name}");
    }
}

#[test]
fn impossible_scripts_are_refused_with_line_and_reason() {
    let swapped = |t: &str| {
        let t = t.replace("do = \"sign\"", "do = \"SIGN\"").replace("do = \"review-plans\"", "do = \"sign\"");
        t.replace("do = \"SIGN\"", "do = \"review-plans\"")
    };
    assert_eq!(
        fault(swapped),
        "intermediate-signing.toml, line 27, column 1: step \"review\": sign needs approved plans, and no step before it gives that"
    );
    assert_eq!(
        fault(|t| t.replace("id = \"sign\"", "id = \"review\"")),
        "intermediate-signing.toml, line 31, column 1: step \"review\": its id is used twice: line 27 has it first"
    );
    assert!(fault(|t| t.replace("\"export-bundles\"", "\"export-bundle\"")).contains("no such activity"));
    assert!(fault(|t| t.replace("\n[[step]]\nid = \"close\"\ndo = \"close\"\n", "")).contains("lacks the step close"));
    assert!(fault(|t| t.replace("witness = 1", "")).contains("[roles] lacks the witness"));
    assert!(fault(|t| t.replace("do = \"sign\"", "do = \"sign\"\nby = \"cook\"")).contains("the role that acts"));
    assert!(
        fault(|t| t.replace("do = \"unlock-token\"", "do = \"unlock-token\"\nminuts = 3")).contains("unknown field")
    );
}

#[test]
fn every_fault_is_found_in_one_reading() {
    let source =
        "title = 3\nkind = \"signin\"\n[roles]\nadministrator = \"one\"\n[[step]]\nid = \"a b\"\ndoo = \"x\"\n";
    let faults = Script::find_faults("x", source).unwrap_err();
    let places: Vec<(usize, usize)> = faults.iter().map(|f| (f.line, f.column)).collect();
    assert_eq!(places, [(1, 9), (2, 8), (4, 17), (5, 1), (6, 6), (7, 1)], "{faults:#?}");
}
