//! Policy: rules as data and the findings they make. May a cluster have this certificate ([`judge()`]), and is
//! what is about to be signed, or was, as it must be ([`lint()`]).
//!
//! Pure. A finding of severity refuse cannot be overruled by anybody; the rules are listed by [`rules`].

pub mod judge;
pub mod lint;

pub use judge::{Claim, Judgement, judge};
pub use lint::{lint, lint_crl};

use crate::finding::Rule;
use crate::request;

/// Every rule of the program: for requests, for clusters, for certificates, for CRLs.
pub fn rules() -> Vec<&'static Rule> {
    request::rules().chain(judge::RULES.iter().copied()).chain(lint::rules()).collect()
}
