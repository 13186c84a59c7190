//! A CRL with a revoked certificate and one that a crash left unknown, before the judges: the CRL is good, the revoked
//! cluster is refused, the other is not.

use super::*;
use crate::crash::instants::can_trace;
use crate::crash::signing::between_intent_and_outcome;
use crate::present::have;
use crate::support::{AUTHORITY, PARTICIPANTS};

#[test]
fn a_revoked_cluster_is_refused_by_those_who_read_the_crl_and_the_others_go_on() {
    let world = authority("ecdsa-p256");
    certified(&world, &["west", "east"]);
    let world = match can_trace("a_revoked_cluster_is_refused_by_those_who_read_the_crl_and_the_others_go_on") {
        true => with_an_unknown_serial(world),
        false => world,
    };
    world.write(
        "answers-crl.toml",
        format!(
            "{PARTICIPANTS}[revoke]\n\"west@1\" = {{ revoke = \"keyCompromise\" }}\n[review]\n\"crl:1\" = \"approve\"\n"
        ),
    );
    // Suspected since a day before: the entry has an invalidity date too.
    let day: String = world.tool("date", &["-u", "-d", "yesterday", "+%F"]).ok().stdout.trim().to_owned();
    let order = ["-C", AUTHORITY, "revoke", "west", "--reason", "keyCompromise", "--date", &day];
    world.run(&[&order[..], &["--pin-file", "pin", "--answers", "answers-crl.toml"]].concat()).ok();
    let text = world.tool("openssl", &["crl", "-in", CRL, "-noout", "-text"]).ok().stdout;
    assert!(text.contains("Key Compromise") && text.contains("Invalidity Date"), "{text}");

    let [west, east] = ["clusters/west", "clusters/east"].map(chain);
    // OpenSSL and GnuTLS verify the CRL, NSS imports it, pkilint reads every line of it.
    judged(&world.path(""), Some(CRL), ROOT, &[AUDIT, &east]).accepted();
    let against = judged(&world.path(""), Some(CRL), ROOT, &[&west]);
    assert!(against.refused.contains(&format!("OpenSSL: {west}")), "{}", against.said);
    if have("certutil") {
        assert!(against.refused.contains(&format!("NSS: {west}")), "{}", against.said);
    }
    assert!(!against.refused.iter().any(|refused| refused.ends_with(CRL)), "{}", against.said);
    // It is the entry that they refuse: without the CRL both are good.
    judged(&world.path(""), None, ROOT, &[&west, &east]).accepted();
    for (cluster, good) in [(&west, false), (&east, true)] {
        let verify = ["verify", "-x509_strict", "-crl_check", "-CAfile", ROOT, "-CRLfile", CRL, cluster];
        let said = world.tool("openssl", &verify);
        assert_eq!(said.code == Some(0), good, "{}", said.stderr);
        assert_eq!(said.stderr.contains("certificate revoked"), !good, "{}", said.stderr);
    }
    if have("certtool") {
        let der = "authority/public/root.crl.der";
        let load = ["--crl-info", "--inder", "--infile", der];
        let info = world.tool("certtool", &load).ok().stdout;
        assert!(info.contains("Revoked certificates (2)") || info.contains("Revoked certificates (1)"), "{info}");
    }
}

/// The same world after a kill while `north` was being signed: its serial number is unknown for ever.
fn with_an_unknown_serial(world: World) -> World {
    std::fs::remove_dir_all(world.path("requests")).unwrap();
    let north = world.request("north");
    world.write("answers.toml", world.signing_answers(&[&north], &[]));
    let media = ["--from", "requests", "--to", "medium"];
    let sign = [&["-C", AUTHORITY, "sign", "--pin-file", "pin", "--answers", "answers.toml"][..], &media].concat();
    let killed = between_intent_and_outcome(&world, &sign);
    // The next ceremony says what became of it, and the CRL of the one after lists it.
    assert_eq!(killed.run(&["-C", AUTHORITY, "status"]).ok().stdout.matches("may have been signed").count(), 1);
    killed
}
