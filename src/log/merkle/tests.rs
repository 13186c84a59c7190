//! Trees and proofs against the reference tree and another implementation.

use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;

fn lines(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|i| format!("line {i}").into_bytes()).collect()
}

fn hashes(lines: &[Vec<u8>]) -> Vec<Digest> {
    lines.iter().map(|line| leaf_hash(line)).collect()
}

fn tree(leaves: &[Digest]) -> Tree {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree
}

/// The reference tree of the certificate-transparency project.
#[test]
fn roots_are_those_of_the_reference_tree() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let leaves: Vec<Digest> = inputs.iter().map(|input| leaf_hash(input)).collect();
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]).hex(), *root, "size {size}");
    }
}

#[test]
fn every_proof_of_every_small_tree_verifies_and_is_the_other_implementations() {
    let lines = lines(70);
    let leaves = hashes(&lines);
    let tree = tree(&leaves);
    let mut theirs: MemoryBackedTree<sha2::Sha256, Vec<u8>> = MemoryBackedTree::new();
    for size in 1..=70u64 {
        theirs.push(lines[usize::try_from(size).unwrap() - 1].clone());
        let root = tree.root_at(size).unwrap();
        assert_eq!(root.0[..], theirs.root().as_bytes()[..]);
        for index in 0..size {
            let proof = tree.inclusion(index, size).unwrap();
            assert_eq!(proof, inclusion(&leaves, index, size));
            let other = theirs.prove_inclusion(usize::try_from(index).unwrap());
            let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
            assert_eq!(bytes, other.as_bytes());
            verify_inclusion(&leaves[usize::try_from(index).unwrap()], index, size, &proof, &root).unwrap();
        }
        for old in 1..size {
            let proof = tree.consistency(old, size).unwrap();
            assert_eq!(proof, consistency(&leaves, old, size));
            let other = theirs.prove_consistency(usize::try_from(size - old).unwrap());
            let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
            assert_eq!(bytes, other.as_bytes());
            verify_consistency(old, size, &tree.root_at(old).unwrap(), &root, &proof).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn a_proof_for_another_leaf_index_size_or_root_does_not_verify(size in 2u64..300, a in 0u64..300, b in 0u64..300) {
        let leaves = hashes(&lines(300));
        let tree = tree(&leaves);
        let (index, other) = (a % size, b % size);
        let proof = tree.inclusion(index, size).unwrap();
        let root = tree.root_at(size).unwrap();
        let leaf = &leaves[usize::try_from(index).unwrap()];
        prop_assert!(verify_inclusion(leaf, index, size, &proof, &root).is_ok());
        if other != index {
            prop_assert!(verify_inclusion(&leaves[usize::try_from(other).unwrap()], index, size, &proof, &root).is_err());
            prop_assert!(verify_inclusion(leaf, other, size, &proof, &root).is_err());
        }
        prop_assert!(verify_inclusion(leaf, size, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &proof, &tree.root_at(size - 1).unwrap()).is_err());
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at].0[0] ^= 1;
            prop_assert!(verify_inclusion(leaf, index, size, &changed, &root).is_err());
            let mut shorter = proof.clone();
            shorter.remove(at);
            prop_assert!(verify_inclusion(leaf, index, size, &shorter, &root).is_err());
        }
        let longer = [&proof[..], &[root]].concat();
        prop_assert!(verify_inclusion(leaf, index, size, &longer, &root).is_err());
    }

    #[test]
    fn a_tree_that_forked_has_no_consistency_proof(old in 1u64..200, more in 1u64..100, at in 0u64..200) {
        let new = old + more;
        let mut leaves = hashes(&lines(300));
        let honest = tree(&leaves);
        let old_root = honest.root_at(old).unwrap();
        let proof = honest.consistency(old, new).unwrap();
        let new_root = honest.root_at(new).unwrap();
        prop_assert!(verify_consistency(old, new, &old_root, &new_root, &proof).is_ok());
        prop_assert!(verify_consistency(new, old, &new_root, &old_root, &proof).is_err());
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at].0[31] ^= 1;
            prop_assert!(verify_consistency(old, new, &old_root, &new_root, &changed).is_err());
        }
        leaves[usize::try_from(at % old).unwrap()].0[0] ^= 1;
        let forked = tree(&leaves);
        let proof = forked.consistency(old, new).unwrap();
        prop_assert!(verify_consistency(old, new, &old_root, &forked.root_at(new).unwrap(), &proof).is_err());
    }

    #[test]
    fn a_tree_of_any_size_is_that_of_its_frontier(size in 0usize..600) {
        let leaves = hashes(&lines(size));
        let tree = tree(&leaves);
        prop_assert_eq!(tree.root(), root_of(&leaves));
        prop_assert_eq!(tree.root_at(tree.size()).unwrap(), tree.root());
        prop_assert_eq!(tree.root_at(tree.size() + 1), None);
    }
}
