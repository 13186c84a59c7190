//! Requests whose key or signature is not fit, however well formed the rest is.

use crate::support::{PLAIN_CSR, SIGN, World, assert_text};
use crate::weak_keys::flawed;
use crate::weak_keys::make::{self, bits, integer, key, prime, tlv};
use anchorite::name::{Attribute, DistinguishedName};
use anchorite::x509::{LocalKey, pem, read};
use num_bigint::BigUint;
use secrecy::SecretString;

fn csr(der: &[u8]) -> String {
    pem::encode("CERTIFICATE REQUEST", der)
}

/// What `inspect request` says in the end of a request.
#[track_caller]
fn inspected(der: &[u8], text: &str) {
    let world = World::new();
    world.write("weak.pem", csr(der));
    let shown = world.run(&["inspect", "request", "weak.pem"]);
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 80), "{}", shown.stdout);
    assert_text(&shown.error(), &format!("{text} Nothing was signed. exit 10"));
}

#[test]
fn each_flaw_of_an_rsa_key_is_said_with_what_to_do() {
    for (name, key, _, _) in flawed() {
        let text = match name {
            "close" => {
                "error: the request is refused by the rule request.key.close-primes: saw primes found in step 3 of \
                 Fermat's method, wanted a product of two large primes, drawn at random
                 hint: anyone can compute the private key: make a new one with another tool (Rambus' SafeZone library, \
                 in some printers and devices, makes such keys), and replace every key that this one made"
            }
            "square" => {
                "error: the request is refused by the rule request.key.rsa-power: saw a perfect square, wanted a product \
                 of two large primes, drawn at random
                 hint: the key is broken: make a new one with another tool; warn whoever uses keys of the same tool"
            }
            "prime" => {
                "error: the request is refused by the rule request.key.rsa-prime: saw a prime modulus, wanted a product \
                 of two large primes, drawn at random
                 hint: the key is broken: make a new one with another tool; warn whoever uses keys of the same tool"
            }
            "small" => {
                "error: the request is refused by the rule request.key.small-factor: saw a modulus that 64951 divides, \
                 wanted a product of two large primes, drawn at random
                 hint: the key is broken, or a bit of it was flipped on its way: make the request again, and if that \
                 fails a new key"
            }
            "roca" => {
                "error: the request is refused by the rule request.key.roca: saw the mark of Infineon's generator \
                 (ROCA), wanted a product of two large primes, drawn at random
                 hint: the private key can be computed: make a new one off that chip or token, or update its firmware \
                 first, and replace every key that it made"
            }
            "repeated" => {
                "error: the request is refused by the rule request.key.rsa-pattern: saw a modulus with the byte ff 16 \
                 times in a row, wanted a product of two large primes, drawn at random
                 hint: the key is broken: make a new one with another tool; warn whoever uses keys of the same tool"
            }
            "sparse" | "gapped" => {
                "error: the request is refused by the rule request.key.rsa-pattern: saw a modulus with … of 100 bits \
                 set, wanted a product of two large primes, drawn at random
                 hint: the key is broken: make a new one with another tool; warn whoever uses keys of the same tool"
            }
            _ => {
                "error: the request is refused by the rule request.key.rsa-exponent: saw an exponent of 3070 bits, \
                 wanted exponent 65537
                 hint: make a key with the usual exponent; every current tool does"
            }
        };
        inspected(&make::request(&key), text);
    }
}

/// The private key 1 on P-256: its public key is the base point itself (SP 800-186 section 3.2.1.3).
fn base_point() -> LocalKey {
    let one = [vec![0; 31], vec![1]].concat();
    let point = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                 4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    let point = data_encoding::HEXLOWER.decode(point.as_bytes()).unwrap();
    let curve = vec![6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let parts = [integer(&BigUint::from(1u8)), tlv(0x04, &[one]), tlv(0xa0, &[curve]), tlv(0xa1, &[bits(&point)])];
    LocalKey::from_pem(&SecretString::from(pem::encode("EC PRIVATE KEY", &tlv(0x30, &parts)))).unwrap()
}

#[test]
fn a_key_whose_private_half_was_published_is_refused_and_shown_with_where() {
    let subject = DistinguishedName::default().with(Attribute::CommonName, "cluster2");
    let request = base_point().csr(&subject).unwrap();
    inspected(
        &request,
        "error: the request is refused by the rule request.key.published: saw a key whose private half is public: \
         P-256, private key 1, wanted a key of its own
         hint: make a new key, and look where else this one is in use: anyone can act as its holder there",
    );
    let world = World::new();
    world.write("weak.pem", csr(&request));
    assert_text(
        &world.run(&["inspect", "request", "weak.pem"]).stdout,
        "Certificate request refused
           subject CN=cluster2
           key ECDSA P-256
           spki sha256 5cd252fb0ce8932436faf8ccd1040981…
           sha256 …
           refuse request.key.published (RFC 9500; CA/Browser Forum BR 6.1.1.3 (known weak private keys); \
           src/request/key/known-keys.txt)
             seen a key whose private half is public: P-256, private key 1
             wanted a key of its own
             to do make a new key, and look where else this one is in use: anyone can act as its holder there",
    );
}

/// The plain request with another signature value.
fn signed_as(value: &[u8]) -> Vec<u8> {
    let view = plain();
    let algorithm = tlv(0x30, &[vec![6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    tlv(0x30, &[view.info, algorithm, bits(value)])
}

fn plain() -> read::RequestView {
    read::request(&pem::decode_one(PLAIN_CSR.as_bytes(), "CERTIFICATE REQUEST").unwrap()).unwrap()
}

/// The plain request with the twin of its signature: s replaced by the order less s. Anyone can make it.
fn twin() -> Vec<u8> {
    let value = plain().signature;
    // SEQUENCE, INTEGER r, INTEGER s; all lengths are short.
    let (r, s) = value[2..].split_at(2 + usize::from(value[3]));
    let order = BigUint::parse_bytes(b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16).unwrap();
    signed_as(&tlv(0x30, &[r.to_vec(), integer(&(order - BigUint::from_bytes_be(&s[2..])))]))
}

#[test]
fn a_signature_of_zeros_is_called_forged() {
    let zero = integer(&BigUint::ZERO);
    inspected(
        &signed_as(&tlv(0x30, &[zero.clone(), zero])),
        "error: the request is refused by the rule request.signature.degenerate: saw a signature value of which r is \
         zero, wanted numbers in their range
         hint: no signer makes this: find out who forged the request, and ask for a new one on another way",
    );
}

#[test]
fn a_signature_in_another_form_than_der_is_refused() {
    let value = plain().signature;
    let long = [&[0x30, 0x81][..], &value[1..]].concat();
    inspected(
        &signed_as(&long),
        "error: the request is refused by the rule request.signature.not-canonical: saw an ECDSA signature that is not \
         two numbers in DER, wanted the standard's form
         hint: the signature was rewritten on its way, or its tool is faulty: ask for a new request",
    );
}

/// A world in which `plain.csr` was signed for cluster2, and time has passed.
fn signed() -> (World, [&'static str; 13]) {
    let world = World::ready();
    let sha256 = world.plain_request("cluster2");
    world.sign(&world.signing_answers(&[], &[("cluster2", &sha256)])).ok();
    std::fs::remove_file(world.path("requests/cluster2.csr")).unwrap();
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    (world, later)
}

#[test]
fn a_request_is_its_key_whatever_digest_its_file_has() {
    let (world, later) = signed();
    world.write("requests/again.csr", csr(&twin()));
    let sha256 = world.sha256("requests/again.csr");
    // The twin is as good a request as the first: only the log knows better.
    world.run(&["inspect", "request", "requests/again.csr"]).ok();
    for (cluster, rule) in [
        (
            "cluster2",
            "policy.key.again: saw the key of cluster2, spki …, wanted a new key
             hint: its certificate exists already: make its bundle again with anchorite export, or a new request",
        ),
        (
            "cluster3",
            "policy.key.elsewhere: saw the key of cluster2, spki …, wanted a key of its own
             hint: make a new key for this cluster",
        ),
    ] {
        world.write("answers.toml", world.signing_answers(&[], &[(cluster, &sha256)]));
        world.stopped(
            &later,
            &format!(
                "error: again.csr is refused by the rule {rule}
                 hint: the others can be signed without it: strike it, or take it off the stick
                 Nothing was signed.
                 exit 10"
            ),
        );
    }
}

#[test]
fn two_requests_of_one_key_are_not_signed_in_one_session() {
    let world = World::ready();
    let first = world.plain_request("cluster2");
    world.write("requests/twin.csr", csr(&twin()));
    let second = world.sha256("requests/twin.csr");
    assert_ne!(first, second);
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &first), ("cluster3", &second)]));
    world.stopped(
        &SIGN,
        "
        error: twin.csr is refused by the rule policy.session.key: saw the key of cluster2.csr, spki …,
               wanted a key of its own
        hint:  the same request lies on the stick twice, or two clusters share a key:
               each makes a key of its own
        hint:  the others can be signed without it: strike it, or take it off the stick
         Nothing was signed.
         exit 10",
    );
}

const SHARED: &str =
    "hint: both private keys can be computed: their machines had too little randomness. Make both keys \
                      again, elsewhere; where the other is certified, revoke it
                      hint: the others can be signed without it: strike it, or take it off the stick
                      Nothing was signed.
                      exit 10";

#[test]
fn keys_that_share_a_prime_are_refused_with_each_other_and_with_what_was_certified() {
    let shared = prime("shared", 1_536);
    let request = |other: &str| csr(&make::request(&key(&[&shared, &prime(other, 1_536)])));
    let world = World::ready();
    world.write("requests/east.csr", request("east"));
    world.write("requests/west.csr", request("west"));
    let [east, west] = ["east", "west"].map(|name| world.sha256(format!("requests/{name}.csr")));
    world.write("answers.toml", world.signing_answers(&[], &[("east", &east), ("west", &west)]));
    world.stopped(
        &SIGN,
        &format!(
            "error: east.csr is refused by the rule policy.key.shared-prime: saw a prime in common with west.csr, \
             wanted primes that no other key has {SHARED}"
        ),
    );

    // Alone each looks sound, so the first is signed; the log remembers it.
    std::fs::remove_file(world.path("requests/west.csr")).unwrap();
    world.sign(&world.signing_answers(&[], &[("east", &east)])).ok();
    std::fs::remove_file(world.path("requests/east.csr")).unwrap();
    world.write("requests/west.csr", request("west"));
    world.write("answers.toml", world.signing_answers(&[], &[("west", &west)]));
    world.stopped(
        &SIGN,
        &format!(
            "error: west.csr is refused by the rule policy.key.shared-prime: saw a prime in common with the key of \
             east, wanted primes that no other key has {SHARED}"
        ),
    );
    // A key with primes of its own passes.
    std::fs::remove_file(world.path("requests/west.csr")).unwrap();
    world.write("requests/north.csr", csr(&make::request(&key(&[&prime("north", 1_536), &prime("south", 1_536)]))));
    let north = world.sha256("requests/north.csr");
    world.sign(&world.signing_answers(&[], &[("north", &north)])).ok();
}
