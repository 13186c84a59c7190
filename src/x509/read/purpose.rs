//! Object identifiers that people know by name: key purposes and anyPolicy (RFC 5280 sections 4.2.1.4 and 4.2.1.12).

/// extKeyUsage serverAuth.
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// extKeyUsage clientAuth.
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// The standard's name of a key purpose, or the object identifier itself.
pub fn purpose_name(oid: &str) -> &str {
    match oid {
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        SERVER_AUTH => "serverAuth",
        CLIENT_AUTH => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "1.3.6.1.5.5.7.3.36" => "documentSigning",
        other => other,
    }
}

/// `anyPolicy`, or the object identifier itself.
pub fn policy_name(oid: &str) -> &str {
    if oid == "2.5.29.32.0" { "anyPolicy" } else { oid }
}
