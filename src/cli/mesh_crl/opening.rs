//! `open --with-crl`: a cluster's CRLs beside its four files.

use super::super::args::Open;
use super::super::cluster::MAX_FILE;
use super::{LIMITS, crls, crls_of, rows_screen};
use crate::bundle::Opened;
use crate::cli::terminal::Terminal;
use crate::consumer::Layout;
use crate::consumer::crl::{self, Making, Row};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::x509::keygen::LocalKey;
use crate::x509::read;
use jiff::Timestamp;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Adds ca-crl.pem to what is placed: the intermediate's own CRL, made with its key, and the bundle's of the root.
///
/// # Errors
/// [`Kind::Usage`]: the consumer reads no CRLs. [`Kind::Medium`]: the key is not here. [`Kind::Verify`] as
/// [`crl::make_own`]. Nothing was written.
pub fn add(opened: &mut Opened, a: &Open, now: Timestamp) -> Result<Vec<Row>, Error> {
    let profile = opened.manifest.profile.as_str();
    if Layout::of_profile(profile).is_some_and(|layout| layout != Layout::Istio) {
        return Err(Error::new(Kind::Usage, "only Istio reads ca-crl.pem")
            .saw(format!("a certificate for {profile}"))
            .hint("leave --with-crl out"));
    }
    let get = |wanted: &str| opened.files.iter().find(|(name, ..)| name == wanted).map(|(_, bytes, _)| bytes.clone());
    let key_path = a.into.join("ca-key.pem");
    let key = match get("ca-key.pem") {
        Some(key) => key,
        None if intake::is_there(&key_path)? => intake::read_private(&key_path, MAX_FILE)?,
        None => {
            return Err(Error::new(Kind::Medium, "the intermediate's own CRL is signed by its key, which is not here")
                .wanted(key_path.display().to_string())
                .hint("open the bundle where the key is, or leave --with-crl out"));
        }
    };
    let text = std::str::from_utf8(&key).map_err(|_| Error::new(Kind::Medium, "ca-key.pem is not text"))?;
    let key = LocalKey::from_pem(&SecretString::from(text))?;
    let certificate = read::foreign(&opened.certificate.der)?;
    // Carried over from the file that is there, so that a merged one stays merged; then the bundle's.
    let mut before = match intake::is_there(&a.into)? {
        true => crls_of(&a.into)?,
        false => Vec::new(),
    };
    let bundled = get("root.crl").unwrap_or_default();
    before.extend(crls("root.crl", &bundled)?);
    let days = a.crl_days.unwrap_or(crl::MOST_DAYS);
    let crls = crl::cluster_crls(&Making { certificate: &certificate, key: &key, before: &before, days, now })?;
    opened.files.push((crl::FILE.to_owned(), Zeroizing::new(crl::write_file(&crls)), 0o644));
    let from = |position| if position == 0 { "made now, by ca-key.pem" } else { "from the bundle, or there before" };
    Ok(crls.iter().enumerate().map(|(position, crl)| Row::of(crl, from(position))).collect())
}

/// Says what was begun with, and when it would stop the mesh.
pub fn explain(rows: &[Row], now: Timestamp, terminal: &mut Terminal) {
    terminal.line("");
    terminal.screen(&rows_screen(crl::FILE, rows, now));
    terminal.talk(LIMITS);
    terminal.talk("Several clusters: anchorite mesh-crl merge, before any of their Secrets is applied.");
}
