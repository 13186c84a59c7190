//! Workloads' certificates as a mesh makes them: signed by openssl with the key of a cluster's intermediate,
//! as istiod signs for its agents. Anchorite issues none of these.

use super::support::World;
use std::path::PathBuf;

/// What istiod puts into a workload's certificate; the extensions but the names.
const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n\
                    extendedKeyUsage=serverAuth,clientAuth\nauthorityKeyIdentifier=keyid\n";

/// An intermediate's usual extensions.
pub const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";

/// A workload with a key, a certificate and what it trusts. Paths are absolute.
pub struct Workload {
    /// Its SPIFFE ID, the only URI of its certificate.
    pub id: String,
    /// Its certificate, then the CA's `cert-chain.pem`.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The roots that it trusts.
    pub trust: PathBuf,
    /// The CRLs that it holds its peers against.
    pub crls: Option<PathBuf>,
}

impl Workload {
    /// A workload below a CA: a directory of the world with the four files of `cacerts`.
    pub fn under(world: &World, ca: &str, id: &str) -> Self {
        Self::named(world, ca, id, None)
    }

    /// The same with a DNS name.
    pub fn named(world: &World, ca: &str, id: &str, dns: Option<&str>) -> Self {
        let names = dns.map_or_else(|| format!("URI:{id}"), |dns| format!("URI:{id},DNS:{dns}"));
        let name = format!("{}{}", id.trim_start_matches("spiffe://").replace('/', "-"), dns.unwrap_or_default());
        let dir = format!("workloads/{name}");
        sign(world, ca, &dir, &subject(&dir), &format!("{LEAF}subjectAltName=critical,{names}\n"));
        let chain = [world.read(format!("{dir}/cert.pem")), world.read(format!("{ca}/cert-chain.pem"))].concat();
        Self {
            id: id.to_owned(),
            chain: world.write(format!("{dir}/chain.pem"), chain),
            key: world.path(format!("{dir}/key.pem")),
            trust: world.path(format!("{ca}/root-cert.pem")),
            crls: None,
        }
    }

    /// A workload below a CA as istiod certifies it: no subject, and a chain that is the certificate,
    /// `cert-chain.pem` and every root of `root-cert.pem`.
    pub fn as_istiod_does(world: &World, ca: &str, id: &str) -> Self {
        let dir =
            format!("workloads/{}-{}", ca.replace('/', "-"), id.trim_start_matches("spiffe://").replace('/', "-"));
        // As Go does: a CA without an identifier is not identified.
        let shown = ["x509", "-noout", "-ext", "subjectKeyIdentifier", "-in", &format!("{ca}/ca-cert.pem")];
        let identified = world.tool("openssl", &shown).stdout.contains("Subject Key Identifier");
        let leaf = if identified { LEAF.to_owned() } else { LEAF.replace("=keyid\n", "=none\n") };
        sign(world, ca, &dir, "/", &format!("{leaf}subjectKeyIdentifier=none\nsubjectAltName=critical,URI:{id}\n"));
        let above = ["cert-chain.pem", "root-cert.pem"].map(|name| world.read(format!("{ca}/{name}")));
        let chain = [world.read(format!("{dir}/cert.pem")), above.concat()].concat();
        Self {
            id: id.to_owned(),
            chain: world.write(format!("{dir}/chain.pem"), chain),
            key: world.path(format!("{dir}/key.pem")),
            trust: world.path(format!("{ca}/root-cert.pem")),
            crls: None,
        }
    }

    /// The chain as an argument of a command.
    pub fn file(&self) -> &str {
        self.chain.to_str().unwrap()
    }
}

/// Has openssl make a key and sign a certificate with these extensions below a CA: `cert.pem` and `key.pem`.
fn sign(world: &World, ca: &str, into: &str, subject: &str, extensions: &str) {
    let file = |name: &str| format!("{into}/{name}");
    let own = if extensions.contains("subjectKeyIdentifier") { "" } else { "subjectKeyIdentifier=hash\n" };
    world.write(file("x509.cnf"), format!("[x509]\n{own}{extensions}"));
    let (key, csr, cert, form) = (file("key.pem"), file("csr.pem"), file("cert.pem"), file("x509.cnf"));
    let request = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    world.tool("openssl", &[&request[..], &["-keyout", &key, "-subj", subject, "-out", &csr]].concat()).ok();
    let (ca_cert, ca_key) = (format!("{ca}/ca-cert.pem"), format!("{ca}/ca-key.pem"));
    let issue = ["x509", "-req", "-in", &csr, "-CA", &ca_cert, "-CAkey", &ca_key, "-days", "1", "-sha256"];
    world.tool("openssl", &[&issue[..], &["-extfile", &form, "-extensions", "x509", "-out", &cert]].concat()).ok();
}

/// O and the directory's name: each CA made so has its own.
fn subject(into: &str) -> String {
    format!("/O={}", into.replace('/', " "))
}

/// Has openssl make a CA of its own with these extensions below a CA, with the four files of `cacerts`.
pub fn certify_ca(world: &World, ca: &str, into: &str, extensions: &str) {
    sign(world, ca, into, &subject(into), extensions);
    let (own, above) = (world.read(format!("{into}/cert.pem")), world.read(format!("{ca}/cert-chain.pem")));
    world.write(format!("{into}/ca-cert.pem"), &own);
    world.write(format!("{into}/ca-key.pem"), world.read(format!("{into}/key.pem")));
    world.write(format!("{into}/cert-chain.pem"), [own, above].concat());
    world.write(format!("{into}/root-cert.pem"), world.read(format!("{ca}/root-cert.pem")));
}

/// Has openssl make a root that is none of Anchorite's, with the four files of `cacerts`.
pub fn foreign_root(world: &World, into: &str) {
    let file = |name: &str| format!("{into}/{name}");
    world.write(
        file("root.cnf"),
        "[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\n\
         basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n",
    );
    let (key, cert, form) = (file("ca-key.pem"), file("ca-cert.pem"), file("root.cnf"));
    let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let form = ["-config", &form, "-subj", "/O=Foreign/CN=Foreign Root CA", "-keyout", &key, "-out", &cert];
    world.tool("openssl", &[&make[..], &form].concat()).ok();
    for name in ["cert-chain.pem", "root-cert.pem"] {
        world.write(file(name), world.read(&cert));
    }
}
