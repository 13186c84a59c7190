//! A root and clusters made with openssl, and CRLs of any number, date and content.

use crate::cacerts::pki::Pki;
use crate::support::Output;
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;

/// A root, the clusters `west` and `east` below it, each with its own CRL and the root's, number 7.
pub struct Mesh {
    pub pki: Pki,
    made: Cell<u32>,
}

/// What a CRL says.
pub struct Says<'a> {
    pub number: Option<u32>,
    /// The names of the certificates that it lists, whoever issued them.
    pub revoked: &'a [&'a str],
    /// thisUpdate and nextUpdate, in days from now.
    pub days: [i64; 2],
    /// More lines of its extensions' section.
    pub more: &'a str,
}

/// An empty CRL of this number, for thirty days.
pub fn number(number: u32) -> Says<'static> {
    Says { number: Some(number), revoked: &[], days: [-1, 30], more: "" }
}

impl Mesh {
    pub fn new() -> Self {
        let mesh = Self { pki: Pki::new(), made: Cell::new(0) };
        let root = mesh.crl("root", &number(7));
        for cluster in ["west", "east"] {
            mesh.pki.cluster(cluster);
            mesh.pki.world.write(format!("{cluster}/root.crl"), &root);
            mesh.run(&["mesh-crl", "renew", cluster]).ok();
        }
        mesh
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.pki.world.run(arguments)
    }

    /// `mesh-crl merge --into all.pem` of these.
    pub fn merge(&self, what: &[&str]) -> Output {
        self.run(&[&["mesh-crl", "merge", "--into", "all.pem"], what].concat())
    }

    /// The merge is refused with these words, as a wide line has them, and leaves nothing.
    #[track_caller]
    pub fn refuses(&self, what: &[&str], words: &[&str]) {
        let before = std::fs::read(self.pki.world.path("all.pem")).ok();
        let output = self.merge(what);
        let said = flat(&output.refusal());
        for word in words.iter().chain(&["Nothing was written.", "exit 40"]) {
            assert!(said.contains(word), "{word}:\n{said}");
        }
        assert_eq!(std::fs::read(self.pki.world.path("all.pem")).ok(), before);
    }

    /// A CRL by a CA, in PEM.
    pub fn crl(&self, by: &str, says: &Says<'_>) -> String {
        let made = self.made.replace(self.made.get() + 1);
        let file = |name: &str| format!("crls/{made}/{name}");
        let world = &self.pki.world;
        world.write(file("index.txt"), "");
        world.write(file("crlnumber"), says.number.map_or_else(String::new, |number| format!("{number:04X}\n")));
        let numbered = says.number.map_or_else(String::new, |_| format!("crlnumber={}\n", file("crlnumber")));
        let conf = format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase={}\n{numbered}default_md=sha256\ncrl_extensions=e\n\
             [e]\nauthorityKeyIdentifier=keyid\n{}\n[idp]\nindirectCRL=TRUE\n",
            file("index.txt"),
            says.more
        );
        world.write(file("conf"), conf);
        let (conf, cert, key) = (file("conf"), format!("{by}.pem"), format!("{by}.key"));
        let ca = ["ca", "-config", &conf, "-cert", &cert, "-keyfile", &key];
        for name in says.revoked {
            self.pki.openssl(&[&ca[..], &["-revoke", &format!("{name}.pem")]].concat());
        }
        let [from, to] = says.days.map(|days| {
            let at = Timestamp::now() + SignedDuration::from_hours(24 * days);
            at.strftime("%Y%m%d%H%M%SZ").to_string()
        });
        let out = file("crl.pem");
        let dates = ["-gencrl", "-crl_lastupdate", &from, "-crl_nextupdate", &to, "-out", &out];
        self.pki.openssl(&[&ca[..], &dates].concat());
        String::from_utf8(world.read(out)).unwrap()
    }

    /// The same as a file of the world.
    pub fn crl_file(&self, file: &str, by: &str, says: &Says<'_>) {
        self.pki.world.write(file, self.crl(by, says));
    }

    pub fn text(&self, file: &str) -> String {
        String::from_utf8(self.pki.world.read(file)).unwrap()
    }

    /// Issuer and number of each CRL of a file, in its order: `west 1795…`, `Root CA 7`.
    pub fn holds(&self, file: &str) -> Vec<(String, u64)> {
        let shown: serde_json::Value =
            serde_json::from_str(&self.run(&["--json", "inspect", "crl", file]).ok().stdout).unwrap();
        let rows = shown.as_array().unwrap().iter();
        rows.map(|row| (last(row["issuer"].as_str().unwrap()), row["number"].as_u64().unwrap_or(0))).collect()
    }
}

fn last(name: &str) -> String {
    name.rsplit('=').next().unwrap().to_owned()
}

/// What was said, with one space between words.
pub fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
