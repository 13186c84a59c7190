//! What a key must be: the template that asks for it, the graded fallback where a token rejects an attribute,
//! and the judgement of what the token says afterwards.
//!
//! Pure. Source: PKCS#11 v3.0 sections 4.7 to 4.9.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::{Stage, encoding, fault};
use cryptoki::error::Error as Answer;
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, MlDsaParameterSetType};
use std::collections::BTreeMap;

/// Attributes that a key can do without where a token rejects them, the least missed first. What a token
/// makes of a dropped one is read back and judged all the same.
pub(super) const OPTIONAL: [&str; 11] = [
    "CKA_ALLOWED_MECHANISMS",
    "CKA_COPYABLE",
    "CKA_MODIFIABLE",
    "CKA_VERIFY_RECOVER",
    "CKA_SIGN_RECOVER",
    "CKA_ENCRYPT",
    "CKA_WRAP",
    "CKA_DERIVE",
    "CKA_UNWRAP",
    "CKA_DECRYPT",
    "CKA_VERIFY",
];

/// Those that are asked of the public half alone, which has nothing to keep. A token can take them all or none: to a TPM
/// "verifies" is "decrypts", and a key that signs "encrypts".
const OF_PUBLIC_HALF: [&str; 4] = ["CKA_VERIFY_RECOVER", "CKA_ENCRYPT", "CKA_WRAP", "CKA_VERIFY"];

/// What a signing key must be, whatever the token accepted. The first three must be readable.
const REQUIRED: [(&str, &str); 10] = [
    ("CKA_SENSITIVE", "true"),
    ("CKA_EXTRACTABLE", "false"),
    ("CKA_SIGN", "true"),
    ("CKA_PRIVATE", "true"),
    ("CKA_ALWAYS_SENSITIVE", "true"),
    ("CKA_NEVER_EXTRACTABLE", "true"),
    ("CKA_DECRYPT", "false"),
    ("CKA_UNWRAP", "false"),
    ("CKA_DERIVE", "false"),
    ("CKA_SIGN_RECOVER", "false"),
];

/// What it should be, unless the token rejected the attribute.
const ASKED: [(&str, &str); 2] = [("CKA_MODIFIABLE", "false"), ("CKA_COPYABLE", "false")];

/// What else than [`REQUIRED`] and [`ASKED`] say a key must be at a stage of its life.
const fn otherwise(stage: Stage) -> &'static [(&'static str, &'static str)] {
    match stage {
        Stage::Fixed => &[],
        Stage::Wrappable => &[
            ("CKA_EXTRACTABLE", "true"),
            ("CKA_WRAP_WITH_TRUSTED", "true"),
            ("CKA_NEVER_EXTRACTABLE", "false"),
            ("CKA_MODIFIABLE", "true"),
            ("CKA_COPYABLE", "true"),
        ],
        Stage::Locked => &[("CKA_NEVER_EXTRACTABLE", "false")],
        Stage::Unwrapped => &[("CKA_ALWAYS_SENSITIVE", "false"), ("CKA_NEVER_EXTRACTABLE", "false")],
    }
}

/// The attributes that are judged at a stage and what each must be; true where it must be readable.
fn required(stage: Stage) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let differs = move |name: &str| otherwise(stage).iter().find(|(other, _)| *other == name);
    let same = REQUIRED.into_iter().enumerate();
    let same = same.map(move |(place, (name, must))| (name, differs(name).map_or(must, |(_, must)| *must), place < 3));
    let trusted = ("CKA_WRAP_WITH_TRUSTED", "true", true);
    same.chain((stage == Stage::Wrappable).then_some(trusted))
}

/// The attributes that are asked for at a stage, unless the token rejected them.
fn asked(stage: Stage) -> impl Iterator<Item = (&'static str, &'static str)> {
    let differs = move |name: &str| otherwise(stage).iter().find(|(other, _)| *other == name);
    // A copy stays copyable (SoftHSM), and no copy of it leaves the token either.
    let counts = move |name: &str| stage != Stage::Locked || name != "CKA_COPYABLE";
    ASKED
        .into_iter()
        .filter(move |(name, _)| counts(name))
        .map(move |(name, must)| (name, differs(name).map_or(must, |(_, must)| *must)))
}

/// How an attribute that the token does not have, or does not tell, is recorded.
pub(super) const UNAVAILABLE: &str = "unavailable";

/// A key to ask for.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    /// CKA_ID.
    pub(super) id: &'a [u8],
    /// CKA_LABEL.
    pub(super) label: &'a str,
    /// Its kind.
    pub(super) spec: KeySpec,
    /// A token object; else it ends with the session.
    pub(super) on_token: bool,
    /// CKA_ALLOWED_MECHANISMS.
    pub(super) allowed: &'a [MechanismType],
    /// CKA_EC_PARAMS, where it is on a curve.
    pub(super) params: Option<&'a [u8]>,
    /// [`Stage::Fixed`] or [`Stage::Wrappable`].
    pub(super) stage: Stage,
}

/// The public and the private template, without the attributes named in `dropped`.
pub(super) fn pair(wanted: &Wanted<'_>, dropped: &[String]) -> (Vec<Attribute>, Vec<Attribute>) {
    let mut public = vec![
        Attribute::Token(wanted.on_token),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::Encrypt(false),
        Attribute::Wrap(false),
        Attribute::VerifyRecover(false),
        Attribute::Derive(false),
        Attribute::Modifiable(false),
        Attribute::Id(wanted.id.to_vec()),
        Attribute::Label(wanted.label.as_bytes().to_vec()),
    ];
    if let Some(bits) = wanted.spec.rsa_bits().and_then(|bits| cryptoki::types::Ulong::try_from(bits).ok()) {
        public.push(Attribute::ModulusBits(bits));
        public.push(Attribute::PublicExponent(vec![1, 0, 1]));
    }
    if wanted.spec == KeySpec::MlDsa65 {
        public.push(Attribute::ParameterSet(MlDsaParameterSetType::ML_DSA_65.into()));
    }
    public.extend(wanted.params.map(|params| Attribute::EcParams(params.to_vec())));
    // A wrapped key is copied without these once its backup is proved, and this one destroyed.
    let leaves = wanted.stage == Stage::Wrappable;
    let mut private = vec![
        Attribute::Token(wanted.on_token),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(leaves),
        Attribute::Sign(true),
        Attribute::SignRecover(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::Modifiable(leaves),
        Attribute::Copyable(leaves),
        Attribute::AllowedMechanisms(wanted.allowed.to_vec()),
        Attribute::Id(wanted.id.to_vec()),
        Attribute::Label(wanted.label.as_bytes().to_vec()),
    ];
    if leaves {
        private.push(Attribute::WrapWithTrusted(true));
    }
    let keep = |attributes: Vec<Attribute>| {
        attributes.into_iter().filter(|a| !dropped.contains(&a.attribute_type().to_string())).collect()
    };
    (keep(public), keep(private))
}

/// Tries the whole template without what the profile rejects; where the token rejects it, each optional
/// attribute left out alone; then those of the public half together; then more and more of all. An answer that is no
/// rejection ends it at once.
///
/// Gives what the attempt gave and the attributes that were left out. A rejected template makes no key.
pub(super) fn graded<T>(
    rejects: &[String],
    mut attempt: impl FnMut(&[String]) -> Result<T, Answer>,
) -> Result<(T, Vec<String>), Answer> {
    let first = match attempt(rejects) {
        Ok(made) => return Ok((made, rejects.to_vec())),
        Err(answer) if fault::rejects_template(&answer) => answer,
        Err(answer) => return Err(answer),
    };
    let rest = || OPTIONAL.into_iter().filter(|name| !rejects.iter().any(|rejected| rejected == name));
    let alone = rest().map(|name| with(rejects, std::iter::once(name)));
    let public = with(rejects, rest().filter(|name| OF_PUBLIC_HALF.contains(name)));
    let more = (2..=rest().count()).map(|count| with(rejects, rest().take(count)));
    for dropped in alone.chain([public]).chain(more) {
        match attempt(&dropped) {
            Ok(made) => return Ok((made, dropped)),
            Err(answer) if fault::rejects_template(&answer) => {}
            Err(answer) => return Err(answer),
        }
    }
    Err(first)
}

fn with<'a>(rejects: &[String], more: impl Iterator<Item = &'a str>) -> Vec<String> {
    rejects.iter().cloned().chain(more.map(str::to_owned)).collect()
}

/// Judges a private key by its attributes as read back one by one.
///
/// # Errors
/// [`Kind::Token`] names every contradiction.
pub(super) fn judge(attributes: &BTreeMap<String, String>, dropped: &[String], stage: Stage) -> Result<(), Error> {
    let is = |name: &str| attributes.get(name).map_or(UNAVAILABLE, String::as_str);
    let mut faults = Vec::new();
    for (name, must, readable) in required(stage) {
        if is(name) != must && (readable || is(name) != UNAVAILABLE) {
            faults.push((name, must));
        }
    }
    for (name, must) in asked(stage) {
        if is(name) != must && is(name) != UNAVAILABLE && !dropped.iter().any(|d| d == name) {
            faults.push((name, must));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let list = |value: &dyn Fn(&str, &str) -> String| {
        faults.iter().map(|(name, must)| format!("{name} = {}", value(name, must))).collect::<Vec<_>>().join(", ")
    };
    Err(Error::new(Kind::Token, "the key is not what was asked for")
        .saw(list(&|name, _| is(name).to_owned()))
        .wanted(list(&|_, must| must.to_owned()))
        .hint("a token that makes such keys cannot hold a root; run `anchorite hsm probe`"))
}

/// The CKA_EC_PARAMS to try, or one `None` for a key on no curve.
pub(super) fn params(spec: KeySpec) -> Vec<Option<Vec<u8>>> {
    let params = encoding::ec_params(spec);
    if params.is_empty() { vec![None] } else { params.into_iter().map(Some).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryptoki::context::Function;
    use cryptoki::error::RvError;

    fn answer(code: RvError) -> Answer {
        Answer::Pkcs11(code, Function::GenerateKeyPair)
    }

    /// A token that accepts a template only if all of `hated` are left out.
    fn picky(hated: &[&str], dropped: &[String], tries: &mut usize) -> Result<(), Answer> {
        *tries += 1;
        let gone = |name: &str| dropped.iter().any(|d| d == name);
        if hated.iter().all(|name| gone(name)) { Ok(()) } else { Err(answer(RvError::AttributeTypeInvalid)) }
    }

    #[test]
    fn a_token_that_rejects_one_attribute_loses_only_that_one() {
        for hated in OPTIONAL {
            let mut tries = 0;
            let ((), dropped) = graded(&[], |dropped| picky(&[hated], dropped, &mut tries)).unwrap();
            assert_eq!(dropped, [hated]);
        }
    }

    #[test]
    fn a_token_that_takes_no_words_about_the_public_half_loses_those_and_no_others() {
        let mut tries = 0;
        let hated = ["CKA_ENCRYPT", "CKA_VERIFY"];
        let ((), dropped) = graded(&[], |dropped| picky(&hated, dropped, &mut tries)).unwrap();
        assert_eq!(dropped, ["CKA_VERIFY_RECOVER", "CKA_ENCRYPT", "CKA_WRAP", "CKA_VERIFY"]);
    }

    #[test]
    fn what_the_profile_rejects_is_left_out_at_the_first_try() {
        let mut tries = 0;
        let rejects = ["CKA_COPYABLE".to_owned(), "CKA_ALLOWED_MECHANISMS".to_owned()];
        let hated = ["CKA_COPYABLE", "CKA_ALLOWED_MECHANISMS"];
        let ((), dropped) = graded(&rejects, |dropped| picky(&hated, dropped, &mut tries)).unwrap();
        assert_eq!((dropped.as_slice(), tries), (&rejects[..], 1));
    }

    #[test]
    fn a_token_that_rejects_two_attributes_still_makes_a_key() {
        let mut tries = 0;
        let hated = ["CKA_COPYABLE", "CKA_ALLOWED_MECHANISMS"];
        let ((), dropped) = graded(&[], |dropped| picky(&hated, dropped, &mut tries)).unwrap();
        assert_eq!(dropped, ["CKA_ALLOWED_MECHANISMS", "CKA_COPYABLE"]);
    }

    #[test]
    fn a_token_that_rejects_what_a_key_needs_ends_with_its_first_answer() {
        let mut tries = 0;
        assert!(graded(&[], |dropped| picky(&["CKA_SENSITIVE"], dropped, &mut tries)).is_err());
        let mut tries = 0;
        let error = graded(&[], |_| -> Result<(), Answer> {
            tries += 1;
            Err(answer(RvError::DeviceRemoved))
        });
        assert!(error.is_err());
        assert_eq!(tries, 1, "an answer that is not about the template is not tried again");
    }

    fn good() -> BTreeMap<String, String> {
        REQUIRED.into_iter().chain(ASKED).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn every_contradiction_stops() {
        assert!(judge(&good(), &[], Stage::Fixed).is_ok());
        // What makes a key that only signs and never leaves: none may be forgotten.
        let names = REQUIRED.into_iter().chain(ASKED).map(|(name, _)| name).collect::<Vec<_>>().join(" ");
        assert_eq!(
            names,
            "CKA_SENSITIVE CKA_EXTRACTABLE CKA_SIGN CKA_PRIVATE CKA_ALWAYS_SENSITIVE CKA_NEVER_EXTRACTABLE CKA_DECRYPT \
             CKA_UNWRAP CKA_DERIVE CKA_SIGN_RECOVER CKA_MODIFIABLE CKA_COPYABLE"
        );
        for (name, must) in REQUIRED.into_iter().chain(ASKED) {
            let mut bad = good();
            bad.insert(name.into(), if must == "true" { "false" } else { "true" }.into());
            let error = judge(&bad, &[], Stage::Fixed).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn a_token_that_does_not_say_whether_a_key_is_sensitive_is_not_believed() {
        for name in ["CKA_SENSITIVE", "CKA_EXTRACTABLE", "CKA_SIGN"] {
            let mut silent = good();
            silent.remove(name);
            assert!(judge(&silent, &[], Stage::Fixed).is_err(), "{name}");
        }
        let mut silent = good();
        silent.remove("CKA_SIGN_RECOVER");
        assert!(judge(&silent, &[], Stage::Fixed).is_ok());
    }

    #[test]
    fn a_dropped_attribute_may_be_otherwise_only_where_it_is_no_danger() {
        let mut key = good();
        key.insert("CKA_COPYABLE".into(), "true".into());
        assert!(judge(&key, &["CKA_COPYABLE".into()], Stage::Fixed).is_ok());
        key.insert("CKA_DECRYPT".into(), "true".into());
        assert!(judge(&key, &["CKA_COPYABLE".into(), "CKA_DECRYPT".into()], Stage::Fixed).is_err());
    }

    #[test]
    fn each_stage_of_a_wrapped_key_is_judged_as_what_it_is_and_as_nothing_else() {
        let at = |stage: Stage| {
            let mut key: BTreeMap<String, String> =
                required(stage).map(|(name, must, _)| (name.to_owned(), must.to_owned())).collect();
            key.extend(asked(stage).map(|(name, must)| (name.to_owned(), must.to_owned())));
            key
        };
        let stages = [Stage::Fixed, Stage::Wrappable, Stage::Locked, Stage::Unwrapped];
        for is in stages {
            for judged in stages {
                assert_eq!(judge(&at(is), &[], judged).is_ok(), is == judged, "{is:?} judged as {judged:?}");
            }
        }
        // A token that forgets who may wrap lets a plain user wrap the key under a key of his own.
        let mut untrusted = at(Stage::Wrappable);
        untrusted.remove("CKA_WRAP_WITH_TRUSTED");
        assert!(judge(&untrusted, &[], Stage::Wrappable).is_err());
    }

    #[test]
    fn dropped_attributes_are_in_neither_template() {
        let wanted = Wanted {
            id: b"id",
            label: "l",
            spec: KeySpec::Rsa3072,
            on_token: true,
            allowed: &[],
            params: None,
            stage: Stage::Fixed,
        };
        let names =
            |attributes: &[Attribute]| attributes.iter().map(|a| a.attribute_type().to_string()).collect::<Vec<_>>();
        let (public, private) = pair(&wanted, &["CKA_DERIVE".into()]);
        let all: Vec<String> = [names(&public), names(&private)].concat();
        assert!(!all.contains(&"CKA_DERIVE".to_owned()));
        assert!(all.contains(&"CKA_MODULUS_BITS".to_owned()));
        // Nothing is in OPTIONAL that is not in a template.
        let (public, private) = pair(&wanted, &[]);
        let all: Vec<String> = [names(&public), names(&private)].concat();
        for name in OPTIONAL {
            assert!(all.contains(&name.to_owned()), "{name}");
        }
    }
}
