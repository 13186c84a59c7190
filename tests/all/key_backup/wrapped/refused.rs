//! What wrapped keys are refused for, each before anything that cannot be undone.

use super::*;
use crate::custody::change::CHANGE;
use crate::custody::unattended;

fn plain(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_configuration_without_custodians_or_with_a_key_that_no_token_wraps_is_refused() {
    let world = World::new();
    world.configure(&promising("test").replace("\"clone\"", "\"wrapped\""));
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        r#"
        error: authority.toml, line 19, column 1: [key_backup] mode: a key is wrapped
               under a key that the custodians' shares give: saw no [custody], wanted
               [custody] threshold and custodians
        hint:  with a PIN that one person types: mode = "clone"
        exit 2
    "#,
    );
    world.configure(&promising_wrapped("ed25519"));
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        r#"
        error: authority.toml, line 10, column 1: [root] key: tokens do not wrap a key
               of this kind: saw ed25519, [key_backup] mode = "wrapped", wanted
               rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384 or ecdsa-p521
        exit 2
    "#,
    );
}

#[test]
fn a_token_of_a_kind_that_wraps_no_keys_makes_no_root_that_is_to_be_wrapped() {
    let world = configured(&promising_wrapped("ecdsa-p256").replace("\"softhsm2\"", "\"../profile.toml\""));
    let clones =
        include_str!("../../../../hsm-profiles/softhsm2.toml").replace("[\"clone\", \"wrapped\"]", "[\"clone\"]");
    world.write("profile.toml", clones);
    // It is made before anything is checked: behind the fence nothing is.
    std::fs::create_dir(world.path("shares")).unwrap();
    world.refused(
        &with_shares(&CREATE),
        r#"
        error: the keys of a token of this kind cannot be wrapped: saw SoftHSM 2, wanted
               another token, or another [key_backup] mode
        hint:  its profile says so: anchorite hsm profiles
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 2
    "#,
    );
}

#[test]
fn a_place_must_be_named_and_be_there() {
    let world = promised("ecdsa-p256");
    std::fs::rename(world.path("backup"), world.path("pulled")).unwrap();
    assert_text(
        &world.run(&with_both(&BACKUP)).error(),
        r#"
        error: the place for the wrapped keys is not there: saw $WORLD/backup
        hint:  put its medium in; on a new one: mkdir -m 700 $WORLD/backup
        Nothing was signed.
        exit 30
    "#,
    );
    world.write("authority/local.toml", "");
    world.refused(
        &with_both(&BACKUP),
        r#"
        error: local.toml does not say where the file of wrapped keys is: wanted
               [backup.token] wrapped = "/media/backup"
        hint:  a directory on a medium of its own, apart from the authority's sticks
        Nothing was changed.
        exit 2
    "#,
    );
    assert!(said(&world, "key_backup.made").is_empty());
}

#[test]
fn a_file_that_was_changed_or_is_absent_opens_nothing() {
    let world = wrapped("ecdsa-p256");
    lose_token(&world);
    let path = file(&world);
    let bytes = std::fs::read(&path).unwrap();
    let mut changed = bytes.clone();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    std::fs::write(&path, changed).unwrap();
    let said = plain(&world.run(&with_shares(&RESTORE)).error());
    assert!(said.contains("is not the file that the log knows: saw sha256 "), "{said}");
    assert!(said.contains("No token was asked. Nothing was signed. exit 40"), "{said}");
    std::fs::remove_file(&path).unwrap();
    let said = plain(&world.run(&with_shares(&RESTORE)).error());
    assert!(said.starts_with("error: the wrapped keys of B1, safe in Bonn are not there: saw "), "{said}");
    assert!(said.contains("or another with a copy of this file Nothing was signed. exit 30"), "{said}");
    // The token was not touched: the same command goes on with the right file.
    std::fs::write(&path, bytes).unwrap();
    world.run(&with_shares(&RESTORE)).ok();
}

#[test]
fn a_token_that_is_here_is_not_made_anew() {
    let world = promised("ecdsa-p256");
    world.refused(
        &with_shares(&RESTORE),
        r#"
        error: no key was wrapped: there is nothing to restore from
        hint:  with the token: anchorite key-backup
        Nothing was restored.
        exit 2
    "#,
    );
    world.run(&with_both(&BACKUP)).ok();
    let said = world.run(&with_shares(&RESTORE)).error();
    assert!(plain(&said).starts_with("error: the root's token is here: nothing needs to be restored: saw"), "{said}");
    assert!(plain(&said).contains("Nothing was restored.") && said.ends_with("exit 10\n"), "{said}");
}

#[test]
fn keys_are_wrapped_once() {
    let world = wrapped("ecdsa-p256");
    let again = BACKUP.map(|word| if word.starts_with("2026") { "2026-11-24T09:30:00Z" } else { word });
    assert_text(
        &world.run(&with_both(&again)).error(),
        "
        error: every key was wrapped already, and cannot be wrapped again: saw B1, safe
               in Bonn
        hint:  copy the file: any copy of it is as good; `anchorite ceremony run
               restore-drill` proves it again
        hint:  the next root's key: anchorite root rollover, then this command
        Nothing was wrapped.
        Nothing was signed.
        exit 10
    ",
    );
    assert_eq!(said(&world, "key_backup.made").len(), 1);
}

#[test]
fn custodians_stay_once_keys_are_wrapped_for_them() {
    let world = wrapped("ecdsa-p256");
    world.write("answers-change.toml", unattended::participants(3));
    world.refused(
        &with_shares(&CHANGE),
        r#"
        error: the wrapped keys open to these custodians, and cannot be wrapped for
               others: saw B1, safe in Bonn
        hint:  a custodian who leaves hands the sheet over, in a sealed envelope, to the
               one who comes
        hint:  where a share may be known to others: a new authority with custodians of
               its own, and anchorite rollover
        Nothing was changed.
        exit 10
    "#,
    );
}

#[test]
fn a_root_that_exists_is_not_adopted_where_keys_are_to_be_wrapped() {
    let world = configured(&promising_wrapped("ecdsa-p256"));
    world.refused(
        &["-C", AUTHORITY, "root", "adopt", "--certificate", "x.pem", "--token-serial", "01"],
        r#"
        error: a key that exists is never wrapped: it was made so that it cannot leave
               its token: saw [key_backup] mode = "wrapped", wanted mode = "none" or
               "clone"
        Nothing was adopted.
        Nothing was signed.
        exit 2
    "#,
    );
}

#[test]
fn the_keys_own_token_does_not_prove_the_file() {
    let world = promised("ecdsa-p256");
    let own = said(&world, "token.initialized")[0]["serial"].as_str().unwrap().to_owned();
    let place = world.path("backup").display().to_string();
    world.write("authority/local.toml", format!("[backup.token]\nwrapped = \"{place}\"\nserial = \"{own}\"\n"));
    let said = world.run(&with_both(&BACKUP)).error();
    assert!(
        plain(&said).starts_with("error: a file of wrapped keys is proved on another token than their own"),
        "{said}"
    );
    // Nothing was locked: the file was proved by nothing, and is made anew.
    world.write("authority/local.toml", format!("[backup.token]\nwrapped = \"{place}\"\n"));
    world
        .run(&with_both(&BACKUP.map(|word| if word.starts_with("2026") { "2026-11-24T09:30:00Z" } else { word })))
        .ok();
}

#[test]
fn an_authority_that_promised_no_wrapped_keys_restores_none() {
    let world = World::ready();
    world.write("answers-restore.toml", PARTICIPANTS);
    world.refused(
        &[&RESTORE[..], &["--pin-file", "pin"]].concat(),
        r#"
        error: this authority has no wrapped keys: saw [key_backup] mode = "none",
               wanted mode = "wrapped"
        hint:  a clone is put where the token was, as it is
        Nothing was restored.
        exit 2
    "#,
    );
}

#[test]
fn a_plain_user_with_the_pin_gets_no_key_out_of_the_token_that_can_be_wrapped() {
    if !crate::present::have("python3") {
        return;
    }
    let world = promised("ecdsa-p256");
    let share = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/share.py");
    let files: Vec<String> = unattended::share_files(&world).iter().map(|path| path.display().to_string()).collect();
    let shown = world.tool("python3", &[share, &files[0], &files[1]]).ok().stdout;
    world.secret("user-pin", shown.lines().find_map(|line| line.strip_prefix("user ")).expect("a PIN"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/plain_user.py");
    let module = softhsm_module().unwrap().display().to_string();
    let told = world.tool("python3", &[script, &module, "World Mesh Root", "user-pin"]).ok().stdout;
    assert!(told.contains("keys 2\n"), "the root key and the audit key can be wrapped: {told}");
    let tries: Vec<&str> = told.lines().filter(|line| line.contains(" 0x")).collect();
    assert_eq!(tries.len(), 2 + 2 * 6, "{told}");
    assert!(tries.iter().all(|line| !line.ends_with(" 0x0")), "{told}");
}

/// A configured world whose token is of a family.
fn like(family: &str) -> World {
    let world = configured(&promising_wrapped("ecdsa-p256"));
    let local = String::from_utf8(world.read("authority/local.toml")).unwrap();
    world.like(family);
    let proxy = String::from_utf8(world.read("authority/local.toml")).unwrap();
    world.write("authority/local.toml", proxy + &local);
    world
}

#[test]
fn a_token_that_wraps_for_a_wrapper_that_nobody_trusts_makes_no_root() {
    let world = like("hands-out");
    let output = world.run_with_faults("", &with_shares(&CREATE));
    let said = plain(&output.error());
    let wanted = "error: the token cannot make the wrapped backup that authority.toml promises: the token lets a plain user \
         wrap the key under a key of his own: wanted CKA_WRAP_WITH_TRUSTED that holds";
    assert!(said.starts_with(wanted), "{said}");
    assert!(said.ends_with("No key was generated. Nothing was signed. exit 20"), "{said}");
    assert_eq!(objects(&world, "token/tokens").len(), 0, "{said}");
}

#[test]
fn a_copy_that_can_be_wrapped_itself_ends_nothing_and_is_destroyed() {
    let world = like("");
    world.run_with_faults("", &with_shares(&CREATE)).ok();
    second_token(&world, "second");
    world.write("family", "copies-whole");
    let made = objects(&world, "token/tokens");
    let said = plain(&world.run_with_faults("", &with_both(&BACKUP)).error());
    assert!(said.starts_with("error: the key is not what was asked for: saw CKA_EXTRACTABLE = true"), "{said}");
    assert!(said.contains("The key can be wrapped still; its backup is proved."), "{said}");
    assert_eq!(objects(&world, "token/tokens").len(), made.len());
    assert!(!String::from_utf8(world.read(ENTRIES)).unwrap().contains("\"type\":\"key.locked\""));
    // The same command ends it, in a token that copies as it is asked to.
    world.write("family", "");
    world.run_with_faults("", &with_both(&BACKUP)).ok();
}

#[test]
fn a_token_that_says_beforehand_that_a_wrapped_key_is_longer_wraps_it_all_the_same() {
    let world = like("wraps-longer");
    world.run_with_faults("", &with_shares(&CREATE)).ok();
    second_token(&world, "second");
    world.run_with_faults("", &with_both(&BACKUP)).ok();
}
