//! Authorities of the present, for judges that know no other time: `openssl`, GnuTLS, pkilint.

use super::support::{AUTHORITY, PARTICIPANTS, World};

/// An unattended authority with a root of this kind, made now.
pub fn authority(root_key: &str) -> World {
    let world = World::configured("test", root_key);
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!(
        "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
    );
    world.write("answers-root.toml", answers);
    let secrets = ["--pin-file", "pin", "--so-pin-file", "so-pin"];
    let create = ["-C", AUTHORITY, "root", "create", "--answers", "answers-root.toml"];
    world.run(&[&create[..], &secrets].concat()).ok();
    world
}

/// The same with a certificate for `cluster1`; its bundle's directory.
pub fn issued(root_key: &str) -> (World, String) {
    let world = authority(root_key);
    let request = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&request], &[]));
    let media = ["--from", "requests", "--to", "medium"];
    let sign = ["-C", AUTHORITY, "sign", "--pin-file", "pin", "--answers", "answers.toml"];
    world.run(&[&sign[..], &media].concat()).ok();
    let bundle = world.bundles().remove(0).display().to_string();
    (world, bundle)
}

/// True where a stock tool is here; else the skip is said.
pub fn have(tool: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(tool).exists());
    if !found {
        eprintln!("SKIPPED: {tool} is not here: what it judges was NOT checked");
    }
    found
}
