//! Several clusters at once: would workloads of one be accepted by the others?

use super::path::Path;
use super::{Asked, CaFiles, Checked, Form, Gathered, path, roots};
use crate::consumer::rule::Found;
use crate::consumer::rules::{ACROSS_CRL, ACROSS_KEY, ACROSS_ROOT};
use crate::x509::read::Foreign;

/// A cluster by the name of its directory or Secret.
#[derive(Debug, Clone, Copy)]
pub struct Cluster<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Its files, checked.
    pub checked: &'a Checked,
}

/// What stands between these clusters; nothing, where each trusts the others.
pub fn across(clusters: &[Cluster<'_>], asked: &Asked<'_>) -> Vec<Found> {
    let mut gathered = Gathered { asked: *asked, found: Vec::new() };
    for (position, one) in clusters.iter().enumerate() {
        for other in clusters.iter().skip(position + 1) {
            pair(one, other, &mut gathered);
        }
    }
    let every = clusters.iter().flat_map(|c| c.checked.chain.iter().chain(&c.checked.roots));
    roots::check_names(every, &mut gathered);
    gathered.found
}

fn pair(one: &Cluster<'_>, other: &Cluster<'_>, gathered: &mut Gathered<'_>) {
    let (Some(mine), Some(theirs)) = (&one.checked.own, &other.checked.own) else { return };
    if mine.key.der == theirs.key.der {
        gathered.add(&ACROSS_KEY, format!("{} and {} have one key", one.name, other.name), "a key each");
    }
    for (from, own, to) in [(one, mine, other), (other, theirs, one)] {
        let path = trusted(own, from.checked, to.checked, gathered.asked);
        if !path.complete {
            gathered.add(
                &ACROSS_ROOT,
                format!("{} trusts no root of {}", to.name, from.name),
                format!("the root of {} in the root file of {}", from.name, to.name),
            );
            continue;
        }
        if to.checked.crl_issuers.is_empty() {
            continue;
        }
        for authority in path.below_root() {
            if !to.checked.crl_issuers.contains(&authority.subject_der) {
                let seen = format!("{}: no CRL of {} ({})", to.name, authority.subject, from.name);
                gathered.add(&ACROSS_CRL, seen, "a CRL of every CA of every cluster");
            }
        }
    }
}

/// The path that the other cluster finds: this one's chain, the other's roots.
fn trusted(own: &Foreign, from: &Checked, to: &Checked, asked: Asked<'_>) -> Path {
    let mixed = Checked { chain: from.chain.clone(), roots: to.roots.clone(), ..Default::default() };
    let none = CaFiles { form: Form::Four, ca_cert: None, ca_key: None, cert_chain: None, root_cert: None, crl: None };
    // Only whether there is a path: what is wrong with it was said of its own cluster.
    path::check(own, &mixed, &none, &mut Gathered { asked, found: Vec::new() })
}
