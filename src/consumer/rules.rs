//! The table: everything that was measured about what consumers accept, each row a rule.
//!
//! Measured with istiod's own verification functions (Istio 1.32 development), Envoy 1.40 and rustls-webpki
//! with ztunnel's policy; the rest is from the consumers' sources and documents, named in each row.

use super::rule::Consumer::{self, CertManager, Envoy, Go, Istiod, Linkerd, Spire, Vault, Ztunnel};
use super::rule::ConsumerRule;
use crate::finding::{Rule, Severity};

const MEASURED: &str = "measured: istiod (Istio 1.32 development), Envoy 1.40, rustls-webpki with ztunnel's policy";
const ISTIO: &str = "Istio: pilot/pkg/bootstrap/istio_ca.go, security/pkg/pki/ca/ca.go, keycertbundle.go";
const ISSUES: &str = "the issue trackers of Istio, cert-manager and Linkerd: a commonest failure";
const CRLS: &str = "measured: istiod 1.27 to 1.32 development with ca-crl.pem, Envoy 1.40, ztunnel 1.29";
const CLEARING: &str = "Istio: issue 61073, pull request 61074";
const RFC5280_CRL: &str = "RFC 5280 sections 5.2 and 5.3; measured: Envoy 1.40";
const CRL_ORDER: &str = "RFC 5280 sections 3.3 and 5.2.3";
const RFC5280: &str = "RFC 5280 section 6.1.4; Go crypto/x509, BoringSSL, rustls-webpki";

const EVERY: &[Consumer] = &[Istiod, Envoy, Ztunnel, Go, CertManager, Linkerd, Spire, Vault];
const MESH: &[Consumer] = &[Istiod, Envoy, Ztunnel, Go];
/// Who validates a workload's certificate, and needs the chain for it.
const PEERS: &[Consumer] = &[Envoy, Ztunnel, Go, CertManager, Linkerd, Spire, Vault];
const WEBPKI: &[Consumer] = &[Ztunnel, Linkerd];
const GO: &[Consumer] = &[Go, CertManager, Linkerd, Spire, Vault];
/// Who holds the private key.
const ISSUERS: &[Consumer] = &[Istiod, CertManager, Linkerd, Spire];
const NOBODY: &[Consumer] = &[];

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $stops:expr, $source:expr, $says:literal, $then:literal, $hint:literal;)*) => {
        $(pub(super) static $name: ConsumerRule = ConsumerRule {
            rule: Rule { id: $id, severity: Severity::$severity, says: $says, source: $source, hint: $hint },
            stops: $stops,
            then: $then,
        };)*
        /// Every rule of this table.
        pub static RULES: &[&Rule] = &[$(&$name.rule,)*];
        /// The same with whom each stops.
        pub static CONSUMER_RULES: &[&ConsumerRule] = &[$(&$name,)*];
    };
}

rules! {
    MISSING = "consumer.file.missing", Refuse, MESH, MEASURED,
        "every file of the layout is there",
        "istiod 1.26.1 and newer refuse to start; older ones silently make a CA of their own, and the mesh runs under another root",
        "add the file under exactly this name; cert-chain.pem is the intermediate, then the rest of its chain";
    UNREAD = "consumer.file.unread", Info, NOBODY, ISTIO,
        "the directory or Secret holds the files that istiod reads and no others",
        "a file of another name is never read",
        "istiod reads ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem, ca-crl.pem, or tls.crt, tls.key, ca.crt";
    BOTH = "consumer.layout.both", Warn, NOBODY, ISTIO,
        "there is one layout, not two",
        "istiod 1.14 and newer look for tls.crt first and then ignore the four files and ca-crl.pem; older ones read the four files",
        "remove the layout that is not meant";
    SECRET_NAME = "consumer.secret.name", Warn, NOBODY, ISSUES,
        "the Secret is named cacerts and lies in istiod's namespace",
        "istiod mounts only cacerts of its own namespace; with another Secret it makes a CA of its own",
        "create it under the name cacerts, in the namespace of istiod (istio-system), before istiod starts";
    SELF_SIGNED = "consumer.secret.self-signed", Warn, NOBODY, ISSUES,
        "the CA is plugged in, not made by istiod itself",
        "istio-ca-secret is the root that istiod made for itself: either no cacerts was there, or it was added after istiod had started and was not picked up",
        "create the Secret cacerts, then: kubectl -n istio-system rollout restart deployment/istiod, and the workloads after it";
    UNREADABLE = "consumer.pem.unreadable", Refuse, EVERY, MEASURED,
        "each file holds PEM blocks of its kind, each on lines of its own",
        "istiod refuses glued, cut or binary files, or hands out a chain that no proxy can load",
        "blocks need a newline between them; DER is converted by: openssl x509 -inform DER -in FILE -out FILE.pem";
    PRIVATE = "consumer.pem.private-key", Refuse, EVERY, ISTIO,
        "certificate files hold certificates only",
        "cert-chain.pem and root-cert.pem are sent to every workload and peer: this private key is public",
        "make a new key and a new request; never put a key beside certificates";
    NEWLINE = "consumer.pem.final-newline", Warn, NOBODY, ISSUES,
        "each file ends with a newline",
        "these files work as they are; whoever joins them with others gets glued blocks, which are refused",
        "add it: printf '\\n' >> FILE";
    TLS_NEWLINE = "consumer.pem.tls-newline", Refuse, &[Istiod], MEASURED,
        "tls.crt ends with a newline",
        "istiod joins tls.crt and ca.crt; without the newline two blocks are glued, and it refuses them",
        "add it: printf '\\n' >> tls.crt";
    KEY_FORM = "consumer.key.unusable", Refuse, ISSUERS, MEASURED,
        "the key file is one unencrypted private key in PEM, nothing before it",
        "istiod does not start: it reads the first block of the file, as PKCS#8, PKCS#1 or SEC1, and nothing else",
        "write it again: openssl pkey -in ca-key.pem -out key.pem && mv key.pem ca-key.pem";
    KEY_OTHER = "consumer.key.other", Refuse, ISSUERS, MEASURED,
        "the key is the key of the certificate",
        "istiod does not start: the certificate does not match the key",
        "this certificate answers another request: open the bundle where the key was made";
    KEY_MODE = "consumer.key.mode", Warn, NOBODY, "the file's mode",
        "only its owner may read the key file",
        "it works; everybody on this machine can sign for the mesh",
        "chmod 600 ca-key.pem";
    KEY_UNTRIED = "consumer.key.untried", Info, NOBODY, "this program's own key formats",
        "the key is of a kind that can be tried here",
        "whether it belongs to the certificate, and whether a leaf under it validates, was not tried",
        "compare: openssl pkey -in ca-key.pem -pubout; openssl x509 -in ca-cert.pem -noout -pubkey";
    SEVERAL = "consumer.certificate.several", Info, NOBODY, ISTIO,
        "ca-cert.pem holds one certificate",
        "istiod reads the first and passes over the others",
        "the rest of the chain belongs into cert-chain.pem";
    NOT_CA = "consumer.certificate.not-a-ca", Refuse, EVERY, MEASURED,
        "every certificate of the chain but a workload's is a CA (basicConstraints CA:TRUE)",
        "istiod does not start (it is not authorized to sign other certificates), and every peer rejects what is under it",
        "an end-entity certificate cannot sign for workloads: ask for a CA certificate; with openssl: basicConstraints=critical,CA:TRUE,pathlen:0";
    NO_CERT_SIGN = "consumer.certificate.no-cert-sign", Refuse, &[Envoy, Go, CertManager, Linkerd, Spire, Vault], MEASURED,
        "a CA's keyUsage, where it has one, includes keyCertSign",
        "istiod starts and ztunnel accepts; Envoy and Go reject every workload",
        "have it issued again with keyUsage=critical,keyCertSign,cRLSign";
    NO_CRL_SIGN = "consumer.certificate.no-crl-sign", Info, NOBODY, MEASURED,
        "a CA's keyUsage includes cRLSign",
        "nothing: Istio's own Makefile leaves it out; CRLs that this CA signs would be refused",
        "only needed for ca-crl.pem: keyUsage=critical,keyCertSign,cRLSign";
    EKU = "consumer.certificate.extended-key-usage", Refuse, &[Envoy, Ztunnel, Linkerd], MEASURED,
        "a CA has no extended key usage, or serverAuth and clientAuth both",
        "Envoy and ztunnel reject anyExtendedKeyUsage and a lone serverAuth",
        "have it issued again without extendedKeyUsage, or with serverAuth,clientAuth";
    EKU_START = "consumer.certificate.not-for-servers", Refuse, &[Istiod, Go], RFC5280,
        "extended key usage, where there is one, allows serverAuth",
        "istiod verifies its CA for serverAuth and does not start",
        "have it issued again without extendedKeyUsage, or with serverAuth,clientAuth";
    EKU_CLIENT = "consumer.certificate.not-for-clients", Refuse, &[Go], "measured: Go 1.19 crypto/x509",
        "extended key usage, where there is one, allows clientAuth",
        "istiod starts; workloads are rejected as clients by peers written in Go",
        "have it issued again without extendedKeyUsage, or with serverAuth,clientAuth";
    URI = "consumer.certificate.uri-constraint", Warn, WEBPKI, MEASURED,
        "no URI name constraint where ztunnel is used",
        "ztunnel rejects every URI constraint; sidecars accept one that names the trust domain",
        "for ambient, have it issued again without URI constraints (DNS constraints work everywhere)";
    URI_OTHER = "consumer.certificate.uri-mismatch", Refuse, &[Envoy, Go], ISSUES,
        "URI name constraints, where there are any, permit the trust domain",
        "every workload's SPIFFE ID lies outside of what the CA may sign, and is rejected",
        "the constraint is a host: it must be the mesh's trust domain (--trust-domain here), not spiffe://…";
    DNS_OTHER = "consumer.certificate.dns-constraint", Refuse, &[Istiod], MEASURED,
        "DNS name constraints, where there are any, permit istiod's own name",
        "istiod's own certificate is rejected: no proxy can connect to it",
        "permit svc (it covers istiod.istio-system.svc)";
    POLICIES = "consumer.certificate.critical-policies", Refuse, WEBPKI, MEASURED,
        "certificatePolicies are not critical",
        "ztunnel rejects critical policies; istiod and Envoy accept them",
        "have it issued again with certificatePolicies not critical, or without them";
    CRITICAL = "consumer.certificate.unknown-critical", Refuse, EVERY, RFC5280,
        "no critical extension that nobody knows",
        "whoever does not know a critical extension must reject the certificate, istiod at its start",
        "have it issued again without this extension, or with it not critical";
    EXTENSION = "consumer.certificate.broken-extension", Refuse, &[Istiod, Envoy, Go], RFC5280,
        "every extension is what its identifier promises, and there once",
        "Go's parser refuses the certificate: istiod does not start; Envoy rejects it",
        "have it issued again; openssl x509 -in FILE -noout -text shows the extension";
    EARLY = "consumer.certificate.not-yet-valid", Warn, EVERY, MEASURED,
        "the certificates are valid already",
        "istiod refuses to start until then, and peers reject",
        "wait, or correct the clock of this machine or of the one that issued it";
    EXPIRED = "consumer.certificate.expired", Refuse, EVERY, MEASURED,
        "the certificates are still valid",
        "istiod refuses to start, and peers reject every workload",
        "renew it: anchorite request NAME --renew makes a request for the same cluster";
    NEAR_END = "consumer.certificate.near-end", Warn, NOBODY, MEASURED,
        "a workload's certificate ends before the CA's does",
        "workloads' certificates are cut to the CA's end only from Istio 1.29.3 on; before, they outlive it and fail with it, unseen",
        "renew now: anchorite request NAME --renew; until then shorten WORKLOAD_CERT_TTL of istiod";
    OUTLIVES = "consumer.certificate.outlives-issuer", Warn, NOBODY, RFC5280,
        "a certificate ends before its issuer's does",
        "everything under it fails when the issuer expires, earlier than its own end says",
        "plan by the earlier end; have it issued again inside of its issuer's validity";
    WEAK = "consumer.certificate.weak-key", Refuse, WEBPKI, MEASURED,
        "RSA keys have at least 2048 bits",
        "ztunnel rejects every workload; istiod and Envoy are built on libraries that drop such keys version by version",
        "make a new key (ECDSA P-256 or P-384, RSA 3072 or 4096) and a new request";
    SHA1 = "consumer.certificate.sha1", Refuse, &[Istiod, Ztunnel, Go, CertManager, Linkerd, Spire, Vault], MEASURED,
        "no certificate under a root is signed with SHA-1",
        "istiod (Go 1.18 and newer) refuses to start, ztunnel rejects",
        "have it issued again with SHA-256 (openssl: -sha256)";
    PSS = "consumer.certificate.pss-parameters", Refuse, EVERY, "RFC 4055 section 3.1; measured: Envoy 1.40, rustls-webpki, Go 1.19",
        "RSA-PSS signatures have one hash throughout and a salt of its length",
        "nobody accepts others: istiod does not start, Envoy and ztunnel reject",
        "have it issued again with SHA-256 and PKCS#1 v1.5, or with rsa_pss_saltlen:digest";
    ALGORITHM = "consumer.certificate.unknown-signature", Refuse, &[Istiod, Ztunnel, Go, CertManager, Linkerd, Spire, Vault], RFC5280,
        "certificates under a root are signed with RSA, RSA-PSS, ECDSA or Ed25519, and SHA-256, SHA-384 or SHA-512",
        "istiod's library cannot verify it and does not start, ztunnel rejects",
        "have it issued again with SHA-256 (openssl: -sha256)";
    ML_DSA = "consumer.certificate.ml-dsa", Refuse, &[Istiod, Ztunnel, Go, CertManager, Linkerd, Spire, Vault], "RFC 9881; measured: Envoy 1.40, rustls-webpki, Go 1.19",
        "no certificate under a root is signed with ML-DSA",
        "istiod's library cannot verify it and does not start, ztunnel rejects; Envoy 1.40 verifies it",
        "a root with such a key is an experiment; a mesh needs one with ECDSA or RSA";
    NEGATIVE = "consumer.certificate.negative-serial", Refuse, &[Istiod, Go, CertManager, Linkerd, Spire, Vault], MEASURED,
        "serial numbers are positive",
        "istiod refuses to parse it (Go 1.23 and newer) and does not start; Envoy and rustls-webpki accept it",
        "have it issued again with a positive serial number of at most 20 octets (RFC 5280 section 4.1.2.2)";
    CHAIN_EMPTY = "consumer.chain.empty", Refuse, PEERS, MEASURED,
        "cert-chain.pem holds the intermediate",
        "istiod starts, and workloads send no chain: every peer rejects them",
        "fill it: cat ca-cert.pem > cert-chain.pem (and every CA between it and the root)";
    CHAIN_FIRST = "consumer.chain.first", Refuse, PEERS, MEASURED,
        "cert-chain.pem holds the intermediate of ca-cert.pem",
        "istiod starts, and workloads send a chain without their issuer: every peer rejects them",
        "put it first: cat ca-cert.pem cert-chain.pem > chain.pem && mv chain.pem cert-chain.pem";
    ROOT_FIRST = "consumer.chain.root-first", Info, NOBODY, MEASURED,
        "cert-chain.pem begins with the intermediate",
        "it works; istiod's metric of the CA's expiry reads the first certificate, here another one's end",
        "put the intermediate first, then its issuers";
    PATH = "consumer.chain.path", Refuse, EVERY, MEASURED,
        "the intermediate leads to a root of root-cert.pem through cert-chain.pem",
        "istiod does not start: it cannot verify the certificate with the provided root and chain",
        "the chain lacks a CA between, or root-cert.pem is another authority's: compare openssl x509 -noout -issuer -subject of each";
    PATH_UNTOLD = "consumer.chain.unverified", Warn, NOBODY, "the algorithms of aws-lc-rs",
        "every signature of the chain can be checked here",
        "the names fit; whether the signature is the issuer's was not checked",
        "check it: openssl verify -CAfile root-cert.pem -untrusted cert-chain.pem ca-cert.pem";
    PATH_LEN = "consumer.chain.path-length", Refuse, PEERS, RFC5280,
        "no CA of the chain has more CAs below it than its path length allows",
        "istiod may start; every peer rejects the workloads",
        "the CA above needs a larger path length, or the intermediate a place higher up";
    NOT_ROOT = "consumer.root.not-self-signed", Warn, NOBODY, ISSUES,
        "root-cert.pem holds self-signed roots only",
        "the mesh trusts only what is under this CA: workloads under the root's other intermediates, other clusters' too, are rejected",
        "put the root there, and the intermediate into cert-chain.pem";
    ROOT_TWICE = "consumer.root.twice", Warn, NOBODY, MEASURED,
        "root-cert.pem holds each root once",
        "it works; outside of a rollover it is a mistake",
        "remove one copy";
    ROOT_PATH = "consumer.root.path-length", Refuse, GO, MEASURED,
        "a root has no path length, or room for its intermediates",
        "istiod starts, Envoy and ztunnel accept; peers written in Go reject every workload",
        "a root needs no path length: have it made again without one";
    ROOT_ROOM = "consumer.root.no-successor", Info, NOBODY, MEASURED,
        "a root leaves room for a cross-signed successor (no path length, or 2 and more)",
        "it works until the root is replaced: a new root cross-signed by this one is a CA too many, so the switch needs two roots everywhere",
        "plan the rollover with both roots in root-cert.pem of every cluster";
    ROOT_NOT_CA = "consumer.root.not-a-ca", Refuse, &[Istiod, Go, CertManager, Linkerd, Spire, Vault], RFC5280,
        "a root of version 3 says CA:TRUE",
        "istiod refuses to start, Go rejects what is under it; Envoy and ztunnel take any root as it is",
        "make the root again with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign,cRLSign";
    ROOT_NO_SIGN = "consumer.root.no-cert-sign", Refuse, &[Istiod, Envoy, Go, CertManager, Linkerd, Spire, Vault], RFC5280,
        "a root's keyUsage, where it has one, includes keyCertSign",
        "istiod refuses to start, Envoy and Go reject what is under it; ztunnel takes any root as it is",
        "make the root again with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign,cRLSign";
    ROOT_EXPIRED = "consumer.root.expired", Refuse, &[Istiod, Envoy, Go, CertManager, Linkerd, Spire, Vault], RFC5280,
        "the root is still valid",
        "istiod refuses to start, Envoy and Go reject; ztunnel does not look at a root's dates",
        "this is a root rollover under time: a new root, and new intermediates in every cluster";
    ROOT_STALE = "consumer.root.stale", Warn, NOBODY, RFC5280,
        "every root of root-cert.pem is valid",
        "it works, by another root of the file; whatever leads only to this one is rejected",
        "remove it once no cluster needs it";
    SAME_NAME = "consumer.root.same-name", Refuse, &[Envoy], MEASURED,
        "CAs of the same name with different keys are told apart by key identifiers",
        "Envoy takes the first of the name and, by the order of the file, fails with BAD_SIGNATURE; with CRLs ztunnel fails too",
        "give each key a name of its own, or issue them with subjectKeyIdentifier and authorityKeyIdentifier";
    CRL_IGNORED = "consumer.crl.ignored", Warn, NOBODY, CRLS,
        "a CRL lies beside the four files",
        "istiod ignores CRLs in the layout tls.crt, tls.key, ca.crt, and everywhere before 1.27: what is revoked is still believed there",
        "use the layout of four files where revocation is wanted";
    CRL_CLEARED = "consumer.crl.cleared", Info, NOBODY, CLEARING,
        "ca-crl.pem, where there is one, holds CRLs",
        "an empty file takes CRLs away again from Istio 1.31.1 on; before, the ConfigMap istio-ca-crl keeps the last ones, whatever the Secret says",
        "before Istio 1.31.1 keep every CRL current for as long as the mesh lives";
    CRL_UNREADABLE = "consumer.crl.unreadable", Refuse, &[Istiod, Envoy, Ztunnel], CRLS,
        "ca-crl.pem holds CRLs in PEM",
        "istiod 1.27 and newer refuse it at the start and at each rotation",
        "convert it: openssl crl -inform DER -in FILE -out ca-crl.pem";
    CRL_MISSING = "consumer.crl.missing", Refuse, &[Istiod, Envoy, Ztunnel], CRLS,
        "ca-crl.pem holds a CRL of every CA in cert-chain.pem and of the root, the intermediate's own included",
        "istiod refuses the file, which also blocks key rotation; Envoy fails closed: all mTLS is rejected",
        "an intermediate's own CRL may be empty and is made where its key is: anchorite mesh-crl renew DIR";
    CRL_SIGNATURE = "consumer.crl.signature", Refuse, &[Istiod, Envoy, Ztunnel], CRLS,
        "each CRL is signed by the CA that it names",
        "istiod refuses the file; Envoy and ztunnel do not believe the CRL",
        "make it again with that CA's key, which needs cRLSign in its keyUsage";
    CRL_EXPIRED = "consumer.crl.expired", Refuse, &[Envoy, Ztunnel], CRLS,
        "each CRL is current",
        "an expired CRL, or one of the future, rejects all mTLS under its CA, at once and everywhere",
        "an intermediate's: anchorite mesh-crl renew DIR; a root's: its authority makes and publishes a newer one";
    CRL_SOON = "consumer.crl.near-end", Warn, NOBODY, CRLS,
        "each CRL is replaced well before its end",
        "at that minute all mTLS under its CA stops, everywhere",
        "an intermediate's: anchorite mesh-crl renew DIR; a root's: its authority makes a newer one; then merge, and replace every cluster's Secret";
    CRL_REVOKED = "consumer.crl.revoked", Refuse, &[Envoy, Ztunnel], CRLS,
        "no CA of the chain is revoked by these CRLs",
        "every workload under it is rejected",
        "make a new key and a new request for this cluster";
    CRL_FORM = "consumer.crl.not-whole", Refuse, &[Envoy, Ztunnel], RFC5280_CRL,
        "each CRL is whole: of one issuer's certificates, all of them, with no extension that changes this",
        "an indirect, partial or delta CRL is not understood, or understood by one and not by another",
        "have that CA issue a plain CRL: authorityKeyIdentifier and cRLNumber, reasons, and no other extension";
    CRL_NUMBER = "consumer.crl.number", Refuse, NOBODY, CRL_ORDER,
        "each CRL has a number, and one number is one CRL",
        "which of two is the newer cannot be told, so a revocation can be lost unseen",
        "make it again with a higher number: anchorite mesh-crl renew DIR, or that CA's own tool";
    CRL_UNKNOWN = "consumer.crl.unknown-issuer", Refuse, NOBODY, CRLS,
        "each CRL is of a CA whose certificate is given",
        "nobody can say who signed it; and were it left out, workloads under that CA would be rejected",
        "give that CA's cert-chain.pem as well; where its cluster is gone for good: anchorite mesh-crl merge --gone NAME …";
    CRL_OLDER = "consumer.crl.older", Refuse, NOBODY, CRL_ORDER,
        "a CRL that is given by name is not older than the one already there",
        "a revocation made since would be undone",
        "look for a newer file: public/root.crl of the authority as it is now";
    CRL_LOST = "consumer.crl.entry-lost", Refuse, NOBODY, CRL_ORDER,
        "a newer CRL lists what an older one of its CA listed, until the certificate has expired",
        "what was revoked would be believed again",
        "ask that CA why; where the certificate has expired, give its PEM file as well";
    CRL_STRANGER = "consumer.crl.entry-of-another", Refuse, NOBODY, RFC5280_CRL,
        "a CRL lists serial numbers of its own CA's certificates only",
        "the entry revokes nothing: the certificate that was meant is still believed",
        "revoke it at the CA that issued it";
    CRL_OTHERS = "consumer.crl.others", Warn, NOBODY, CRLS,
        "with CRLs, each cluster's file holds those of every cluster's CAs",
        "Envoy fails closed without a CRL of every CA in a peer's chain: workloads of a cluster that is not covered here are rejected",
        "merge the clusters' files (anchorite mesh-crl merge), and renew them before the earliest nextUpdate";
    TRIAL = "consumer.ztunnel.trial", Refuse, WEBPKI, "rustls-webpki, run here on a leaf made for the purpose",
        "a leaf under this key validates with rustls-webpki",
        "ztunnel rejects every workload",
        "the reason is webpki's own; the other findings may say the same in other words";
    ACROSS_ROOT = "consumer.across.root", Refuse, &[Envoy, Ztunnel, Go], ISSUES,
        "each cluster trusts a root of every other cluster's intermediate",
        "workloads of the two clusters reject each other; inside of each cluster all is well",
        "put both roots into root-cert.pem of both clusters, or issue both intermediates under one root";
    ACROSS_KEY = "consumer.across.same-key", Warn, NOBODY, ISSUES,
        "each cluster has an intermediate of its own",
        "it works; whoever holds one cluster's key signs for the other, and revoking one revokes both",
        "one key and one request for each cluster";
    ACROSS_CRL = "consumer.across.crl", Refuse, &[Envoy], CRLS,
        "with CRLs, each cluster's ca-crl.pem covers the CAs of the others",
        "Envoy fails closed: it rejects the other cluster's workloads",
        "merge the clusters' files, the same in all: anchorite mesh-crl merge";
    FIRST_ROOT = "consumer.cert-manager.first-root", Warn, &[CertManager], "cert-manager: CA issuer, ca.crt of the signing Secret",
        "ca.crt holds one root for cert-manager",
        "only the first certificate is used: certificates carry no second root during a rollover",
        "put the root first that clients need; distribute both with trust-manager";
    CERT_MANAGER_KEY = "consumer.cert-manager.key", Refuse, &[CertManager], "cert-manager: CA issuer, keys it decodes",
        "the issuer's key is RSA or ECDSA",
        "the issuer does not become ready",
        "make a request with --key ecdsa-p384";
    LINKERD_KEY = "consumer.linkerd.issuer-key", Refuse, &[Linkerd], "Linkerd: identity issuer requirements, linkerd check",
        "Linkerd's issuer is ECDSA P-256, signed with SHA-256",
        "the identity controller refuses it and issues nothing",
        "make a request with the profile linkerd and --key ecdsa-p256, under a P-256 or RSA root";
    LINKERD_ANCHOR = "consumer.linkerd.anchor-key", Refuse, &[Linkerd], "Linkerd: trust anchor requirements, linkerd check",
        "Linkerd's trust anchors are ECDSA P-256 or RSA",
        "proxies cannot validate under this anchor",
        "Linkerd needs a root with a P-256 or RSA key";
    SPIRE_PATH = "consumer.spire.path-length", Refuse, &[Spire], "SPIRE: UpstreamAuthority disk; RFC 5280 section 4.2.1.9",
        "SPIRE's upstream CA leaves room for the CA that SPIRE issues (path length 1 or more)",
        "SPIRE starts, and every SVID under it is rejected",
        "make a request with the profile spire";
    SPIRE_KEY = "consumer.spire.key", Refuse, &[Spire], "SPIRE: UpstreamAuthority disk, cert_file_path and key_file_path",
        "SPIRE's upstream key is EC or RSA",
        "SPIRE does not start",
        "make a request with --key ecdsa-p384";
}
