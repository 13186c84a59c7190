//! The names of the files inside, and of those that opening adds.

/// What the payload holds.
pub const MANIFEST: &str = "manifest.json";
/// The intermediate.
pub const CA_CERT: &str = "ca-cert.pem";
/// The intermediate, then the rest of its chain to the root.
pub const CERT_CHAIN: &str = "cert-chain.pem";
/// All current roots.
pub const ROOT_CERT: &str = "root-cert.pem";
/// The CRLs of all current roots.
pub const ROOT_CRL: &str = "root.crl";
/// Certificates by which current roots vouch for each other.
pub const CROSS: &str = "cross.pem";
/// The exact log line of the outcome.
pub const ENTRY: &str = "entry.json";
/// A C2SP tlog-proof of that line.
pub const INCLUSION: &str = "inclusion.proof";
/// A consistency proof from each earlier bundle.
pub const CONSISTENCY: &str = "consistency.proof";
/// The key made by the authority, sealed once more: a bundle made again from the log.
pub const SEALED_KEY: &str = "ca-key.pem.age";
/// The exact log line that names the log whose place was taken: in bundles of a restored authority.
pub const RESTORE: &str = "restore.json";
/// A C2SP tlog-proof of that line.
pub const RESTORE_PROOF: &str = "restore.proof";
/// The receipt that opening leaves behind.
pub const RECEIPT: &str = "receipt.json";

/// The files that every payload holds beside its manifest.
pub const REQUIRED: [&str; 7] = [CA_CERT, CERT_CHAIN, ROOT_CERT, ROOT_CRL, ENTRY, INCLUSION, CONSISTENCY];
/// The files that a payload may hold.
pub const OPTIONAL: [&str; 5] = [super::payload::KEY_FILE, SEALED_KEY, CROSS, RESTORE, RESTORE_PROOF];
