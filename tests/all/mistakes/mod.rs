//! The mistakes that other tools for root CAs make, each attempted here and refused with its text shown.
//!
//! A test bears the number of its mistake in its comment and the mistake in its name.

mod configuration;
mod crls;
mod keys;
mod names;
mod signing;
mod stranded;

use crate::support::World;
use anchorite::x509::{SignatureAlgorithm, build, keygen::LocalKey, pem};
use anchorite::{key::KeySpec, name::DistinguishedName};
use std::path::Path;

/// The user PIN's login of `pkcs11-tool`, run to its end.
#[track_caller]
fn pkcs11(world: &World, arguments: &[&str]) -> String {
    let module = crate::support::softhsm_module().unwrap();
    let login = ["--module", module.to_str().unwrap(), "--login", "--pin", crate::support::PIN];
    world.tool("pkcs11-tool", &[&login[..], arguments].concat()).ok().stdout
}

/// The serial number of the only initialised token.
fn serial(world: &World) -> String {
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let serials = shown.lines().filter_map(|line| line.trim().strip_prefix("Serial number:"));
    serials.map(str::trim).find(|serial| !serial.is_empty()).unwrap().to_owned()
}

/// How many private keys the token holds.
fn private_keys(world: &World) -> usize {
    pkcs11(world, &["--list-objects", "--type", "privkey"]).matches("Private Key Object").count()
}

/// A PKCS#10 request for the P-256 key with this label in the token, signed by that key in the token: what an
/// insider with the PIN could make.
fn request_by_the_tokens_key(world: &World, label: &str) -> String {
    let listed = pkcs11(world, &["--list-objects", "--type", "pubkey"]);
    let of_key = listed.split("Public Key Object").find(|part| part.contains(label)).unwrap();
    let id = of_key.lines().find_map(|line| line.trim().strip_prefix("ID:")).unwrap().trim().to_owned();
    let public = world.path("public.der");
    pkcs11(world, &["--read-object", "--type", "pubkey", "--id", &id, "-o", public.to_str().unwrap()]);
    let spki = std::fs::read(public).unwrap();
    // Another key's request, with the token's key in its place: P-256 keys are all of one length.
    let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let csr = other.csr(&DistinguishedName(Vec::new())).unwrap();
    let info = anchorite::x509::read::request(&csr).unwrap().info;
    let at = info.windows(spki.len()).position(|window| window == other.spki().der()).unwrap();
    let info = [&info[..at], &spki, &info[at + spki.len()..]].concat();
    world.write("info", &info);
    world.tool("openssl", &["dgst", "-sha256", "-binary", "-out", "hash", "info"]).ok();
    let (hash, signature) = (world.path("hash"), world.path("signature"));
    let sign = ["--sign", "--mechanism", "ECDSA", "--signature-format", "openssl", "--id", &id];
    let files = ["-i", hash.to_str().unwrap(), "-o", signature.to_str().unwrap()];
    pkcs11(world, &[&sign[..], &files].concat());
    let der = build::assemble(&info, SignatureAlgorithm::EcdsaSha256, &std::fs::read(signature).unwrap()).unwrap();
    pem::encode("CERTIFICATE REQUEST", &der)
}

/// A request by openssl, with these arguments beside the usual, as `requests/NAME.csr`; the file's digest.
#[track_caller]
fn openssl_request(world: &World, name: &str, arguments: &[&str]) -> String {
    let out = format!("requests/{name}.csr");
    let usual = ["req", "-new", "-sha256", "-nodes", "-out", &out];
    world.tool("openssl", &[&usual[..], arguments].concat()).ok();
    assert!(Path::new(&world.path(&out)).exists());
    world.sha256(out)
}
