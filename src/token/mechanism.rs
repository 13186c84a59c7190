//! Which mechanism makes a key and which signs, chosen from the token's own list.
//!
//! Hash on the token or hash on this host: some tokens have only the one, some only the other. Pure.
//! Sources: PKCS#11 v3.0 sections 2.1 (RSA), 2.3 (ECDSA, EdDSA); v3.2 section 6.67 (ML-DSA).

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::encoding;
use crate::token::hsm_profile::HashOn;
use crate::x509::SignatureAlgorithm;
use cryptoki::mechanism::dsa::{HedgeType, SignAdditionalContext};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use std::borrow::Cow;

/// A mechanism and what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// The mechanism.
    pub(super) mechanism: MechanismType,
    /// What goes into `C_Sign`.
    pub(super) input: Input,
}

/// What goes into `C_Sign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The message: the token hashes.
    Message,
    /// Its hash.
    Hash,
    /// Its hash in a DigestInfo.
    DigestInfo,
}

/// The mechanism that makes a key pair of this kind.
pub(super) const fn generation(spec: KeySpec) -> MechanismType {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => MechanismType::RSA_PKCS_KEY_PAIR_GEN,
        KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521 => MechanismType::ECC_KEY_PAIR_GEN,
        KeySpec::Ed25519 => MechanismType::ECC_EDWARDS_KEY_PAIR_GEN,
        KeySpec::MlDsa65 => MechanismType::ML_DSA_KEY_PAIR_GEN,
    }
}

/// True where a key of this kind can sign with this algorithm.
pub(super) const fn fits(spec: KeySpec, algorithm: SignatureAlgorithm) -> bool {
    use SignatureAlgorithm as A;
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            matches!(algorithm, A::RsaSha256 | A::RsaSha384 | A::RsaSha512)
        }
        KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521 => {
            matches!(algorithm, A::EcdsaSha256 | A::EcdsaSha384 | A::EcdsaSha512)
        }
        KeySpec::Ed25519 => matches!(algorithm, A::Ed25519),
        KeySpec::MlDsa65 => matches!(algorithm, A::MlDsa65),
    }
}

/// Every way to make this signature: hashed on the token first, on the host last.
pub(super) fn ways(algorithm: SignatureAlgorithm) -> Vec<Way> {
    use MechanismType as M;
    let on_token = |mechanism| Way { mechanism, input: Input::Message };
    let rsa = Way { mechanism: M::RSA_PKCS, input: Input::DigestInfo };
    let ecdsa = Way { mechanism: M::ECDSA, input: Input::Hash };
    match algorithm {
        SignatureAlgorithm::RsaSha256 => vec![on_token(M::SHA256_RSA_PKCS), rsa],
        SignatureAlgorithm::RsaSha384 => vec![on_token(M::SHA384_RSA_PKCS), rsa],
        SignatureAlgorithm::RsaSha512 => vec![on_token(M::SHA512_RSA_PKCS), rsa],
        SignatureAlgorithm::EcdsaSha256 => vec![on_token(M::ECDSA_SHA256), ecdsa],
        SignatureAlgorithm::EcdsaSha384 => vec![on_token(M::ECDSA_SHA384), ecdsa],
        SignatureAlgorithm::EcdsaSha512 => vec![on_token(M::ECDSA_SHA512), ecdsa],
        SignatureAlgorithm::Ed25519 => vec![on_token(M::EDDSA)],
        SignatureAlgorithm::MlDsa65 => vec![on_token(M::ML_DSA)],
    }
}

/// The way that this token has and the profile prefers.
///
/// # Errors
/// [`Kind::Token`] names the mechanisms that would do.
pub(super) fn choose(algorithm: SignatureAlgorithm, have: &[MechanismType], hash: HashOn) -> Result<Way, Error> {
    let mut ways = ways(algorithm);
    if hash == HashOn::Host {
        ways.reverse();
    }
    ways.iter().copied().find(|way| have.contains(&way.mechanism)).ok_or_else(|| {
        let wanted = ways.iter().map(|way| name(way.mechanism)).collect::<Vec<_>>().join(" or ");
        Error::new(Kind::Token, format!("the token cannot sign {}", algorithm.title()))
            .saw("no such mechanism in its list")
            .wanted(wanted)
    })
}

/// The mechanisms that a key of this kind is allowed, out of those that the token has.
pub(super) fn allowed(spec: KeySpec, have: &[MechanismType]) -> Vec<MechanismType> {
    let ways = ways(SignatureAlgorithm::of(spec));
    ways.into_iter().map(|way| way.mechanism).filter(|mechanism| have.contains(mechanism)).collect()
}

/// What `C_Sign` is given for a message.
///
/// # Errors
/// [`Kind::Bug`] for a way that does not belong to the algorithm.
pub(super) fn input(way: Way, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    Ok(match way.input {
        Input::Message => Cow::Borrowed(message),
        Input::Hash => Cow::Owned(encoding::hash(algorithm, message)),
        Input::DigestInfo => Cow::Owned(encoding::digest_info(algorithm, message)?),
    })
}

/// The call's form of a mechanism. Only those of [`ways`] and [`generation`] exist here.
///
/// # Errors
/// [`Kind::Bug`] for any other.
pub(super) fn call(mechanism: MechanismType) -> Result<Mechanism<'static>, Error> {
    use MechanismType as M;
    Ok(match mechanism {
        M::RSA_PKCS_KEY_PAIR_GEN => Mechanism::RsaPkcsKeyPairGen,
        M::ECC_KEY_PAIR_GEN => Mechanism::EccKeyPairGen,
        M::ECC_EDWARDS_KEY_PAIR_GEN => Mechanism::EccEdwardsKeyPairGen,
        M::RSA_PKCS => Mechanism::RsaPkcs,
        M::SHA256_RSA_PKCS => Mechanism::Sha256RsaPkcs,
        M::SHA384_RSA_PKCS => Mechanism::Sha384RsaPkcs,
        M::SHA512_RSA_PKCS => Mechanism::Sha512RsaPkcs,
        M::ECDSA => Mechanism::Ecdsa,
        M::ECDSA_SHA256 => Mechanism::EcdsaSha256,
        M::ECDSA_SHA384 => Mechanism::EcdsaSha384,
        M::ECDSA_SHA512 => Mechanism::EcdsaSha512,
        M::EDDSA => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
        M::ML_DSA_KEY_PAIR_GEN => Mechanism::MlDsaKeyPairGen,
        // The empty context of RFC 9881 section 3; hedged where the token can.
        M::ML_DSA => Mechanism::MlDsa(SignAdditionalContext::new(HedgeType::Preferred, None)),
        other => return Err(Error::new(Kind::Bug, "a mechanism that is not used here").saw(name(other))),
    })
}

/// The PKCS#11 name. cryptoki has the old name of the elliptic curve key generation.
pub(super) fn name(mechanism: MechanismType) -> String {
    mechanism.to_string().replace("CKM_ECDSA_KEY_PAIR_GEN", "CKM_EC_KEY_PAIR_GEN")
}

/// The mechanisms of wrapped backups.
const WRAPS: [MechanismType; 2] = [MechanismType::AES_KEY_WRAP, MechanismType::AES_KEY_WRAP_PAD];

/// True for the name of a mechanism that this program uses: those that make keys, sign, or wrap a backup.
pub(super) fn is_used(known_as: &str) -> bool {
    let of_keys = KeySpec::ALL.iter().copied().flat_map(|spec| {
        let ways = ways(SignatureAlgorithm::of(spec)).into_iter().map(|way| way.mechanism);
        ways.chain([generation(spec)])
    });
    // An RSA key signs with each of the three hashes, as the certificate above it does.
    let hashes = [SignatureAlgorithm::RsaSha384, SignatureAlgorithm::RsaSha512];
    let of_hashes = hashes.into_iter().flat_map(ways).map(|way| way.mechanism);
    of_keys.chain(of_hashes).chain(WRAPS).any(|mechanism| name(mechanism) == known_as)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_chooses_where_the_token_has_both() {
        let both = [MechanismType::RSA_PKCS, MechanismType::SHA256_RSA_PKCS];
        let on = |hash| choose(SignatureAlgorithm::RsaSha256, &both, hash).unwrap().input;
        assert_eq!(on(HashOn::Token), Input::Message);
        assert_eq!(on(HashOn::Host), Input::DigestInfo);
    }

    #[test]
    fn the_tokens_list_chooses_where_it_has_one() {
        let raw = [MechanismType::ECDSA];
        assert_eq!(choose(SignatureAlgorithm::EcdsaSha384, &raw, HashOn::Token).unwrap().input, Input::Hash);
        let hashed = [MechanismType::ECDSA_SHA384];
        assert_eq!(choose(SignatureAlgorithm::EcdsaSha384, &hashed, HashOn::Host).unwrap().input, Input::Message);
        let error = choose(SignatureAlgorithm::EcdsaSha256, &hashed, HashOn::Host).unwrap_err();
        assert!(error.to_string().contains("CKM_ECDSA or CKM_ECDSA_SHA256"), "{error}");
    }

    #[test]
    fn every_mechanism_that_can_be_chosen_can_be_called() {
        for spec in KeySpec::ALL.iter().copied() {
            assert!(call(generation(spec)).is_ok());
            assert_eq!(name(generation(KeySpec::EcdsaP256)), "CKM_EC_KEY_PAIR_GEN");
            for way in ways(SignatureAlgorithm::of(spec)) {
                assert!(call(way.mechanism).is_ok());
                assert!(input(way, SignatureAlgorithm::of(spec), b"message").is_ok());
            }
        }
    }
}
