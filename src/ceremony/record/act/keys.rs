//! Copies of keys, their end, and who certified a root key, in words.

use super::Said;
use crate::ceremony::attestation;
use crate::digest::Digest;
use crate::log::record::{
    CheckpointWitnessed, KeyAttested, KeyBackupMade, KeyBackupProving, KeyDestroyed, KeyDestroying, KeyLocked,
    KeyRestored, RootCertified, TokenQuorum,
};
use crate::x509::read::{self, show_name};

/// What people have who have the file.
const WRAPPED: &str = "enough custodians of the set and this file equal the keys; keys made of it are not always \
    sensitive, not never extractable, not made in their token";

pub(super) fn by_parent(r: &RootCertified) -> Said {
    let issuer = read::certificate(&r.certificate.0).ok().map(|c| show_name(&c.view.issuer));
    let said = Said::that("The certificate of the root by a parent was taken")
        .with("root generation", r.generation)
        .maybe("issuer", issuer)
        .with("sha256", Digest::of(&r.certificate.0));
    r.parents.iter().fold(said, |said, parent| said.with("parent sha256", Digest::of(&parent.0)))
}

pub(super) fn attested(r: &KeyAttested) -> Said {
    Said::that(format!("The vendor's evidence for the {} key of generation {} was kept", r.role, r.generation))
        .with("name", &r.name)
        .with("from", if r.source == "token" { "the token" } else { "a file that people brought" })
        .with("what it is", attestation::says(&r.of))
        .maybe("signed by", r.signed_by)
        .with("sha256", r.sha256)
}

pub(super) fn quorum(r: &TokenQuorum) -> Said {
    let said = Said::that(format!("The {} token has a quorum of its vendor's own, as its profile says", r.role));
    let said = said.with("serial", &r.serial).with("profile", &r.profile);
    let said = r.says.iter().fold(said, |said, sentence| said.with("it says", sentence));
    said.with("not seen here", "whether the device asked for that quorum, and who held what")
}

pub(super) fn countersigned(r: &CheckpointWitnessed) -> Said {
    Said::that(format!("{} countersigned the checkpoint of {} entries, elsewhere", r.by.name(), r.size))
        .with("key", &r.by)
        .with("at", r.at)
        .with("root hash", r.root)
        .with("line in the note", r.by.line(&r.cosignature()).trim_end())
}

pub(super) fn made(r: &KeyBackupMade) -> Said {
    let how = match r.means.as_str() {
        "files" => "by copying the token's files",
        "blob" => "by wrapping the keys into a file",
        _ => "by the vendor's own means, as people say",
    };
    let generations: Vec<String> = r.generations.iter().map(u32::to_string).collect();
    Said::that(format!("A key backup was made {how}"))
        .with("backup", &r.name)
        .with("mode", &r.mode)
        .with("serial", &r.serial)
        .with("label", &r.label)
        .with("manufacturer", &r.manufacturer)
        .with("model", &r.model)
        .with("root generations", generations.join(", "))
        .maybe("file sha256", r.wrapped.as_ref().map(|wrapped| wrapped.sha256))
        .maybe("opens to set", r.wrapped.as_ref().map(|wrapped| &wrapped.set))
        .maybe("what that means", r.wrapped.as_ref().map(|_| WRAPPED))
}

pub(super) fn locked(r: &KeyLocked) -> Said {
    Said::that(format!("The {} key of generation {} cannot be wrapped any more", r.role, r.generation))
        .with("id", &r.id)
        .maybe("extractable", r.attributes.get("CKA_EXTRACTABLE"))
        .maybe("never extractable", r.attributes.get("CKA_NEVER_EXTRACTABLE"))
}

pub(super) fn restored(r: &KeyRestored) -> Said {
    Said::that(format!("The {} key of generation {} was made anew of its wrapped backup", r.role, r.generation))
        .with("id", &r.id)
        .with("backup", &r.backup)
        .with("token", &r.token_serial)
        .maybe("always sensitive", r.attributes.get("CKA_ALWAYS_SENSITIVE"))
        .maybe("never extractable", r.attributes.get("CKA_NEVER_EXTRACTABLE"))
        .maybe("made in this token", r.attributes.get("CKA_LOCAL"))
}

pub(super) fn proving(r: &KeyBackupProving) -> Said {
    Said::that("A copy of the root key is about to sign a proof that it lives")
        .with("backup", &r.backup)
        .with("generation", r.generation)
        .with("nonce", &r.nonce)
        .with("statement sha256", r.statement_sha256)
}

pub(super) fn destroying(r: &KeyDestroying) -> Said {
    Said::that(format!(
        "The {} key of generation {} is about to be DESTROYED: it signs nothing any more",
        r.role, r.generation
    ))
    .with("id", &r.id)
    .with("token", &r.token_serial)
    .with("why", &r.reason)
}

pub(super) fn destroyed(r: &KeyDestroyed) -> Said {
    let how = match r.shown.as_str() {
        "searched" => "it was destroyed here, and a new session found it no more",
        _ => "people say so",
    };
    Said::that(format!("A {} key of generation {} is gone", r.role, r.generation))
        .with("id", &r.id)
        .with("token", &r.token_serial)
        .maybe("backup", r.backup.as_ref())
        .with("how that is known", how)
}
