//! What can be typed. Help begins with examples.

mod anywhere;
mod backup;
mod checkpoint;
mod cluster;
mod custody;
mod hsm;
mod mesh;
mod observe;
mod offline;
mod parent;
mod rehearsal;
mod revocation;
mod rollover;
mod root_rollover;
mod status;
mod takeover;

pub use anywhere::*;
pub use backup::*;
pub use checkpoint::*;
pub use cluster::*;
pub use custody::*;
pub use hsm::*;
pub use mesh::*;
pub use observe::*;
pub use offline::*;
pub use parent::*;
pub use rehearsal::*;
pub use revocation::*;
pub use rollover::*;
pub use root_rollover::*;
pub use status::*;
pub use takeover::*;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

/// Version, commit (where it was built from a checkout) and target.
pub const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("ANCHORITE_COMMIT"), ", ", env!("ANCHORITE_TARGET"), ")");

/// An offline root CA for service meshes.
#[derive(Debug, Parser)]
#[command(
    name = "anchorite",
    version = VERSION,
    max_term_width = 80,
    before_help = "Examples, in the order of a first day:\n  \
    anchorite new mesh-root                          edit authority.toml, then:\n  \
    anchorite -C mesh-root root create               make the root in the token\n  \
    anchorite request cluster1                       (on the cluster's side)\n  \
    anchorite -C mesh-root sign --from IN --to OUT   review, approve, sign, seal\n  \
    anchorite open BUNDLE --into cluster1            (on the cluster's side)\n  \
    anchorite manifest cluster1 | kubectl create -f -",
    about = "An offline root CA: the key stays in a PKCS#11 token, every signature is shown, approved and logged first",
    after_help = "Exit codes: 0 done · 2 usage, configuration, no terminal · 10 refused by policy · \
    11 declined · 12 clock · 20 token · 21 PIN rejected · 22 PIN at its final try · \
    30 medium, file, lock · 40 does not verify · 50 signed, but a later step failed · 70 defect"
)]
pub struct Args {
    /// The authority's directory.
    #[arg(short = 'C', long = "authority", global = true, value_name = "DIR")]
    pub authority: Option<PathBuf>,
    /// One JSON object on stdout instead of text (commands that read).
    #[arg(long, global = true)]
    pub json: bool,
    /// Replaces the clock (RFC 3339): cluster side, and unattended authorities.
    #[arg(long, global = true, value_name = "TIME")]
    pub now: Option<Timestamp>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented authority.toml to edit and review.
    #[command(before_help = "Example:\n  anchorite new mesh-root --name \"Example Mesh Root\"")]
    New(New),
    /// Validate the configuration; print its digest and words.
    #[command(before_help = "Example:\n  anchorite -C mesh-root config check")]
    Config(Config),
    /// Gather what the supplies stick needs.
    #[command(before_help = "Examples:\n  anchorite -C mesh-root kit /media/supplies\n  \
        anchorite -C mesh-root kit /media/supplies \\\n    --script my-signing.toml --packages debs")]
    Kit(Kit),
    /// Give a stick its role, say which it has, or bring the authority's copies up to date.
    #[command(before_help = "Examples:\n  anchorite medium prepare --role exports /media/out\n  \
        anchorite -C mesh-root medium prepare --role authority --label A /media/a\n  \
        anchorite medium show /media/out\n  anchorite -C mesh-root medium copy /media/a")]
    Medium(Medium),
    /// Is this machine fit for a ceremony? Exit 0 or 10.
    #[command(
        before_help = "Examples:\n  anchorite preflight                  the machine alone\n  anchorite -C mesh-root preflight     with its token, module and media"
    )]
    Preflight(Preflight),
    /// List the ceremonies, check a script, hold one, print its record.
    #[command(
        before_help = "Examples:\n  anchorite ceremony list\n  anchorite ceremony check my-signing.toml\n  anchorite -C mesh-root ceremony run my-signing.toml --from IN --to OUT\n  anchorite -C mesh-root ceremony record -o record.html"
    )]
    Ceremony(Ceremony),
    /// Make the root (the root-genesis ceremony) or its successor, adopt one that exists, or show a root's card.
    #[command(
        before_help = "Examples:\n  anchorite -C mesh-root root create\n  anchorite -C mesh-root root rollover --cross    a second root beside the first\n  anchorite -C mesh-root root adopt --certificate root.pem \\\n    --issued index.txt --crl last.crl --token-serial 84b1c0f1d3a2c6e7\n  anchorite -C mesh-root root show"
    )]
    Root(Root),
    /// Review and sign requests, and write a sealed bundle for each cluster.
    #[command(before_help = "Example:\n  anchorite -C mesh-root sign --from /media/in --to /media/out")]
    Sign(Sign),
    /// Make a cluster's bundle again, from the log.
    #[command(before_help = "Examples:\n  anchorite -C mesh-root export cluster1 --to /media/out\n  \
        anchorite -C mesh-root export --all --to /media/out      after a new CRL\n  \
        anchorite -C mesh-root export cluster1 --generation 1 --to /media/out")]
    Export(Export),
    /// Write a directory for auditors and git: log, roots, CRLs, scripts, records, and how to check them.
    #[command(before_help = "Examples:\n  anchorite -C mesh-root publish --to mesh-root-public\n  \
        anchorite -C mesh-root publish --to mesh-root-public \\\n    --names mesh-root/records/participants-*.json     with people's names")]
    Publish(Publish),
    /// Record that a cluster is gone: it gets no certificate any more.
    #[command(before_help = "Example:\n  anchorite -C mesh-root retire cluster1")]
    Retire(Retire),
    /// Revoke certificates, and issue the CRL that says so.
    #[command(
        before_help = "Examples:\n  anchorite -C mesh-root revoke cluster1 --reason superseded\n  anchorite -C mesh-root revoke cluster1@2 --reason keyCompromise \\\n    --date 2026-11-20 --emergency"
    )]
    Revoke(Revoke),
    /// Issue the next CRL, before the last one ends.
    #[command(before_help = "Example:\n  anchorite -C mesh-root crl")]
    Crl(Crl),
    /// Custody of the token's PIN: print sheets, check a share, change the custodians.
    #[command(
        before_help = "Examples:\n  anchorite -C mesh-root custody sheets > sheets.html\n  anchorite -C mesh-root custody check\n  anchorite -C mesh-root custody change"
    )]
    Custody(Custody),
    /// Begin the log anew from an older copy, where the newest is lost.
    #[command(
        before_help = "Example:\n  anchorite -C mesh-root-2 restore --from /media/b \\\n    --checkpoint checkpoint --crl root.crl --bundle cluster1"
    )]
    Restore(Restore),
    /// Make a copy of the root's token, and have it sign a proof that it lives.
    #[command(before_help = "Example:\n  anchorite -C mesh-root key-backup")]
    KeyBackup(KeyBackup),
    /// End the authority: destroy its keys and every copy, and close its log for good.
    #[command(before_help = "Example:\n  anchorite -C mesh-root decommission")]
    Decommission(Decommission),
    /// Have the log's checkpoints countersigned elsewhere, countersign others', take them back.
    #[command(
        before_help = "Examples:\n  anchorite -C mesh-root checkpoint export > to-countersign\n  anchorite checkpoint countersign to-countersign --state DIR > countersigned\n  anchorite -C mesh-root checkpoint take countersigned"
    )]
    Checkpoint(Checkpoint),
    /// Token profiles, and what a token can do.
    #[command(
        before_help = "Examples:\n  anchorite hsm profiles\n  anchorite hsm probe --profile softhsm2 --serial 84b1c0f1d3a2c6e7"
    )]
    Hsm(Hsm),
    /// What was issued, to whom, until when, and what is due.
    #[command(before_help = "Examples:\n  anchorite -C mesh-root status\n  \
        anchorite -C mesh-root status --ics mesh-root.ics    a calendar\n  \
        anchorite status cluster1 --check     for cron, from public files; or:\n  \
        kubectl -n istio-system get secret cacerts -o json |\n    anchorite status - --check --within 14")]
    Status(Status),
    /// Make an intermediate key and a request (cluster side).
    #[command(before_help = "Examples:\n  anchorite request cluster1\n  anchorite request cluster1 --renew\n  \
        kubectl -n istio-system get secret cacerts -o json |\n    anchorite request cluster1 --renew --previous -")]
    Request(Request),
    /// Verify and decrypt a bundle into a directory (cluster side).
    #[command(before_help = "Example:\n  anchorite open /media/out/5f0c… --into cluster1 --root-fingerprint 3b1e…")]
    Open(Open),
    /// Print the Kubernetes Secret (cluster side).
    #[command(before_help = "Example:\n  anchorite manifest cluster1 | kubectl create -f -")]
    Manifest(Manifest),
    /// Switch a running mesh to another root with no downtime (cluster side).
    #[command(
        before_help = "Examples:\n  anchorite rollover plan --current SECRET.json --next cluster1 --out switch1\n  \
        anchorite rollover check switch1 switch2              the whole mesh\n  \
        kubectl -n istio-system get secret cacerts -o json |\n    \
        anchorite rollover check switch1 --live -             which stage is it in?"
    )]
    Rollover(Rollover),
    /// The clusters' CRLs: make, merge, look when one is due (cluster side; off unless you use it).
    ///
    /// Istio checks CRLs only where the Secret cacerts has a ca-crl.pem (Istio 1.27 and newer, ambient 1.29 and
    /// newer). Then it fails closed: Envoy wants a current CRL of every CA in a peer's chain, other clusters'
    /// intermediates included, and rejects all mTLS under a CA whose CRL is missing or has expired. Begin only with
    /// somebody, or a cron job, who renews them; and ending it needs Istio 1.31.1 (an empty ca-crl.pem).
    #[command(
        name = "mesh-crl",
        before_help = "Examples:\n  anchorite mesh-crl renew cluster1              its own CRL, by its key\n  \
        anchorite mesh-crl merge --into ca-crl.pem cluster1 cluster2 root.crl\n  \
        anchorite mesh-crl check cluster1 --days 30    for cron: exit 10 when due"
    )]
    MeshCrl(MeshCrl),
    /// Verify a bundle without opening it, or a log; and a log against the paper that people signed.
    #[command(before_help = "Examples:\n  anchorite verify /media/out/5f0c… --root root-cert.pem\n  \
        anchorite verify mesh-root-public --root root-cert.pem \\\n    --checkpoint-words flytrap gadgetry repay unify christmas insurgent \\\n    backward consulting\n  \
        anchorite verify /media/out/5f0c… --receipt cluster1     its proofs too\n  \
        anchorite verify proof --entry line --signer audit-cert.pem \\\n    --root root-cert.pem")]
    Verify(Verify),
    /// Show, verify or prove the log.
    #[command(
        before_help = "Examples:\n  anchorite log verify mesh-root --root root-cert.pem\n  anchorite log show mesh-root --uses-of-root\n  anchorite log prove mesh-root 41"
    )]
    Log(Log),
    /// Look at a request, certificate, CRL, bundle, checkpoint or the rules.
    #[command(before_help = "Examples:\n  anchorite inspect request cluster1.csr\n  anchorite inspect rules")]
    Inspect(Inspect),
    /// A file's SHA-256 as words: the sheet of a request; with --enrol, of a plain CSR.
    #[command(
        before_help = "Examples:\n  anchorite words request.json\n  anchorite words cluster2.csr --enrol cluster2 --recipient age1…\n  anchorite words --form | lp"
    )]
    Words(Words),
    /// Print a completion script for a shell.
    #[command(before_help = "Example:\n  anchorite completions bash > anchorite.bash")]
    Completions(Completions),
    /// Write the manual pages into a directory.
    #[command(before_help = "Example:\n  anchorite man man1")]
    Man(Man),
}

#[cfg(test)]
mod tests {
    use super::Args;
    use clap::CommandFactory;

    fn examples_fit(command: &clap::Command) {
        let examples = command.get_before_help().map(ToString::to_string).unwrap_or_default();
        for line in examples.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
        }
        command.get_subcommands().for_each(examples_fit);
    }

    #[test]
    fn every_example_fits_a_terminal_so_that_it_can_be_copied() {
        examples_fit(&Args::command());
    }
}
