//! A module that starts threads and processes of its own, as those of daemons and buses do.

use super::compile;
use crate::support::*;

/// The world's own token, behind a module with helpers; the environment to run with.
fn with_helpers() -> Option<(World, Vec<String>)> {
    let world = World::configured("test", "ecdsa-p256");
    compile("helpers.c", &world, "helpers.so", &["-shared", "-fPIC"])?;
    world.write("authority/local.toml", "[token]\nmodule = \"helpers.so\"\nwrites = [\"ended\"]\n");
    world.write("ended", "");
    let module = softhsm_module().unwrap();
    let told = [
        "env".to_owned(),
        format!("HELPERS_MODULE={}", module.display()),
        format!("HELPERS_ENDED={}", world.path("ended").display()),
    ];
    Some((world, told.to_vec()))
}

#[test]
fn a_module_with_threads_and_a_process_of_its_own_makes_a_root_and_signs_behind_the_fences() {
    let Some((world, through)) = with_helpers() else { return };
    let reviewed = world.sha256("authority/authority.toml");
    world.write(
        "answers-root.toml",
        format!(
            "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
        ),
    );
    world.run_through(&through, &CREATE).ok();
    let requests = [world.request("west"), world.request("east")];
    world.write("answers.toml", world.signing_answers(&[&requests[0], &requests[1]], &[]));
    let signed = world.run_through(&through, &SIGN).ok();
    assert_eq!(world.bundles().len(), 2);
    // The threads hold nobody up, and the fences hold them: not one is said to be missing.
    assert!(!signed.stderr.contains("it does not hold"), "{}", signed.stderr);
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
    // Each session's process ended by itself and nobody took its end for anything.
    let ended = String::from_utf8(world.read("ended")).unwrap();
    assert_eq!(ended.lines().count(), 2, "{ended}");
}
