//! Does a key share a prime with another that this authority has met? Each of the two looks sound alone; together
//! both are broken. So every RSA key is compared with those that the log has certified and with the others of its
//! session, refused ones included: who has both files has both private keys.

use crate::authority::State;
use crate::finding::{Finding, Rule, Severity};
use crate::request::key::rsa::Moduli;
use crate::x509::{Spki, read};

static SHARED: Rule = Rule {
    id: "policy.key.shared-prime",
    severity: Severity::Refuse,
    says: "An RSA modulus shares no prime with another that the log certified or that lies in the same session.",
    source: "Heninger and others 2012, Mining Your Ps and Qs; Lenstra and others 2012",
    hint: "both private keys can be computed: their machines had too little randomness. Make both keys again, \
           elsewhere; where the other is certified, revoke it",
};

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&SHARED];

/// The moduli of everything that the log certified, the authority's own keys among them.
pub fn certified(state: &State) -> Moduli {
    let mut moduli = Moduli::default();
    for certificate in state.certificates.values() {
        let view = certificate.der.as_deref().and_then(|der| read::certificate(der).ok());
        if let Some(read) = view {
            let holder = certificate.cluster.as_deref().unwrap_or(&certificate.what);
            moduli.add(&format!("the key of {holder}"), &read.view.spki);
        }
    }
    moduli
}

/// Compares a key with the others; its own modulus among them is not another.
pub fn judge_shared(moduli: &Moduli, spki: &Spki) -> Option<Finding> {
    let holder = moduli.sharing(spki)?;
    Some(SHARED.finding(format!("a prime in common with {holder}"), "primes that no other key has"))
}
