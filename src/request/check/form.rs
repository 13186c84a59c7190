//! Checks of a request's subject, its attributes and what it asks for.

use super::{Request, Seen};
use crate::name::Attribute;
use crate::text;
use crate::x509::read::{CLIENT_AUTH, NameAttribute, SERVER_AUTH, purpose_name};
use crate::x509::strict;

pub(super) fn deceptive(request: &Request<'_>) -> Vec<Seen> {
    let find = |attribute: &NameAttribute| deceives(&attribute.label, &attribute.value);
    request.view.subject.iter().filter_map(find).collect()
}

/// What of a string would be shown as something else, or not at all.
fn deceives(label: &str, value: &str) -> Option<Seen> {
    let seen = |observed: String, expected: &str| Seen { observed, expected: expected.to_owned() };
    if let Some((position, character)) = text::first_deceptive(value) {
        let observed = format!("{label}: U+{:04X} at character {}", u32::from(character), position + 1);
        return Some(seen(observed, "printable characters"));
    }
    let position = text::first_doubtful_space(value)?;
    Some(seen(format!("{label}: a space at character {}", position + 1), "single spaces, and none at the ends"))
}

pub(super) fn asks_deceptive(request: &Request<'_>) -> Vec<Seen> {
    let extensions = &request.view.extensions;
    let names = extensions.san.iter().flat_map(|san| san.all());
    let subtrees = extensions.name_constraints.iter().flat_map(|c| c.permitted.iter().chain(&c.excluded).cloned());
    let urls = extensions.crl_urls.iter().chain(&extensions.ca_issuers_urls).cloned();
    // A directoryName is escaped already: an escape in it is what to look for.
    let find = |name: String| match name.starts_with("dirName:") && name.replace("\\\\", "").contains("\\u{") {
        true => Some(Seen { observed: name, expected: "printable characters".to_owned() }),
        false => deceives(&name, &name),
    };
    names.chain(subtrees).chain(urls).filter_map(find).collect()
}

pub(super) fn subject_form(request: &Request<'_>) -> Vec<Seen> {
    let mut found = Vec::new();
    let mut labels: Vec<&str> = Vec::new();
    for attribute in &request.view.subject {
        let mut wrong = |observed: String, expected: &str| {
            found.push(Seen { observed: format!("{}: {observed}", attribute.label), expected: expected.to_owned() });
        };
        let Some(known) = Attribute::ALL.into_iter().find(|known| known.label() == attribute.label) else { continue };
        let types: &[&str] = match known.printable_only() {
            true => &["PrintableString"],
            false => &["UTF8String", "PrintableString", "TeletexString", "BMPString", "UniversalString"],
        };
        if !types.contains(&attribute.string_type.as_str()) {
            wrong(attribute.string_type.clone(), &types.join(" or "));
        }
        let length = attribute.value.chars().count();
        if length == 0 || length > known.max_len() {
            wrong(text::count(length, "character"), &format!("1 to {}", known.max_len()));
        }
        if known == Attribute::Country && !(length == 2 && attribute.value.bytes().all(|b| b.is_ascii_alphabetic())) {
            wrong(attribute.value.clone(), "two letters");
        }
        let single = !matches!(known, Attribute::OrganizationalUnit | Attribute::Organization);
        if single && labels.contains(&known.label()) {
            wrong("more than one".to_owned(), "one");
        }
        labels.push(known.label());
    }
    found
}

pub(super) fn subject_path(request: &Request<'_>) -> Vec<Seen> {
    let climbs = |value: &str| value.split(['/', '\\']).filter(|part| *part == "..").count() > 0;
    let found = request.view.subject.iter().filter(|attribute| climbs(&attribute.value));
    found
        .map(|a| Seen { observed: format!("{}={}", a.label, a.value), expected: "no \"..\" in it".to_owned() })
        .collect()
}

pub(super) fn duplicate_attribute(request: &Request<'_>) -> Vec<Seen> {
    let found = request.view.duplicate_attributes.iter();
    found.map(|oid| Seen { observed: format!("attribute {oid} twice"), expected: "once".to_owned() }).collect()
}

pub(super) fn duplicate_extension(request: &Request<'_>) -> Vec<Seen> {
    let found = request.view.extensions.duplicates.iter();
    found.map(|oid| Seen { observed: format!("extension {oid} twice"), expected: "once".to_owned() }).collect()
}

pub(super) fn critical_extension(request: &Request<'_>) -> Vec<Seen> {
    let found = request.view.extensions.others.iter().filter(|other| other.critical);
    found
        .map(|e| Seen { observed: format!("extension {}", e.oid), expected: "none that is critical".to_owned() })
        .collect()
}

pub(super) fn another_purpose(request: &Request<'_>) -> Vec<Seen> {
    let mut found = Vec::new();
    let mut wrong = |observed: String, expected: &str| {
        found.push(Seen { observed, expected: expected.to_owned() });
    };
    let extensions = &request.view.extensions;
    if extensions.key_usage.as_ref().is_some_and(|usage| usage.names.is_empty()) {
        wrong("keyUsage without any use".to_owned(), "keyCertSign, or no keyUsage");
    }
    for purpose in extensions.extended_key_usage.iter().flat_map(|usage| &usage.purposes) {
        if !matches!(purpose.as_str(), SERVER_AUTH | CLIENT_AUTH) {
            wrong(format!("extendedKeyUsage {}", purpose_name(purpose)), "serverAuth and clientAuth, or none");
        }
    }
    found
}

pub(super) fn unusual(request: &Request<'_>) -> Vec<Seen> {
    let subject = &request.view.subject;
    let mut found = Vec::new();
    let mut odd = |observed: String| found.push(Seen { observed, expected: "a plain subject".to_owned() });
    for attribute in subject {
        if !attribute.value.is_ascii() {
            odd(format!("{} beyond ASCII: {}", attribute.label, attribute.value));
        }
        if attribute.label.contains('.') {
            odd(format!("attribute type {}", attribute.label));
        }
        if attribute.value.bytes().any(|b| !strict::is_printable_string(b) && b.is_ascii()) {
            odd(format!("{} with characters that other programs may interpret: {}", attribute.label, attribute.value));
        }
    }
    let pairs = subject.iter().zip(subject.iter().skip(1));
    if pairs.into_iter().any(|(a, b)| a.rdn == b.rdn) {
        odd("several values in one part".to_owned());
    }
    found
}

pub(super) fn asks(request: &Request<'_>) -> Vec<Seen> {
    let expected = "what the profile gives";
    request.view.asked.iter().map(|ask| Seen { observed: ask.clone(), expected: expected.to_owned() }).collect()
}
