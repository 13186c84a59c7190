//! Layouts: which bytes stand under which key of a consumer's Secret.

use super::check::{CaFiles, check};
use crate::error::{Error, Kind};
use crate::finding::Severity;
use crate::text;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// How a consumer names its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Istio's `cacerts`: ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem.
    Istio,
    /// `tls.crt`, `tls.key`, `ca.crt`: Istio since 1.14 (looked for first), cert-manager.
    Tls,
}

impl Layout {
    /// All.
    pub const ALL: [Layout; 2] = [Layout::Istio, Layout::Tls];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Layout::Istio => "istio",
            Layout::Tls => "tls",
        }
    }

    /// The Secret's type; none is Opaque, as Istio's own is created.
    pub const fn secret_type(self) -> Option<&'static str> {
        match self {
            Layout::Istio => None,
            Layout::Tls => Some("kubernetes.io/tls"),
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

/// The data of a Secret: its keys and their bytes, one of which is private.
pub type Data = Vec<(&'static str, Zeroizing<Vec<u8>>)>;

/// Arranges a cluster's files as a layout has them: key of the Secret, bytes.
///
/// # Errors
/// [`Kind::Medium`]: the private key is not there. [`Kind::Verify`]: a rule of [`check()`] refuses the files; a
/// Secret of them would break the mesh. The hints list every such finding.
pub fn arrange(layout: Layout, files: &CaFiles<'_>, now: Timestamp) -> Result<Data, Error> {
    let Some(key) = files.ca_key else {
        return Err(Error::new(Kind::Medium, "a Secret needs the private key, and ca-key.pem is not there")
            .hint("run this where the request was made"));
    };
    let refused: Vec<_> = check(files, now).into_iter().filter(|f| f.severity == Severity::Refuse).collect();
    if !refused.is_empty() {
        let error = Error::new(Kind::Verify, "these files would break the mesh")
            .saw(text::count(refused.len(), "finding"))
            .truth("No Secret was written.");
        return Err(refused.iter().fold(error, |error, finding| {
            error.hint(format!("{}: {}, wanted {}: {}", finding.id, finding.observed, finding.expected, finding.hint))
        }));
    }
    let bytes = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    let key = bytes(key.expose_secret().as_bytes());
    Ok(match layout {
        Layout::Istio => vec![
            ("ca-cert.pem", bytes(files.ca_cert)),
            ("ca-key.pem", key),
            ("cert-chain.pem", bytes(files.cert_chain)),
            ("root-cert.pem", bytes(files.root_cert)),
        ],
        // The chain begins with the intermediate: that is checked above.
        Layout::Tls => {
            vec![("ca.crt", bytes(files.root_cert)), ("tls.crt", bytes(files.cert_chain)), ("tls.key", key)]
        }
    })
}
