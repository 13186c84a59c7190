//! Two generations before judges that others wrote: a workload under either root is accepted by who trusts the other.

use super::certificates;
use crate::judges::judged;
use crate::judges::paths::valid;
use crate::present::{authority, bundle_of, certified};
use crate::support::{AUTHORITY, PARTICIPANTS, World};
use crate::workload::Workload;

const G1: &str = "authority/public/root-g1.pem";
const G2: &str = "authority/public/root-g2.pem";

/// The same as [`World::two_generations`], in the present; both clusters opened after the rollover.
fn two_generations() -> World {
    let world = authority("ecdsa-p256");
    certified(&world, &["old"]);
    let reviewed = world.sha256("authority/authority.toml");
    world.write("answers-rollover.toml", format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n"));
    let attend = ["--pin-file", "pin", "--answers", "answers-rollover.toml"];
    world.run(&[&["-C", AUTHORITY, "root", "rollover", "--cross"], &attend[..]].concat()).ok();
    let _ = std::fs::remove_dir_all(world.path("requests"));
    certified(&world, &["new"]);
    world.write("answers-export.toml", PARTICIPANTS);
    let attend = ["--pin-file", "pin", "--answers", "answers-export.toml"];
    let before = bundle_of(&world, "old");
    world.run(&[&["-C", AUTHORITY, "export", "old", "--to", "medium"], &attend[..]].concat()).ok();
    let bundles = world.bundles().into_iter().map(|bundle| bundle.display().to_string());
    let new = bundle_of(&world, "new");
    let again = bundles.into_iter().find(|bundle| *bundle != before && *bundle != new).unwrap();
    world.run(&["open", &again, "--into", "clusters/old"]).ok();
    world
}

#[test]
fn workloads_under_either_root_are_accepted_by_every_judge_that_trusts_the_other_alone() {
    let world = two_generations();
    for (cluster, id) in [("old", "spiffe://cluster.local/ns/a/sa/old"), ("new", "spiffe://cluster.local/ns/a/sa/new")]
    {
        let ca = format!("clusters/{cluster}");
        let workload = Workload::under(&world, &ca, id);
        for root in [G1, G2] {
            judged(&world.path(""), None, root, &[&format!("{ca}/cert-chain.pem"), workload.file()]).accepted();
            valid(&world, root, workload.file()).unwrap();
        }
        // Without the crossing only its own root is there.
        let chain = certificates(&world, &format!("{ca}/cert-chain.pem"));
        let leaf = String::from_utf8(world.read(workload.chain.with_file_name("cert.pem"))).unwrap();
        world.write("plain.pem", [leaf, chain[0].clone(), chain[2].clone()].concat());
        let (own, other) = if cluster == "old" { (G1, G2) } else { (G2, G1) };
        valid(&world, own, "plain.pem").unwrap();
        assert_eq!(valid(&world, other, "plain.pem"), Err(webpki::Error::UnknownIssuer));
    }
    // The crossings, both roots and the new audit key's certificates, linted too.
    judged(&world.path(""), Some("authority/public/root-g1.crl"), G1, &["authority/public/cross-g2-by-g1.pem"])
        .accepted();
    judged(&world.path(""), Some("authority/public/root-g2.crl"), G2, &["authority/public/cross-g1-by-g2.pem"])
        .accepted();
    for (root, certificate) in [G1, G2].into_iter().zip(certificates(&world, "authority/public/audit-cert.pem")) {
        world.write("audit.pem", certificate);
        judged(&world.path(""), None, root, &["audit.pem"]).accepted();
    }
}
