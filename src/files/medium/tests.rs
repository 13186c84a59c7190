//! Marking, recognising and telling apart.

use super::*;

fn id() -> Hex {
    Hex(vec![1, 2, 3, 4, 5, 6, 7, 8])
}
fn marking<'a>(authority: Option<&'a str>, label: Option<&'a str>) -> Marking<'a> {
    Marking { authority, label, id: id(), created: at() }
}
fn at() -> Timestamp {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

#[test]
fn a_prepared_medium_is_recognised_and_another_role_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path(), Role::Exports, marking(Some("Example Mesh Root"), Some("A"))).unwrap();
    assert_eq!(recognise(dir.path()).unwrap().role, Role::Exports);
    assert!(expect(dir.path(), Role::Exports).unwrap().is_some());
    let error = expect(dir.path(), Role::Requests).unwrap_err();
    assert_eq!(error.seen(), Some("an exports medium of Example Mesh Root, id 0102-0304 \"A\""));
    assert_eq!(error.wants(), Some("a requests medium"));
    let again = prepare(dir.path(), Role::Requests, marking(None, None)).unwrap_err();
    assert!(again.what().contains("marked already"));
}

#[test]
fn an_unmarked_directory_is_accepted_for_requests_only() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x.csr"), b"x").unwrap();
    assert_eq!(expect(dir.path(), Role::Requests), Ok(None));
    let error = expect(dir.path(), Role::Exports).unwrap_err();
    assert!(error.hints()[0].starts_with("anchorite medium prepare --role exports "));
    assert!(expect_or_prepare(dir.path(), Role::Exports, "A", id(), at()).is_err());
    assert!(!dir.path().join(MARKER).exists());
}

#[test]
fn an_empty_directory_becomes_the_medium_that_is_wanted_and_stays_it() {
    let dir = tempfile::tempdir().unwrap();
    let medium = expect_or_prepare(dir.path(), Role::Exports, "A", id(), at()).unwrap();
    let other = Hex(vec![9; 8]);
    assert_eq!(expect_or_prepare(dir.path(), Role::Exports, "A", other.clone(), at()), Ok(medium));
    let error = expect_or_prepare(dir.path(), Role::Exports, "B", other, at()).unwrap_err();
    assert!(error.what().contains("another authority"));
}

#[test]
fn a_missing_directory_a_file_and_a_bad_marker_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    assert!(recognise(&dir.path().join("none")).unwrap_err().what().contains("is not there"));
    std::fs::write(dir.path().join("f"), b"").unwrap();
    assert!(recognise(&dir.path().join("f")).unwrap_err().what().contains("is not a directory"));
    for (bad, because) in [
        ("{}", "does not read"),
        (
            "{\"type\":\"anchorite/medium/v2\",\"role\":\"exports\",\"id\":\"0102030405060708\",\"created\":\"2026-11-21T09:30:00Z\"}",
            "written by a newer anchorite",
        ),
    ] {
        std::fs::write(dir.path().join(MARKER), bad).unwrap();
        let error = recognise(dir.path()).unwrap_err();
        assert!(error.what().contains(because), "{error}");
    }
}

#[test]
fn another_medium_in_the_same_place_is_noticed_by_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let before = prepare(dir.path(), Role::Exports, marking(Some("A"), Some("courier"))).unwrap();
    assert_eq!(the_same(dir.path(), &before), Ok(()));
    std::fs::remove_file(dir.path().join(MARKER)).unwrap();
    let pulled = the_same(dir.path(), &before).unwrap_err();
    assert!(pulled.what().contains("is not a medium of anchorite"), "{pulled}");
    let other = Marking { id: Hex(vec![9; 8]), ..marking(Some("A"), None) };
    prepare(dir.path(), Role::Exports, other).unwrap();
    let error = the_same(dir.path(), &before).unwrap_err();
    assert_eq!(error.seen(), Some("an exports medium of A, id 0909-0909"));
    assert_eq!(error.wants(), Some("an exports medium of A, id 0102-0304 \"courier\""));
}

#[test]
fn a_label_is_one_short_printable_line() {
    let dir = tempfile::tempdir().unwrap();
    let long = "x".repeat(MAX_LABEL + 1);
    for bad in ["", " A", "A  B", "A\u{202e}B", "A\nB", &long] {
        let error = prepare(dir.path(), Role::Authority, marking(None, Some(bad))).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{bad:?}");
    }
    assert!(!dir.path().join(MARKER).exists());
    let made = prepare(dir.path(), Role::Authority, marking(None, Some("safe in Köln"))).unwrap();
    assert_eq!(recognise(dir.path()).unwrap(), made);
    assert_eq!(made.called(), "0102-0304 \"safe in Köln\"");
}
