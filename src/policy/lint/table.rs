//! The rules for certificates: each with its source, and what to change in the certificate or the settings.
//! Where a plan of this program breaks one that no setting decides, that is a defect, and nothing is signed.

use super::certificate as c;
use super::extension as e;
use super::{Certificate, Check, Seen, refuse};
use crate::finding::{Rule, Severity};

type CertificateCheck = Check<fn(&Certificate<'_>) -> Option<Seen>>;

/// Made where both certificates are at hand: the lint sees only what is signed.
pub(super) static SIGNATURE: Rule = refuse(
    "certificate.signature",
    "The issuer's key made the signature.",
    "RFC 5280 section 6.1.3 (a)(1)",
    "this issuer's certificate is another's, or the certificate was changed: find the one that signed it",
);

const fn check(rule: Rule, look: fn(&Certificate<'_>) -> Option<Seen>) -> CertificateCheck {
    Check { rule, look }
}

pub(super) static CERTIFICATE: &[CertificateCheck] = &[
    check(
        refuse(
            "certificate.version",
            "The version is 3.",
            "RFC 5280 section 4.1.2.1",
            "issue it as version 3: with openssl x509 -req that needs extensions (-extfile)",
        ),
        c::version,
    ),
    check(
        refuse(
            "certificate.serial",
            "The serial number is positive, of 8 to 20 octets.",
            "RFC 5280 section 4.1.2.2; CA/Browser Forum BR 7.1 (64 bits of entropy)",
            "issue it with a random serial number of 16 bytes",
        ),
        c::serial,
    ),
    check(
        refuse(
            "certificate.signature-algorithm",
            "The signature algorithm is one of the issuer's kind of key, with SHA-256 or better.",
            "RFC 5280 section 4.1.1.2; RFC 5758; RFC 8410",
            "sign with the algorithm of the issuer's key",
        ),
        c::signature_algorithm,
    ),
    check(
        Rule {
            id: "certificate.experimental",
            severity: Severity::Info,
            says: "What signs is of a kind that meshes verify.",
            source: "RFC 9881 (October 2025); measured: Envoy 1.40 verifies it, rustls-webpki and Go 1.19 do not",
            hint: "nothing to do in a test authority: this is an experiment, and nothing real may rely on it",
        },
        c::experimental,
    ),
    check(
        refuse(
            "certificate.signature-hash",
            "For Linkerd the signature's hash is SHA-256.",
            "measured: Linkerd's proxy verifies ECDSA P-256 and RSA with SHA-256 only",
            "sign with SHA-256: the root of a Linkerd mesh is on P-256 or RSA, not on P-384",
        ),
        c::signature_hash,
    ),
    check(
        refuse(
            "certificate.names",
            "Names use the standard's string types and lengths, without deceptive characters; no subject is empty.",
            "RFC 5280 sections 4.1.2.4, 4.1.2.6 and appendix A.1; Unicode TR 36",
            "give the names as UTF8String or PrintableString, short and plain: [root] and [intermediates] subject",
        ),
        c::names,
    ),
    check(
        Rule {
            id: "certificate.names-unusual",
            severity: Severity::Info,
            says: "A name has only common attribute types, one in a part.",
            source: "RFC 5280 section 4.1.2.4 (what every implementation must be prepared to receive)",
            hint: "look twice at the whole name: consumers may show or compare only some of it",
        },
        c::names_unusual,
    ),
    check(
        refuse(
            "certificate.issuer",
            "The issuer's name is, byte for byte, the subject of the issuer's certificate.",
            "RFC 5280 section 6.1.3 (a)(4)",
            "copy the bytes of the issuer's subject, string types included; or this is not its issuer",
        ),
        c::issuer,
    ),
    check(
        refuse(
            "certificate.subject-is-issuer",
            "A root issues itself, and only a root has its issuer's name.",
            "RFC 5280 section 6.1 (self-issued certificates escape the path length)",
            "give each CA a name of its own: Anchorite adds L=<cluster> and serialNumber=<generation>",
        ),
        c::subject_is_issuer,
    ),
    check(
        refuse(
            "certificate.issuer-may-issue",
            "The issuer is a CA with keyCertSign.",
            "RFC 5280 sections 4.2.1.3 and 4.2.1.9",
            "have it issued by a CA; or the file given as the issuer's is another's",
        ),
        c::issuer_may_issue,
    ),
    check(
        refuse(
            "certificate.validity",
            "It ends after it begins, and neither predates nor outlives its issuer.",
            "RFC 5280 section 4.1.2.5; measured: Istio before 1.29.3 clamps no leaf to its CA's end",
            "shorten it: max_validity_days, or validity_days of the cluster; or renew the issuer first",
        ),
        c::validity,
    ),
    check(
        refuse(
            "certificate.time-type",
            "Times to 2049 are UTCTime, later ones GeneralizedTime.",
            "RFC 5280 section 4.1.2.5",
            "issue it with another tool: strict parsers refuse this one",
        ),
        c::time_type,
    ),
    check(
        refuse(
            "certificate.key-of-issuer",
            "The subject's key is not the issuer's.",
            "RFC 5280 section 3.2: an intermediate with the root's key is a second root",
            "make a new key; and find out how the requester came to the issuer's",
        ),
        c::key_of_issuer,
    ),
    check(
        refuse(
            "certificate.key-kind",
            "The subject's and the issuer's kinds of key are those that the profile's consumer can use.",
            "measured: Linkerd takes ECDSA P-256 issuers only; SPIRE and cert-manager read RSA and ECDSA keys",
            "make the key, or the root, of a kind that the consumer reads; or choose another profile",
        ),
        c::key_kind,
    ),
    check(
        refuse(
            "certificate.basic-constraints",
            "A CA has critical basicConstraints CA:TRUE; an audit certificate is no CA.",
            "RFC 5280 section 4.2.1.9",
            "set basicConstraints = critical, CA:TRUE; an end-entity certificate cannot be a mesh's CA",
        ),
        e::basic_constraints,
    ),
    check(
        refuse(
            "certificate.path-length",
            "The path length is the profile's, and there is room for it below the issuer.",
            "RFC 5280 section 4.2.1.9; SPIRE issues a CA below itself; a root with one rules out a cross certificate",
            "set the profile's path length; under an issuer with path length 0 there can be no CA at all",
        ),
        e::path_length,
    ),
    check(
        refuse(
            "certificate.key-usage",
            "A CA's keyUsage is critical and exactly keyCertSign and cRLSign; an audit certificate's digitalSignature.",
            "RFC 5280 section 4.2.1.3; pkilint and zlint refuse more, OpenSSL and Envoy need cRLSign for CRLs",
            "set keyUsage = critical, keyCertSign, cRLSign (Istio's Makefile adds keyEncipherment: leave it out)",
        ),
        e::key_usage,
    ),
    check(
        refuse(
            "certificate.extended-key-usage",
            "A CA has no extKeyUsage, or serverAuth and clientAuth both; an audit certificate documentSigning, critical.",
            "measured: Envoy and ztunnel's policy reject anyExtendedKeyUsage and a lone serverAuth; RFC 9336",
            "leave extKeyUsage out, or name serverAuth and clientAuth",
        ),
        e::extended_key_usage,
    ),
    check(
        refuse(
            "certificate.subject-key-id",
            "subjectKeyIdentifier is present, not critical, of 20 octets.",
            "RFC 5280 section 4.2.1.2; RFC 7093; measured: Envoy fails without it between CAs of one name",
            "set subjectKeyIdentifier = hash",
        ),
        e::subject_key_id,
    ),
    check(
        refuse(
            "certificate.authority-key-id",
            "authorityKeyIdentifier is the issuer's subjectKeyIdentifier, not critical; a root may leave it out.",
            "RFC 5280 section 4.2.1.1",
            "set authorityKeyIdentifier = keyid, copied from the issuer's certificate",
        ),
        e::authority_key_id,
    ),
    check(
        refuse(
            "certificate.cross-key-id",
            "A cross certificate has the subjectKeyIdentifier of the subject's own root certificate.",
            "RFC 5280 section 4.2.1.2: what the new root issued names that identifier",
            "copy the identifier from the new root's certificate, whatever the method that it was made with",
        ),
        e::cross_key_id,
    ),
    check(
        refuse(
            "certificate.alternative-names",
            "subjectAltName holds only DNS names, is not critical, and is absent from roots, cross and audit certificates.",
            "RFC 5280 section 4.2.1.6; istiod's is DNS:istiod.istio-system.svc",
            "leave it out, or list host names in dns_names: no wildcard, URI, address or mail",
        ),
        e::alternative_names,
    ),
    check(
        refuse(
            "certificate.name-constraints",
            "nameConstraints are critical, in intermediates only, of DNS names and URIs.",
            "RFC 5280 section 4.2.1.10; measured: DNS constraints work in all six verifiers tried",
            "constrain by permitted_dns and excluded_dns, or leave the constraint out",
        ),
        e::name_constraints,
    ),
    check(
        refuse(
            "certificate.uri-constraint-refused",
            "There is no URI name constraint where the profile's consumer rejects every one.",
            "measured: ztunnel's policy (rustls-webpki) and pyca reject every URI constraint",
            "leave it out; for istio, set sidecar_only = true where no ztunnel and no pyca will verify",
        ),
        e::uri_constraint_refused,
    ),
    check(
        Rule {
            id: "certificate.uri-constraint",
            severity: Severity::Warn,
            says: "A URI name constraint works with sidecars only.",
            source: "measured: istiod and Envoy accept it; ztunnel's policy and pyca reject every URI constraint",
            hint: "sure that this mesh will have no ztunnel while the certificate lives? else leave it out",
        },
        e::uri_constraint,
    ),
    check(
        refuse(
            "certificate.excluded-own-name",
            "nameConstraints permit the certificate's own DNS names and those that its consumer serves under.",
            "measured: a constraint that excludes istiod's own name breaks istiod",
            "permit a subtree with istiod.istio-system.svc, and exclude none that holds it",
        ),
        e::excluded_own_name,
    ),
    check(
        refuse(
            "certificate.policies",
            "certificatePolicies, where present, are not critical.",
            "measured: ztunnel's policy rejects critical ones",
            "make certificatePolicies not critical, or leave them out",
        ),
        e::policies,
    ),
    check(
        refuse(
            "certificate.urls",
            "CRLs and issuers are fetched from plain http URLs, in extensions that are not critical, not in roots.",
            "RFC 5280 sections 4.2.1.13, 4.2.2.1 and 8 (https may need what is being checked)",
            "use http://host/path in ASCII: crl_urls and ca_issuers_urls",
        ),
        e::urls,
    ),
    check(
        refuse(
            "certificate.unknown-extension",
            "There are no other extensions, and no unique identifiers.",
            "RFC 5280 sections 4.1.2.8 and 4.2",
            "leave it out: no consumer of this profile reads it",
        ),
        e::unknown_extension,
    ),
];
