//! The certificates of a log, by serial number and by cluster: what is asked of one cluster costs nothing more where
//! there are thousands of others.

use super::Certificate;
use crate::digest::Hex;
use std::collections::{BTreeMap, btree_map};
use std::ops::Deref;

/// Certificates by serial number, intended ones included.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    by_serial: BTreeMap<Hex, Certificate>,
    of_clusters: BTreeMap<String, Vec<Hex>>,
    of_authority: Vec<Hex>,
}

impl Certificates {
    /// Adds a certificate under its serial number, which is used once.
    pub fn insert(&mut self, serial: Hex, certificate: Certificate) {
        match &certificate.cluster {
            Some(cluster) => {
                let of_cluster = self.of_clusters.entry(cluster.clone()).or_default();
                // There are thousands of clusters, and few certificates of each.
                of_cluster.reserve_exact(1);
                of_cluster.push(serial.clone());
            }
            None => self.of_authority.push(serial.clone()),
        }
        self.by_serial.insert(serial, certificate);
    }

    /// The certificates of a cluster, in the order of their intents.
    pub fn of_cluster(&self, cluster: &str) -> impl Iterator<Item = &Certificate> {
        let serials = self.of_clusters.get(cluster).map(Vec::as_slice).unwrap_or_default();
        serials.iter().filter_map(|serial| self.by_serial.get(serial))
    }

    /// The certificates that are no cluster's, in the order of their intents.
    pub fn of_authority(&self) -> impl Iterator<Item = &Certificate> {
        self.of_authority.iter().filter_map(|serial| self.by_serial.get(serial))
    }

    /// The certificate with a serial number; its cluster stays what it is.
    pub(crate) fn get_mut(&mut self, serial: &Hex) -> Option<&mut Certificate> {
        self.by_serial.get_mut(serial)
    }

    /// Every certificate, by serial number; their clusters stay what they are.
    #[cfg(test)]
    pub(crate) fn values_mut(&mut self) -> btree_map::ValuesMut<'_, Hex, Certificate> {
        self.by_serial.values_mut()
    }
}

impl Deref for Certificates {
    type Target = BTreeMap<Hex, Certificate>;

    fn deref(&self) -> &Self::Target {
        &self.by_serial
    }
}

impl<'a> IntoIterator for &'a Certificates {
    type Item = (&'a Hex, &'a Certificate);
    type IntoIter = btree_map::Iter<'a, Hex, Certificate>;

    fn into_iter(self) -> Self::IntoIter {
        self.by_serial.iter()
    }
}
