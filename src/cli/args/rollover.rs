//! Arguments of the switch of a running mesh to another root.

use super::RolloverObserve;
use clap::Subcommand;
use jiff::SignedDuration;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Rollover {
    #[command(subcommand)]
    pub command: RolloverCommand,
}

#[derive(Debug, Subcommand)]
pub enum RolloverCommand {
    /// Write the stages of one cluster's switch: files, Secrets, and a runbook to follow.
    #[command(before_help = "Examples:\n  kubectl -n istio-system get secret istio-ca-secret -o json > old.json\n  \
        anchorite rollover plan --current old.json --next cluster1 --out switch1\n\n  \
        kubectl -n istio-system get secret cacerts -o json > live.json\n  \
        anchorite rollover plan --live live.json --next cluster1.2 --out switch1")]
    Plan(RolloverPlan),
    /// Name the workloads that are not ready for the next stage, from what their proxies hold.
    #[command(
        before_help = "Examples:\n  sh switch1/commands/gather.sh\n  \
        anchorite rollover observe --stage 1 --plan switch1 switch1/seen\n\n  \
        istioctl proxy-config secret cart-7d9f.shop -o json |\n    \
        anchorite rollover observe --stage 1 --plan switch1\n\n  \
        istioctl ztunnel-config certificate -o json |\n    anchorite rollover observe --stage 1 --plan switch1",
        after_help = "Exit 0: every workload that was seen is ready, and the next stage may begin.\n\
                      Exit 10: the workloads that are named are not."
    )]
    Observe(RolloverObserve),
    /// Prove that everybody trusts everybody in every stage; say which stage a live Secret is in.
    #[command(
        before_help = "Examples:\n  anchorite rollover check switch1\n  anchorite rollover check switch1 switch2\n  \
        kubectl -n istio-system get secret cacerts -o json |\n    anchorite rollover check switch1 --live -"
    )]
    Check(RolloverCheck),
}

#[derive(Debug, clap::Args)]
pub struct RolloverPlan {
    /// The CA that signs now: a directory, the JSON of its Secret (istio-ca-secret or cacerts), or - for that JSON
    /// on stdin [default: what --live holds].
    #[arg(long, value_name = "WHAT", required_unless_present = "live")]
    pub current: Option<PathBuf>,
    /// The Secret cacerts as the cluster has it now, JSON: it is replaced, and keeps its name and type.
    #[arg(long, value_name = "SECRET.json")]
    pub live: Option<PathBuf>,
    /// The CA to switch to: a directory that `open` filled.
    #[arg(long, value_name = "DIR")]
    pub next: PathBuf,
    /// The directory to make.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How long a workload's certificate lives (24h is Istio's default): h, m, s.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub leaf_lifetime: SignedDuration,
    /// The cluster's name in what is written [default: the next CA's L, or the name of --out].
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The mesh's SPIFFE trust domain.
    #[arg(long, default_value = "cluster.local")]
    pub trust_domain: String,
    /// The mesh has sidecars only: what stops ztunnel does not count.
    #[arg(long)]
    pub sidecar_only: bool,
    /// Leave the keys out: for review, not for applying.
    #[arg(long)]
    pub redact: bool,
}

#[derive(Debug, clap::Args)]
pub struct RolloverCheck {
    /// What `rollover plan` wrote, one directory for each cluster of the mesh.
    #[arg(required = true, value_name = "OUT")]
    pub plans: Vec<PathBuf>,
    /// Say which stage these files are in: a directory, the JSON of a Secret, or - for that JSON on stdin.
    #[arg(long, value_name = "WHAT")]
    pub live: Option<PathBuf>,
    /// These files must be in this stage: exit 10 where they are in another.
    #[arg(long, value_name = "N", requires = "live", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub stage: Option<u8>,
}
