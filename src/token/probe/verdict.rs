//! What a probe means for a root CA, in words. Pure.

use super::{Failed, Proved, Tried};
use crate::key::KeySpec;
use serde::Serialize;

/// Kinds of root keys, the one to choose first.
pub(super) const BEST: [KeySpec; 6] =
    [KeySpec::EcdsaP384, KeySpec::Rsa4096, KeySpec::EcdsaP521, KeySpec::EcdsaP256, KeySpec::Rsa3072, KeySpec::Ed25519];

const NO_KEY: &str = "it makes no key that ends with the session";

/// The kind of every audit key.
const AUDIT: KeySpec = KeySpec::EcdsaP256;

/// What a probe means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// In a sentence or more.
    pub says: String,
    /// Kinds of root keys that it can hold, the one to choose first; by its word alone where nothing was tried.
    pub roots: Vec<KeySpec>,
    /// Whether it can hold the audit key too.
    pub audit: bool,
    /// False where only the token's word is known.
    pub tried: bool,
    /// False where it makes no key that ends with the session, so that nothing could be tried without changing it.
    pub sessions_hold_keys: bool,
    /// What is wrong with it, a sentence each.
    pub dangers: Vec<String>,
}

impl Verdict {
    pub(super) fn of(listed: &[KeySpec], proved: Option<&Proved>) -> Self {
        let works = |spec: &KeySpec| match proved {
            None => listed.contains(spec),
            Some(proved) => proved.algorithms.iter().any(|tried| tried.algorithm == *spec && tried.fault.is_none()),
        };
        let roots: Vec<KeySpec> = BEST.into_iter().filter(works).collect();
        let audit = works(&AUDIT);
        let made = |tried: &Tried| !tried.on_token && tried.failed != Some(Failed::Made);
        // Where no kind that the token lists can even be made, it is the session that holds none.
        let sessions_hold_keys = proved.is_none_or(|p| listed.is_empty() || p.algorithms.iter().any(made));
        let dangers = proved.map(|proved| dangers(&proved.algorithms)).unwrap_or_default();
        let says = match (proved, sessions_hold_keys) {
            (None, _) => untried(&roots, audit),
            (Some(_), false) if roots.is_empty() => {
                format!("Nothing could be tried without changing the token: {NO_KEY}.")
            }
            (Some(_), false) => {
                let audit = if audit {
                    Audit::Tried
                } else if listed.contains(&AUDIT) {
                    Audit::Listed
                } else {
                    Audit::No
                };
                let can = tried(&roots, audit, !dangers.is_empty());
                format!("{can} Other kinds could not be tried without changing the token: {NO_KEY}.")
            }
            (Some(_), true) => tried(&roots, if audit { Audit::Tried } else { Audit::No }, !dangers.is_empty()),
        };
        let tried = proved.is_some() && (sessions_hold_keys || !roots.is_empty());
        Self { says, roots, audit, tried, sessions_hold_keys, dangers }
    }
}

fn untried(roots: &[KeySpec], audit: bool) -> String {
    if roots.is_empty() {
        return "This token cannot hold a root CA: it lists no way to make such a key and to sign with it.".to_owned();
    }
    let audit = if audit { "; the audit key too" } else { "; not the audit key, which needs a second token" };
    format!("By what it lists, this token could hold a root CA: {}{audit}. Nothing was tried.", kinds(roots))
}

/// What is known of the audit key.
enum Audit {
    Tried,
    Listed,
    No,
}

fn tried(roots: &[KeySpec], audit: Audit, danger: bool) -> String {
    if roots.is_empty() {
        return "This token cannot hold a root CA: no kind of key works.".to_owned();
    }
    let can = match danger {
        false => "This token can hold a root CA",
        true => "This token can sign as a root CA, and does not keep the key safe",
    };
    let audit = match audit {
        Audit::Tried => "; the audit key too",
        Audit::Listed => "; the audit key too, by its word",
        Audit::No => "; not the audit key, for it makes no ECDSA P-256: that needs a second token ([audit])",
    };
    format!("{can}: {}{audit}.", kinds(roots))
}

/// `ECDSA P-384 (recommended), RSA-4096`: the first is recommended where it is the one to choose.
pub fn kinds(roots: &[KeySpec]) -> String {
    let said = |spec: &KeySpec| match BEST.first() == Some(spec) {
        true => format!("{} (recommended)", spec.title()),
        false => spec.title().to_owned(),
    };
    roots.iter().map(said).collect::<Vec<_>>().join(", ")
}

fn dangers(algorithms: &[Tried]) -> Vec<String> {
    let of = |danger: &dyn Fn(&Tried) -> bool| {
        let kinds: Vec<&str> = algorithms.iter().filter(|t| danger(t)).map(|t| t.algorithm.title()).collect();
        let all = algorithms.iter().filter(|tried| tried.escapes.is_some()).count();
        (!kinds.is_empty()).then(|| if kinds.len() == all { "every kind".to_owned() } else { kinds.join(", ") })
    };
    let escaped = |how: &dyn Fn(&super::Escapes) -> bool| of(&|tried| tried.escapes.as_ref().is_some_and(how));
    let way = algorithms.iter().find_map(|tried| tried.escapes.as_ref()?.wrapped_by.clone()).unwrap_or_default();
    let mut all = Vec::new();
    if let Some(kinds) = escaped(&|escapes| escapes.wrapped_by.is_some()) {
        all.push(format!(
            "Whoever knows the PIN can take the key out: the token wrapped one that is not extractable under a key \
             of the user's own ({way}; {kinds})."
        ));
    }
    if let Some(kinds) = escaped(&|escapes| escapes.read_out) {
        all.push(format!("Whoever knows the PIN can read the key: the token told its secret part ({kinds})."));
    }
    if let Some(kinds) = escaped(&|escapes| escapes.softened) {
        all.push(format!(
            "Whoever knows the PIN can make the key extractable, although it must not be modifiable ({kinds})."
        ));
    }
    if let Some(kinds) = of(&|tried| tried.failed == Some(Failed::Judged)) {
        all.push(format!("It makes keys that are not what was asked for ({kinds}): no root is made of such a kind."));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, proved, tried};
    use super::*;

    #[test]
    fn a_token_that_was_not_tried_is_judged_by_its_word_and_that_is_said() {
        let verdict = Verdict::of(&[KeySpec::Rsa3072, KeySpec::EcdsaP384], None);
        assert_eq!(
            verdict.says,
            "By what it lists, this token could hold a root CA: ECDSA P-384 (recommended), RSA-3072; not the audit \
             key, which needs a second token. Nothing was tried."
        );
        assert!(!verdict.tried);
        assert!(Verdict::of(&[KeySpec::Rsa2048], None).says.contains("cannot hold a root CA"));
    }

    #[test]
    fn a_token_that_works_is_said_to_with_the_kind_to_choose_first() {
        let all = [tried(KeySpec::EcdsaP256, None), tried(KeySpec::EcdsaP384, None), tried(KeySpec::Rsa2048, None)];
        let verdict = Verdict::of(KeySpec::ALL, Some(&proved(all.to_vec())));
        assert_eq!(
            verdict.says,
            "This token can hold a root CA: ECDSA P-384 (recommended), ECDSA P-256; the audit key too."
        );
        let verdict = found().verdict;
        assert!(verdict.says.contains("RSA-3072; not the audit key, for it makes no ECDSA P-256"), "{verdict:?}");
    }

    #[test]
    fn every_way_out_of_a_token_is_a_danger() {
        let with = |change: &dyn Fn(&mut super::super::Escapes)| {
            let mut one = tried(KeySpec::EcdsaP384, None);
            change(one.escapes.as_mut().unwrap());
            Verdict::of(KeySpec::ALL, Some(&proved(vec![one])))
        };
        assert_eq!(with(&|_| {}).dangers, Vec::<String>::new());
        for verdict in [
            with(&|escapes| escapes.wrapped_by = Some("CKM_AES_KEY_WRAP".into())),
            with(&|escapes| escapes.read_out = true),
            with(&|escapes| escapes.softened = true),
        ] {
            assert_eq!(verdict.dangers.len(), 1);
            assert!(verdict.dangers[0].starts_with("Whoever knows the PIN can "), "{verdict:?}");
            assert!(verdict.says.contains("does not keep the key safe"), "{verdict:?}");
        }
        let mut other = tried(KeySpec::Rsa4096, Some("CKA_SENSITIVE = false"));
        other.failed = Some(Failed::Judged);
        let verdict = Verdict::of(KeySpec::ALL, Some(&proved(vec![other])));
        assert!(verdict.dangers[0].contains("not what was asked for (RSA-4096)"), "{verdict:?}");
        assert!(verdict.says.contains("cannot hold a root CA: no kind of key works"), "{verdict:?}");
    }

    #[test]
    fn a_token_without_session_keys_is_told_from_one_without_any() {
        let none = proved(vec![tried(KeySpec::EcdsaP384, Some("the token refused"))]);
        let verdict = Verdict::of(&[KeySpec::EcdsaP384], Some(&none));
        assert!(!verdict.sessions_hold_keys && !verdict.tried);
        assert!(verdict.says.contains("without changing the token"), "{verdict:?}");
        let mut one = tried(KeySpec::EcdsaP384, None);
        one.on_token = true;
        let verdict = Verdict::of(
            &[KeySpec::EcdsaP384, KeySpec::Rsa3072],
            Some(&proved(vec![one, tried(KeySpec::Rsa3072, Some("the token refused"))])),
        );
        assert!(!verdict.sessions_hold_keys && verdict.tried);
        assert!(verdict.says.contains("ECDSA P-384 (recommended)") && verdict.says.contains("Other kinds could not"));
        let verdict = Verdict::of(&[], Some(&none));
        assert!(verdict.says.contains("no kind of key works"), "{verdict:?}");
    }
}
