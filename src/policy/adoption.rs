//! Whether a root that was made elsewhere can be taken over: its certificate, and its key as the token tells it.
//!
//! What would leave the authority unable to sign, or its key able to leave the token, is refused. What a root of
//! ours would not have, and can no longer be changed, is taken with a reason that the log keeps.

use super::lint;
use crate::authority::Config;
use crate::authority::config::names;
use crate::finding::{Finding, Rule, Severity};
use crate::name::Attribute;
use crate::profile;
use crate::x509::read::{Certificate, CertificateView, show_name};
use crate::x509::verify;
use jiff::Timestamp;
use std::collections::BTreeMap;

const fn refuse(id: &'static str, says: &'static str, source: &'static str, hint: &'static str) -> Rule {
    Rule { id, severity: Severity::Refuse, says, source, hint }
}

const fn warn(id: &'static str, says: &'static str, source: &'static str, hint: &'static str) -> Rule {
    Rule { id, severity: Severity::Warn, says, source, hint }
}

static SELF_SIGNED: Rule = refuse(
    "adoption.self-signed",
    "An adopted root signed its own certificate.",
    "RFC 5280 section 3.2: a self-signed certificate can be verified with the key that it holds",
    "an intermediate is not adopted: adopt the root above it, or make a new root and roll over to it",
);
static IS_CA: Rule = refuse(
    "adoption.ca",
    "An adopted root may sign certificates and CRLs.",
    "RFC 5280 sections 4.2.1.3 and 4.2.1.9; consumers reject what it signs otherwise",
    "make a new root, and roll over to it",
);
static KEY_ID: Rule = refuse(
    "adoption.key-id",
    "An adopted root has a subject key identifier.",
    "RFC 5280 section 4.2.1.2; measured: Envoy takes the wrong one of two CAs of a name without it",
    "make a new root, and roll over to it",
);
static NO_ROOM: Rule = refuse(
    "adoption.path-length",
    "Below an adopted root there is room for intermediates.",
    "RFC 5280 section 4.2.1.9: path length 0 rules them out",
    "make a new root, and roll over to it",
);
static IN_TIME: Rule = refuse(
    "adoption.validity",
    "An adopted root is valid now.",
    "RFC 5280 section 6.1.3",
    "is the clock right? (date -u) If it is, make a new root, and roll over to it",
);
static KIND: Rule = refuse(
    "adoption.key.kind",
    "The key of an adopted root is of a kind that a root may have, and the one that people reviewed.",
    "NIST SP 800-57 part 1 revision 5 table 2; authority.toml",
    "write the kind of the certificate's key into [root] key, if that is one; and have it reviewed",
);
static SUBJECT: Rule = refuse(
    "adoption.subject",
    "The subject of an adopted root is the one that people reviewed.",
    "authority.toml: what is reviewed is what is executed",
    "write the certificate's subject into [root] subject, and have it reviewed; a test or rehearsal authority adopts \
     only a root with OU=TEST or OU=REHEARSAL",
);
static STAYS: Rule = refuse(
    "adoption.token.leaves",
    "The key of an adopted root signs, asks for the PIN, and cannot leave its token.",
    "PKCS#11 v3.0 section 4.9: CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_PRIVATE, CKA_SIGN",
    "CKA_SENSITIVE and CKA_EXTRACTABLE can be made stricter, once and for all, with the token's own tool",
);
static BORN_OUTSIDE: Rule = warn(
    "adoption.token.born-outside",
    "The key of a root was made in its token and was never outside.",
    "PKCS#11 v3.0 section 4.9: CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE",
    "who had the file may have a copy: say where every copy is, or make a new root and roll over to it",
);
static OTHER_USES: Rule = warn(
    "adoption.token.other-uses",
    "The key of a root does nothing but sign.",
    "PKCS#11 v3.0 section 4.9: CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN_RECOVER",
    "where the token allows it, set them to false with its own tool",
);
static OTHER_KEYS: Rule = warn(
    "adoption.token.other-keys",
    "A root's token holds the keys of one authority.",
    "a key that nobody here knows could sign in the authority's name, under the same PIN",
    "say whose they are; delete what nobody needs with the token's own tool",
);

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[
    &SELF_SIGNED,
    &IS_CA,
    &KEY_ID,
    &NO_ROOM,
    &IN_TIME,
    &KIND,
    &SUBJECT,
    &STAYS,
    &BORN_OUTSIDE,
    &OTHER_USES,
    &OTHER_KEYS,
];

/// What is found about the certificate of a root that is to be taken over. Where nothing refuses it, what the lint
/// would refuse in a root of ours is among the warnings: the certificate exists and cannot be changed.
pub fn judge_root(config: &Config, root: &Certificate, now: Timestamp) -> Vec<Finding> {
    let view = &root.view;
    let mut findings = Vec::new();
    if view.issuer_der != view.subject_der {
        findings
            .push(SELF_SIGNED.finding(format!("issued by {}", show_name(&view.issuer)), "issuer and subject alike"));
    } else if let Err(error) = verify::signature(&view.spki, root.algorithm, &root.tbs, &root.signature) {
        findings.push(SELF_SIGNED.finding(error.to_string(), "its own signature"));
    }
    findings.extend(usage(view));
    if view.subject_key_id.is_none() {
        findings.push(KEY_ID.finding("none", "a subject key identifier"));
    }
    if view.basic_constraints.as_ref().is_some_and(|basic| basic.path_len == Some(0)) {
        findings.push(NO_ROOM.finding("path length 0", "no path length, or one above 0"));
    }
    if now < view.not_before || now >= view.not_after {
        let validity = format!("{} to {}", view.not_before, view.not_after);
        findings.push(IN_TIME.finding(format!("valid {validity}; it is {now}"), "a certificate that is valid"));
    }
    findings.extend(reviewed(config, view));
    if findings.is_empty()
        && let Ok(profile) = profile::by_name("root")
    {
        let of_ours = lint(view, None, profile);
        findings.extend(
            of_ours.into_iter().map(|finding| Finding { severity: finding.severity.min(Severity::Warn), ..finding }),
        );
    }
    findings
}

fn usage(view: &CertificateView) -> Option<Finding> {
    let lacks = |usage: &&str| view.key_usage.as_ref().is_some_and(|has| !has.names.contains(usage));
    let mut seen: Vec<String> =
        ["keyCertSign", "cRLSign"].iter().filter(|u| lacks(u)).map(|u| format!("no {u}")).collect();
    if !view.basic_constraints.as_ref().is_some_and(|basic| basic.ca) {
        seen.insert(0, "no CA:TRUE".to_owned());
    }
    (!seen.is_empty()).then(|| IS_CA.finding(seen.join(", "), "CA:TRUE, keyCertSign and cRLSign"))
}

/// The configuration that people reviewed agrees with the certificate.
fn reviewed(config: &Config, view: &CertificateView) -> Vec<Finding> {
    let mut findings = Vec::new();
    let spec = view.spki.spec();
    let allowed = profile::by_name("root").map(|profile| profile.keys).unwrap_or_default();
    if !allowed.contains(&spec) || spec.is_experimental() {
        findings.push(KIND.finding(spec.title(), names(allowed)));
    } else if spec != config.root.key {
        findings.push(KIND.finding(spec.name(), format!("[root] key = \"{}\"", config.root.key)));
    }
    let wanted = config.root_name(1);
    // Attributes that the configuration cannot say (DC, emailAddress) are shown, not compared.
    let known = |label: &str| Attribute::ALL.iter().any(|attribute| attribute.label() == label);
    let mut theirs: Vec<(&str, &str)> = view.subject.iter().map(|a| (a.label.as_str(), a.value.as_str())).collect();
    theirs.retain(|(label, _)| known(label));
    let mut ours: Vec<(&str, &str)> = wanted.0.iter().map(|(a, value)| (a.label(), value.as_str())).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    if theirs != ours {
        findings.push(SUBJECT.finding(show_name(&view.subject), wanted.to_string()));
    }
    findings
}

/// What is found about the key of a root that is to be taken over, by its attributes as the token tells them.
pub fn judge_key(attributes: &BTreeMap<String, String>) -> Vec<Finding> {
    let is = |name: &str| attributes.get(name).map_or("unavailable", String::as_str);
    let list = |pairs: &[(&str, &str)], silent_is_fine: bool| {
        let differs =
            |(name, must): &&(&str, &str)| is(name) != *must && !(silent_is_fine && is(name) == "unavailable");
        let differing: Vec<&(&str, &str)> = pairs.iter().filter(differs).collect();
        let said = |value: &dyn Fn(&(&str, &str)) -> String| {
            differing.iter().map(|pair| value(pair)).collect::<Vec<_>>().join(", ")
        };
        let seen = said(&|(name, _)| format!("{name} = {}", is(name)));
        (!differing.is_empty()).then(|| (seen, said(&|(name, must)| format!("{name} = {must}"))))
    };
    let stays =
        [("CKA_SENSITIVE", "true"), ("CKA_EXTRACTABLE", "false"), ("CKA_SIGN", "true"), ("CKA_PRIVATE", "true")];
    let inside = [("CKA_LOCAL", "true"), ("CKA_ALWAYS_SENSITIVE", "true"), ("CKA_NEVER_EXTRACTABLE", "true")];
    let alone =
        [("CKA_DECRYPT", "false"), ("CKA_UNWRAP", "false"), ("CKA_DERIVE", "false"), ("CKA_SIGN_RECOVER", "false")];
    let found =
        [(&STAYS, list(&stays, false)), (&BORN_OUTSIDE, list(&inside, true)), (&OTHER_USES, list(&alone, true))];
    found.into_iter().filter_map(|(rule, found)| found.map(|(seen, wanted)| rule.finding(seen, wanted))).collect()
}

/// What is found about other keys in the token, described for people.
pub fn judge_others(others: &[String]) -> Option<Finding> {
    (!others.is_empty()).then(|| OTHER_KEYS.finding(others.join("; "), "no other key that can sign"))
}
