//! Policy: what may be signed. Pure: a parsed certificate or a claim in, findings out.
//!
//! [`judge()`] decides whether a request may become a cluster's intermediate under this configuration and
//! log; [`lint()`] checks the exact to-be-signed bytes, and the certificate afterwards, against RFC 5280 and
//! the profile. A rule is stated once, in a table; [`rules`] gives all of them. Nothing here asks people.

pub mod continuity;
pub mod judge;
pub mod lint;
pub mod retirement;
pub mod session;

pub use continuity::{Previous, renewal_line};
pub use judge::{Claim, Judgement, judge};
pub use lint::{lint, lint_crl};
pub use retirement::check_retirable;
pub use session::{Beside, together};

use crate::finding::Rule;

/// Every rule of requests, policy and lint.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    crate::request::rules()
        .chain(judge::RULES.iter().copied())
        .chain(continuity::RULES.iter().copied())
        .chain(session::RULES.iter().copied())
        .chain(lint::rules())
}
