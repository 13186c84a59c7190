//! What a key backup is refused for, before anything is copied.

use super::*;
use crate::custody::seats::with_custody;
use crate::custody::{change, unattended};

#[test]
fn an_authority_that_promised_none_gets_none() {
    let world = World::ready();
    names_medium(&world);
    world.refused(
        &BACKUP,
        r#"
        error: this authority has no key backup: saw [key_backup] mode = "none",
               wanted mode = "clone" or "wrapped"
        hint:  the mode is fixed before genesis: people relied on there being no copy
        Nothing was copied.
        exit 2
    "#,
    );
}

#[test]
fn a_mode_that_changed_after_genesis_is_not_adopted() {
    let world = World::ready();
    world.configure(&promising("test"));
    let digest = world.sha256("authority/authority.toml");
    let sha256 = world.request("west");
    let answers = world.signing_answers(&[&sha256], &[]) + &format!("[config]\n\"sha256:{digest}\" = \"adopt\"\n");
    let said = world.sign(&answers).error();
    assert_text(
        &said,
        "
        error: authority.toml: [key_backup] mode was fixed at genesis: saw clone,
               wanted none
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_place_must_be_named_be_there_and_lie_apart() {
    let world = promised();
    world.write("authority/local.toml", "");
    world.refused(
        &BACKUP,
        r#"
        error: local.toml names no key backup: wanted [backup.token]
        hint:  for SoftHSM: directory = "/media/backup/token", on a medium of its own
        hint:  for others: the serial number of the second token, where more than one
               is there
        Nothing was copied.
        exit 2
    "#,
    );
    let at = |place: &str| {
        let local = format!("[backup.token]\ndirectory = \"{}\"\n", world.path(place).display());
        world.write("authority/local.toml", local);
        world.run(&BACKUP).error()
    };
    assert_text(
        &at("absent"),
        "
        error: the place for the key backup is not there: saw $WORLD/absent
        hint:  put its medium in; on a new one: mkdir -m 700 $WORLD/absent
        Nothing was signed.
        exit 30
    ",
    );
    std::fs::create_dir(world.path("authority/copy")).unwrap();
    let said = at("authority/copy").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with("error: a key backup on an authority stick would travel with it: saw"), "{said}");
    assert!(said.contains("Nothing was copied.") && said.ends_with("exit 2"), "{said}");
    let said = at("token/tokens").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with("error: a copy in the token's own directory is no backup:"), "{said}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("key_backup.made"), "{log}");
}

#[test]
fn a_copy_that_opens_to_an_older_pin_says_so() {
    let world = unattended::configured();
    let before = world.sha256("authority/authority.toml");
    world.configure(&(with_custody("test", 2, 3) + "[key_backup]\nmode = \"clone\"\n"));
    let answers = String::from_utf8(world.read("answers-root.toml")).unwrap();
    world.write("answers-root.toml", answers.replace(&before, &world.sha256("authority/authority.toml")));
    world.run(&unattended::with_shares(&CREATE)).ok();
    names_medium(&world);
    world.write("answers-backup.toml", format!("{}[backup]\nname = \"{NAME}\"\n", unattended::participants(2)));
    world.run(&unattended::with_shares(&BACKUP)).ok();
    world.write("answers-change.toml", unattended::participants(3));
    let old = unattended::share_files(&world);
    let change = change::CHANGE.map(|word| if word.starts_with("2026") { "2026-11-23T09:00:00Z" } else { word });
    let shown = world.run(&unattended::with_shares(&change)).ok().stderr;
    let plain = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("The key backup B1, safe in Bonn still opens to the shares of before"), "{shown}");
    for path in &old {
        std::fs::remove_file(path).unwrap();
    }
    world.write("answers.toml", unattended::participants(2));
    let drill = ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "ceremony", "run", "restore-drill"];
    let said = world.run(&unattended::with_shares(&[&drill[..], &["--answers", "answers.toml"]].concat())).error();
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.starts_with("error: the token rejected the PIN"), "{said}");
    let hint = "hint: the token's PIN was changed since its files were copied: make the backup anew";
    assert!(plain.contains(hint) && plain.ends_with("exit 21"), "{said}");
}

#[test]
fn a_way_of_backup_that_is_not_made_is_not_promised() {
    let check = ["-C", AUTHORITY, "config", "check"];
    let world = World::new();
    let mode = |mode: &str| {
        world.configure(&format!("{}[key_backup]\nmode = \"{mode}\"\n", configuration("test", "ecdsa-p256")));
    };
    mode("cloned");
    world.refused(
        &check,
        r#"
        error: authority.toml, line 19, column 8: no such way of backup: saw "cloned",
               wanted none, clone, wrapped
        hint:  did you mean "clone"?
        exit 2
    "#,
    );
}
