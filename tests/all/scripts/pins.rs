//! `[ceremonies]`: the pinned scripts are held, and no others.

use crate::support::{AUTHORITY, GENESIS, SIGN, World, configuration};
use anchorite::ceremony::script::Script;

fn built_in(name: &str) -> String {
    Script::built_in(name).unwrap().sha256.hex()
}

/// A founded authority that pins its genesis and one script more.
fn pinned(name: &str, sha256: &str) -> World {
    let world = World::new();
    let genesis = built_in("root-genesis");
    let pins = format!("[ceremonies]\nroot-genesis = \"{genesis}\"\n{name} = \"{sha256}\"\n");
    world.configure(&format!("{}{pins}", configuration("test", "ecdsa-p256")));
    world.found().ok();
    world
}

#[test]
fn a_pinned_script_that_ships_is_held_by_its_command() {
    let world = pinned("intermediate-signing", &built_in("intermediate-signing"));
    world.issued("cluster1");
    let checked = world.run(&["-C", AUTHORITY, "config", "check"]).ok().stdout;
    assert!(checked.contains("  scripts      intermediate-signing, sha256 "), "{checked}");
}

#[test]
fn an_own_script_that_is_pinned_is_found_in_the_authority() {
    let ours = Script::built_in("intermediate-signing").unwrap().text.replace("Sign intermediates", "Our own way");
    let world = pinned("intermediate-signing", &anchorite::digest::Digest::of(ours.as_bytes()).hex());
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let before = world.everything();
    let refused = world.run(&SIGN);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.starts_with("error: the script intermediate-signing that [ceremonies] pins is not here"));
    assert!(refused.stderr.contains("hint:  put it into the authority's directory as"), "{}", refused.stderr);
    assert_eq!(world.everything(), before);
    world.write("authority/ceremony/intermediate-signing.toml", &ours);
    world.run(&SIGN).ok();
    let log = String::from_utf8(world.read(crate::support::ENTRIES)).unwrap();
    assert!(log.contains("Our own way"), "the log holds the script that was held");
}

#[test]
fn no_other_script_is_held() {
    let world = pinned("export", &built_in("export"));
    world.write("answers.toml", "");
    let words = |name: &str| anchorite::words::words(&Script::built_in(name).unwrap().sha256.0[..4]).join(" ");
    let short = &built_in("intermediate-signing")[..16];
    let refused = world.run(&SIGN).refusal();
    let refused = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        refused,
        format!(
            "error: [ceremonies] of authority.toml does not allow this script: saw intermediate-signing, sha256 {short} \
             ({}), wanted one of export, root-genesis hint: hold the script that was pinned; or pin this one, after a \
             review: a ceremony adopts the change Nothing was signed. exit 2",
            words("intermediate-signing")
        )
    );
    // The same by its own command.
    let run = ["-C", AUTHORITY, "--now", GENESIS, "ceremony", "run", "intermediate-signing", "--to", "medium"];
    assert_eq!(world.run(&run).code, Some(2));
}

#[test]
fn a_pin_is_a_name_and_a_digest() {
    let world = World::new();
    for (pin, told) in [
        ("Sign = \"00\"", "error: authority.toml"),
        (
            "\"My Script\" = \"0000000000000000000000000000000000000000000000000000000000000000\"",
            "a script's name is lower-case letters",
        ),
    ] {
        world.configure(&format!("{}[ceremonies]\n{pin}\n", configuration("test", "ecdsa-p256")));
        let refused = world.run(&["-C", AUTHORITY, "config", "check"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(told) && said.contains("authority.toml, line 1"), "{said}");
    }
}
