//! A year of an authority, under a clock that is moved: what a team does from its first ceremony to the last one, in one
//! log, which stock tools check at the end.

use crate::custody::unattended::{configured, participants, share_files, with_shares};
use crate::key_backup::objects;
use crate::present::have;
use crate::support::{AUTHORITY, CREATE, Output, PARTICIPANTS, World};
use std::path::PathBuf;

/// The approval of a root's next CRL.
const CRLS: &str = "[review]\n\"crl:1\" = \"approve\"\n";

/// A ceremony at a time, opened by custodians.
fn holds(world: &World, now: &str, command: &[&str], answers: &str) -> Output {
    world.write("answers-year.toml", answers);
    let head = ["-C", AUTHORITY, "--now", now];
    let arguments = [&head, command, &["--answers", "answers-year.toml"]].concat();
    world.run(&with_shares(&arguments)).ok()
}

/// Carries requests to an empty stick and has them signed; the new bundles.
fn signs(world: &World, now: &str, clusters: &[&str], options: &[&str]) -> (String, Vec<PathBuf>) {
    let _ = std::fs::remove_dir_all(world.path("requests"));
    let mut requests = Vec::new();
    for cluster in clusters {
        for name in ["request.json", "request.sig", "renewal.sig"] {
            let from = format!("clusters/{cluster}/{name}");
            if world.path(&from).exists() {
                world.write(format!("requests/{cluster}/{name}"), world.read(from));
            }
        }
        requests.push(world.sha256(format!("requests/{cluster}/request.json")));
    }
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    let answers = world.signing_answers(&requests, &[]).replacen(PARTICIPANTS, &participants(2), 1);
    let before = world.bundles();
    let command = [&["sign", "--from", "requests", "--to", "medium"], options].concat();
    let shown = holds(world, now, &command, &answers).stderr;
    (shown, world.bundles().into_iter().filter(|bundle| !before.contains(bundle)).collect())
}

/// A request of a cluster's side at a time.
fn asks(world: &World, now: &str, options: &[&str]) {
    let command = [&["--now", now, "request"], options, &["--into", "clusters"]].concat();
    world.run(&command).ok();
}

/// Opens whichever of these bundles is the cluster's.
fn opens(world: &World, now: &str, bundles: &[PathBuf], into: &str) {
    let into = format!("clusters/{into}");
    let opened = bundles.iter().any(|bundle| {
        let bundle = bundle.to_str().unwrap();
        let arguments = ["--now", now, "open", bundle, "--into", &into, "--root", "authority/public/root-cert.pem"];
        world.run(&arguments).code == Some(0)
    });
    assert!(opened, "no bundle for {into} in {bundles:?}");
}

/// Whether an intermediate verifies under the published roots and CRLs at a time (seconds since 1970).
fn verifies(world: &World, at: &str, directory: &str) -> Result<(), String> {
    let file = format!("clusters/{directory}/ca-cert.pem");
    let common = ["verify", "-x509_strict", "-attime", at, "-crl_check"];
    let files = ["-CAfile", "authority/public/root-cert.pem", "-CRLfile", "authority/public/root.crl", &file];
    let output = world.tool("openssl", &[&common[..], &files].concat());
    if output.code == Some(0) { Ok(()) } else { Err(output.stderr) }
}

/// The log before the script and the commands of the README, for every audit key that it had.
fn stock_tools_verify(world: &World) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/check-log.py");
    world.tool("python3", &[script, "authority/log"]).ok();
    let stock = r#"set -e
newest=$(ls log/audit/*.pem | sort -V | tail -1)
openssl verify -x509_strict -no_check_time -CAfile public/root-cert.pem "$newest"
openssl x509 -in "$newest" -noout -pubkey > ../audit.pub
sed '/^$/,$d' log/checkpoint > ../body
grep -F "— $(head -1 ../body) " log/checkpoint | tail -1 | cut -d' ' -f3 | base64 -d | tail -c +5 > ../sig
openssl dgst -sha256 -verify ../audit.pub -signature ../sig ../body"#;
    let directory = world.path("authority");
    let output = world.tool("sh", &["-c", &format!("cd '{}'\n{stock}", directory.display())]).ok();
    assert!(output.stdout.contains("Verified OK"), "{}", output.stdout);
}

#[test]
fn a_year_of_an_authority_runs_in_one_log_that_stock_tools_verify() {
    if !have("openssl") || !have("python3") {
        return;
    }
    let world = configured();
    world.run(&with_shares(&CREATE)).ok();

    // November: three clusters.
    for cluster in ["west", "east", "north"] {
        asks(&world, "2026-11-21T09:40:00Z", &[cluster, "--key", "ecdsa-p256"]);
    }
    let (_, first) = signs(&world, "2026-11-21T10:00:00Z", &["west", "east", "north"], &[]);
    assert_eq!(first.len(), 3);
    for cluster in ["west", "east", "north"] {
        opens(&world, "2026-11-21T11:00:00Z", &first, cluster);
    }

    // April: the CRL before it ends, and nothing else.
    holds(&world, "2027-04-20T10:00:00Z", &["crl"], &format!("{}{CRLS}", participants(2)));

    // June: other custodians. The shares of before open nothing any more.
    let old = share_files(&world);
    holds(&world, "2027-06-01T10:00:00Z", &["custody", "change"], &participants(3));
    old.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_eq!(share_files(&world).len(), 3);

    // July: east's key is out. It is revoked, and east begins anew; the others go on.
    let reason = "[revoke]\n\"east@1\" = { revoke = \"keyCompromise\" }\n";
    let revocation = format!("{}{reason}{CRLS}", participants(2));
    holds(&world, "2027-07-01T10:00:00Z", &["revoke", "east", "--reason", "keyCompromise"], &revocation);
    const JULY: &str = "1814436000"; // 2027-07-01T18:00:00Z
    verifies(&world, JULY, "west").unwrap();
    assert!(verifies(&world, JULY, "east").unwrap_err().contains("revoked"));
    std::fs::rename(world.path("clusters/east"), world.path("clusters/east-of-before")).unwrap();
    asks(&world, "2027-07-02T09:00:00Z", &["east", "--key", "ecdsa-p256"]);
    let (_, again) = signs(&world, "2027-07-02T10:00:00Z", &["east"], &[]);
    opens(&world, "2027-07-02T11:00:00Z", &again, "east");
    verifies(&world, "1814522400", "east").unwrap();

    // September: west renews, signed by the key of before, both valid for a while.
    asks(&world, "2027-09-25T09:00:00Z", &["west", "--renew"]);
    let (shown, renewed) = signs(&world, "2027-09-25T10:00:00Z", &["west.2"], &[]);
    assert!(shown.contains("overlap"), "{shown}");
    opens(&world, "2027-09-25T11:00:00Z", &renewed, "west.2");

    // October: the CRL again, then the next root, each vouching for the other, and north under it.
    holds(&world, "2027-10-10T10:00:00Z", &["crl"], &format!("{}{CRLS}", participants(2)));
    let reviewed = world.sha256("authority/authority.toml");
    let rollover = format!("{}[review]\n\"sha256:{reviewed}\" = \"approve\"\n", participants(2));
    holds(&world, "2027-10-20T10:00:00Z", &["root", "rollover", "--cross"], &rollover);
    asks(&world, "2027-10-21T09:00:00Z", &["north", "--renew"]);
    let (_, moved) = signs(&world, "2027-10-21T10:00:00Z", &["north.2"], &[]);
    opens(&world, "2027-10-21T11:00:00Z", &moved, "north.2");
    let plan = ["rollover", "plan", "--current", "clusters/north", "--next", "clusters/north.2", "--out", "switch"];
    world.run(&[&["--now", "2027-10-21T12:00:00Z"], &plan[..]].concat()).ok();
    world.run(&["--now", "2027-10-21T12:00:00Z", "rollover", "check", "switch"]).ok();
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-g1.pem", "--at-rest"]).ok();

    // November: the end.
    let name = "World Mesh Root";
    let end = format!(
        "{}[destroy]\nadministrator = \"{name}\"\nwitness = \"{name}\"\nreason = \"the meshes moved on\"\n\
         [review]\n\"crl:1\" = \"approve\"\n\"crl:2\" = \"approve\"\n",
        participants(2)
    );
    holds(&world, "2027-11-20T10:00:00Z", &["decommission"], &end);
    for root in ["authority/public/root-g1.pem", "authority/public/root-g2.pem"] {
        let verified = world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok().stdout;
        assert!(verified.contains("ENDED") && verified.contains("consistent and authenticated"), "{verified}");
    }
    stock_tools_verify(&world);

    // Every use of the root keys, counted: nothing was signed that this year does not know of.
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    let count = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("sign.intent"), count("sign.outcome"), "{log}");
    assert_eq!((count("certificate.revoked"), count("custody.split"), count("audit.rotated")), (1, 2, 1), "{log}");
    // The audit keys sign that they are about to go; nothing is left to sign that they went.
    assert_eq!((count("key.destroying"), count("key.destroyed")), (4, 2), "two root keys and two audit keys\n{log}");
    assert_eq!(objects(&world, "token/tokens").len(), 1, "the guard, which is no key");
}
