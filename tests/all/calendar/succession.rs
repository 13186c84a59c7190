//! What `open` says of a renewal: the mesh's next step depends on whether its roots change.

use super::{running, words};
use crate::support::*;
use serde_json::Value;

/// A world whose `west` was renewed and signed; the new bundle.
fn renewed(previous: &[&str]) -> (World, String) {
    let world = running();
    let before = world.bundles();
    let request = ["--now", "2027-10-01T10:00:00Z", "request", "west", "--renew", "--into", "clusters"];
    world.run(&[&request[..], previous].concat()).ok();
    for name in ["request.json", "request.sig", "renewal.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west.2/{name}")));
    }
    let sha256 = world.sha256("requests/west/request.json");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut sign = SIGN;
    sign[3] = "2027-10-02T10:00:00Z";
    world.run(&sign).ok();
    let new = world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap();
    (world, new.display().to_string())
}

fn opened(world: &World, bundle: &str, options: &[&str]) -> Output {
    let given = ["--now", "2027-10-03T10:00:00Z", "open", bundle, "--into", "clusters/west.2"];
    world.run(&[&given[..], &["--root", "authority/public/root-cert.pem"], options].concat()).ok()
}

#[test]
fn under_the_same_roots_it_is_one_secret_and_no_restart() {
    let (world, bundle) = renewed(&[]);
    let said = opened(&world, &bundle, &[]).stderr;
    assert!(said.contains("next   anchorite manifest clusters/west.2 | kubectl replace -f -\n"), "{said}");
    assert!(!said.contains("kubectl create"), "{said}");
    for wanted in [
        "The old intermediate ends 2027-11-21T09:54:59Z, the new one is valid from 2027-10-02 to 2028-10-01; both are \
         valid: 50 days.",
        "The roots are the same, so this is one Secret and no restart: ",
        "then the old key is of no use: destroy it.",
    ] {
        assert!(words(&said).contains(wanted), "{wanted} is not in\n{said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 80 || line.starts_with("note")), "{said}");
    let json: Value = serde_json::from_str(&opened(&world, &bundle, &["--json"]).stdout).unwrap();
    assert_eq!(json["renews"]["same_roots"], true);
    assert_eq!(json["renews"]["overlap"], "50 days");
    assert_eq!(json["renews"]["not_after"], "2027-11-21T09:54:59Z");
}

#[test]
fn under_other_roots_the_secret_is_not_replaced_at_once_but_in_stages() {
    let (world, bundle) = renewed(&[]);
    // As if the mesh ran under another root until now.
    let own = ["-new", "-nodes", "-subj", "/CN=Old", "-keyout", "/dev/null", "-out", "clusters/west/root-cert.pem"];
    world.tool(
        "openssl",
        &[&["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], &own[..]].concat(),
    );
    let said = opened(&world, &bundle, &[]).stderr;
    let plan = "next   anchorite rollover plan --current clusters/west --next clusters/west.2 --out switch\n";
    assert!(said.contains(plan), "{said}");
    assert!(!said.contains("kubectl replace"), "{said}");
    assert!(words(&said).contains("The roots differ: a mesh that gets this Secret at once refuses"), "{said}");
}

#[test]
fn without_the_old_directory_it_says_how_to_find_out() {
    let (world, bundle) = renewed(&["--previous", "clusters/west"]);
    std::fs::rename(world.path("clusters/west"), world.path("gone")).unwrap();
    let said = opened(&world, &bundle, &[]).stderr;
    for wanted in [
        "When the old one ends, the mesh's Secret says: kubectl -n istio-system get secret cacerts -o json | anchorite \
         status -",
        "where it differs: anchorite rollover plan --live SECRET.json.",
    ] {
        assert!(words(&said).contains(wanted), "{wanted} is not in\n{said}");
    }
}

#[test]
fn a_first_certificate_is_no_renewal() {
    let world = World::ready();
    let bundle = world.issued("west");
    let said = super::open(&world, &bundle.display().to_string(), "west").stderr;
    assert!(said.contains("next   anchorite manifest clusters/west | kubectl create -f -\n"), "{said}");
    assert!(!said.contains("old intermediate"), "{said}");
}
