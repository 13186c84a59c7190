//! The tree over the lines: SHA-256 Merkle trees of RFC 6962 section 2, their roots and their proofs.
//!
//! A leaf is the bytes of a line without its `\n`. Nothing here reads lines or signatures; sizes and
//! indexes count leaves from 0. Proofs are checked by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2,
//! which give the same answers for the same trees.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use std::ops::Range;

/// The leaf hash of a line: SHA-256(0x00 ‖ line), the line without its `\n`.
pub fn leaf_hash(line: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], line])
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut node = [1; 65];
    let (_, children) = node.split_at_mut(1);
    let (first, second) = children.split_at_mut(32);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    Digest::of(&node)
}

/// The root of a tree over these leaf hashes; of none, SHA-256 of nothing.
pub fn root_of(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// A tree that only grows, kept as the roots of its complete subtrees: at most 64 digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One for each set bit of `size`, the largest subtree first.
    complete: Vec<Digest>,
}

impl Frontier {
    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.grow(leaf, |_, _| {});
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree as it stands.
    pub fn root(&self) -> Digest {
        let mut subtrees = self.complete.iter().rev();
        let Some(last) = subtrees.next() else { return Digest::of(b"") };
        subtrees.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Appends a leaf hash and tells of each inner node that it completes, by its height above the leaves.
    fn grow(&mut self, leaf: Digest, mut completed: impl FnMut(usize, Digest)) {
        let mut node = leaf;
        let height = usize::try_from(self.size.trailing_ones()).unwrap_or(usize::MAX);
        for level in 0..height {
            let Some(left) = self.complete.pop() else { break };
            node = node_hash(&left, &node);
            completed(level + 1, node);
        }
        self.complete.push(node);
        self.size += 1;
    }
}

/// Inner nodes below this height are computed when they are asked for: it halves the memory of a
/// [`Tree`] and costs a proof at most 30 hashes.
const LOWEST_KEPT: usize = 4;

/// A tree that only grows and makes proofs in O(log n): 32 bytes for each leaf and an eighth more.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    leaves: Vec<Digest>,
    /// Complete subtrees of 2^LOWEST_KEPT leaves, of twice as many, and so on.
    inner: Vec<Vec<Digest>>,
    frontier: Frontier,
}

impl Tree {
    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.leaves.push(leaf);
        let inner = &mut self.inner;
        self.frontier.grow(leaf, |level, node| {
            let Some(kept) = level.checked_sub(LOWEST_KEPT) else { return };
            match inner.get_mut(kept) {
                Some(nodes) => nodes.push(node),
                None => inner.push(vec![node]),
            }
        });
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.frontier.size
    }

    /// The root of the tree as it stands.
    pub fn root(&self) -> Digest {
        self.frontier.root()
    }

    /// The leaf hashes, in order.
    pub fn leaves(&self) -> &[Digest] {
        &self.leaves
    }

    /// The root as it was at an earlier size; `None` for a size that the tree does not have.
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        let size = usize::try_from(size).ok().filter(|size| *size <= self.leaves.len())?;
        Some(self.root_over(0..size))
    }

    /// The inclusion proof of a leaf in the tree of `size` leaves (RFC 6962 section 2.1.1); `None` where
    /// there is no such leaf or size.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Digest>> {
        inclusion_path(&|range| self.root_over(range), self.leaves.len(), index, size)
    }

    /// The consistency proof between two sizes (RFC 6962 section 2.1.2); `None` where `old` is 0 or there
    /// are no such sizes.
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Digest>> {
        consistency_path(&|range| self.root_over(range), self.leaves.len(), old, new)
    }

    /// The root over a range of leaves that is a subtree of some size of this tree.
    fn root_over(&self, range: Range<usize>) -> Digest {
        let width = range.len();
        if width.is_power_of_two() {
            let level = usize::try_from(width.trailing_zeros()).unwrap_or(usize::MAX);
            let kept = level.checked_sub(LOWEST_KEPT).and_then(|l| self.inner.get(l));
            if let Some(node) = kept.and_then(|nodes| nodes.get(range.start >> level)) {
                return *node;
            }
        }
        if width <= 1 << LOWEST_KEPT {
            return root_of(self.leaves.get(range).unwrap_or_default());
        }
        let middle = range.start + split(width);
        node_hash(&self.root_over(range.start..middle), &self.root_over(middle..range.end))
    }
}

/// The inclusion proof of leaf `index` in the tree over the first `size` leaves, nearest sibling first
/// (RFC 6962 section 2.1.1). Empty where there is no such leaf or size: such a proof verifies nothing.
pub fn inclusion(leaves: &[Digest], index: u64, size: u64) -> Vec<Digest> {
    inclusion_path(&|range| root_of(leaves.get(range).unwrap_or_default()), leaves.len(), index, size)
        .unwrap_or_default()
}

/// The proof that the tree over the first `old` leaves is a prefix of that over the first `new`
/// (RFC 6962 section 2.1.2). Empty where the sizes are equal, or are not sizes of this tree.
pub fn consistency(leaves: &[Digest], old: u64, new: u64) -> Vec<Digest> {
    consistency_path(&|range| root_of(leaves.get(range).unwrap_or_default()), leaves.len(), old, new)
        .unwrap_or_default()
}

/// The largest power of two under `width`, which is over 1.
fn split(width: usize) -> usize {
    width.next_power_of_two() >> 1
}

type RootOver<'a> = &'a dyn Fn(Range<usize>) -> Digest;

/// PATH(index, D[size]): down from the root to the leaf, so the siblings come out in reverse.
fn inclusion_path(root_over: RootOver<'_>, have: usize, index: u64, size: u64) -> Option<Vec<Digest>> {
    let (index, size) = (usize::try_from(index).ok()?, usize::try_from(size).ok()?);
    if index >= size || size > have {
        return None;
    }
    let mut path = Vec::new();
    let mut range = 0..size;
    while range.len() > 1 {
        let middle = range.start + split(range.len());
        if index < middle {
            path.push(root_over(middle..range.end));
            range.end = middle;
        } else {
            path.push(root_over(range.start..middle));
            range.start = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// PROOF(old, D[new]): down to the subtree that ends where the old tree ends.
fn consistency_path(root_over: RootOver<'_>, have: usize, old: u64, new: u64) -> Option<Vec<Digest>> {
    let (old, new) = (usize::try_from(old).ok()?, usize::try_from(new).ok()?);
    if old == 0 || old > new || new > have {
        return None;
    }
    let mut path = Vec::new();
    let mut range = 0..new;
    while range.end != old {
        let middle = range.start + split(range.len());
        if old <= middle {
            path.push(root_over(middle..range.end));
            range.end = middle;
        } else {
            path.push(root_over(range.start..middle));
            range.start = middle;
        }
    }
    // The verifier knows the old root itself where the old tree is one complete subtree.
    if range.start != 0 {
        path.push(root_over(range));
    }
    path.reverse();
    Some(path)
}

/// Checks that `leaf` is leaf `index` of the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`Kind::Verify`]: it is not, or the proof is for another index or size.
pub fn verify_inclusion(leaf: &Digest, index: u64, size: u64, proof: &[Digest], root: &Digest) -> Result<(), Error> {
    let refused =
        || Error::new(Kind::Verify, format!("an inclusion proof for entry {index} of {size} does not verify"));
    if index >= size {
        return Err(refused().saw(format!("index {index}")).wanted(format!("an index under {size}")));
    }
    let (mut at, mut last) = (index, size - 1);
    let mut node = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(refused().saw(format!("{} hashes", proof.len())).wanted("fewer"));
        }
        if at & 1 == 1 || at == last {
            node = node_hash(sibling, &node);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(refused().saw(format!("{} hashes", proof.len())).wanted("more"));
    }
    if node != *root {
        return Err(refused().saw(format!("root {node}")).wanted(format!("root {root}")));
    }
    Ok(())
}

/// Checks that the tree of `new` leaves extends the tree of `old` leaves (RFC 9162 section 2.1.4.2).
///
/// # Errors
/// [`Kind::Verify`]: it does not, the sizes are out of order, or `old` is 0, which any tree extends and
/// which proves nothing.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Digest,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), Error> {
    let refused = || Error::new(Kind::Verify, format!("a consistency proof from {old} to {new} does not verify"));
    if old == 0 || old > new {
        return Err(refused().wanted("an old size of 1 or more that is not over the new size"));
    }
    if old == new {
        return if proof.is_empty() && old_root == new_root {
            Ok(())
        } else {
            Err(refused().saw(format!("root {new_root}")).wanted(format!("root {old_root} and no hashes")))
        };
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let mut hashes = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let Some(first) = first else { return Err(refused().saw("no hashes")) };
    let (mut from_old, mut from_new) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return Err(refused().saw(format!("{} hashes", proof.len())).wanted("fewer"));
        }
        if at & 1 == 1 || at == last {
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(refused().saw(format!("{} hashes", proof.len())).wanted("more"));
    }
    if from_old != *old_root {
        return Err(refused().saw(format!("old root {from_old}")).wanted(format!("old root {old_root}")));
    }
    if from_new != *new_root {
        return Err(refused().saw(format!("new root {from_new}")).wanted(format!("new root {new_root}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
