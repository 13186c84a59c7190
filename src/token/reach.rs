//! Modules that reach their token over TCP, which is closed to this process: found in their settings, before they
//! are loaded, so that people read the reason and the alternative and not a vendor's "connection failed".
//!
//! Known: YubiHSM's `connector=`, in the string for C_Initialize or in the file that YUBIHSM_PKCS11_CONF names.
//! Where nothing is known the fence answers: the module's connection fails with EPERM.

use crate::error::{Error, Kind};
use crate::token::hsm_profile::HsmProfile;
use std::path::Path;

/// Names the settings of YubiHSM's module (YubiHSM SDK, "Configuration options").
const YUBIHSM: &str = "YUBIHSM_PKCS11_CONF";

/// Refuses a module whose settings name a connector that is reached over TCP.
///
/// # Errors
/// [`Kind::Token`]; the module was not loaded.
pub(super) fn check(profile: &HsmProfile, module: &Path) -> Result<(), Error> {
    if let Some(connector) = profile.initialize_with.as_deref().and_then(over_tcp) {
        return Err(refused(connector, "initialize_with in the token's profile"));
    }
    let is_yubihsm = module.file_name().is_some_and(|name| name.to_string_lossy().contains("yubihsm"));
    if !is_yubihsm {
        return Ok(());
    }
    // Without the variable, the module looks for this file in the current directory.
    let settings = std::env::var_os(YUBIHSM).unwrap_or_else(|| "yubihsm_pkcs11.conf".into());
    let text = fs_err::read_to_string(Path::new(&settings)).unwrap_or_default();
    match text.lines().map(|line| line.split('#').next().unwrap_or_default()).find_map(over_tcp) {
        Some(connector) => Err(refused(connector, &format!("{}, which {YUBIHSM} names", settings.to_string_lossy()))),
        None => Ok(()),
    }
}

/// The address of a `connector` setting that is an http one.
fn over_tcp(settings: &str) -> Option<&str> {
    let (_, value) = settings.split_once("connector")?;
    let address = value.trim_start_matches(|c: char| c == '=' || c.is_whitespace()).split_whitespace().next()?;
    (address.starts_with("http://") || address.starts_with("https://")).then_some(address)
}

fn refused(connector: &str, place: &str) -> Error {
    Error::new(Kind::Token, "this module would reach its token over the network, which is closed here")
        .saw(format!("connector {connector}"))
        .wanted("connector yhusb://")
        .hint(format!("the setting is in {place}; yhusb:// speaks to the token over USB"))
        .truth("Nothing was signed.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_over_tcp_is_found_and_one_over_usb_is_none() {
        assert_eq!(over_tcp("connector = http://127.0.0.1:12345"), Some("http://127.0.0.1:12345"));
        assert_eq!(over_tcp("debug connector=https://hsm.example timeout=5"), Some("https://hsm.example"));
        assert_eq!(over_tcp("connector = yhusb://serial=123456"), None);
        assert_eq!(over_tcp("libdebug"), None);
    }
}
