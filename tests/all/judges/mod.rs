//! What the program makes before judges that others wrote: `softhsm-test/judges.sh` asks OpenSSL, GnuTLS, NSS,
//! Go and pkilint; rustls-webpki is asked here. A judge that is not installed is skipped, loudly.

pub mod paths;
mod profiles;
mod revocation;
mod secrets;
mod vault;

use super::present::{ROOT, authority, certified};
use super::support::World;
use super::workload::Workload;
use paths::valid;
use std::path::Path;
use std::process::Command;

/// The audit certificate in a world or a demo.
pub const AUDIT: &str = "authority/public/audit-cert.pem";
/// The CRL in a world or a demo.
pub const CRL: &str = "authority/public/root.crl";
/// Where `open` put the files of the one cluster.
const CLUSTER: &str = "clusters/cluster1";
const ID: &str = "spiffe://cluster.local/ns/a/sa/b";

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
    let world = authority(root_key);
    certified(&world, &["cluster1"]);
    let workload = Workload::under(&world, CLUSTER, ID);
    judged(&world.path(""), Some(CRL), ROOT, &[AUDIT, &chain(CLUSTER), workload.file()]).accepted();
    as_files(&world);
    valid(&world, ROOT, workload.file()).unwrap();
    // Without the intermediate there is no path: webpki did not trust something else.
    let alone = workload.file().replace("chain.pem", "cert.pem");
    assert_eq!(valid(&world, ROOT, &alone), Err(webpki::Error::UnknownIssuer));
}

/// A CA's certificate and those above it.
fn chain(ca: &str) -> String {
    format!("{ca}/cert-chain.pem")
}

/// What the judges said of some files.
pub struct Verdicts {
    said: String,
    refused: Vec<String>,
}

/// Asks every judge that is here. Files are relative to the directory, or absolute.
pub fn judged(dir: &Path, crl: Option<&str>, root: &str, files: &[&str]) -> Verdicts {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-test/judges.sh");
    let mut command = Command::new(script);
    command.args(crl.map(|crl| ["--crl", crl]).into_iter().flatten()).arg(root).args(files);
    let output = command.current_dir(dir).output().unwrap();
    let said = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let verdicts = said(&output.stdout);
    let refused: Vec<String> =
        verdicts.lines().filter_map(|line| line.strip_prefix("refused  ")).map(str::to_owned).collect();
    assert_eq!(output.status.code(), Some(i32::from(!refused.is_empty())), "{verdicts}{}", said(&output.stderr));
    for file in files {
        assert!(verdicts.contains(&format!("OpenSSL: {file}")), "{file} was not judged:\n{verdicts}");
    }
    Verdicts { said: format!("{verdicts}{}", said(&output.stderr)), refused }
}

impl Verdicts {
    /// No judge refused anything.
    #[track_caller]
    pub fn accepted(&self) {
        assert!(self.refused.is_empty(), "{}", self.said);
    }

    /// Every path validator that is here refused the file.
    #[track_caller]
    pub fn refused_by_all(&self, file: &str) {
        for judge in ["OpenSSL", "GnuTLS", "NSS", "Go"] {
            assert!(!self.said.contains(&format!("ok       {judge}: {file}")), "{}", self.said);
        }
        assert!(self.refused.contains(&format!("OpenSSL: {file}")), "{}", self.said);
    }
}

/// The four files as consumers read them: the chain's order, whole PEM blocks, the key of the certificate.
fn as_files(world: &World) {
    let read = |name: &str| String::from_utf8(world.read(format!("{CLUSTER}/{name}"))).unwrap();
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
    let of_key = world.tool("openssl", &["pkey", "-in", "clusters/cluster1/ca-key.pem", "-pubout"]).ok().stdout;
    let of_certificate =
        world.tool("openssl", &["x509", "-in", "clusters/cluster1/ca-cert.pem", "-noout", "-pubkey"]).ok().stdout;
    assert_eq!(of_key, of_certificate);
}
