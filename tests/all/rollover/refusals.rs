//! Old and new CAs from which no switch can be planned: the whole text, and nothing is written.

use super::{CA, INTERMEDIATE, P256, PLAN, Switch};
use crate::cacerts::pki::Pki;

/// A certificate with these days of validity; they may be over, or still to come.
fn dated(pki: &Pki, name: &str, from: &str, until: &str) {
    let key = format!("{name}.key");
    let conf = format!("{name}.conf");
    pki.world.write(&conf, format!("[req]\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\n[v3]\n{CA}"));
    pki.key(name, P256);
    let request = ["req", "-new", "-key", &key, "-subj", "/CN=Dated Root", "-out", "dated.csr"];
    pki.openssl(&request);
    pki.world.write("index.txt", "");
    pki.world.write("serial", "1000\n");
    pki.world.write(
        "ca.conf",
        format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n\
             [p]\ncommonName=supplied\n[v3]\n{CA}"
        ),
    );
    let out = format!("{name}.pem");
    let issue = ["ca", "-batch", "-notext", "-config", "ca.conf", "-extensions", "v3", "-selfsign", "-keyfile", &key];
    let dates = ["-startdate", from, "-enddate", until, "-in", "dated.csr", "-out", &out];
    pki.openssl(&[&issue[..], &dates].concat());
    pki.arrange("current", &[name]);
    let own = pki.pem(name);
    pki.files("current", &own, &String::from_utf8(pki.world.read(&key)).unwrap(), &own, &own);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let switch = Switch::new();
    switch.world().write("current/ca-key.pem", switch.world().read("good.key"));
    switch.refused(
        "
        error: ca-key.pem of the current CA is another certificate's key: saw ECDSA
               P-256, spki …, wanted ECDSA P-256, spki …
        hint:  istiod does not start with these two files: find the key that belongs to
               ca-cert.pem
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn a_missing_file_is_refused_with_what_it_is_for() {
    let without = |name: &str, text: &str| {
        let switch = Switch::new();
        std::fs::remove_file(switch.world().path(format!("current/{name}"))).unwrap();
        switch.refused(text);
    };
    without(
        "cert-chain.pem",
        "
        error: the current CA has no cert-chain.pem: wanted all four files
        hint:  without it workloads send no chain, and every peer rejects them
        hint:  it is the intermediate, then every CA above it: ca-cert.pem first
        Nothing was written.
        exit 30
    ",
    );
    without(
        "root-cert.pem",
        "
        error: the current CA has no root-cert.pem: wanted all four files
        hint:  it holds the roots that workloads trust; they must go on trusting them
        Nothing was written.
        exit 30
    ",
    );
    without(
        "ca-cert.pem",
        "
        error: the current CA has no ca-cert.pem: wanted all four files
        hint:  it is the certificate that signs for workloads
        Nothing was written.
        exit 30
    ",
    );
    without(
        "ca-key.pem",
        "
        error: the current CA has no ca-key.pem: wanted its private key: each stage's
               Secret holds the key of the CA that signs in it
        hint:  take the Secret from the cluster: kubectl -n istio-system get secret NAME
               -o json
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn a_chain_that_is_empty_or_lacks_the_intermediate_is_refused() {
    let switch = Switch::new();
    switch.world().write("current/cert-chain.pem", "\n");
    switch.refused(
        "
        error: the current CA has no cert-chain.pem: wanted all four files
        hint:  without it workloads send no chain, and every peer rejects them
        hint:  it is the intermediate, then every CA above it: ca-cert.pem first
        Nothing was written.
        exit 30
    ",
    );
    switch.world().write("current/cert-chain.pem", switch.pki.pem("old-root"));
    switch.refused(
        "
        error: cert-chain.pem of the current CA lacks its own certificate: saw O=Old,
               CN=Root CA, wanted O=Old, CN=Intermediate CA, L=good
        hint:  workloads send this file after their own certificate: without the CA that
               signed it every peer rejects them
        hint:  put it first: cat ca-cert.pem cert-chain.pem > chain.pem && mv chain.pem
               cert-chain.pem
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn an_old_root_that_has_expired_or_is_not_valid_yet_is_refused() {
    let switch = Switch::new();
    dated(&switch.pki, "expired", "20200101000000Z", "20210101000000Z");
    switch.refused(
        "
        error: the current root has expired: saw CN=Dated Root, sha256 …,
               2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z, wanted valid at …
        hint:  peers reject what is under it already, so there is no traffic to keep: put
               the next CA in place in every cluster at once, and restart istiod and the
               workloads
        Nothing was written.
        exit 40
    ",
    );
    dated(&switch.pki, "early", "20900101000000Z", "20910101000000Z");
    switch.refused(
        "
        error: the current root is not valid yet: saw CN=Dated Root, sha256 …,
               2090-01-01T00:00:00Z to 2091-01-01T00:00:00Z, wanted valid at …
        hint:  correct the clock of this machine or of the one that issued it, or wait
               until then
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn roots_of_one_name_that_nothing_tells_apart_are_refused() {
    let switch = Switch::new();
    let nameless = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=none\n";
    // The very name of the new root.
    switch.pki.root("same", "/CN=Root CA", P256, nameless, &[]);
    let unnamed = INTERMEDIATE.replace("authorityKeyIdentifier=keyid\n", "");
    switch.pki.issue("current", "/O=Old/CN=Intermediate CA/L=good", "same", &unnamed, &[]);
    switch.pki.arrange("current", &["same"]);
    switch.refused(
        "
        error: an old and a new CA have one name, and nothing tells them apart: saw
               CN=Root CA, sha256 …; CN=Root CA, sha256 …, wanted another name, or a
               subjectKeyIdentifier in each
        hint:  while both are trusted Envoy takes the first of the name and fails with
               BAD_SIGNATURE: give the new root a name of its own
        Nothing was written.
        exit 40
    ",
    );
    // With identifiers in both, one name is no fault.
    switch.pki.root("told", "/CN=Root CA", P256, CA, &[]);
    switch.pki.issue("current", "/O=Old/CN=Intermediate CA/L=good", "told", INTERMEDIATE, &[]);
    switch.pki.arrange("current", &["told"]);
    switch.plan(&[]).ok();
    switch.check(&[]).ok();
}

#[test]
fn glued_pem_is_refused_in_each_file() {
    for name in ["cert-chain.pem", "root-cert.pem"] {
        let switch = Switch::new();
        let (own, root) = (switch.pki.pem("current"), switch.pki.pem("old-root"));
        switch.world().write(format!("current/{name}"), format!("{}{root}", own.trim_end()));
        switch.refused(&format!(
            "
        error: {name} of the current CA: line … a PEM block does not end as it began:
               wanted -----END CERTIFICATE-----
        Nothing was written.
        exit 30
    "
        ));
    }
}

#[test]
fn a_key_that_istiod_cannot_read_is_refused_with_the_remedy() {
    let switch = Switch::new();
    let rewrite = |arguments: &[&str]| {
        switch.pki.openssl(&[arguments, &["-in", "current.key", "-out", "made.key"]].concat());
        switch.world().secret("current/ca-key.pem", switch.text("made.key").trim_end());
    };
    rewrite(&["pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:x"]);
    switch.refused(
        "
        error: ca-key.pem of the current CA: an encrypted private key: wanted a key that
               istiod can read, in the clear, mode 0600
        hint:  decrypt it: openssl pkcs8 -in KEY.pem -out KEY2.pem
        Nothing was written.
        exit 30
    ",
    );
    switch.pki.openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-out", "made.key"]);
    switch.world().secret("current/ca-key.pem", switch.text("made.key").trim_end());
    switch.refused(
        "
        error: ca-key.pem of the current CA: EC PARAMETERS stand beside the private key:
               wanted one block, which istiod reads
        hint:  write it again: openssl pkcs8 -topk8 -nocrypt -in KEY.pem -out KEY2.pem
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn the_next_ca_must_be_another_and_lead_to_its_own_root() {
    let switch = Switch::new();
    switch.world().refused(
        &["rollover", "plan", "--current", "good", "--next", "good", "--out", "switch"],
        "
        error: the next CA is the current one: there is nothing to change: saw O=Istio,
               CN=Intermediate CA, L=good, sha256 …
        hint:  open the new bundle first: anchorite open BUNDLE --into DIR, then --next
               DIR
        Nothing was written.
        exit 10
    ",
    );
    switch.world().write("good/root-cert.pem", switch.pki.pem("old-root"));
    switch.world().write("good/cert-chain.pem", switch.pki.pem("good"));
    switch.refused(
        "
        error: the next CA leads to no root of its own root-cert.pem: saw nobody named
               CN=Root CA, who issued O=Istio, CN=Intermediate CA, L=good, wanted a path
               from ca-cert.pem through cert-chain.pem to a root of root-cert.pem
        hint:  its chain and its root are of two authorities, or a CA between is missing:
               open the bundle again
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn a_next_chain_without_its_root_is_enough() {
    let switch = Switch::new();
    switch.world().write("good/cert-chain.pem", switch.pki.pem("good"));
    switch.plan(&[]).ok();
    switch.check(&[]).ok();
}

#[test]
fn an_old_root_that_did_not_sign_itself_is_refused() {
    let switch = Switch::new();
    // The name of the old root, by a certificate that another key signed.
    switch.pki.root("forger", "/O=Old/CN=Root CA", P256, CA, &[]);
    switch.pki.key("forged", P256);
    switch.pki.issue("forged", "/O=Old/CN=Root CA", "forger", CA, &[]);
    switch.pki.issue("current", "/O=Old/CN=Intermediate CA/L=good", "forged", INTERMEDIATE, &[]);
    switch.pki.arrange("current", &["forged"]);
    switch.refused(
        "
        error: a root of the current CA did not sign itself: saw O=Old, CN=Root CA,
               sha256 …, wanted a root whose signature verifies with its own key
        hint:  it was altered, or another key made it under this name: find the file that
               the mesh began with
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn what_would_not_work_in_a_stage_is_refused_before_anything_is_written() {
    let switch = Switch::new();
    let anything = format!("{INTERMEDIATE}extendedKeyUsage=anyExtendedKeyUsage\n");
    switch.pki.special("good", &anything, &[]);
    switch.refused(
        "
        error: stage 2 would not work: consumer.certificate.extended-key-usage: saw
               O=Istio, CN=Intermediate CA, L=good: 2.5.29.37.0, wanted none, or
               serverAuth and clientAuth
        hint:  it stops Envoy, ztunnel: Envoy and ztunnel reject anyExtendedKeyUsage and
               a lone serverAuth
        hint:  have it issued again without extendedKeyUsage, or with
               serverAuth,clientAuth
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    let switch = Switch::new();
    let refused = |more: &[&str], text: &str| switch.world().refused(&[&PLAN[..], more].concat(), text);
    refused(
        &["--leaf-lifetime", "5s"],
        "
        error: no lifetime of a workload's certificate: saw 5s, wanted 1m to 87600h
        Nothing was written.
        exit 2
    ",
    );
    refused(
        &["--cluster", "East Coast"],
        "
        error: not a cluster's name: saw \"East Coast\", wanted 1 to 63 of a-z, 0-9 and
               -, a letter or digit at both ends
        Nothing was written.
        exit 2
    ",
    );
    switch.plan(&[]).ok();
    switch.refused(
        "
        error: switch is already there: wanted the name of a new directory
        Nothing was written.
        exit 30
    ",
    );
}
