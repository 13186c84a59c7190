//! Modules that reach their token over TCP, which is closed to this process: found in their settings, before they
//! are loaded, so that people read the reason and the alternative and not a vendor's "connection failed".
//!
//! Known: YubiHSM's `connector=`, in the string for C_Initialize or in the file that YUBIHSM_PKCS11_CONF names;
//! Utimaco's `Device =` in the file that CS_PKCS11_R3_CFG names; the host and port of a TPM in software, in
//! TPM2_PKCS11_TCTI. Luna's settings name appliances beside cards, and nShield's daemon is another process: what their
//! profiles say of the network is said where no token is found.
//! Where nothing is known the fence answers: the module's connection fails with EPERM.

use crate::error::{Error, Kind};
use crate::token::hsm_profile::HsmProfile;
use std::path::Path;

/// Where a vendor's module has its settings, and what in them is reached over TCP.
struct Settings {
    /// What is in the module's file name.
    module: &'static str,
    /// The variable that names the file.
    variable: &'static str,
    /// The file otherwise.
    file: &'static str,
    /// The address of a line that names one.
    over_tcp: fn(&str) -> Option<&str>,
    /// What to write there instead, and what that does.
    wanted: (&'static str, &'static str),
}

const KNOWN: [Settings; 2] = [
    // YubiHSM SDK, "Configuration options": without the variable, a file in the current directory.
    Settings {
        module: "yubihsm",
        variable: "YUBIHSM_PKCS11_CONF",
        file: "yubihsm_pkcs11.conf",
        over_tcp: connector,
        wanted: ("connector yhusb://", "yhusb:// speaks to the token over USB"),
    },
    // Utimaco, "The Parameter Device": port@host and TCP:port@host are an appliance or the simulator.
    Settings {
        module: "cs_pkcs11",
        variable: "CS_PKCS11_R3_CFG",
        file: "/etc/utimaco/cs_pkcs11_R3.cfg",
        over_tcp: device,
        wanted: ("Device = /dev/cs2", "/dev/cs2 is a card in this machine"),
    },
];

/// Names how the module of TPMs reaches one (tpm2-pkcs11, docs/CONFIGURING.md; tpm2-tss, tctildr(7)).
const TPM2: &str = "TPM2_PKCS11_TCTI";

/// Refuses a module whose settings name a token that is reached over TCP.
///
/// # Errors
/// [`Kind::Token`]; the module was not loaded.
pub(super) fn check(profile: &HsmProfile, module: &Path) -> Result<(), Error> {
    let name = module.file_name().unwrap_or_default().to_string_lossy();
    if name.contains("tpm2_pkcs11") {
        let way = std::env::var(TPM2).unwrap_or_default();
        return if tpm_over_tcp(&way) { Err(refused_tpm(&way)) } else { Ok(()) };
    }
    for known in &KNOWN {
        let text = profile.initialize_with.as_deref().unwrap_or_default();
        if let Some(address) = (known.over_tcp)(text) {
            return Err(refused(known, address, "initialize_with in the token's profile"));
        }
        if !name.contains(known.module) {
            continue;
        }
        let settings = std::env::var_os(known.variable).unwrap_or_else(|| known.file.into());
        let text = fs_err::read_to_string(Path::new(&settings)).unwrap_or_default();
        if let Some(address) = text.lines().map(without_comment).find_map(known.over_tcp) {
            let place = format!("{}, which {} names", settings.to_string_lossy(), known.variable);
            return Err(refused(known, address, &place));
        }
    }
    Ok(())
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}

/// The address of a `connector` setting that is an http one.
fn connector(settings: &str) -> Option<&str> {
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

/// The address of a `Device` setting that is a port and a host.
fn device(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    let mut devices = value.split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '"'));
    (name.trim() == "Device").then(|| devices.find(|device| device.contains('@'))).flatten()
}

fn refused(known: &Settings, address: &str, place: &str) -> Error {
    let (wanted, does) = known.wanted;
    let (setting, _) = wanted.split_once(' ').unwrap_or((wanted, ""));
    Error::new(Kind::Token, "this module would reach its token over the network, which is closed here")
        .saw(format!("{setting} {address}"))
        .wanted(wanted)
        .hint(format!("the setting is in {place}; {does}"))
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
        assert_eq!(connector("connector = http://127.0.0.1:12345"), Some("http://127.0.0.1:12345"));
        assert_eq!(connector("debug connector=https://hsm.example timeout=5"), Some("https://hsm.example"));
        assert_eq!(connector("connector = yhusb://serial=123456"), None);
        assert_eq!(connector("libdebug"), None);
    }

    #[test]
    fn a_device_over_tcp_is_found_and_a_card_is_none() {
        assert_eq!(device("Device = 3001@127.0.0.1"), Some("3001@127.0.0.1"));
        assert_eq!(device("  Device = { TCP:288@10.0.0.1 TCP:288@10.0.0.2 }"), Some("TCP:288@10.0.0.1"));
        assert_eq!(device("Device = /dev/cs2"), None);
        assert_eq!(device(without_comment("# Device = 288@10.0.0.1")), None);
        assert_eq!(device("Logpath = /tmp/a@b"), None);
    }
}
