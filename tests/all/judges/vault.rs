//! OpenBao, Vault's open successor with the same PKI engine: it makes the key and the request, takes the
//! signed chain and issues below it. The key never leaves it.

use super::profiles::of_profile;
use super::{CRL, ID, judged, valid};
use crate::present::{ROOT, bundle_of, founded, from_pypi, sign};
use crate::support::IDENTITY;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server, in memory, on a socket file; ended by its process id.
struct Vault {
    child: Child,
    program: PathBuf,
    dir: tempfile::TempDir,
    token: String,
}

impl Vault {
    fn start(program: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("vault-").tempdir().unwrap();
        let socket = dir.path().join("socket");
        let config = format!(
            "storage \"inmem\" {{}}\ndisable_clustering = true\napi_addr = \"http://127.0.0.1\"\n\
             listener \"unix\" {{ address = \"{}\" }}\n",
            socket.display()
        );
        std::fs::write(dir.path().join("server.hcl"), config).unwrap();
        // Ends with this test even where the test is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).arg("server").arg("-config");
        command.arg(dir.path().join("server.hcl"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("setpriv, of util-linux");
        let mut vault = Self { child, program: program.to_owned(), dir, token: String::new() };
        let began = Instant::now();
        while !socket.exists() {
            assert!(began.elapsed() < Duration::from_secs(30), "OpenBao did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let shares = vault.ask(&["operator", "init", "-key-shares=1", "-key-threshold=1"]);
        vault.ask(&["operator", "unseal", shares["unseal_keys_hex"][0].as_str().unwrap()]);
        vault.token = shares["root_token"].as_str().unwrap().to_owned();
        vault.ask(&["write", "sys/mounts/pki", "type=pki"]);
        vault
    }

    /// Runs a command of its client, which must go well; what it answers.
    #[track_caller]
    fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "bao {}: {said}", arguments.join(" "));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let address = format!("unix://{}", self.dir.path().join("socket").display());
        // Flags come after the verb, before the rest.
        let verb = if arguments[0] == "operator" { 2 } else { 1 };
        let mut command = Command::new(&self.program);
        command.args(&arguments[..verb]).arg("-format=json").args(&arguments[verb..]);
        command.env("BAO_ADDR", address).env("BAO_TOKEN", &self.token).env("HOME", self.dir.path());
        command.stdin(Stdio::null()).output().unwrap()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn vaults_own_request_becomes_an_intermediate_that_it_takes_and_issues_with() {
    let Some(bao) = from_pypi("bao") else { return };
    let vault = Vault::start(&bao);
    let asked = ["common_name=cluster1", "key_type=ec", "key_bits=256"];
    let made = vault.ask(&[&["write", "pki/intermediate/generate/internal"], &asked[..]].concat());

    let world = founded(&of_profile("vault"));
    world.secret("identity", IDENTITY);
    world.write("requests/cluster1.csr", format!("{}\n", made["data"]["csr"].as_str().unwrap().trim()));
    let request = world.sha256("requests/cluster1.csr");
    sign(&world, &world.signing_answers(&[], &[("cluster1", &request)]));
    let bundle = bundle_of(&world, "cluster1");
    let open = ["open", &bundle, "--into", "clusters/cluster1", "--identity", "identity", "--root", ROOT];
    world.run(&open).ok();

    let chain = world.path("clusters/cluster1/cert-chain.pem");
    vault.ask(&["write", "pki/intermediate/set-signed", &format!("certificate=@{}", chain.display())]);
    vault.ask(&[
        "write",
        "pki/roles/mesh",
        "allow_any_name=true",
        "key_type=ec",
        "allowed_uri_sans=spiffe://*",
        "max_ttl=1h",
    ]);
    let uri = format!("uri_sans={ID}");
    let leaf = vault.ask(&["write", "pki/issue/mesh", "common_name=workload.example", &uri, "ttl=10m"]);
    let certificates =
        std::iter::once(&leaf["data"]["certificate"]).chain(leaf["data"]["ca_chain"].as_array().unwrap());
    let text: String = certificates.map(|pem| format!("{}\n", pem.as_str().unwrap().trim())).collect();
    world.write("issued.pem", text);
    judged(&world.path(""), Some(CRL), ROOT, &["clusters/cluster1/cert-chain.pem", "issued.pem"]).accepted();
    valid(&world, ROOT, "issued.pem").unwrap();
}
