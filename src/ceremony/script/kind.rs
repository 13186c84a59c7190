//! The kinds of ceremonies: what is true before each, and what a script of it cannot lack.

use crate::ceremony::vocabulary::Fact;

/// What a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptKind {
    /// Makes the root.
    Genesis,
    /// Signs intermediates.
    Signing,
    /// Makes bundles again.
    Export,
    /// Retires a cluster.
    Retirement,
    /// Proves that a copy of the authority and the token are enough to go on with.
    Drill,
    /// Changes the custodians.
    Custody,
    /// Makes the next root beside the one that is there.
    Rollover,
    /// Takes what a parent issued for a root.
    Certified,
    /// Takes back checkpoints that somebody elsewhere countersigned.
    Checkpoint,
    /// Makes a copy of the root's token and proves it.
    Backup,
    /// Makes the keys anew in another token out of their wrapped backup.
    KeyRestore,
    /// Ends the key of a root generation.
    RootEnd,
    /// Ends the authority.
    Decommission,
    /// Takes over a root that was made elsewhere.
    Adoption,
    /// Begins the log anew from an older copy.
    Restore,
    /// Revokes certificates.
    Revocation,
    /// Revokes certificates at once.
    Emergency,
    /// Issues the next CRL.
    Refresh,
}

impl ScriptKind {
    /// Every kind.
    pub const ALL: &[ScriptKind] = &[
        ScriptKind::Genesis,
        ScriptKind::Signing,
        ScriptKind::Export,
        ScriptKind::Retirement,
        ScriptKind::Drill,
        ScriptKind::Custody,
        ScriptKind::Rollover,
        ScriptKind::Certified,
        ScriptKind::Checkpoint,
        ScriptKind::Backup,
        ScriptKind::KeyRestore,
        ScriptKind::RootEnd,
        ScriptKind::Decommission,
        ScriptKind::Adoption,
        ScriptKind::Restore,
        ScriptKind::Revocation,
        ScriptKind::Emergency,
        ScriptKind::Refresh,
    ];

    /// The name in scripts.
    pub const fn name(self) -> &'static str {
        match self {
            ScriptKind::Genesis => "genesis",
            ScriptKind::Signing => "signing",
            ScriptKind::Export => "export",
            ScriptKind::Retirement => "retirement",
            ScriptKind::Drill => "drill",
            ScriptKind::Custody => "custody",
            ScriptKind::Rollover => "rollover",
            ScriptKind::Certified => "root-certified",
            ScriptKind::Checkpoint => "checkpoint",
            ScriptKind::Backup => "key-backup",
            ScriptKind::KeyRestore => "key-restore",
            ScriptKind::RootEnd => "root-retirement",
            ScriptKind::Decommission => "decommission",
            ScriptKind::Adoption => "adoption",
            ScriptKind::Restore => "restore",
            ScriptKind::Revocation => "revocation",
            ScriptKind::Emergency => "emergency",
            ScriptKind::Refresh => "crl",
        }
    }

    /// What is true before the first step.
    pub const fn begins_with(self) -> &'static [Fact] {
        match self {
            ScriptKind::Genesis => &[Fact::NoRoot, Fact::NoToken],
            ScriptKind::Drill => &[Fact::TokenReady, Fact::Root, Fact::BackedUp],
            ScriptKind::KeyRestore => &[Fact::NoToken, Fact::Root, Fact::BackedUp],
            ScriptKind::Adoption | ScriptKind::Restore => &[Fact::NoRoot, Fact::TokenReady],
            _ => &[Fact::TokenReady, Fact::Root],
        }
    }

    /// True for a ceremony that begins an authority's log over a root that exists.
    pub const fn takes_over(self) -> bool {
        matches!(self, ScriptKind::Adoption | ScriptKind::Restore)
    }

    /// Activities that a script of this kind cannot lack, in the order in which it does them.
    pub const fn demands(self) -> &'static [&'static str] {
        match self {
            ScriptKind::Genesis => &["participants", "generate-root", "review-plans", "sign", "publish", "close"],
            ScriptKind::Restore => &["participants", "restore-log", "review-plans", "sign", "publish", "close"],
            ScriptKind::Signing => {
                &["participants", "import-requests", "review-plans", "sign", "export-bundles", "close"]
            }
            ScriptKind::Export => &["participants", "export-bundles", "close"],
            ScriptKind::Retirement => &["participants", "retire-cluster", "close"],
            ScriptKind::Drill => &["participants", "check-copy", "unlock-token", "verify-log", "close"],
            ScriptKind::Custody => &["participants", "change-custody", "close"],
            ScriptKind::Rollover => {
                &["participants", "generate-next-root", "review-plans", "sign", "rotate-audit", "publish", "close"]
            }
            ScriptKind::Checkpoint => &["participants", "witness-checkpoint", "close"],
            ScriptKind::Certified => &["participants", "take-certificate", "publish", "close"],
            ScriptKind::Backup => &["participants", "key-backup", "prove-backup", "close"],
            ScriptKind::KeyRestore => &["participants", "restore-key", "unlock-token", "prove-backup", "close"],
            ScriptKind::RootEnd | ScriptKind::Decommission => &["participants", "destroy-keys", "close"],
            ScriptKind::Adoption => &["participants", "adopt-key", "review-plans", "sign", "publish", "close"],
            ScriptKind::Revocation | ScriptKind::Emergency => {
                &["participants", "revoke", "issue-crl", "review-plans", "sign", "publish", "close"]
            }
            ScriptKind::Refresh => &["participants", "issue-crl", "review-plans", "sign", "publish", "close"],
        }
    }

    /// The longest that a script of this kind may be planned for, in minutes; `None` where it takes what it takes.
    pub const fn budget(self) -> Option<u32> {
        match self {
            ScriptKind::Emergency => Some(30),
            _ => None,
        }
    }

    /// True where a script of this kind can do this: what else it needs (a medium, a cluster's name) comes with
    /// the command that holds such ceremonies.
    pub fn may(self, activity: &str) -> bool {
        ONLY_IN.iter().find(|(name, _)| *name == activity).is_none_or(|(_, kinds)| kinds.contains(&self))
    }
}

/// Activities that only ceremonies of some kinds can do.
const ONLY_IN: &[(&str, &[ScriptKind])] = &[
    ("split-custody", &[ScriptKind::Genesis]),
    ("initialize-token", &[ScriptKind::Genesis]),
    ("generate-root", &[ScriptKind::Genesis]),
    ("adopt-key", &[ScriptKind::Adoption]),
    ("restore-log", &[ScriptKind::Restore]),
    ("import-requests", &[ScriptKind::Signing]),
    ("export-bundles", &[ScriptKind::Signing, ScriptKind::Export]),
    ("retire-cluster", &[ScriptKind::Retirement]),
    ("check-copy", &[ScriptKind::Drill]),
    ("revoke", &[ScriptKind::Revocation, ScriptKind::Emergency]),
    (
        "issue-crl",
        &[
            ScriptKind::Refresh,
            ScriptKind::Revocation,
            ScriptKind::Emergency,
            ScriptKind::Signing,
            ScriptKind::RootEnd,
            ScriptKind::Decommission,
        ],
    ),
    ("change-custody", &[ScriptKind::Custody]),
    ("generate-next-root", &[ScriptKind::Rollover]),
    ("cross-sign", &[ScriptKind::Rollover]),
    ("rotate-audit", &[ScriptKind::Rollover]),
    ("take-certificate", &[ScriptKind::Certified]),
    ("witness-checkpoint", &[ScriptKind::Checkpoint]),
    ("key-backup", &[ScriptKind::Backup]),
    ("restore-key", &[ScriptKind::KeyRestore]),
    ("destroy-keys", &[ScriptKind::RootEnd, ScriptKind::Decommission]),
    ("prove-backup", &[ScriptKind::Backup, ScriptKind::Drill, ScriptKind::KeyRestore]),
];

/// The kinds that can do an activity, as one writes them; `None` where all can.
pub fn kinds_of(activity: &str) -> Option<String> {
    let (_, kinds) = ONLY_IN.iter().find(|(name, _)| *name == activity)?;
    Some(kinds.iter().map(|kind| format!("kind = \"{}\"", kind.name())).collect::<Vec<_>>().join(" or "))
}
