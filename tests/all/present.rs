//! Authorities of the present, for judges that know no other time: `openssl`, GnuTLS, pkilint, Envoy.

use super::support::{AUTHORITY, PARTICIPANTS, World, configuration};
use std::path::{Path, PathBuf};

/// The root's certificate in a world.
pub const ROOT: &str = "authority/public/root-cert.pem";

/// An unattended authority with a root of this kind, made now.
pub fn authority(root_key: &str) -> World {
    founded(&configuration("test", root_key))
}

/// The same with this `authority.toml`.
pub fn founded(configuration: &str) -> World {
    let world = World::new();
    world.configure(configuration);
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
    request_and_sign(&world, &["cluster1"]);
    let bundle = world.bundles().remove(0).display().to_string();
    (world, bundle)
}

/// Has an authority certify clusters in one session; each bundle is opened into the cluster's `clusters/NAME`.
pub fn certified(world: &World, clusters: &[&str]) {
    request_and_sign(world, clusters);
    for cluster in clusters {
        let into = format!("clusters/{cluster}");
        world.run(&["open", &bundle_of(world, cluster), "--into", &into, "--root", ROOT]).ok();
    }
}

/// The directory of a cluster's bundle, which only the log knows.
pub fn bundle_of(world: &World, cluster: &str) -> String {
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut exported = entries.filter(|entry| entry["type"] == "bundle.exported");
    let exported = exported.find(|entry| entry["data"]["cluster"] == cluster).expect("a bundle in the log");
    format!("medium/{}", exported["data"]["bundle_id"].as_str().unwrap())
}

fn request_and_sign(world: &World, clusters: &[&str]) {
    let requests: Vec<String> = clusters.iter().map(|cluster| world.request(cluster)).collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    sign(world, &world.signing_answers(&requests, &[]));
}

/// Has an authority make its next root, and each of these clusters renew under it: `clusters/NAME` stays as it was,
/// `clusters/NAME.2` is what comes after it.
pub fn succeeded(world: &World, cross: &[&str], clusters: &[&str]) {
    world.roll_over_with(cross, &jiff::Timestamp::now().to_string()).ok();
    std::fs::remove_dir_all(world.path("requests")).unwrap();
    let mut requests = Vec::new();
    for cluster in clusters {
        world.run(&["request", cluster, "--renew", "--into", "clusters"]).ok();
        for name in ["request.json", "request.sig", "renewal.sig"] {
            world.write(format!("requests/{cluster}/{name}"), world.read(format!("clusters/{cluster}.2/{name}")));
        }
        requests.push(world.sha256(format!("requests/{cluster}/request.json")));
    }
    let before = world.bundles();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    sign(world, &world.signing_answers(&requests, &[]));
    let bundles = world.bundles().into_iter().filter(|bundle| !before.contains(bundle));
    // A bundle names its recipients only: it opens where its identity is.
    let opens = |bundle: &PathBuf, cluster: &str| {
        let into = format!("clusters/{cluster}.2");
        let open = ["open", bundle.to_str().unwrap(), "--into", &into, "--root", "authority/public/root-g2.pem"];
        world.run(&open).code == Some(0)
    };
    for bundle in bundles {
        assert!(clusters.iter().any(|cluster| opens(&bundle, cluster)), "{}", bundle.display());
    }
}

/// Signs what is in `requests`, now.
pub fn sign(world: &World, answers: &str) {
    world.write("answers.toml", answers);
    let media = ["--from", "requests", "--to", "medium"];
    let sign = ["-C", AUTHORITY, "sign", "--pin-file", "pin", "--answers", "answers.toml"];
    world.run(&[&sign[..], &media].concat()).ok();
}

/// What `run-tests.sh` installs from PyPI: on the path, or under `target/judges`.
/// `None`, said loudly, where it is not.
pub fn from_pypi(program: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_anchorite")).ancestors().nth(2).unwrap().join("judges/bin");
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&on_path).chain([target]);
    let found = places.find_map(|dir| Some(dir.join(program)).filter(|path| path.exists()));
    if found.is_none() {
        eprintln!("SKIPPED: {program} is not here (PyPI; run-tests.sh installs it): what it judges was NOT checked");
    }
    found
}

/// True where a stock tool is here; else the skip is said.
pub fn have(tool: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(tool).exists());
    if !found {
        eprintln!("SKIPPED: {tool} is not here: what it judges was NOT checked");
    }
    found
}
