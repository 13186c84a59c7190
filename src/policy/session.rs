//! What the requests of one session must not share. Plans are made together and signed as one batch, so the
//! second of two is refused before people review anything.

use crate::finding::{Finding, Rule, Severity};
use crate::x509::Spki;

/// A request that was accepted before in the same session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside<'a> {
    /// Its name on the stick, escaped.
    pub file: &'a str,
    /// Its cluster.
    pub cluster: &'a str,
    /// Its key.
    pub spki: &'a Spki,
}

static CLUSTER: Rule = Rule {
    id: "policy.session.cluster",
    severity: Severity::Refuse,
    says: "A session signs one request of a cluster.",
    source: "which of two is meant, only people can say; RFC 5280 section 4.1.2.6: a subject is one CA",
    hint: "ask the cluster's engineer which of the two is meant; the other is signed in no session",
};
static KEY: Rule = Rule {
    id: "policy.session.key",
    severity: Severity::Refuse,
    says: "A session certifies a key once.",
    source: "NIST SP 800-57 part 1 revision 5 section 8.1.5.1: a key has one owner",
    hint: "the same request lies on the stick twice, or two clusters share a key: each makes a key of its own",
};

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&CLUSTER, &KEY];

/// What a request for this cluster with this key shares with those before it.
pub fn together<'a>(others: impl Iterator<Item = Beside<'a>>, cluster: &str, spki: &Spki) -> Vec<Finding> {
    let mut findings = Vec::new();
    for other in others {
        if other.cluster == cluster {
            findings.push(CLUSTER.finding(format!("{} is for {cluster} as well", other.file), "one request"));
        }
        if other.spki == spki {
            let seen = format!("the key of {}, spki {}", other.file, spki.sha256().short());
            findings.push(KEY.finding(seen, "a key of its own"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::x509::LocalKey;

    #[test]
    fn two_requests_share_neither_cluster_nor_key() {
        let [a, b] = [0, 1].map(|_| LocalKey::generate(KeySpec::EcdsaP256).unwrap().spki().clone());
        let ids = |cluster: &str, spki: &Spki| {
            let other = Beside { file: "a.csr", cluster: "cluster1", spki: &a };
            together(std::iter::once(other), cluster, spki).into_iter().map(|f| f.id).collect::<Vec<_>>()
        };
        assert_eq!(ids("cluster1", &b), ["policy.session.cluster"]);
        assert_eq!(ids("cluster2", &a), ["policy.session.key"]);
        assert_eq!(ids("cluster1", &a), ["policy.session.cluster", "policy.session.key"]);
        assert_eq!(ids("cluster2", &b), Vec::<String>::new());
    }
}
