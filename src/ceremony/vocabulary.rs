//! The closed vocabulary of steps: what each needs, gives and takes is the whole model of a ceremony.

use super::people::Stop;
use super::room::{Bench, Room};
use super::script::Step;
use super::steps;
use crate::files::medium::Role;

/// Something that is true at a point of a ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The authority has no root yet.
    NoRoot,
    /// The authority has a root.
    Root,
    /// Everybody's paper has the digest of this script.
    Compared,
    /// Everybody's name is known.
    Participants,
    /// A watch agrees with the machine's clock.
    ClockConfirmed,
    /// The machine was checked.
    Preflighted,
    /// No token was initialised for this authority yet.
    NoToken,
    /// A token is initialised and has a user PIN.
    TokenReady,
    /// The token is unlocked.
    Unlocked,
    /// A copy of the root's token is at hand, as far as people know.
    BackedUp,
    /// Keys exist whose certificates are not yet issued.
    NewKeys,
    /// Requests were read and accepted.
    Requests,
    /// There is something to make plans of.
    Plannable,
    /// People approved plans.
    Approved,
    /// The root key signed.
    Signed,
}

impl Fact {
    /// The fact in words.
    pub const fn says(self) -> &'static str {
        match self {
            Fact::NoRoot => "an authority without a root",
            Fact::Root => "an authority with a root",
            Fact::Compared => "a script that was compared with everybody's paper",
            Fact::Participants => "participants",
            Fact::ClockConfirmed => "a clock that was compared with a watch",
            Fact::Preflighted => "a machine that was checked",
            Fact::NoToken => "a token that is not initialised yet",
            Fact::TokenReady => "an initialised token",
            Fact::Unlocked => "an unlocked token",
            Fact::BackedUp => "a copy of the root's token",
            Fact::NewKeys => "newly generated keys",
            Fact::Requests => "imported requests",
            Fact::Plannable => "keys, requests or CRLs to make plans of",
            Fact::Approved => "approved plans",
            Fact::Signed => "a signature",
        }
    }
}

/// What an activity takes from its step in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// `items`: what is ticked, one by one.
    Items,
    /// `values`: what is written down.
    Values,
    /// `[[materials]]` of the script.
    Materials,
    /// `text`: what is read out.
    Text,
}

impl Setting {
    /// The field's name.
    pub const fn name(self) -> &'static str {
        match self {
            Setting::Items => "items",
            Setting::Values => "values",
            Setting::Materials => "materials",
            Setting::Text => "text",
        }
    }

    /// The field as one writes it.
    pub const fn says(self) -> &'static str {
        match self {
            Setting::Items => "items = [\"…\"]",
            Setting::Values => "values = [{ name = \"…\" }]",
            Setting::Materials => "[[materials]]",
            Setting::Text => "text = \"…\"",
        }
    }
}

/// How long what a step did lasts: a finished step is done again only where its effect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// In the log, the token or on a medium.
    Forever,
    /// In this process: a later one does it again where a step that is still to come needs it.
    Process,
}

/// What people may do when a step fails, beside a pause and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// It can be tried again: it begins anew, and nothing that it did before is in its way.
    pub retry: bool,
    /// It can be left out under a deviation: no later step relies on it.
    pub skip: bool,
}

impl Ways {
    /// A step of people: both.
    pub const BOTH: Ways = Ways { retry: true, skip: true };
    /// A step that others rely on.
    pub const RETRY: Ways = Ways { retry: true, skip: false };
    /// A step that cannot be repeated in the same process.
    pub const NONE: Ways = Ways { retry: false, skip: false };
}

/// One word of the vocabulary.
pub struct Activity {
    /// Its name in scripts.
    pub name: &'static str,
    /// What it does, for the paper and the screen.
    pub says: &'static str,
    /// True where it asks what an answers file can answer (a PIN is no such thing).
    pub asks: bool,
    /// What must be true before.
    pub needs: &'static [Fact],
    /// What is true after.
    pub gives: &'static [Fact],
    /// What is no longer true after.
    pub takes: &'static [Fact],
    /// What it takes from its step; each is required.
    pub settings: &'static [Setting],
    /// How long what it did lasts.
    pub lasts: Lasts,
    /// What people may do when it fails.
    pub ways: Ways,
    /// The medium that it wants inserted.
    pub medium: Option<Role>,
    /// Does it.
    pub run: fn(&mut Room<'_>, &mut Bench, &Step) -> Result<(), Stop>,
}

/// Every activity; a file each under `steps/`.
pub static VOCABULARY: &[Activity] = &[
    steps::compare_script::ACTIVITY,
    steps::participants::ACTIVITY,
    steps::materials::ACTIVITY,
    steps::checklist::ACTIVITY,
    steps::record::ACTIVITY,
    steps::read_aloud::ACTIVITY,
    steps::confirm_clock::ACTIVITY,
    steps::break_::ACTIVITY,
    steps::sign_off::ACTIVITY,
    steps::verify_log::ACTIVITY,
    steps::preflight::ACTIVITY,
    steps::split_custody::ACTIVITY,
    steps::initialize_token::ACTIVITY,
    steps::unlock_token::ACTIVITY,
    steps::adopt_config::ACTIVITY,
    steps::generate_root::ACTIVITY,
    steps::generate_next_root::ACTIVITY,
    steps::attest_keys::ACTIVITY,
    steps::cross_sign::ACTIVITY,
    steps::adopt_key::ACTIVITY,
    steps::restore_log::ACTIVITY,
    steps::import_requests::ACTIVITY,
    steps::review_plans::ACTIVITY,
    steps::sign::ACTIVITY,
    steps::rotate_audit::ACTIVITY,
    steps::export_bundles::ACTIVITY,
    steps::check_copy::ACTIVITY,
    steps::retire_cluster::ACTIVITY,
    steps::revoke::ACTIVITY,
    steps::issue_crl::ACTIVITY,
    steps::take_certificate::ACTIVITY,
    steps::witness_checkpoint::ACTIVITY,
    steps::change_custody::ACTIVITY,
    steps::key_backup::ACTIVITY,
    steps::prove_backup::ACTIVITY,
    steps::restore_key::ACTIVITY,
    steps::destroy_keys::ACTIVITY,
    steps::publish::ACTIVITY,
    steps::copy_authority::ACTIVITY,
    steps::close::ACTIVITY,
];

/// What only people can do: where nobody attends it is left out, and the log says so.
pub const OF_PEOPLE: &[&str] = &[
    steps::compare_script::ACTIVITY.name,
    steps::materials::ACTIVITY.name,
    steps::checklist::ACTIVITY.name,
    steps::record::ACTIVITY.name,
    steps::read_aloud::ACTIVITY.name,
    steps::confirm_clock::ACTIVITY.name,
    steps::break_::ACTIVITY.name,
    steps::sign_off::ACTIVITY.name,
];

/// True for what only people can do.
pub fn is_of_people(activity: &str) -> bool {
    OF_PEOPLE.contains(&activity)
}

/// The activity of a name.
pub fn find(name: &str) -> Option<&'static Activity> {
    VOCABULARY.iter().find(|activity| activity.name == name)
}
