//! The key of an adopted root is found in the token, proved by its public half and judged by its attributes.

use super::*;
use crate::present::have;

#[test]
fn a_token_that_does_not_hold_the_key_is_refused_and_stays_as_it_was() {
    let (world, _) = old_ca();
    let (other, _) = old_ca();
    world.write("mine.key", world.read("old/root.key"));
    world.write("old/root.key", other.read("old/root.key"));
    let token = import_key(&world, "other", "0b");
    let output = adopt(&world, &token, &[]);
    assert_text(
        &output.error(),
        "
        error: the token does not hold the key of this certificate: wanted a ECDSA P-256
               key, spki sha256 …
        hint:  is it the right token? A key in a file is not adopted
        Nothing was adopted.
        Nothing was signed.
        exit 20
    ",
    );
    world.write("answers-adopt.toml", answers(&world));
    let output = adopt(&world, &token, &["--key-id", "0b"]);
    assert!(output.error().contains("the token holds another key under this id"), "{}", output.error());
    let output = adopt(&world, &token, &["--key-id", "0c"]);
    assert!(output.error().contains("the token holds no private key with this id: saw 0c"), "{}", output.error());
}

#[test]
fn a_key_that_can_leave_the_token_is_refused() {
    let (world, _) = old_ca();
    let module = softhsm_module().unwrap();
    let (module, slots) = (module.display(), "--token-label loose");
    let make = format!(
        "softhsm2-util --init-token --free --label loose --so-pin {SO_PIN} --pin {PIN} && \
         openssl pkcs8 -topk8 -nocrypt -in old/root.key -outform DER -out old/root.p8 && \
         openssl pkey -in old/root.key -pubout -outform DER -out old/public.der && \
         pkcs11-tool --module {module} {slots} --login --pin {PIN} --write-object old/root.p8 --type privkey --id 0d \
           --usage-sign --extractable && \
         pkcs11-tool --module {module} {slots} --login --pin {PIN} --write-object old/public.der --type pubkey --id 0d"
    );
    if !have("pkcs11-tool") {
        return;
    }
    world.tool("sh", &["-c", &make]).ok();
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let slot = shown.split("Slot ").find(|slot| slot.contains(" loose")).unwrap();
    let token = slot.lines().find(|l| l.contains("Serial number")).unwrap().split(':').nth(1).unwrap().trim();
    let output = adopt(&world, token, &[]);
    assert_eq!(output.code, Some(10), "{}", output.stderr);
    let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.starts_with("error: the key of the root to be adopted is refused by the rule adoption.token.leaves: saw "),
        "{said}"
    );
    assert!(said.contains("CKA_EXTRACTABLE = true"), "{said}");
}

#[test]
fn a_key_that_was_outside_is_adopted_only_with_a_reason() {
    let (world, token) = old_ca();
    let without: String =
        answers(&world).lines().filter(|l| !l.starts_with("reason")).map(|l| format!("{l}\n")).collect();
    world.write("answers-adopt.toml", without);
    assert_text(
        &adopt_with(&world, &token, &[]).error(),
        "
        error: answers: [adopt] has no answer for reason
        hint:  add it under [adopt]
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn another_root_than_the_one_that_people_mean_is_not_adopted() {
    let (world, token) = old_ca();
    let root = fingerprint(&world);
    world.write("answers-adopt.toml", answers(&world).replace(&root, &"0".repeat(64)));
    let output = adopt_with(&world, &token, &[]);
    assert_text(
        &output.error(),
        "
        error: answers: [adopt] root: not the number of words that was asked for: saw
               1 word, wanted 4 words
        hint:  they come with the root, from whoever made it: not from this screen
        Nothing was signed.
        exit 2
    ",
    );
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("key.adopted"), "{log}");
}

#[test]
fn other_keys_in_the_token_are_named_and_ask_for_the_reason() {
    let (world, token) = old_ca();
    let make = format!(
        "openssl ecparam -genkey -name prime256v1 -noout -out k && openssl pkcs8 -topk8 -nocrypt -in k -out p && \
         softhsm2-util --import p --token old-root --label ocsp --id 77 --pin {PIN} && rm k p"
    );
    world.tool("sh", &["-c", &make]).ok();
    let shown = adopt(&world, &token, &["--key-id", KEY_ID]).ok().stderr;
    assert!(shown.contains("adoption.token.other-keys: private key \"ocsp\""), "{shown}");
}
