//! Layouts: which bytes stand under which key of a consumer's Secret, and who reads it there.

use super::check::{Asked, CaFiles, Form, check};
use super::rule::{Consumer, Found};
use crate::error::{Error, Kind};
use crate::finding::Severity;
use crate::text;
use jiff::Timestamp;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// How a consumer names its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Istio's `cacerts`: ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem.
    Istio,
    /// Istio's `cacerts` as `tls.crt`, `tls.key`, `ca.crt`: since 1.14, looked for first.
    Tls,
    /// The signing Secret of a cert-manager CA issuer: the same keys.
    CertManager,
    /// Linkerd's identity issuer: the same keys.
    Linkerd,
    /// The files of SPIRE's UpstreamAuthority "disk": certificate and chain, key, bundle of roots.
    Spire,
    /// What Vault's `intermediate/set-signed` takes: the chain in PEM, no Secret and no key.
    Vault,
}

impl Layout {
    /// All.
    pub const ALL: [Layout; 6] =
        [Layout::Istio, Layout::Tls, Layout::CertManager, Layout::Linkerd, Layout::Spire, Layout::Vault];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Layout::Istio => "istio",
            Layout::Tls => "tls",
            Layout::CertManager => "cert-manager",
            Layout::Linkerd => "linkerd",
            Layout::Spire => "spire",
            Layout::Vault => "vault",
        }
    }

    /// The layout that a certificate profile is for.
    pub fn of_profile(profile: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == profile)
    }

    /// Who reads it.
    pub const fn consumers(self) -> &'static [Consumer] {
        match self {
            Layout::Istio | Layout::Tls => &[Consumer::Istiod, Consumer::Envoy, Consumer::Ztunnel, Consumer::Go],
            Layout::CertManager => &[Consumer::CertManager],
            Layout::Linkerd => &[Consumer::Linkerd],
            Layout::Spire => &[Consumer::Spire],
            Layout::Vault => &[Consumer::Vault],
        }
    }

    /// The shape that its rules see.
    const fn form(self) -> Form {
        match self {
            Layout::Istio => Form::Four,
            _ => Form::Tls,
        }
    }

    /// The Secret's type; none is Opaque, as Istio's own is created.
    pub const fn secret_type(self) -> Option<&'static str> {
        match self {
            Layout::Istio | Layout::Spire | Layout::Vault => None,
            Layout::Tls | Layout::CertManager | Layout::Linkerd => Some("kubernetes.io/tls"),
        }
    }

    /// The name and the namespace that the consumer looks under where nobody configured another; none for
    /// what is no Secret.
    pub const fn place(self) -> Option<(&'static str, &'static str)> {
        match self {
            Layout::Istio | Layout::Tls => Some(("cacerts", "istio-system")),
            Layout::CertManager => Some(("mesh-ca", "cert-manager")),
            Layout::Linkerd => Some(("linkerd-identity-issuer", "linkerd")),
            Layout::Spire => Some(("spire-upstream-ca", "spire-server")),
            Layout::Vault => None,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layout {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|layout| layout.name() == s).ok_or_else(|| {
            let error = Error::new(Kind::Usage, "no such layout")
                .saw(format!("\"{s}\""))
                .wanted(Self::ALL.map(Layout::name).join(", "));
            match text::nearest(s, Self::ALL.map(Layout::name)) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            }
        })
    }
}

/// The data of a Secret: its keys with their bytes, one of which is private.
pub type Data = Vec<(&'static str, Zeroizing<Vec<u8>>)>;

/// A cluster's files as a layout has them.
pub struct Arranged {
    /// Key of the Secret, bytes; one of Vault's, which is its PEM.
    pub data: Data,
    /// What people should know, though it stops nobody.
    pub notes: Vec<Found>,
}

/// Arranges a cluster's files as a layout has them.
///
/// # Errors
/// [`Kind::Medium`]: the private key is not there. [`Kind::Verify`]: a rule of [`check()`] that concerns the
/// layout's consumers refuses the files; what they would make of them does not work. The hints list every
/// such finding. [`Kind::Bug`] as [`check()`].
pub fn arrange(layout: Layout, files: &CaFiles<'_>, now: Timestamp) -> Result<Arranged, Error> {
    if files.ca_key.is_none() && layout != Layout::Vault {
        return Err(Error::new(Kind::Medium, "a Secret needs the private key, and ca-key.pem is not there")
            .hint("run this where the request was made"));
    }
    // Only istiod knows CRLs; in the layout that it reads first, it ignores them.
    let crl = files.crl.filter(|_| matches!(layout, Layout::Istio | Layout::Tls));
    let as_read = CaFiles { form: layout.form(), crl, ..*files };
    // The chain file becomes tls.crt, whose first certificate is the issuer's own.
    let as_read = match layout.form() {
        Form::Four => as_read,
        Form::Tls => CaFiles { ca_cert: files.cert_chain, ..as_read },
    };
    let (refused, notes): (Vec<_>, Vec<_>) = check(&as_read, &Asked::of(layout.consumers(), now))?
        .found
        .into_iter()
        .filter(|found| found.finding.severity > Severity::Info)
        .partition(|found| found.finding.severity == Severity::Refuse);
    if !refused.is_empty() {
        let error = Error::new(Kind::Verify, "these files would break the mesh")
            .saw(text::count(refused.len(), "finding"))
            .truth("No Secret was written.");
        return Err(refused.iter().map(|found| &found.finding).fold(error, |error, finding| {
            let (seen, wanted, hint) = (&finding.observed, &finding.expected, in_directory(layout, &finding.hint));
            error.hint(format!("{}: {seen}, wanted {wanted}: {hint}", finding.id))
        }));
    }
    Ok(Arranged { data: data(layout, files), notes })
}

/// A hint for the directory, which has four files whatever the layout: what is mended is mended there.
fn in_directory(layout: Layout, hint: &str) -> String {
    match layout.form() {
        Form::Four => hint.to_owned(),
        Form::Tls => [("tls.crt", "cert-chain.pem"), ("tls.key", "ca-key.pem"), ("ca.crt", "root-cert.pem")]
            .into_iter()
            .fold(hint.to_owned(), |hint, (theirs, ours)| hint.replace(theirs, ours)),
    }
}

/// The bytes under their keys; the rules have seen that each file is there.
fn data(layout: Layout, files: &CaFiles<'_>) -> Data {
    let bytes = |bytes: Option<&[u8]>| Zeroizing::new(bytes.unwrap_or_default().to_vec());
    let (key, chain, roots) = (bytes(files.ca_key), bytes(files.cert_chain), bytes(files.root_cert));
    match layout {
        Layout::Istio => {
            let four = [
                ("ca-cert.pem", bytes(files.ca_cert)),
                ("ca-key.pem", key),
                ("cert-chain.pem", chain),
                ("root-cert.pem", roots),
            ];
            // An empty one is data too: it takes CRLs away again (Istio 1.31.1 and newer).
            four.into_iter().chain(files.crl.map(|crl| (super::crl::FILE, bytes(Some(crl))))).collect()
        }
        Layout::Tls | Layout::CertManager | Layout::Linkerd => {
            vec![("ca.crt", roots), ("tls.crt", chain), ("tls.key", key)]
        }
        Layout::Spire => vec![("bundle.crt", roots), ("tls.crt", chain), ("tls.key", key)],
        Layout::Vault => vec![("chain.pem", chain)],
    }
}
