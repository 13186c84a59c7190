//! The supplies kit, checked from outside with stock tools.

use crate::support::{AUTHORITY, World, assert_text, configuration};
use std::process::Command;

const KIT: [&str; 8] = ["-C", AUTHORITY, "kit", "supplies", "--label", "S1", "--script", "own/my-signing.toml"];

fn world() -> World {
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p256"));
    world.write("own/my-signing.toml", include_str!("../../../ceremony/intermediate-signing.toml"));
    world.write("debs/libbotan_2.19.3%2bdfsg-1_amd64.deb", "!<arch>\n");
    std::fs::create_dir(world.path("supplies")).unwrap();
    world
}

fn kit(world: &World) -> crate::support::Output {
    world.run(&[&KIT[..], &["--packages", "debs"]].concat())
}

#[test]
fn stock_tools_check_a_kit_and_its_program_runs() {
    let world = world();
    let said = kit(&world).ok().stderr;
    let mut check = Command::new("sha256sum");
    let checked = check.args(["--strict", "-c", "SHA256SUMS"]).current_dir(world.path("supplies")).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(said.contains(&format!("sha256 {}", world.sha256("supplies/SHA256SUMS"))), "{said}");

    // Every file is listed, but for the list and the marker; in order.
    let sums = String::from_utf8(world.read("supplies/SHA256SUMS")).unwrap();
    let listed: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    let there: Vec<String> = world
        .tree("supplies")
        .into_iter()
        .filter(|(path, _)| world.path(path).is_file())
        .map(|(path, _)| path.strip_prefix("supplies").unwrap().display().to_string())
        .filter(|name| !["SHA256SUMS", "anchorite-medium.json"].contains(&name.as_str()))
        .collect();
    let mut sorted = there.clone();
    sorted.sort();
    assert_eq!(listed, sorted);
    for file in [
        "README.txt",
        "VERSIONS",
        "bin/anchorite",
        "ceremony/built-in/root-genesis.toml",
        "ceremony/my-signing.toml",
        "configuration/authority.toml",
        "hsm-profiles/softhsm2.toml",
        "modules/libsofthsm2.so",
        "packages/libbotan_2.19.3%2bdfsg-1_amd64.deb",
        "printouts/built-in/root-genesis.html",
        "printouts/my-signing.html",
    ] {
        assert!(listed.contains(&file), "{file}\n{sums}");
    }
    let versions = String::from_utf8(world.read("supplies/VERSIONS")).unwrap();
    let program = world.sha256("supplies/bin/anchorite");
    assert!(versions.contains(&program) && versions.contains("needs glibc 2."), "{versions}");
    assert!(versions.contains("SoftHSM"), "{versions}");
    let version = Command::new(world.path("supplies/bin/anchorite")).arg("--version").output().unwrap();
    assert!(versions.contains(String::from_utf8_lossy(&version.stdout).trim().strip_prefix("anchorite ").unwrap()));
    assert!(world.run(&["medium", "show", "supplies"]).ok().stdout.contains("supplies"));
}

#[test]
fn the_same_inputs_give_the_same_kit_and_an_interrupted_one_is_completed() {
    let world = world();
    kit(&world).ok();
    let sums = world.read("supplies/SHA256SUMS");
    for gone in ["supplies/SHA256SUMS", "supplies/VERSIONS", "supplies/packages/libbotan_2.19.3%2bdfsg-1_amd64.deb"] {
        std::fs::remove_file(world.path(gone)).unwrap();
    }
    world.write("supplies/packages/.anchorite-x9", "cut off");
    kit(&world).ok();
    assert_eq!(world.read("supplies/SHA256SUMS"), sums);
    assert!(!world.path("supplies/packages/.anchorite-x9").exists());
    std::fs::create_dir(world.path("another")).unwrap();
    let mut another = KIT.map(str::to_owned).to_vec();
    another[3] = "another".to_owned();
    another.extend(["--packages".to_owned(), "debs".to_owned()]);
    world.run(&another).ok();
    assert_eq!(world.read("another/SHA256SUMS"), sums);
}

#[test]
fn a_kit_is_never_written_over_anything() {
    let world = world();
    world.write("supplies/holiday.jpg", "sea");
    world.refused(
        &KIT,
        "
        error: supplies holds what is not of this kit: saw holiday.jpg, wanted an empty
               medium, or this kit where it was interrupted
        hint:  use another medium, or move what is on it away
        Nothing was written.
        exit 30
    ",
    );
    std::fs::remove_file(world.path("supplies/holiday.jpg")).unwrap();
    world.write("supplies/bin/anchorite", "of last year");
    world.refused(
        &KIT,
        "
        error: supplies/bin/anchorite is already there, and is not the same
        hint:  a kit is never overwritten: use another medium, or empty this one
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn a_stick_of_another_role_and_a_script_that_cannot_work_make_no_kit() {
    let world = world();
    world.run(&["medium", "prepare", "--role", "exports", "supplies"]).ok();
    world.refused(
        &KIT,
        "
        error: supplies is another medium than the one wanted: saw an exports medium, id
               …, wanted a supplies medium
        hint:  plug in the supplies medium, or name its directory
        exit 30
    ",
    );
    std::fs::remove_file(world.path("supplies/anchorite-medium.json")).unwrap();
    world.write("own/my-signing.toml", "title = \"x\"\n");
    let refused = world.run(&KIT);
    assert_eq!((refused.code, refused.error().contains("my-signing.toml")), (Some(2), true), "{}", refused.stderr);
    world.write("own/my-signing.toml", include_str!("../../../ceremony/intermediate-signing.toml"));
    std::fs::create_dir(world.path("debs/inner")).unwrap();
    let output = kit(&world);
    assert_text(
        &output.error(),
        "
        error: debs/inner is not a file: wanted a directory with packages, files only
        exit 30
    ",
    );
    assert_eq!(std::fs::read_dir(world.path("supplies")).unwrap().count(), 0);
}
