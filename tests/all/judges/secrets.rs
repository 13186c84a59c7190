//! Kubernetes Secrets before kubectl, which makes them of the same files.

use super::CLUSTER;
use crate::present::{authority, certified, from_pypi};

#[test]
fn a_secret_has_the_data_that_kubectl_makes_of_the_same_files() {
    let Some(kubectl) = from_pypi("kubectl") else { return };
    let kubectl = kubectl.display().to_string();
    let world = authority("ecdsa-p256");
    certified(&world, &["cluster1"]);
    let files = |names: &[(&str, &str)]| -> Vec<String> {
        names.iter().map(|(key, file)| format!("--from-file={key}={CLUSTER}/{file}")).collect()
    };
    let plain = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"].map(|name| (name, name));
    let keyed = [("tls.crt", "cert-chain.pem"), ("tls.key", "ca-key.pem"), ("ca.crt", "root-cert.pem")];
    for (layout, names) in [("istio", &plain[..]), ("tls", &keyed[..])] {
        let ours = world.run(&["manifest", CLUSTER, "--layout", layout]).ok().stdout;
        let from = files(names);
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let generic =
            ["create", "secret", "generic", "cacerts", "-n", "istio-system", "--dry-run=client", "-o", "yaml"];
        let theirs = world.tool(&kubectl, &[&generic[..], &from].concat()).ok().stdout;
        assert_eq!(data(&ours), data(&theirs), "{layout}");
        assert_eq!(data(&ours).len(), names.len(), "{layout}");
    }
}

/// The lines of the `data` of a manifest, sorted.
fn data(yaml: &str) -> Vec<String> {
    let inside = yaml.lines().skip_while(|line| *line != "data:").skip(1).take_while(|line| line.starts_with("  "));
    let mut lines: Vec<String> = inside.map(str::to_owned).collect();
    lines.sort();
    lines
}
