//! Policy: what may be signed. Pure: a parsed certificate or a claim in, findings out.
//!
//! [`judge()`] decides whether a request may become a cluster's intermediate under this configuration and
//! log; [`judge_shared()`] compares its key with all others; [`lint()`] checks the exact to-be-signed bytes,
//! and the certificate afterwards, against RFC 5280 and the profile. A rule is stated once, in a table;
//! [`rules`] gives all of them. Nothing here asks people.

pub mod adoption;
pub mod continuity;
mod export;
pub mod judge;
pub mod lint;
mod never;
mod overlap;
pub mod retirement;
pub mod revocation;
pub mod session;
pub mod shared;
mod succession;

pub use continuity::{Previous, renewal_line};
pub use export::exportable;
pub use judge::{Claim, Judgement, judge};
pub use lint::{lint, lint_crl, lint_known, lint_signature};
pub use never::cut_short;
pub use overlap::{Replaced, both_valid, overlap, show_overlap};
pub use retirement::check_retirable;
pub use revocation::Order;
pub use session::{Beside, together};
pub use shared::judge_shared;
pub use succession::{Predecessor, compare_crls, lint_crl_signature, lint_current, lint_in_use, lint_succession};

use crate::finding::Rule;

/// Every rule of requests, policy and lint.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let tables = [
        adoption::RULES,
        continuity::RULES,
        judge::RULES,
        never::RULES,
        overlap::RULES,
        session::RULES,
        shared::RULES,
        succession::RULES,
    ];
    let claims = tables.into_iter().flatten().copied();
    crate::request::rules().chain(claims).chain(lint::rules())
}

#[cfg(test)]
mod tests;
