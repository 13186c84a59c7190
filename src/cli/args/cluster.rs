//! Arguments of the cluster side's commands.

use clap::ValueEnum;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Request {
    /// The cluster's name; a directory of this name is made.
    pub name: String,
    /// Its environment [default: prod; with --renew, as before].
    #[arg(long)]
    pub environment: Option<String>,
    /// Its SPIFFE trust domain [default: cluster.local; with --renew, as before].
    #[arg(long)]
    pub trust_domain: Option<String>,
    /// The kind of key [default: ecdsa-p384; with --renew, as before].
    #[arg(long)]
    pub key: Option<String>,
    /// Use this key (PEM, mode 0600) instead of making one; it is copied into the directory.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub use_key: Option<PathBuf>,
    /// Use this age identity (mode 0600) for its bundles instead of making one; it is copied into the directory
    /// [with --renew: the one of before, where it is still there].
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Another age recipient besides the identity's; may be repeated [with --renew: as before].
    #[arg(long, value_name = "AGE1")]
    pub recipient: Vec<String>,
    /// Make the directory here instead of in the current one.
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Ask again for a cluster that has a certificate: a new key, and the previous one signs too.
    #[arg(long)]
    pub renew: bool,
    /// The previous key: a directory that `open` filled, a key in PEM, the Secret as `kubectl get -o json` prints
    /// it, or - for standard input [default: the newest opened directory of NAME].
    #[arg(long, value_name = "WHAT", requires = "renew")]
    pub previous: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Open {
    /// The bundle's directory, or the medium it lies on.
    pub bundle: PathBuf,
    /// The directory to put the files into.
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// The age identity; left out, the one beside the key in --into.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Pin the root by its certificate, which came another way.
    #[arg(long, value_name = "FILE", conflicts_with = "root_fingerprint")]
    pub root: Option<PathBuf>,
    /// Pin the root by the SHA-256 on its card.
    #[arg(long, value_name = "HEX")]
    pub root_fingerprint: Option<String>,
    /// Take a bundle of a restored authority on the word of its new root card: the log's id on it.
    #[arg(long, value_name = "LOG-ID")]
    pub accept_restore: Option<String>,
    /// Take a bundle older than what is there.
    #[arg(long)]
    pub allow_older: bool,
    /// The payload as a stock age decrypted it (hardware recipients).
    #[arg(long, value_name = "FILE")]
    pub decrypted: Option<PathBuf>,
    /// Also make the intermediate's own CRL with its key, and write ca-crl.pem: it and the root's (Istio 1.27 and
    /// newer). Read `anchorite mesh-crl --help` first: from then on an expired CRL stops all mTLS.
    #[arg(long)]
    pub with_crl: bool,
    /// How long the intermediate's own CRL is valid, in days [default: 365]; never beyond the intermediate's end.
    #[arg(long, value_name = "DAYS", requires = "with_crl",
        value_parser = clap::value_parser!(u16).range(1..=i64::from(crate::consumer::crl::MOST_DAYS)))]
    pub crl_days: Option<u16>,
}

/// The shape of a Kubernetes Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem.
    Istio,
    /// tls.crt, tls.key, ca.crt, for istiod 1.14 and newer.
    Tls,
    /// tls.crt, tls.key, ca.crt, for a CA issuer.
    CertManager,
    /// tls.crt, tls.key, ca.crt, for the identity controller.
    Linkerd,
    /// tls.crt, tls.key, bundle.crt, for UpstreamAuthority disk.
    Spire,
    /// The PEM chain for intermediate/set-signed; no Secret, no key.
    Vault,
}

#[derive(Debug, clap::Args)]
pub struct Manifest {
    /// A directory that `open` filled.
    pub dir: PathBuf,
    /// The shape of the Secret.
    #[arg(long, value_enum, default_value = "istio")]
    pub layout: LayoutArg,
    /// Its namespace; left out, the consumer's own (istio-system).
    #[arg(long)]
    pub namespace: Option<String>,
    /// Its name; left out, the one its consumer looks for (cacerts).
    #[arg(long)]
    pub name: Option<String>,
}
