//! Characters by class, against Unicode's own lists; and the layout of words.

use super::*;
use proptest::prelude::*;

/// Each class of characters that deceive, with its whole range and the property that lists it.
const CLASSES: [(&str, &[(u32, u32)]); 15] = [
    ("C0 and DEL (Cc)", &[(0x00, 0x1f), (0x7f, 0x7f)]),
    ("C1 (Cc)", &[(0x80, 0x9f)]),
    (
        "White_Space, the space itself aside",
        &[
            (0x09, 0x0d),
            (0x85, 0x85),
            (0xa0, 0xa0),
            (0x1680, 0x1680),
            (0x2000, 0x200a),
            (0x2028, 0x2029),
            (0x202f, 0x202f),
            (0x205f, 0x205f),
            (0x3000, 0x3000),
        ],
    ),
    ("Bidi_Control", &[(0x61c, 0x61c), (0x200e, 0x200f), (0x202a, 0x202e), (0x2066, 0x2069)]),
    ("zero width", &[(0x200b, 0x200d), (0x2060, 0x2064), (0xfeff, 0xfeff), (0x180e, 0x180e), (0xad, 0xad)]),
    (
        "Default_Ignorable_Code_Point",
        &[
            (0xad, 0xad),
            (0x34f, 0x34f),
            (0x61c, 0x61c),
            (0x115f, 0x1160),
            (0x17b4, 0x17b5),
            (0x180b, 0x180f),
            (0x200b, 0x200f),
            (0x202a, 0x202e),
            (0x2060, 0x206f),
            (0x3164, 0x3164),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xffa0, 0xffa0),
            (0xfff0, 0xfff8),
            (0x1bca0, 0x1bca3),
            (0x1d173, 0x1d17a),
            (0xe0000, 0xe0fff),
        ],
    ),
    ("interlinear annotation, object replacement, replacement", &[(0xfff9, 0xfffd)]),
    ("tags", &[(0xe0001, 0xe0001), (0xe0020, 0xe007f)]),
    ("variation selectors", &[(0xfe00, 0xfe0f), (0xe0100, 0xe01ef)]),
    ("Hangul fillers", &[(0x115f, 0x1160), (0x3164, 0x3164), (0xffa0, 0xffa0)]),
    (
        "blank symbols: braille, a null notehead, Khitan filler",
        &[(0x2800, 0x2800), (0x1d159, 0x1d159), (0x16fe4, 0x16fe4)],
    ),
    ("noncharacters", &[(0xfdd0, 0xfdef), (0xfffe, 0xffff), (0x1fffe, 0x1ffff), (0x10fffe, 0x10ffff)]),
    ("private use", &[(0xe000, 0xf8ff), (0xf0000, 0xffffd), (0x100000, 0x10fffd)]),
    (
        "formats that join or prepend (Cf)",
        &[(0x600, 0x605), (0x6dd, 0x6dd), (0x70f, 0x70f), (0x8e2, 0x8e2), (0x110bd, 0x110bd), (0x13430, 0x1343f)],
    ),
    ("unassigned", &[(0x378, 0x379), (0x2065, 0x2065), (0x50000, 0x50010)]),
];

#[test]
fn every_class_of_deceptive_characters_is_escaped_and_found() {
    for (class, ranges) in CLASSES {
        for c in ranges.iter().flat_map(|(first, last)| *first..=*last).filter_map(char::from_u32) {
            assert!(is_deceptive(c), "{class}: U+{:04X}", u32::from(c));
            let shown = escape(&format!("a{c}b"));
            assert_eq!(shown, format!("a\\u{{{:x}}}b", u32::from(c)), "{class}");
            assert_eq!(first_deceptive(&format!("ab{c}")), Some((2, c)), "{class}");
        }
    }
}

#[test]
fn what_people_write_is_left_as_it_is() {
    let keyboard: String = (' '..='~').collect();
    for text in [
        keyboard.as_str(),
        "Žižkov 東京 →",
        "Ελλάδα",
        "Россия",
        "Việt Nam",
        "日本語",
        "한국어",
        "क्षि",
        "e\u{301}té",
        "…·§€",
    ] {
        assert_eq!(escape(text), text);
    }
}

#[test]
fn a_mark_without_a_character_and_a_heap_of_marks_are_deceptive() {
    // It would turn the "=" before the value into "≠".
    assert_eq!(escape("\u{338}x"), "\\u{338}x");
    assert_eq!(escape("\u{301}\u{302}"), "\\u{301}\\u{302}");
    assert_eq!(escape(" \u{332}x"), " \\u{332}x");
    assert_eq!(escape("\u{202e}\u{338}"), "\\u{202e}\\u{338}");
    assert_eq!(first_deceptive("\u{20dd}"), Some((0, '\u{20dd}')));
    let heap = |marks: usize| format!("a{}", "\u{310}".repeat(marks));
    assert_eq!(first_deceptive(&heap(4)), None);
    assert_eq!(first_deceptive(&heap(5)), Some((5, '\u{310}')));
}

#[test]
fn spaces_that_nobody_counts_are_found() {
    for (text, position) in [(" a", 0), ("a ", 1), ("a  b", 2), (" ", 0), ("a b ", 3)] {
        assert_eq!(first_doubtful_space(text), Some(position), "{text:?}");
    }
    for text in ["", "a", "a b", "a b c"] {
        assert_eq!(first_doubtful_space(text), None, "{text:?}");
    }
}

#[test]
fn escapes_and_bidirectional_marks_are_made_visible() {
    assert_eq!(escape("a\u{1b}[31m\u{202e}b\u{200b}"), "a\\u{1b}[31m\\u{202e}b\\u{200b}");
}

#[test]
fn the_nearest_name_is_offered_only_when_it_is_near() {
    assert_eq!(nearest("validty_days", ["validity_days", "subject"]), Some("validity_days"));
    assert_eq!(nearest("zzz", ["validity_days", "subject"]), None);
}

proptest! {
    #[test]
    fn nothing_deceptive_survives_and_escaping_twice_changes_nothing(s in "\\PC*|.*|\\PM*\\pM{0,9}") {
        let once = escape(&s);
        prop_assert!(first_deceptive(&once).is_none());
        prop_assert_eq!(escape(&once), once);
    }
}

#[test]
fn a_word_of_a_command_stays_one_word_in_a_shell() {
    assert_eq!(shell("clusters/west.2"), "clusters/west.2");
    for word in ["", "my dir", "$(id)", "it's", "a;b", "`x`", "*", "~", "a\\b", "west\nid", "#"] {
        let output = std::process::Command::new("sh").arg("-c").arg(format!("printf '%s' {}", shell(word))).output();
        assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), word);
    }
}

#[test]
fn the_log_learns_what_a_file_is_called_and_not_where_it_lies() {
    for (text, kept) in [
        ("cannot write /media/ada/EXPORTS/ab12: the medium is full", "cannot write …/ab12: the medium is full"),
        ("saw /home/ada, wanted \"/run/media/ada/A STICK/x\"", "saw …, wanted \"…/x\""),
        ("'/home/anna b/ceremony/x.csr' and '/home/anna b': gone", "'…/x.csr' and '…': gone"),
        (r"cannot read '/home/o'\''brien b/x y': no", "cannot read '…/x y': no"),
        ("failed to open file `/home/anna b/y`", "failed to open file `…/y`"),
        ("a quote 'that never ends, '/home/ada/x", "a quote 'that never ends, '…/x"),
        ("(/home/ada/anchorite/authority/)", "(…/authority)"),
        ("192.0.2.2/24, fd00::/8, and/or, clusters/west, https://example.org/x, / and //", ""),
        ("no path, and a word… at its end", ""),
        ("/root.crl", "…/root.crl"),
    ] {
        assert_eq!(without_directories(text), if kept.is_empty() { text } else { kept });
    }
}

#[test]
fn a_path_with_spaces_is_named_so_that_the_log_can_take_it_out_whole() {
    for name in
        ["/home/anna b/ceremony/x.csr", "/media/o'brien b/a 'b' c/x.csr", "/home/anna\nb/x.csr", "/a\"b c/x.csr"]
    {
        let told = format!("cannot read {}: it is gone", path(Path::new(name)));
        let kept = without_directories(&escape(&told));
        assert!(["cannot read '…/x.csr': it is gone"].contains(&kept.as_str()), "{kept}");
        assert_eq!(called(name), "…/x.csr");
    }
    assert_eq!(path(Path::new("/media/STICK/x.csr")), "/media/STICK/x.csr");
    assert_eq!([called("requests/x y.csr"), called("/home/anna b"), called("x")], ["requests/x y.csr", "…", "x"]);
}
