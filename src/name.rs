//! Distinguished names as people write them: an ordered list of attributes, one per RDN.

use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An attribute type that names may carry (RFC 5280 section 4.1.2.4, X.520).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// `C`, two letters, PrintableString.
    Country,
    /// `ST`.
    State,
    /// `L`.
    Locality,
    /// `O`.
    Organization,
    /// `OU`.
    OrganizationalUnit,
    /// `CN`.
    CommonName,
    /// `serialNumber`, PrintableString.
    SerialNumber,
}

impl Attribute {
    /// All, in the order in which this program writes them.
    pub const ALL: [Attribute; 7] = [
        Attribute::Country,
        Attribute::State,
        Attribute::Organization,
        Attribute::OrganizationalUnit,
        Attribute::CommonName,
        Attribute::Locality,
        Attribute::SerialNumber,
    ];

    /// The short name of RFC 4514, or the attribute's own where it has none.
    pub const fn label(self) -> &'static str {
        match self {
            Attribute::Country => "C",
            Attribute::State => "ST",
            Attribute::Locality => "L",
            Attribute::Organization => "O",
            Attribute::OrganizationalUnit => "OU",
            Attribute::CommonName => "CN",
            Attribute::SerialNumber => "serialNumber",
        }
    }

    /// The object identifier, dotted.
    pub const fn oid(self) -> &'static str {
        match self {
            Attribute::Country => "2.5.4.6",
            Attribute::State => "2.5.4.8",
            Attribute::Locality => "2.5.4.7",
            Attribute::Organization => "2.5.4.10",
            Attribute::OrganizationalUnit => "2.5.4.11",
            Attribute::CommonName => "2.5.4.3",
            Attribute::SerialNumber => "2.5.4.5",
        }
    }

    /// The upper bound of RFC 5280 appendix A.1, in characters.
    pub const fn max_len(self) -> usize {
        match self {
            Attribute::Country => 2,
            Attribute::State | Attribute::Locality => 128,
            _ => 64,
        }
    }

    /// True where the standard wants a PrintableString instead of a UTF8String.
    pub const fn printable_only(self) -> bool {
        matches!(self, Attribute::Country | Attribute::SerialNumber)
    }
}

/// A distinguished name: attributes in encoding order, one per RDN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DistinguishedName(pub Vec<(Attribute, String)>);

impl DistinguishedName {
    /// Adds an attribute at the end.
    pub fn with(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.0.push((attribute, value.into()));
        self
    }

    /// The first value of an attribute.
    pub fn get(&self, attribute: Attribute) -> Option<&str> {
        self.0.iter().find(|(a, _)| *a == attribute).map(|(_, v)| v.as_str())
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (attribute, value)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{}={}", attribute.label(), show_value(value))?;
        }
        Ok(())
    }
}

/// An attribute's value as it is shown: nothing in it can pretend to be another attribute, the escape of another
/// character, or the `#` before a value that is no text. Two values are never shown alike (RFC 4514 section 2.4).
pub fn show_value(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    for (position, c) in value.chars().enumerate() {
        if matches!(c, '\\' | ',' | '+' | '=') || (c == '#' && position == 0) {
            shown.push('\\');
        }
        shown.push(c);
    }
    crate::text::escape(&shown)
}

/// The subject template of `authority.toml`: what the configuration fixes of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectTemplate {
    /// `C`, two upper-case letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `ST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `O`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// `OU`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizational_unit: Option<String>,
    /// `CN`.
    pub common_name: String,
}

impl SubjectTemplate {
    /// The attributes in encoding order; `extra_units` (a cluster's own, TEST, REHEARSAL) follow the template's
    /// OU, and `common_name_suffix` (` G2`) ends the common name.
    pub fn name<'a>(
        &'a self,
        extra_units: impl IntoIterator<Item = &'a str>,
        common_name_suffix: &str,
    ) -> DistinguishedName {
        let mut name = DistinguishedName::default();
        let fixed = [
            (Attribute::Country, self.country.as_deref()),
            (Attribute::State, self.state.as_deref()),
            (Attribute::Organization, self.organization.as_deref()),
            (Attribute::OrganizationalUnit, self.organizational_unit.as_deref()),
        ];
        let extra = extra_units.into_iter().map(|unit| (Attribute::OrganizationalUnit, Some(unit)));
        for (attribute, value) in fixed.into_iter().chain(extra) {
            if let Some(value) = value {
                name = name.with(attribute, value);
            }
        }
        name.with(Attribute::CommonName, format!("{}{common_name_suffix}", self.common_name))
    }
}

/// Checks a cluster's or environment's name: 1 to 63 lower-case letters, digits and inner hyphens (a DNS label).
///
/// # Errors
/// [`Kind::Usage`] for anything else.
pub fn check_label(what: &str, name: &str) -> Result<(), Error> {
    let letters = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let hyphens = name.starts_with('-') || name.ends_with('-');
    if letters && !hyphens && (1..=63).contains(&name.len()) {
        return Ok(());
    }
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    Err(Error::new(Kind::Usage, format!("not {article} {what}"))
        .saw(format!("\"{name}\""))
        .wanted("1 to 63 of a-z, 0-9 and -, a letter or digit at both ends"))
}

/// Checks a SPIFFE trust domain: 1 to 255 of `a-z 0-9 . - _` (SPIFFE-ID section 2.1).
///
/// # Errors
/// [`Kind::Usage`] for anything else.
pub fn check_trust_domain(name: &str) -> Result<(), Error> {
    let letters = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'));
    if letters && (1..=255).contains(&name.len()) {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "not a trust domain")
        .saw(format!("\"{name}\""))
        .wanted("1 to 255 of a-z, 0-9, \".\", \"-\" and \"_\", for example cluster.local"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::{build, read};
    use proptest::prelude::*;

    #[test]
    fn a_value_is_never_shown_as_another_or_as_two() {
        for (value, shown) in [
            ("a, O=b", "a\\, O\\=b"),
            ("a\\, O=b", "a\\\\\\, O\\=b"),
            ("a+O=b", "a\\+O\\=b"),
            ("a\\", "a\\\\"),
            ("#0c0141", "\\#0c0141"),
            ("\\u{202e}", "\\\\u{202e}"),
            ("\u{202e}", "\\u{202e}"),
            ("plain name.example/x-1", "plain name.example/x-1"),
        ] {
            assert_eq!(show_value(value), shown);
        }
    }

    /// Names that can be written: each value within its length, printable where it must be.
    fn names() -> impl Strategy<Value = DistinguishedName> {
        let value = |attribute: Attribute| match attribute {
            Attribute::Country => "[A-Z]{2}".prop_map(String::from).boxed(),
            Attribute::SerialNumber => "[A-Za-z0-9'()+,./:=?-]{1,64}".prop_map(String::from).boxed(),
            // Whatever the writer takes, letters of any script and every sign of RFC 4514 among it.
            _ => "[a-zA-Z0-9,+=\\\\\"#;<>é日ж]{1,20}( [\\\\,=+u{}0-9]{1,20})?".prop_map(String::from).boxed(),
        };
        let one = prop::sample::select(Attribute::ALL.to_vec()).prop_flat_map(move |a| (Just(a), value(a)));
        prop::collection::vec(one, 1..6).prop_map(DistinguishedName)
    }

    proptest! {
        #[test]
        fn a_name_is_read_as_it_was_written_and_shown_the_same(name in names()) {
            let der = build::name_der(&name).unwrap();
            let read = read::name(&der).unwrap();
            let values: Vec<_> = read.iter().map(|a| (a.label.as_str(), a.value.as_str())).collect();
            let written: Vec<_> = name.0.iter().map(|(a, value)| (a.label(), value.as_str())).collect();
            prop_assert_eq!(values, written);
            prop_assert_eq!(read::show_name(&read), name.to_string());
            let again = DistinguishedName(name.0.clone());
            prop_assert_eq!(build::name_der(&again).unwrap(), der);
        }

        #[test]
        fn two_names_that_differ_are_shown_differently(a in names(), b in names()) {
            prop_assert_eq!(a == b, a.to_string() == b.to_string());
            prop_assert_eq!(a == b, build::name_der(&a).unwrap() == build::name_der(&b).unwrap());
        }

        #[test]
        fn two_values_that_differ_are_shown_differently(a in "[,+=#\\\\u{}1-2e \u{202e}a]{0,8}", b in "[,+=#\\\\u{}1-2e \u{202e}a]{0,8}") {
            prop_assert_eq!(a == b, show_value(&a) == show_value(&b));
        }

        #[test]
        fn what_is_written_is_always_read_whatever_was_asked(values in prop::collection::vec(".{0,70}", 1..4)) {
            let name = values.iter().fold(DistinguishedName::default(), |n, v| n.with(Attribute::CommonName, v));
            if let Ok(der) = build::name_der(&name) {
                let read = read::name(&der).unwrap();
                prop_assert_eq!(read.iter().map(|a| &a.value).collect::<Vec<_>>(), values.iter().collect::<Vec<_>>());
                prop_assert_eq!(read::show_name(&read), name.to_string());
            }
        }
    }
}
