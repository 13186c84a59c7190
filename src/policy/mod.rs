//! Policy: rules as data and the findings they make. The lint of what is about to be signed, and of what was.
//!
//! Pure. A finding of severity refuse cannot be overruled by anybody; the rules are listed by [`rules`].

pub mod lint;

pub use lint::{lint, lint_crl};

use crate::finding::Rule;
use crate::request;

/// Every rule of the program: for requests, for certificates, for CRLs.
pub fn rules() -> Vec<&'static Rule> {
    request::rules().chain(lint::rules()).collect()
}
