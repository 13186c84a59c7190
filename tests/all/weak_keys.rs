//! Weak keys before the program and before badkeys, whose author found most of these flaws in the wild: both must
//! say the same of each file. badkeys (PyPI) is run without its blocklist, which needs a network.

#[path = "weak_keys/make.rs"]
pub mod make;

use crate::present::have;
use crate::support::World;
use anchorite::key::KeySpec;
use anchorite::name::{Attribute, DistinguishedName};
use anchorite::x509::{LocalKey, pem};
use make::{WeakKey, beginning_as, gapped_prime, key, number, prime, prime_from, roca_prime};
use num_bigint::BigUint;
use serde_json::Value;
use std::collections::BTreeSet;

/// A key of 3072 bits with one flaw: its name, the rule that finds it, the check of badkeys that finds it.
pub fn flawed() -> Vec<(&'static str, WeakKey, &'static str, Option<&'static str>)> {
    let p = prime("p", 1_536);
    let close = prime_from(&p + (BigUint::from(1u8) << 770u16));
    let run = number("top", 3_072) | (BigUint::from(u128::MAX) << 2_400u16);
    let sparse = number("top", 3_072) & number("a", 3_072) & number("b", 3_072) & number("c", 3_072);
    vec![
        ("close", key(&[&p, &close]), "request.key.close-primes", Some("fermat")),
        ("square", key(&[&p, &p]), "request.key.rsa-power", Some("fermat")),
        ("prime", key(&[&prime("n", 3_072)]), "request.key.rsa-prime", None),
        (
            "small",
            key(&[&BigUint::from(64_951u32), &prime("q", 3_056)]),
            "request.key.small-factor",
            Some("smallfactors"),
        ),
        ("roca", key(&[&roca_prime("r", 1_536), &roca_prime("s", 1_536)]), "request.key.roca", Some("roca")),
        ("repeated", beginning_as(&run, "run"), "request.key.rsa-pattern", Some("pattern")),
        ("sparse", beginning_as(&sparse, "sparse"), "request.key.rsa-pattern", Some("rsabias")),
        ("gapped", key(&[&gapped_prime("g"), &gapped_prime("h")]), "request.key.rsa-pattern", Some("rsapoly")),
        ("wiener", make::with_short_private_exponent(3_072), "request.key.rsa-exponent", Some("smalld")),
    ]
}

/// The rules of weight refuse that `inspect request` names for a file.
fn refusals(world: &World, file: &str) -> BTreeSet<String> {
    let report: Value = serde_json::from_str(&world.run(&["--json", "inspect", "request", file]).stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|f| f["severity"] == "refuse").map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn weak_keys_get_the_verdict_that_badkeys_gives_them_and_sound_keys_get_none() {
    let world = World::new();
    let mut files = Vec::new();
    for (name, key, rule, check) in flawed() {
        files.push((format!("{name}.pem"), make::request(&key), Some(rule), check));
    }
    for spec in [KeySpec::Rsa3072, KeySpec::Rsa4096, KeySpec::EcdsaP256, KeySpec::EcdsaP384] {
        let subject = DistinguishedName::default().with(Attribute::CommonName, "sound");
        let request = LocalKey::generate(spec).unwrap().csr(&subject).unwrap();
        files.push((format!("{spec}.pem"), request, None, None));
    }
    for (name, request, rule, _) in &files {
        world.write(name, pem::encode("CERTIFICATE REQUEST", request));
        let expected: BTreeSet<String> = rule.iter().map(|rule| (*rule).to_owned()).collect();
        let mut found = refusals(&world, name);
        // An exponent above 33 bits is one that aws-lc does not verify with.
        if *rule == Some("request.key.rsa-exponent") {
            found.remove("request.proof-of-possession");
        }
        assert_eq!(found, expected, "{name}");
    }
    if !have("badkeys") {
        return;
    }
    let checks = "fermat,roca,rsainvalid,rsapoly,smalld,smallfactors,rsabias,pattern";
    let names: Vec<&str> = files.iter().map(|(name, ..)| name.as_str()).collect();
    let said = world.tool("badkeys", &[&["-a", "-c", checks][..], &names].concat()).stdout;
    for (name, _, _, check) in &files {
        // One line a check that found something, or one that says ok; the file's name ends each.
        let lines = said.lines().filter_map(|line| line.strip_suffix(&format!(", {name}")));
        let found: Vec<&str> = lines.map(|line| line.split([' ', '/']).next().unwrap()).collect();
        let ok = said.lines().any(|line| line.ends_with(&format!(" key ok, {name}")));
        match check {
            Some(check) => assert_eq!(found, [*check], "{said}"),
            None => assert!(ok, "{name}: {said}"),
        }
    }
}
