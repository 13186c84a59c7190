//! What each activity does, a file each.

pub mod adopt_config;
pub mod change_custody;
pub mod close;
pub mod export_bundles;
pub mod generate_root;
pub mod import_requests;
pub mod initialize_token;
pub mod participants;
pub mod publish;
pub mod retire_cluster;
pub mod review_plans;
pub mod sign;
pub mod split_custody;
pub mod unlock_token;
