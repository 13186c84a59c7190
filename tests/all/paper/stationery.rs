//! Labels, sheets for shares and codes of a terminal: no authority is needed to make them.

use super::printer::{SIZES, can_print, print, run};
use crate::present::have;
use anchorite::ceremony::paper::label::labels;
use anchorite::ceremony::paper::qr;
use anchorite::ceremony::paper::share::{Sheet, sheets};
use anchorite::digest::Hex;
use anchorite::files::medium::{Marking, Role, prepare};
use std::process::Command;

fn share(index: u8) -> Sheet<'static> {
    Sheet {
        authority: "Example <Mesh> Root",
        mark: Some("REHEARSAL"),
        set: Some("5f0c-77a1"),
        index: Some(index),
        threshold: 2,
        of: 3,
        rows: 9,
        words: 5,
        pins: "--user printable:40 --so printable:40",
    }
}

#[test]
fn a_sheet_for_a_share_is_one_page_with_its_numbers_and_blanks() {
    if !can_print() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let html = sheets(&[share(1), share(2), share(3)]);
    for size in SIZES {
        let printed = print(dir.path(), &html, size);
        assert_eq!(printed.pages.len(), 3, "{size}");
        for (page, index) in printed.pages.iter().zip(1..) {
            let text = page.text();
            for said in [
                &format!("Share {index} of 3"),
                &format!("page {index} of 3"),
                "REHEARSAL",
                "Example <Mesh> Root",
                "any 2 of the 3 shares",
                "5f0c-77a1",
                "Row Word 1 Word 2 Word 3 Word 4 Word 5 Check word",
                "8 9",
            ] {
                assert!(text.contains(said), "{size}: {said}\n{text}");
            }
            assert_eq!(page.faults(), [""; 0], "{size} {}", printed.picture(index).display());
        }
    }
}

#[test]
fn labels_name_role_authority_and_id_of_each_stick() {
    if !can_print() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let media: Vec<_> = [Role::Supplies, Role::Requests, Role::Exports, Role::Authority, Role::Authority]
        .into_iter()
        .zip(1..)
        .map(|(role, n)| {
            let at = dir.path().join(n.to_string());
            std::fs::create_dir(&at).unwrap();
            let created = "2026-11-21T09:30:00Z".parse().unwrap();
            let label = (n == 1).then_some("safe <in> Berlin");
            prepare(&at, role, Marking { authority: Some("Example <Mesh> Root"), label, id: Hex(vec![n; 8]), created })
                .unwrap()
        })
        .collect();
    for size in SIZES {
        let printed = print(dir.path(), &labels(&media), size);
        assert_eq!(printed.pages.len(), 1);
        let text = printed.text();
        for said in ["0101-0101 safe <in> Berlin", "id 0101010101010101 , prepared 2026-11-21", "0505-0505"] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        assert_eq!(printed.pages[0].faults(), [""; 0]);
    }
}

#[test]
fn a_telephone_reads_the_code_in_a_terminal() {
    if !have("zbarimg") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let said = "anchorite/example/00112233 41 aGVsbG8sIHdvcmxkaGVsbG8sIHdvcmxkaGVsbG8sIHc=";
    let lines = qr::blocks(said).unwrap();
    // A screen as a telephone sees it: light marks on dark ground, four dots to a module.
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for line in &lines {
        for upper in [true, false] {
            let shown = |c: char| if upper { "█▀".contains(c) } else { "█▄".contains(c) };
            let row: Vec<u8> = line.chars().flat_map(|c| [if shown(c) { 255 } else { 0 }; 4]).collect();
            rows.extend(std::iter::repeat_n(row, 4));
        }
    }
    let mut picture = format!("P5 {} {} 255\n", rows[0].len(), rows.len()).into_bytes();
    picture.extend(rows.concat());
    let path = dir.path().join("screen.pgm");
    std::fs::write(&path, picture).unwrap();
    assert_eq!(run(Command::new("zbarimg").args(["-q", "--raw"]).arg(path)).trim_end(), said);
    assert!(lines.len() <= 20 && lines[0].chars().count() <= 44, "{} lines", lines.len());
}
