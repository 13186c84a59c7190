//! What each activity does, a file each.

pub mod adopt_config;
pub mod break_;
pub mod check_copy;
pub mod checklist;
pub mod close;
pub mod compare_script;
pub mod confirm;
pub mod confirm_clock;
pub mod copy_authority;
pub mod export_bundles;
pub mod generate_root;
pub mod import_requests;
pub mod initialize_token;
pub mod materials;
pub mod participants;
pub mod preflight;
pub mod publish;
pub mod read_aloud;
pub mod record;
pub mod retire_cluster;
pub mod review_plans;
pub mod sign;
pub mod sign_off;
pub mod unlock_token;
pub mod verify_log;
