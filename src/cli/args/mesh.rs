//! Arguments of `mesh-crl`.

use crate::consumer::crl::MOST_DAYS;
use clap::Subcommand;
use std::path::PathBuf;

/// The days of a CRL: twelve months at the most.
#[derive(Debug, clap::Args)]
pub struct CrlDays {
    /// How long the intermediate's own CRL is valid, in days; never beyond the intermediate's end.
    #[arg(long = "crl-days", value_name = "DAYS", default_value_t = MOST_DAYS,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_DAYS)))]
    pub days: u16,
}

#[derive(Debug, clap::Args)]
pub struct MeshCrl {
    #[command(subcommand)]
    pub command: MeshCrlCommand,
}

#[derive(Debug, Subcommand)]
pub enum MeshCrlCommand {
    /// Make an intermediate's own CRL anew, or for the first time, where its key is.
    ///
    /// Writes DIR/ca-crl.pem: the intermediate's own CRL, signed by DIR/ca-key.pem, and those of the other CAs that
    /// are there, the root's of DIR/root.crl among them. What the own CRL listed stays, and its number rises.
    #[command(before_help = "Example:\n  anchorite mesh-crl renew cluster1")]
    Renew {
        /// A directory that `open` filled, with the key.
        dir: PathBuf,
        #[command(flatten)]
        life: CrlDays,
    },
    /// Merge the clusters' CRLs into the one file that every cluster gets.
    ///
    /// Every CA of every chain needs a CRL in it, roots and intermediates that are about to be used included, or
    /// Envoy rejects what is under that CA. Each CRL is verified with the certificates given; the newest of each CA
    /// is taken. Nothing is written where one is missing, expired, forged or behind the file that is there.
    #[command(before_help = "Examples:\n  anchorite mesh-crl merge --into ca-crl.pem cluster1 cluster2 root.crl\n  \
        anchorite mesh-crl merge --into cluster1 cluster1 cluster1.2 cluster2")]
    Merge {
        /// A cluster's directory (cert-chain.pem, root-cert.pem, ca-crl.pem; no key is read), a file of CRLs (PEM or
        /// DER), or a file of CA certificates (PEM).
        #[arg(required = true, value_name = "DIR|FILE")]
        what: Vec<PathBuf>,
        /// The file to write; a directory gets ca-crl.pem. A file that is there is replaced, and never by an older
        /// state of any CA.
        #[arg(long, value_name = "FILE|DIR")]
        into: PathBuf,
        /// A cluster that is gone for good, by its name in its CA's subject: its CRLs are left out, where its CA is
        /// not among what is given; may be repeated.
        #[arg(long, value_name = "NAME")]
        gone: Vec<String>,
    },
    /// Is a CRL due? For cron: exit 0, or 10 where one is due, wrong or missing.
    #[command(before_help = "Examples:\n  anchorite mesh-crl check cluster1 cluster2\n  \
        kubectl -n istio-system get configmap istio-ca-crl \\\n      \
        -o jsonpath='{.data.ca-crl\\.pem}' | anchorite mesh-crl check -")]
    Check {
        /// A cluster's directory (no key is read), a file of CRLs, or - for one on stdin.
        #[arg(required = true, value_name = "DIR|FILE|-")]
        what: Vec<PathBuf>,
        /// Due is what ends within so many days.
        #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
}
