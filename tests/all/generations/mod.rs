//! A second root beside the first: made, followed by receivers and auditors, and issued under.

mod making;
