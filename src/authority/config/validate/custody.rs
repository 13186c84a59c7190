//! `[custody]`: numbers with which a lost share loses nothing and a lone custodian opens nothing.

use super::contradiction;
use crate::authority::Config;
use crate::error::Error;

/// The most custodians of a set; `custody::MOST` is the same number.
const MOST: u8 = 16;

/// Checks the numbers, and that there is a recipient for each custodian or for none.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with line and column.
pub(super) fn validate(config: &Config, text: &str) -> Result<(), Error> {
    let Some(custody) = &config.custody else { return Ok(()) };
    let at = |key: &str, what: &str| contradiction(text, "custody", key, what);
    let (m, n) = (custody.threshold, custody.custodians);
    let thresholds = if n <= 3 { "2".to_owned() } else { format!("2 to {}", n - 1) };
    if !(3..=MOST).contains(&n) {
        let what = match n {
            ..3 => "with fewer than three, a lost share loses the root, or one custodian opens it alone",
            _ => "too many",
        };
        return Err(at("custodians", what).saw(n.to_string()).wanted(format!("3 to {MOST}")));
    }
    if m < 2 {
        return Err(at("threshold", "one custodian alone would open the token")
            .saw(m.to_string())
            .wanted(thresholds)
            .hint("for a PIN that one person types, leave [custody] out"));
    }
    if m > n {
        return Err(at("threshold", "more shares are needed than there are custodians")
            .saw(format!("{m} of {n}"))
            .wanted(thresholds));
    }
    // A proved backup that opens without these shares would allow it. Before genesis none is proved, and a copy of
    // the token's files opens to the same shares.
    if m == n {
        return Err(at("threshold", "with every share needed, one lost share loses the root")
            .saw(format!("{m} of {n}, [key_backup] mode = \"{}\"", config.key_backup.mode.name()))
            .wanted(format!("a threshold below {n}, or a proved key backup that opens without these shares"))
            .hint(format!("threshold = {} outlives one lost share", n - 1)));
    }
    if !custody.recipients.is_empty() {
        if custody.recipients.len() != usize::from(n) {
            return Err(at("recipients", "a share is sealed for each custodian or for none")
                .saw(custody.recipients.len().to_string())
                .wanted(n.to_string()));
        }
        let mut sorted = custody.recipients.clone();
        sorted.sort();
        if let Some(twice) = sorted.windows(2).find_map(|two| (two.first() == two.last()).then(|| two.first())) {
            return Err(at("recipients", "one recipient would hold two shares").saw(twice.map_or("", |r| r)));
        }
        if config.unattended {
            return Err(at("recipients", "a sealed share is proved by its custodian, who must be there")
                .saw("unattended = true")
                .hint("leave recipients out: an unattended authority keeps shares in --shares DIR"));
        }
    }
    Ok(())
}
