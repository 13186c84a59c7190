//! What `inspect cacerts` says of Envoy is what the real Envoy does: a workload below each set of files calls
//! itself through its sidecar by mTLS.

use super::pki::{CA, INTERMEDIATE, P256, Pki};
use crate::envoy::proxy::{Peer, Proxy};
use crate::present::from_pypi;
use crate::workload::Workload;

const ID: &str = "spiffe://cluster.local/ns/x/sa/y";

#[test]
fn envoy_does_what_is_said_of_it() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let pki = Pki::new();
    let with = |more: &str| format!("{INTERMEDIATE}{more}\n");
    let mut names = vec!["good"];
    for (name, extensions, more) in [
        ("sha1", with(""), &["-sha1"][..]),
        ("negative", with(""), &["-set_serial", "-5"]),
        ("no-sign", INTERMEDIATE.replace("keyCertSign,", ""), &[]),
        ("no-ca", "subjectKeyIdentifier=hash\n".to_owned(), &[]),
        ("any", with("extendedKeyUsage=anyExtendedKeyUsage"), &[]),
        ("server", with("extendedKeyUsage=serverAuth"), &[]),
        ("both", with("extendedKeyUsage=serverAuth,clientAuth"), &[]),
        ("policies", with("certificatePolicies=critical,1.2.3.4"), &[]),
        ("unknown", with("1.2.3.4.5=critical,DER:0500"), &[]),
        ("broken", with("2.5.29.30=DER:0401"), &[]),
        ("uri", with("nameConstraints=critical,permitted;URI:cluster.local"), &[]),
        ("elsewhere", with("nameConstraints=critical,permitted;URI:example.org"), &[]),
    ] {
        pki.special(name, &extensions, more);
        names.push(name);
    }
    for (name, extensions) in [
        ("zero", CA.replace("CA:TRUE", "CA:TRUE,pathlen:0")),
        ("root-no-ca", "subjectKeyIdentifier=hash\n".to_owned()),
        ("root-no-sign", CA.replace("keyCertSign,", "")),
    ] {
        let root = format!("of-{name}");
        pki.root(&root, &format!("/CN=Root {name}"), P256, &extensions, &[]);
        pki.issue(name, "/CN=Intermediate", &root, INTERMEDIATE, &[]);
        pki.arrange(name, &[&root]);
        names.push(name);
    }
    for (name, chain) in [("empty", String::new()), ("root-only", pki.pem("root"))] {
        pki.copy(name);
        pki.world.write(format!("{name}/cert-chain.pem"), chain);
        names.push(name);
    }
    for name in names {
        let said = pki.inspect(&[name]).answers(0);
        let workload = Workload::under(&pki.world, name, ID);
        let sockets = tempfile::Builder::new().prefix("sidecar-").tempdir().unwrap();
        let dir = sockets.path().join("own");
        let answer = Proxy::start(&envoy, &dir, &workload, &Peer { dir: &dir, id: ID }).call();
        assert_eq!(answer.code == 200, &said[1..2] == "y", "{name}: we say {said}, Envoy says {answer:?}");
    }
}
