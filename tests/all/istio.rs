//! CAs as Istio's own tools make them, by openssl: what a mesh runs on before it moves to the offline root.

use super::support::World;
use data_encoding::BASE64;
use serde_json::json;

/// What istiod writes into the root that it signs itself: nothing of CRLs, its key's identifier.
const OWN_ROOT: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n";
/// What Istio's `tools/certs` writes into a root.
const ROOT: &str = "basicConstraints=critical,CA:TRUE\n\
                    keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,keyCertSign\n\
                    subjectKeyIdentifier=hash\n";
/// What they write into an intermediate: no cRLSign.
const INTERMEDIATE: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\n\
                            keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,keyCertSign\n\
                            subjectKeyIdentifier=hash\nsubjectAltName=DNS:istiod.istio-system.svc\n";

/// The CA that istiod makes where it is given none, as the Secret in which it keeps it: `into/istio-ca-secret.json`,
/// as kubectl prints it. `into/` also has the four files that mean the same.
pub fn own_ca(world: &World, into: &str) {
    self_signed(world, into, "/O=cluster.local", OWN_ROOT);
    let file = |name: &str| world.read(format!("{into}/{name}"));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "istio.io/ca-root",
        "metadata": { "name": "istio-ca-secret", "namespace": "istio-system" },
        "data": {
            "ca-cert.pem": BASE64.encode(&file("ca-cert.pem")), "ca-key.pem": BASE64.encode(&file("ca-key.pem")),
            "cert-chain.pem": "", "key.pem": "", "root-cert.pem": "",
        },
    });
    world.write(format!("{into}/istio-ca-secret.json"), secret.to_string());
    for name in ["cert-chain.pem", "root-cert.pem"] {
        world.write(format!("{into}/{name}"), file("ca-cert.pem"));
    }
}

/// CAs as `make -f Makefile.selfsigned.mk CLUSTER-cacerts` makes them: a root in `into/root`, and below it an
/// intermediate for each cluster in `into/CLUSTER`, with the four files.
pub fn plugged_in(world: &World, into: &str, clusters: &[&str]) {
    let root = format!("{into}/root");
    self_signed(world, &root, "/O=Istio/CN=Root CA", ROOT);
    for cluster in clusters {
        let file = |name: &str| format!("{into}/{cluster}/{name}");
        world.write(file("ca.conf"), INTERMEDIATE);
        let subject = format!("/O=Istio/CN=Intermediate CA/L={cluster}");
        let (key, csr, cert, form) = (file("ca-key.pem"), file("ca.csr"), file("ca-cert.pem"), file("ca.conf"));
        let request = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-subj", &subject];
        world.tool("openssl", &[&request[..], &["-out", &csr]].concat()).ok();
        let (ca, ca_key) = (format!("{root}/ca-cert.pem"), format!("{root}/ca-key.pem"));
        let issue = ["x509", "-req", "-sha256", "-days", "3650", "-in", &csr, "-CA", &ca, "-CAkey", &ca_key];
        world.tool("openssl", &[&issue[..], &["-CAcreateserial", "-extfile", &form, "-out", &cert]].concat()).ok();
        world.write(file("root-cert.pem"), world.read(&ca));
        world.write(file("cert-chain.pem"), [world.read(&cert), world.read(&ca)].concat());
    }
}

/// A CA that is its own root, with a name that others have as well and no key identifier; the four files.
pub fn nameless(world: &World, into: &str) {
    let unidentified = OWN_ROOT.replace("subjectKeyIdentifier=hash", "subjectKeyIdentifier=none");
    self_signed(world, into, "/O=cluster.local", &unidentified);
    for name in ["cert-chain.pem", "root-cert.pem"] {
        world.write(format!("{into}/{name}"), world.read(format!("{into}/ca-cert.pem")));
    }
}

/// `ca-cert.pem` and `ca-key.pem` of a root with an RSA key.
fn self_signed(world: &World, into: &str, subject: &str, extensions: &str) {
    let file = |name: &str| format!("{into}/{name}");
    world.write(file("ca.conf"), format!("[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\n{extensions}"));
    let (key, cert, form) = (file("ca-key.pem"), file("ca-cert.pem"), file("ca.conf"));
    let make = ["req", "-x509", "-sha256", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-config", &form];
    world.tool("openssl", &[&make[..], &["-subj", subject, "-keyout", &key, "-out", &cert]].concat()).ok();
}
