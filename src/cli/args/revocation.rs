//! Arguments of what revokes and of what says so.

use super::{Attend, OwnScript};

/// Certificates to revoke.
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// CLUSTER, CLUSTER@GENERATION, or a serial number; may be repeated.
    #[arg(value_name = "CERTIFICATE", required = true)]
    pub what: Vec<String>,
    #[command(flatten)]
    pub why: Why,
    /// At once: the emergency-revocation ceremony, of 30 minutes.
    #[arg(long)]
    pub emergency: bool,
    #[command(flatten)]
    pub seats: Seats,
    /// Done already is done: exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

/// Who is not there, in an emergency.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Seats {
    /// Leave out a role that nobody can take ([emergency] waivable); may be repeated.
    #[arg(long, value_name = "ROLE")]
    pub waive: Vec<String>,
    /// The alternate of this role has come ([emergency] alternates); may be repeated.
    #[arg(long, value_name = "ROLE")]
    pub alternate: Vec<String>,
}

/// Why certificates are revoked.
#[derive(Debug, Clone, clap::Args)]
pub struct Why {
    /// keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn or
    /// unspecified.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Since when the key is suspected to be in other hands: 2026-11-20, or a time (RFC 3339). Never in the future.
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
}

/// The next CRL.
#[derive(Debug, clap::Args)]
pub struct Crl {
    /// Also sign a request for a parent that is to certify the newest root: public/root-gN.csr.
    #[arg(long, conflicts_with = "if_needed")]
    pub csr: bool,
    /// Only where something is not listed yet, or half of the last one's time is over; else exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
