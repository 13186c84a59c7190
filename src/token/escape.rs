//! Whether a key that is not to leave its token can be taken out of it by whoever knows the PIN. Tried with a key of a
//! trial, never with one that is to last; what was wrapped is dropped.
//!
//! Source: PKCS#11 v3.0 section 5.14.3: C_WrapKey answers CKR_KEY_UNEXTRACTABLE. NSS softokn 3.87 does not.

use crate::token::pkcs11::Pkcs11Token;
use crate::token::{mechanism, wrapping};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;

/// The ways of wrapping a private key that this program knows and the token lists, and the first by which it wrapped
/// this one under a key of the user's own, although it is not extractable (NSS does).
pub(super) fn wrapped_by_anybody(token: &Pkcs11Token, private: ObjectHandle) -> (Vec<String>, Option<String>) {
    let ways = [
        (MechanismType::AES_KEY_WRAP_PAD, Mechanism::AesKeyWrapPad),
        (MechanismType::AES_KEY_WRAP, Mechanism::AesKeyWrap),
        (MechanismType::AES_CBC_PAD, Mechanism::AesCbcPad([0; 16])),
    ];
    let listed: Vec<_> = ways.iter().filter(|(kind, _)| token.mechanisms.contains(kind)).collect();
    let Some(own) = wrapping::own_key(token).filter(|_| !listed.is_empty()) else { return (Vec::new(), None) };
    let taken = listed.iter().find(|(_, way)| token.session.wrap_key(way, own, private).is_ok());
    let taken = taken.map(|(kind, _)| mechanism::name(*kind));
    let _ = token.session.destroy_object(own);
    (listed.iter().map(|(kind, _)| mechanism::name(*kind)).collect(), taken)
}
