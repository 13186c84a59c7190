//! Authorities made by hand with openssl, as people make them, and what is said of their files.

use crate::support::World;
use serde_json::Value;
use std::path::PathBuf;

/// Extensions of a CA as openssl's configuration has them.
pub const CA: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
/// Those of an intermediate.
pub const INTERMEDIATE: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
                                subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
/// The kind of key that most tests use.
pub const P256: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

/// A world with a root and clusters under it.
pub struct Pki {
    pub world: World,
}

/// What `inspect cacerts` says.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub report: Value,
}

impl Said {
    /// istiod starts, Envoy works, ztunnel works, Go peers work: `yyyy`, `ynyn`.
    pub fn answers(&self, cluster: usize) -> String {
        let cluster = &self.report["clusters"][cluster];
        ["istiod_starts", "envoy_works", "ztunnel_works", "go_works"]
            .map(|question| if cluster[question].as_bool().unwrap() { 'y' } else { 'n' })
            .iter()
            .collect()
    }

    pub fn ids(&self) -> Vec<&str> {
        let clusters =
            self.report["clusters"].as_array().unwrap().iter().flat_map(|c| c["findings"].as_array().unwrap());
        clusters.chain(self.report["across"].as_array().unwrap()).map(|f| f["id"].as_str().unwrap()).collect()
    }
}

impl Pki {
    /// A root `root` (P-256) and a good cluster `good` under it.
    pub fn new() -> Self {
        let pki = Self { world: World::new() };
        pki.root("root", "/CN=Root CA", P256, CA, &[]);
        pki.cluster("good");
        pki
    }

    pub fn openssl(&self, arguments: &[&str]) {
        self.world.tool("openssl", arguments).ok();
    }

    pub fn key(&self, name: &str, kind: &[&str]) {
        let path = format!("{name}.key");
        self.openssl(&[&["genpkey", "-algorithm"], kind, &["-out", &path]].concat());
    }

    /// A self-signed `name.pem` with its key.
    pub fn root(&self, name: &str, subject: &str, kind: &[&str], extensions: &str, more: &[&str]) {
        self.key(name, kind);
        self.self_signed(name, subject, extensions, more);
    }

    pub fn self_signed(&self, name: &str, subject: &str, extensions: &str, more: &[&str]) {
        let conf = format!("[req]\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\n[v3]\n{extensions}");
        self.world.write(format!("{name}.conf"), conf);
        let (key, pem, conf) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.conf"));
        let arguments = ["req", "-x509", "-new", "-key", &key, "-subj", subject, "-config", &conf, "-out", &pem];
        let days: &[&str] = if more.contains(&"-days") { &[] } else { &["-days", "3650"] };
        self.openssl(&[&arguments[..], days, more].concat());
    }

    /// `name.pem` for the key `name.key`, which is made where it is not there, by `by`.
    pub fn issue(&self, name: &str, subject: &str, by: &str, extensions: &str, more: &[&str]) {
        if !self.world.path(format!("{name}.key")).exists() {
            self.key(name, P256);
        }
        let file = |end: &str| format!("{name}.{end}");
        self.openssl(&["req", "-new", "-key", &file("key"), "-subj", subject, "-out", &file("csr")]);
        self.world.write(file("ext"), extensions);
        let (ca, ca_key) = (format!("{by}.pem"), format!("{by}.key"));
        let (csr, ext, pem) = (file("csr"), file("ext"), file("pem"));
        let arguments = ["x509", "-req", "-in", &csr, "-CA", &ca, "-CAkey", &ca_key, "-extfile", &ext, "-out", &pem];
        let days: &[&str] = if more.contains(&"-days") { &[] } else { &["-days", "730"] };
        let serial: &[&str] = if more.contains(&"-set_serial") { &[] } else { &["-CAcreateserial"] };
        self.openssl(&[&arguments[..], days, serial, more].concat());
    }

    pub fn pem(&self, name: &str) -> String {
        String::from_utf8(self.world.read(format!("{name}.pem"))).unwrap()
    }

    /// A directory `name/` with the four files.
    pub fn files(&self, name: &str, cert: &str, key: &str, chain: &str, root: &str) {
        self.world.write(format!("{name}/ca-cert.pem"), cert);
        self.world.write(format!("{name}/cert-chain.pem"), chain);
        self.world.write(format!("{name}/root-cert.pem"), root);
        self.world.secret(&format!("{name}/ca-key.pem"), key.trim_end());
    }

    /// The four files of `name.pem` under the roots named.
    pub fn arrange(&self, name: &str, roots: &[&str]) {
        let cert = self.pem(name);
        let key = String::from_utf8(self.world.read(format!("{name}.key"))).unwrap();
        let root: String = roots.iter().map(|root| self.pem(root)).collect();
        self.files(name, &cert, &key, &format!("{cert}{root}"), &root);
    }

    /// A good cluster under `root`.
    pub fn cluster(&self, name: &str) {
        self.special(name, INTERMEDIATE, &[]);
    }

    /// A cluster under `root` whose intermediate has these extensions.
    pub fn special(&self, name: &str, extensions: &str, more: &[&str]) {
        self.issue(name, &format!("/O=Istio/CN=Intermediate CA/L={name}"), "root", extensions, more);
        self.arrange(name, &["root"]);
    }

    /// A copy of the good cluster's files, to be spoiled.
    pub fn copy(&self, name: &str) {
        self.world.tool("cp", &["-r", "good", name]).ok();
    }

    pub fn inspect(&self, arguments: &[&str]) -> Said {
        let output = self.world.run(&[&["--json", "inspect", "cacerts"], arguments].concat());
        let report = serde_json::from_str(&output.stdout);
        Said { code: output.code, report: report.unwrap_or_else(|_| panic!("{}", output.refusal())) }
    }

    /// One cluster's answers and the ids that were found; the exit code follows from the answers.
    #[track_caller]
    pub fn says(&self, name: &str, answers: &str, ids: &[&str]) {
        self.says_of(&[name], answers, ids);
    }

    #[track_caller]
    pub fn says_of(&self, arguments: &[&str], answers: &str, ids: &[&str]) {
        let said = self.inspect(arguments);
        let mut found = said.ids();
        found.sort_unstable();
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        assert_eq!((said.answers(0).as_str(), &found), (answers, &wanted), "{arguments:?} {:#}", said.report);
        assert_eq!(said.code, Some(if answers == "yyyy" { 0 } else { 10 }));
        // webpki itself agrees: only CRLs, and files that are missing, are beyond it.
        if let Some(trial) = said.report["clusters"][0]["leaf_tried"].as_str()
            && !found.iter().any(|id| id.starts_with("consumer.crl") || id.starts_with("consumer.file"))
        {
            assert_eq!(trial == "accepted", &answers[2..3] == "y", "{arguments:?}: webpki says {trial}");
        }
        for finding in said.report["clusters"][0]["findings"].as_array().unwrap() {
            let whole =
                ["severity", "observed", "expected", "source", "hint", "then", "stops"].map(|key| &finding[key]);
            assert!(whole.iter().all(|value| !value.is_null()), "{finding}");
        }
    }

    /// What Go's own crypto/x509 makes of these directories: `yn` for "starts, peers reject"; none where Go is
    /// not installed.
    pub fn by_go(&self, names: &[&str]) -> Option<Vec<(String, String)>> {
        if !crate::present::have("go") {
            return None;
        }
        let judge = self.judge();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().to_string();
        let output = self.world.tool(judge.to_str().unwrap(), &[&[now.as_str()], names].concat()).ok();
        let line = |line: &str| {
            let parts: Vec<&str> = line.split('\t').collect();
            let flag = |yes: &str| match yes {
                "true" => 'y',
                "false" => 'n',
                _ => '?',
            };
            (parts[0].to_owned(), format!("{}{} {}", flag(parts[1]), flag(parts[2]), parts[3]))
        };
        Some(output.stdout.lines().map(line).collect())
    }

    fn judge(&self) -> PathBuf {
        let source = self.world.write("judge/main.go", include_str!("istiod.go"));
        let program = self.world.path("judge/istiod");
        self.world.tool("go", &["build", "-o", program.to_str().unwrap(), source.to_str().unwrap()]).ok();
        program
    }
}
