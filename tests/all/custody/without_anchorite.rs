//! `softhsm-test/share.py`: an implementation of its own that needs only Python.

use crate::present::have;
use anchorite::custody::{self, Owner, Seed, SetId, Share};
use secrecy::ExposeSecret;
use std::io::Write;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

const SET: SetId = SetId([0xde, 0xad, 0x00, 0x07]);

fn seed() -> Seed {
    Seed::new(Zeroizing::new(std::array::from_fn(|i| u8::try_from(i * 7 % 251).unwrap())))
}

fn share_py(options: &[&str], rows: &str) -> (bool, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/share.py");
    let mut child = Command::new("python3")
        .arg(script)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(shown).unwrap())
}

fn texts(shares: &[&Share]) -> String {
    shares.iter().map(|share| custody::file_text(share).to_string()).collect()
}

fn pin(owner: Owner, characters: impl Iterator<Item = char>, length: usize) -> String {
    custody::derive_pin(&seed(), SET, owner, characters, length).unwrap().expose_secret().to_owned()
}

#[test]
fn any_m_shares_give_the_pins_to_a_script_that_is_not_anchorite() {
    if !have("python3") {
        return;
    }
    let wanted = |indexes: &str| {
        let (user, so) = (pin(Owner::User, '!'..='~', 40), pin(Owner::So, '!'..='~', 40));
        format!("set  dead0007, shares {indexes}\nuser {user}\nso   {so}\n")
    };
    let shares = custody::deal(&seed(), SET, 3, 5, Zeroizing::new([1; 32]));
    for (a, b, c) in [(0, 1, 2), (0, 2, 4), (1, 2, 3), (4, 3, 0), (2, 3, 4)] {
        let mut indexes = [a + 1, b + 1, c + 1];
        indexes.sort_unstable();
        let indexes = indexes.map(|index: usize| index.to_string()).join(", ");
        assert_eq!(share_py(&[], &texts(&[&shares[a], &shares[b], &shares[c]])), (true, wanted(&indexes)));
    }
    let digits = ["--user", "digits:12", "--so", "digits:40"];
    let (_, shown) = share_py(&digits, &texts(&[&shares[0], &shares[1], &shares[2]]));
    let (user, so) = (pin(Owner::User, '0'..='9', 12), pin(Owner::So, '0'..='9', 40));
    assert!(shown.contains(&format!("user {user}\nso   {so}\n")), "{shown}");
}

#[test]
fn the_script_names_what_is_wrong_with_what_was_typed() {
    if !have("python3") {
        return;
    }
    let shares = custody::deal(&seed(), SET, 2, 3, Zeroizing::new([1; 32]));
    let others = custody::deal(&seed(), SetId([1; 4]), 2, 3, Zeroizing::new([1; 32]));
    let both = texts(&[&shares[0], &shares[1]]);
    let refused = |rows: &str| {
        let (done, shown) = share_py(&[], rows);
        assert!(!done, "{shown}");
        shown.trim_end().to_owned()
    };
    assert_eq!(refused(&texts(&[&shares[0]])), "1 of 2 shares give nothing");
    assert_eq!(refused(&texts(&[&shares[0], &shares[0]])), "1 of 2 shares give nothing");
    assert_eq!(
        refused(&texts(&[&shares[0], &others[1]])),
        "these shares are of no set or of several: 01010101, dead0007"
    );
    let row = |number: usize| custody::row_words(&shares[0], number).join(" ");
    let swapped = both.replacen(&row(4), "@", 1).replacen(&row(5), &row(4), 1).replacen('@', &row(5), 1);
    assert_eq!(refused(&swapped), "share 1, row 4: the check word is another one");
    assert_eq!(refused(&both.replacen(&row(2), "xylophone a b c d e", 1)), "share 1, row 2: word 1 is not in the list");
    assert_eq!(refused(both.trim_end().rsplit_once('\n').unwrap().0), "share 2 ends after row 8");
}
