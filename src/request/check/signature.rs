//! Checks of a request's signature: its hash, its algorithm, its value, and what it proves.

use super::{Check, Request, Seen, refuse, seen};
use crate::request::key::signature::{Fault, fault};
use crate::x509::{SignatureAlgorithm, verify};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: refuse(
            "request.hash",
            "The request is signed with SHA-256 or better.",
            "RFC 6194; RFC 9155",
            "sign the request again: openssl req -new -sha256 -key KEY.pem",
        ),
        look: hash,
    },
    Check {
        rule: refuse(
            "request.algorithm-parameters",
            "A signature algorithm's parameters are NULL for RSA and absent otherwise.",
            "RFC 4055 section 5; RFC 5758 section 3.2; RFC 8410 section 3",
            "the request is not canonical: make it again with another tool",
        ),
        look: parameters,
    },
    Check {
        rule: refuse(
            "request.signature.degenerate",
            "A signature's numbers are in their range; r or s of zero would fit every message.",
            "CVE-2022-21449; SEC 1 version 2 section 4.1.4; RFC 8017 section 5.2.2",
            "no signer makes this: find out who forged the request, and ask for a new one on another way",
        ),
        look: degenerate,
    },
    Check {
        rule: refuse(
            "request.signature.not-canonical",
            "A signature is written in the one way that its standard allows.",
            "RFC 5480 appendix A; RFC 8017 section 8.2.2; RFC 8032 section 5.1.7",
            "the signature was rewritten on its way, or its tool is faulty: ask for a new request",
        ),
        look: not_canonical,
    },
    Check {
        rule: refuse(
            "request.proof-of-possession",
            "The request is signed by its own key, over its original bytes.",
            "RFC 2986 section 4.2",
            "the file was changed, or the key is not the requester's: ask for a new request",
        ),
        look: proof_of_possession,
    },
];

fn hash(request: &Request<'_>) -> Vec<Seen> {
    let oid = request.view.algorithm_oid.as_str();
    if SignatureAlgorithm::from_oid(oid).is_ok() {
        return Vec::new();
    }
    let weak = match oid {
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "RSA with SHA-1",
        "1.2.840.113549.1.1.14" => "RSA with SHA-224",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.1" => "ECDSA with SHA-224",
        other => return seen(format!("algorithm {other}"), "RSA (PKCS#1 v1.5), ECDSA or Ed25519"),
    };
    seen(weak, "SHA-256 or better")
}

fn parameters(request: &Request<'_>) -> Vec<Seen> {
    let known = SignatureAlgorithm::from_oid(&request.view.algorithm_oid).is_ok();
    if known && !request.view.algorithm_parameters_ok {
        return seen("other parameters", "NULL for RSA, none otherwise");
    }
    Vec::new()
}

fn degenerate(request: &Request<'_>) -> Vec<Seen> {
    match faulty(request) {
        Some(Fault::Degenerate(what)) => seen(format!("a signature value of which {what}"), "numbers in their range"),
        _ => Vec::new(),
    }
}

fn not_canonical(request: &Request<'_>) -> Vec<Seen> {
    match faulty(request) {
        Some(Fault::Uncanonical(what)) => seen(what, "the standard's form"),
        _ => Vec::new(),
    }
}

/// What is wrong with the value itself; under another algorithm than the key's that is not asked.
fn faulty(request: &Request<'_>) -> Option<Fault> {
    let algorithm = SignatureAlgorithm::from_oid(&request.view.algorithm_oid).ok()?;
    if !algorithm.fits(request.spki?.spec()) {
        return None;
    }
    fault(&request.parts, &request.view.signature)
}

fn proof_of_possession(request: &Request<'_>) -> Vec<Seen> {
    let wanted = "a signature by the request's own key";
    let Some(spki) = request.spki else { return seen("a key that no signature can be checked with", wanted) };
    let Ok(algorithm) = SignatureAlgorithm::from_oid(&request.view.algorithm_oid) else {
        return seen("an algorithm that is not checked", wanted);
    };
    // Refused by its own rule already, which says more.
    if faulty(request).is_some() {
        return Vec::new();
    }
    match verify::signature(spki, algorithm, &request.view.info, &request.view.signature) {
        Ok(()) => Vec::new(),
        Err(error) => seen(error.what(), wanted),
    }
}
