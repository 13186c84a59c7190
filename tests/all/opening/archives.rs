//! What an archive can do to a directory, in a payload that its honest signer sealed and signed.

use super::reseal::{self, Files};
use super::{Attack, Cluster, MAX_PAYLOAD, all_refused, payload};
use crate::support::tally;
use tar::{EntryType, Header};

/// A header with an entry that `pack_tar` would not write.
fn header(kind: EntryType, name: &[u8], size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    header
}

/// Bytes up to the next block.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().div_ceil(512) * 512, 0);
    padded
}

pub fn attacks(cluster: &Cluster) -> Vec<Attack> {
    let world = &cluster.authority;
    let bundle = cluster.bundle();
    let inside = reseal::payload_of(world, &bundle);
    let json = inside[0].1.clone();
    let good = payload::pack_tar(&inside).unwrap().to_vec();
    let end = [0; 1024];
    let body = &good[..good.len() - 1024];
    let sealed = |archive: &[u8]| reseal::reseal(world, &bundle, archive, &json);
    let entry = |kind, name: &[u8]| sealed(&[body, header(kind, name, 0).as_bytes(), &end].concat());
    let named = |name: &[u8]| entry(EntryType::Regular, name);
    let changed = |change: &dyn Fn(&mut Header)| -> Files {
        let mut last = header(EntryType::Regular, b"extra", 1);
        change(&mut last);
        sealed(&[body, last.as_bytes(), &padded(b"x"), &end].concat())
    };
    let signed = |change: &dyn Fn(&mut Header)| {
        changed(&|header| {
            change(header);
            header.set_cksum();
        })
    };
    let linking = |kind, to: &[u8]| {
        let mut link = header(kind, b"ca-key.pem", 0);
        link.as_old_mut().linkname[..to.len()].copy_from_slice(to);
        link.set_cksum();
        sealed(&[body, link.as_bytes(), &end].concat())
    };
    let pax =
        [header(EntryType::XHeader, b"pax", 20).as_bytes().as_slice(), &padded(b"20 path=../../escape\n")].concat();
    let long =
        [header(EntryType::GNULongName, b"././@LongLink", 12).as_bytes().as_slice(), &padded(b"../../escape")].concat();
    let many: Vec<u8> =
        (0..60).flat_map(|n| header(EntryType::Regular, format!("f{n}").as_bytes(), 0).as_bytes().to_vec()).collect();
    let first = 512 + inside[0].1.len().div_ceil(512) * 512;
    vec![
        Attack::new("tar: a symbolic link to a file outside", linking(EntryType::Symlink, b"/etc/passwd")),
        Attack::new("tar: a hard link", linking(EntryType::Link, b"../ca-key.pem")),
        Attack::new("tar: a character device", entry(EntryType::Char, b"null")),
        Attack::new("tar: a block device", entry(EntryType::Block, b"disk")),
        Attack::new("tar: a FIFO", entry(EntryType::Fifo, b"fifo")),
        Attack::new("tar: a directory", entry(EntryType::Directory, b"sub")),
        Attack::new("tar: a contiguous file", entry(EntryType::Continuous, b"old")),
        Attack::new(
            "tar: a pax header that renames the next entry",
            sealed(&[body, &pax, header(EntryType::Regular, b"a", 0).as_bytes(), &end].concat()),
        ),
        Attack::new("tar: a global pax header", entry(EntryType::XGlobalHeader, b"global")),
        Attack::new(
            "tar: a GNU long name",
            sealed(&[body, &long, header(EntryType::Regular, b"a", 0).as_bytes(), &end].concat()),
        ),
        Attack::new("tar: a GNU long link", entry(EntryType::GNULongLink, b"long-link")),
        Attack::new("tar: a GNU sparse file", entry(EntryType::GNUSparse, b"sparse")),
        Attack::new("tar: an absolute name", named(b"/etc/cron.d/x")),
        Attack::new("tar: a name that goes up", named(b"../../escape")),
        Attack::new("tar: two points as a name", named(b"..")),
        Attack::new("tar: a name in a directory", named(b"sub/file")),
        Attack::new("tar: a hidden name", named(b".bashrc")),
        Attack::new("tar: a name in capitals", named(b"CA-KEY.PEM")),
        Attack::new("tar: a name with a backslash", named(b"..\\escape")),
        Attack::new("tar: a name with control characters", named(b"a\x1b[2Jb")),
        Attack::new("tar: a name from right to left", named("a\u{202e}mep".as_bytes())),
        Attack::new("tar: a name that is not UTF-8", named(b"a\xffb")),
        Attack::new("tar: a name that is empty", named(b"")),
        Attack::new(
            "tar: a name in the prefix field",
            signed(&|header| {
                header.as_ustar_mut().unwrap().prefix[..4].copy_from_slice(b"/etc");
            }),
        ),
        Attack::new("tar: a name twice", named(b"ca-cert.pem")),
        Attack::new("tar: a file that says it is larger than the archive", signed(&|header| header.set_size(1 << 30))),
        Attack::new("tar: a file of 2^63 bytes", signed(&|header| header.set_size((1 << 63) + 1))),
        Attack::new(
            "tar: a size that is no number",
            signed(&|header| header.as_old_mut().size.copy_from_slice(b"99999999zzzz")),
        ),
        Attack::new(
            "tar: a file cut off",
            sealed(&[body, header(EntryType::Regular, b"cut", 700).as_bytes(), &[7; 512]].concat()),
        ),
        Attack::new("tar: a checksum that is wrong", changed(&|header| header.set_mode(0o600))),
        Attack::new("tar: a set-user-id bit", signed(&|header| header.set_mode(0o4755))),
        Attack::new("tar: bytes after the end", sealed(&[&good[..], &padded(b"#!/bin/sh")].concat())),
        Attack::new(
            "tar: a block of zeros in the middle",
            sealed(&[&good[..first], &[0; 512], &good[first..]].concat()),
        ),
        Attack::new("tar: more than 64 files", sealed(&[body, &many, &end].concat())),
        Attack::new("tar: a file that the manifest does not list", named(b"unlisted")),
        Attack::new(
            "tar: its manifest is not the first file",
            sealed(&{
                let mut turned = inside.clone();
                turned.rotate_left(1);
                payload::pack_tar(&turned).unwrap().to_vec()
            }),
        ),
        Attack::new(
            "tar: a file of the manifest is missing",
            sealed(&payload::pack_tar(&inside[..inside.len() - 1]).unwrap()),
        ),
        Attack::new("tar: nothing inside", sealed(&end)),
        Attack::new("tar: no archive", sealed(b"#!/bin/sh\nrm -rf /\n")),
        Attack::new("tar: more than 16 MiB", sealed(&vec![0; MAX_PAYLOAD + 1])),
    ]
}

#[test]
fn what_an_archive_can_do_to_a_directory_is_refused_before_anything_is_written() {
    let cluster = Cluster::new();
    let attacks = attacks(&cluster);
    tally::held("attacks by an archive, each by its own text", all_refused(&cluster, attacks));
}
