//! Arguments of the ceremonies that begin an authority over what exists.

use super::{Attend, OwnScript};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Adopt {
    /// The root's certificate, PEM or DER.
    #[arg(long, value_name = "FILE")]
    pub certificate: PathBuf,
    /// What it issued: openssl's index.txt, a file of PEM certificates, or a directory of such; may be repeated.
    #[arg(long = "issued", value_name = "FILE|DIR")]
    pub issued: Vec<PathBuf>,
    /// Its last CRL, PEM or DER.
    #[arg(long, value_name = "FILE")]
    pub crl: Option<PathBuf>,
    /// The highest CRL number that was ever given, where that is not the last CRL's.
    #[arg(long, value_name = "N")]
    pub crl_number: Option<u64>,
    /// The CKA_ID of its key; left out, the key is found by the certificate's public key.
    #[arg(long, value_name = "HEX")]
    pub key_id: Option<String>,
    /// The serial number of the token that holds its key.
    #[arg(long, value_name = "SERIAL")]
    pub token_serial: String,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The copy of the authority that is left.
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// A published checkpoint of the lost log; may be repeated.
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub checkpoints: Vec<PathBuf>,
    /// A published CRL, PEM or DER; may be repeated.
    #[arg(long = "crl", value_name = "FILE")]
    pub crls: Vec<PathBuf>,
    /// A bundle, or a directory that `open` filled; may be repeated.
    #[arg(long = "bundle", value_name = "DIR")]
    pub bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
