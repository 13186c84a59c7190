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
            // A comma inside a value is escaped as in RFC 4514, so a value cannot pretend to be two.
            let value = crate::text::escape(value).replace(',', "\\,");
            write!(f, "{comma}{}={value}", attribute.label())?;
        }
        Ok(())
    }
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
    Err(Error::new(Kind::Usage, format!("not a {what}"))
        .saw(format!("\"{name}\""))
        .wanted("1 to 63 of a-z, 0-9 and -, a letter or digit at both ends"))
}
