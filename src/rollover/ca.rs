//! One CA of a cluster: its four files, read, and whether they are fit to begin or to end a switch with.
//!
//! The bytes stay as they were given: agents up to Istio 1.29 compare roots by prefix, so what a cluster has
//! now is never written in another form. Never looks at files on a disk.

use super::path;
use crate::consumer::given::Given;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::name::Attribute;
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use crate::x509::read::{self, Foreign};
use crate::x509::verify::{self, Checked};
use jiff::Timestamp;
use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// The four files, PEM. Not `Debug`: one of them is a key.
#[derive(Clone)]
pub struct Files {
    /// The intermediate; a self-signed CA's root.
    pub ca_cert: Vec<u8>,
    /// Its private key, where it is here.
    pub ca_key: Option<Zeroizing<Vec<u8>>>,
    /// The intermediate, then the rest of its chain.
    pub cert_chain: Vec<u8>,
    /// The roots, in the order in which they are trusted.
    pub root_cert: Vec<u8>,
}

/// Whose CA: for what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that signs now.
    Current,
    /// The one to switch to.
    Next,
}

impl Which {
    /// By the word in plan.json.
    pub fn of(signs: &str) -> Self {
        if signs == "old" { Which::Current } else { Which::Next }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Which::Current => "current",
            Which::Next => "next",
        })
    }
}

/// A CA that could be read. Not `Debug`: it holds a key.
pub struct Ca {
    /// The files, as they were given.
    pub files: Files,
    /// The intermediate.
    pub own: Foreign,
    /// The certificates of the chain file.
    pub chain: Vec<Foreign>,
    /// The roots.
    pub roots: Vec<Foreign>,
}

impl Ca {
    /// Reads what somebody gave as istiod would take it. A self-signed CA needs neither chain nor roots: it is
    /// its own (istiod's `istio-ca-secret`, whose other files are empty).
    ///
    /// # Errors
    /// [`Kind::Medium`]: a file is not there, or is none that istiod reads.
    pub fn of_given(given: &Given, which: Which) -> Result<Self, Error> {
        let files = given.files();
        let [cert, _, chain, root] = files.form.names();
        let missing = |name: &str, then: &str| {
            Error::new(Kind::Medium, format!("the {which} CA has no {name}")).wanted("all four files").hint(then)
        };
        let ca_cert = files.ca_cert.ok_or_else(|| missing(cert, "it is the certificate that signs for workloads"))?;
        let own = certificates(cert, ca_cert, which)?;
        // istiod reads the first and passes over the others, which tls.crt always has.
        let (ca_cert, own) = match own.as_slice() {
            [only] => (with_newline(ca_cert.to_vec()), only),
            [first, ..] => (pem::encode("CERTIFICATE", &first.der).into_bytes(), first),
            [] => return Err(missing(cert, "the file holds no certificate")),
        };
        let filled = |bytes: Option<&[u8]>| bytes.filter(|bytes| !bytes.trim_ascii().is_empty()).map(<[u8]>::to_vec);
        let (given_chain, given_roots) = (filled(files.cert_chain), filled(files.root_cert));
        let alone = own.is_self_issued().then(|| ca_cert.clone());
        let ca_key = filled(files.ca_key).map(Zeroizing::new);
        let cert_chain = given_chain.or_else(|| alone.clone()).ok_or_else(|| {
            missing(chain, "without it workloads send no chain, and every peer rejects them")
                .hint(format!("it is the intermediate, then every CA above it: {cert} first"))
        })?;
        let root_cert = given_roots
            .or(alone)
            .ok_or_else(|| missing(root, "it holds the roots that workloads trust; they must go on trusting them"))?;
        Self::read(Files { ca_cert, ca_key, cert_chain, root_cert }, which)
    }

    /// Reads four files.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Verify`]: certificates that cannot be read.
    pub fn read(files: Files, which: Which) -> Result<Self, Error> {
        let mut own = certificates("ca-cert.pem", &files.ca_cert, which)?;
        let chain = certificates("cert-chain.pem", &files.cert_chain, which)?;
        let roots = certificates("root-cert.pem", &files.root_cert, which)?;
        let own = match own.len() {
            1 => own.remove(0),
            several => {
                return Err(Error::new(Kind::Medium, format!("ca-cert.pem of the {which} CA is not one certificate"))
                    .saw(crate::text::count(several, "certificate"))
                    .hint("the rest of the chain belongs into cert-chain.pem"));
            }
        };
        Ok(Self { files, own, chain, roots })
    }

    /// The private key.
    ///
    /// # Errors
    /// [`Kind::Medium`]: none, or one that istiod does not read; [`Kind::Verify`]: another certificate's. No part
    /// of the key is in the error.
    pub fn key(&self, which: Which) -> Result<LocalKey, Error> {
        let name = format!("ca-key.pem of the {which} CA");
        let bytes = self.files.ca_key.as_ref().ok_or_else(|| {
            Error::new(Kind::Medium, format!("the {which} CA has no ca-key.pem"))
                .wanted("its private key: each stage's Secret holds the key of the CA that signs in it")
                .hint(match which {
                    Which::Current => {
                        "take the Secret from the cluster: kubectl -n istio-system get secret NAME -o json"
                    }
                    Which::Next => "name the directory in which the request was made: `open` leaves the key there",
                })
        })?;
        let text = std::str::from_utf8(bytes).map_err(|_| {
            Error::new(Kind::Medium, format!("{name} is not text"))
                .hint("convert it: openssl pkey -inform DER -in ca-key.pem -out key.pem && mv key.pem ca-key.pem")
        })?;
        let key = LocalKey::from_pem(&SecretString::from(text)).map_err(|error| error.within(&name))?;
        if key.spki().der() != self.own.key.der {
            return Err(Error::new(Kind::Verify, format!("{name} is another certificate's key"))
                .saw(format!("{}, spki {}", key.spki().spec().title(), key.spki().sha256().short()))
                .wanted(format!("{}, spki {}", self.own.key.title, Digest::of(&self.own.key.der).short()))
                .hint("istiod does not start with these two files: find the key that belongs to ca-cert.pem"));
        }
        Ok(key)
    }

    /// The CAs from the intermediate to the root that it leads to, both included; alone where it is that root.
    ///
    /// # Errors
    /// [`Kind::Verify`]: no such path, a root that did not sign itself, a certificate that is not valid at this
    /// time.
    pub fn path(&self, which: Which, at: Timestamp) -> Result<Vec<&Foreign>, Error> {
        self.check_self_signed(which)?;
        if !self.chain.iter().any(|certificate| certificate.der == self.own.der) && !self.is_its_own_root() {
            return Err(Error::new(
                Kind::Verify,
                format!("cert-chain.pem of the {which} CA lacks its own certificate"),
            )
            .saw(self.chain.first().map_or("nothing", |first| first.subject.as_str()))
            .wanted(&self.own.subject)
            .hint(
                "workloads send this file after their own certificate: without the CA that signed it every peer \
                     rejects them",
            )
            .hint("put it first: cat ca-cert.pem cert-chain.pem > chain.pem && mv chain.pem cert-chain.pem"));
        }
        let path = path::find(&self.own, &self.chain, &self.roots).map_err(|why| {
            let error = Error::new(Kind::Verify, format!("the {which} CA leads to no root of its own root-cert.pem"))
                .saw(why)
                .wanted("a path from ca-cert.pem through cert-chain.pem to a root of root-cert.pem");
            match which {
                Which::Current => error.hint(
                    "take the files that the cluster runs with; they are explained by: anchorite inspect cacerts DIR",
                ),
                Which::Next => error.hint(
                    "its chain and its root are of two authorities, or a CA between is missing: open the bundle again",
                ),
            }
        })?;
        for certificate in &path {
            valid_at(certificate, at, which)?;
        }
        Ok(path)
    }

    /// True where workloads trust the very certificate that signs for them.
    pub fn is_its_own_root(&self) -> bool {
        self.roots.iter().any(|root| root.der == self.own.der)
    }

    /// The cluster that the certificate names in its locality.
    pub fn cluster(&self) -> Option<String> {
        let attributes = read::name(&self.own.subject_der).ok()?;
        let locality = attributes.into_iter().find(|a| a.label == Attribute::Locality.label())?;
        Some(locality.value)
    }

    fn check_self_signed(&self, which: Which) -> Result<(), Error> {
        let signed = |root: &Foreign| verify::foreign(&root.key, &root.algorithm_oid, &root.tbs, &root.signature);
        match self.roots.iter().find(|root| root.is_self_issued() && signed(root) == Checked::Bad) {
            None => Ok(()),
            Some(root) => Err(Error::new(Kind::Verify, format!("a root of the {which} CA did not sign itself"))
                .saw(shown(root))
                .wanted("a root whose signature verifies with its own key")
                .hint(
                    "it was altered, or another key made it under this name: find the file that the mesh began with",
                )),
        }
    }
}

fn certificates(name: &str, bytes: &[u8], which: Which) -> Result<Vec<Foreign>, Error> {
    let read = || -> Result<Vec<Foreign>, Error> {
        pem::decode_all(&pem::without_text(bytes), "CERTIFICATE")?.iter().map(|der| read::foreign(der)).collect()
    };
    read().map_err(|error| error.into_kind(Kind::Medium).within(format!("{name} of the {which} CA")))
}

/// A certificate for people: its subject and the beginning of its digest.
pub fn shown(certificate: &Foreign) -> String {
    format!("{}, sha256 {}", certificate.subject, Digest::of(&certificate.der).short())
}

/// PEM that something can be appended to.
pub fn with_newline(mut pem: Vec<u8>) -> Vec<u8> {
    if !pem.ends_with(b"\n") {
        pem.push(b'\n');
    }
    pem
}

fn valid_at(certificate: &Foreign, at: Timestamp, which: Which) -> Result<(), Error> {
    let what = if certificate.is_self_issued() { "root" } else { "CA" };
    let refused = |how: &str| {
        Error::new(Kind::Verify, format!("the {which} {what} {how}"))
            .saw(format!("{}, {} to {}", shown(certificate), certificate.not_before, certificate.not_after))
            .wanted(format!("valid at {at}"))
    };
    if at < certificate.not_before {
        return Err(refused("is not valid yet")
            .hint("correct the clock of this machine or of the one that issued it, or wait until then"));
    }
    if at > certificate.not_after {
        return Err(refused("has expired").hint(match which {
            Which::Current => {
                "peers reject what is under it already, so there is no traffic to keep: put the next CA in place in \
                 every cluster at once, and restart istiod and the workloads"
            }
            Which::Next => "renew it first: anchorite request NAME --renew",
        }));
    }
    Ok(())
}
