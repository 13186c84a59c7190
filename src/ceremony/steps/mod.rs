//! What each activity does, a file each.

pub mod adopt_config;
pub mod close;
pub mod copy_authority;
pub mod export_bundles;
pub mod generate_root;
pub mod import_requests;
pub mod initialize_token;
pub mod participants;
pub mod publish;
pub mod retire_cluster;
pub mod review_plans;
pub mod sign;
pub mod unlock_token;
