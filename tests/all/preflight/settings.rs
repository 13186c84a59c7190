//! `[preflight]` in authority.toml: what must pass, and which program and module are the right ones.

use super::{OTHER, check, checked, program, with_preflight};
use crate::support::{AUTHORITY, assert_text};

#[test]
fn settings_that_name_nothing_are_refused() {
    for (settings, text) in [
        (
            "must_pass = [\"interface\"]\n",
            "error: authority.toml, line 19, column 1: [preflight] must_pass: no such check: saw interface
             hint: did you mean \"interfaces\"?
             exit 2",
        ),
        (
            "must_pass = [\"swap\", \"swap\"]\n",
            "error: authority.toml, line 19, column 1: [preflight] must_pass: the same check twice: saw swap
             exit 2",
        ),
        (
            "binary_sha256 = \"b72280a2\"\n",
            "error: authority.toml, line 19, column 17: not a SHA-256 digest: saw b72280a2, wanted 64 lower-case hex
             digits
             exit 2",
        ),
        (
            "module_sha512 = \"b72280a2\"\n",
            "error: authority.toml, line 19, column 1: unknown field \"module_sha512\": wanted one of must_pass,
             binary_sha256, module_sha256
             hint: did you mean \"module_sha256\"?
             exit 2",
        ),
    ] {
        with_preflight(settings).refused(&["-C", AUTHORITY, "config", "check"], text);
    }
}

#[test]
fn where_nobody_attends_only_what_must_pass_counts() {
    let world = with_preflight(&format!("binary_sha256 = \"{OTHER}\"\n"));
    let output = world.run(&["-C", AUTHORITY, "--json", "preflight"]).ok();
    let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((check(&json, "binary").0, json["fit"].as_bool()), ("fail", Some(true)));

    let world = with_preflight(&format!("binary_sha256 = \"{OTHER}\"\nmust_pass = [\"binary\"]\n"));
    let output = world.run(&["-C", AUTHORITY, "preflight"]);
    assert_text(
        &output.error(),
        "error: this machine is not fit for a ceremony: saw binary
         hint: the lines above say what was seen and what to do
         exit 10",
    );
    assert!(output.stdout.contains("→ Take the program from the supplies stick"), "{}", output.stdout);
}

#[test]
fn the_right_program_and_module_pass_and_one_that_is_not_named_is_unknown() {
    let module = crate::support::softhsm_module().unwrap();
    let module = anchorite::digest::Digest::of(&std::fs::read(module).unwrap());
    let program = program();
    let world = with_preflight(&format!(
        "must_pass = [\"binary\", \"module\"]\nbinary_sha256 = \"{program}\"\nmodule_sha256 = \"{module}\"\n"
    ));
    let json = checked(&world, &[]);
    assert_eq!(check(&json, "binary"), ("pass", format!("{program}, as in authority.toml").as_str()));
    assert_eq!(check(&json, "module").0, "pass");
    assert_eq!(json["fit"], true);

    // What must pass and cannot be checked did not pass.
    let world = with_preflight("must_pass = [\"module\"]\n");
    let json = checked(&world, &[]);
    assert_eq!(
        check(&json, "module"),
        ("unknown", format!("no module_sha256 in authority.toml; it is {module}").as_str())
    );
    assert_eq!(json["fit"], false);
}

#[test]
fn a_module_that_does_not_load_fails_and_the_rest_is_checked_all_the_same() {
    let world = with_preflight("must_pass = [\"module\"]\n");
    world.write("authority/local.toml", "[token]\nmodule = \"/opt/none/libpkcs11.so\"\n");
    let json = checked(&world, &[]);
    assert_eq!(check(&json, "module").0, "fail");
    assert_eq!(check(&json, "token"), ("unknown", "its module could not be loaded"));
    assert_eq!(check(&json, "entropy").0, "pass");
}
