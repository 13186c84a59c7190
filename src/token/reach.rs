//! Modules that reach their token over TCP, which is closed to this process: found in their settings, before they
//! are loaded, so that people read the reason and the alternative and not a vendor's "connection failed".
//!
//! Known: YubiHSM's `connector=`, in the string for C_Initialize or in the file that YUBIHSM_PKCS11_CONF names; and the
//! host and port of a TPM in software, in TPM2_PKCS11_TCTI.
//! Where nothing is known the fence answers: the module's connection fails with EPERM.

use crate::error::{Error, Kind};
use crate::token::hsm_profile::HsmProfile;
use std::path::Path;

/// Names the settings of YubiHSM's module (YubiHSM SDK, "Configuration options").
const YUBIHSM: &str = "YUBIHSM_PKCS11_CONF";

/// Names how the module of TPMs reaches one (tpm2-pkcs11, docs/CONFIGURING.md; tpm2-tss, tctildr(7)).
const TPM2: &str = "TPM2_PKCS11_TCTI";

/// Refuses a module whose settings name a connector that is reached over TCP.
///
/// # Errors
/// [`Kind::Token`]; the module was not loaded.
pub(super) fn check(profile: &HsmProfile, module: &Path) -> Result<(), Error> {
    if let Some(connector) = profile.initialize_with.as_deref().and_then(over_tcp) {
        return Err(refused(connector, "initialize_with in the token's profile"));
    }
    let file = module.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if file.contains("tpm2_pkcs11") {
        let way = std::env::var(TPM2).unwrap_or_default();
        return if tpm_over_tcp(&way) { Err(refused_tpm(&way)) } else { Ok(()) };
    }
    if !file.contains("yubihsm") {
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

/// True for a simulator's address; where it names none it is a port of this machine.
fn tpm_over_tcp(way: &str) -> bool {
    let (kind, where_to) = way.split_once(':').unwrap_or((way, ""));
    ["swtpm", "mssim"].contains(&kind) && !where_to.split(',').any(|setting| setting.starts_with("path="))
}

fn refused_tpm(way: &str) -> Error {
    Error::new(Kind::Token, "this module would reach its TPM over the network, which is closed here")
        .saw(format!("{TPM2}={way}"))
        .wanted("device:/dev/tpmrm0")
        .hint("a TPM in software listens on a Unix socket too: swtpm socket --server type=unixio,path=SOCKET")
        .hint(format!("{TPM2}=swtpm:path=SOCKET then names it"))
        .truth("Nothing was signed.")
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
    fn a_tpm_over_tcp_is_found_and_one_that_is_a_device_or_a_socket_is_none() {
        for way in ["swtpm", "swtpm:port=2321", "mssim:host=tpm.example,port=2321", "swtpm:"] {
            assert!(tpm_over_tcp(way), "{way}");
        }
        for way in ["", "device:/dev/tpmrm0", "tabrmd:bus_type=session", "swtpm:path=/run/tpm", "mssim:path=/run/tpm"] {
            assert!(!tpm_over_tcp(way), "{way}");
        }
        assert!(refused_tpm("swtpm").to_string().contains("saw TPM2_PKCS11_TCTI=swtpm"));
    }

    #[test]
    fn a_connector_over_tcp_is_found_and_one_over_usb_is_none() {
        assert_eq!(over_tcp("connector = http://127.0.0.1:12345"), Some("http://127.0.0.1:12345"));
        assert_eq!(over_tcp("debug connector=https://hsm.example timeout=5"), Some("https://hsm.example"));
        assert_eq!(over_tcp("connector = yhusb://serial=123456"), None);
        assert_eq!(over_tcp("libdebug"), None);
    }
}
