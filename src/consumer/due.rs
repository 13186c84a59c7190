//! What ends when, from public files alone: certificates and CRLs as a cluster has them, whoever issued them.
//!
//! For whoever has no authority at hand: the team of a cluster, a machine that runs cron. A date is believed only
//! where the signature over it holds; the issuer's certificate is looked for among the files themselves. Pure; keys
//! are neither needed nor read. Sources: RFC 5280 sections 4.1.2.5 and 5.1.2.5; what consumers do, in `rules`.

use crate::authority::calendar::{RENEWAL_LEAD, Task, date, days, lead, outlived};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::name::Attribute;
use crate::text;
use crate::x509::pem;
use crate::x509::read::{self, Crl, Foreign};
use crate::x509::verify::{self, Checked};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The file in which consumers look for CRLs: with it, an expired one stops traffic.
pub const MESH_CRL: &str = "ca-crl.pem";
/// The files whose first certificate is the cluster's own.
const OWN: [&str; 2] = ["ca-cert.pem", "tls.crt"];
/// Certificates and CRLs of one place, at the most: every pair of them may cost a signature.
const MOST: usize = 128;
/// The next CRL is asked for this long before.
const CRL_LEAD: SignedDuration = days(30);

/// What a place holds.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// Whose it is: what the receipt says, else the intermediate's locality, else the name that was given.
    pub name: String,
    /// CA certificates, each once.
    pub certificates: Vec<Held>,
    /// CRLs.
    pub crls: Vec<HeldCrl>,
    #[serde(skip)]
    tasks: Vec<Task>,
}

/// A CA certificate.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// The file.
    pub file: String,
    /// `intermediate`, `issuer` or `root`.
    pub what: &'static str,
    /// The subject, escaped.
    pub subject: String,
    /// Beginning of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// SHA-256 of the certificate.
    pub sha256: Digest,
}

/// A CRL.
#[derive(Debug, Clone, Serialize)]
pub struct HeldCrl {
    /// The file.
    pub file: String,
    /// The issuer, escaped.
    pub issuer: String,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate.
    pub next_update: Timestamp,
    /// True where its issuer's certificate is here, and signed it.
    pub verified: bool,
}

impl Place {
    /// What is due.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// When the newest thing here was made.
    pub fn changed(&self) -> Timestamp {
        let made = self.certificates.iter().map(|c| c.not_before).chain(self.crls.iter().map(|c| c.this_update));
        made.max().unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// A certificate as it was found.
struct Found {
    file: String,
    certificate: Foreign,
}

/// Looks at files by name; `called` is what people call the place, `whose` what a receipt says of it.
///
/// # Errors
/// [`Kind::Medium`]: nothing to look at, or too much. [`Kind::Verify`]: a file that cannot be read, or a signature
/// that is not its issuer's.
pub fn look(
    called: &str,
    whose: Option<&str>,
    files: &[(String, Vec<u8>)],
    leaf: SignedDuration,
) -> Result<Place, Error> {
    let mut found: Vec<Found> = Vec::new();
    let mut lists: Vec<(String, Crl)> = Vec::new();
    let mut own = None;
    for (file, bytes) in files {
        let within = |error: Error| error.within(format!("{called}: {}", text::escape(file)));
        let bytes = pem::without_text(bytes);
        let labels = pem::labels(&bytes).map_err(within)?;
        if labels.iter().any(|label| label == "X509 CRL") {
            for der in pem::decode_all(&bytes, "X509 CRL").map_err(within)? {
                lists.push((file.clone(), read::crl(&der).map_err(within)?));
            }
            continue;
        }
        for (place, der) in pem::decode_all(&bytes, "CERTIFICATE").map_err(within)?.into_iter().enumerate() {
            let certificate = read::foreign(&der).map_err(within)?;
            if place == 0 && OWN.contains(&file.as_str()) {
                own = Some(certificate.der.clone());
            }
            if certificate.is_ca() && !found.iter().any(|other| other.certificate.der == certificate.der) {
                found.push(Found { file: file.clone(), certificate });
            }
        }
    }
    if found.is_empty() && lists.is_empty() {
        return Err(Error::new(Kind::Medium, "there is no CA certificate and no CRL here")
            .saw(called)
            .wanted("ca-cert.pem, root-cert.pem, root.crl; or a Secret with them")
            .hint("an authority is named with -C DIR"));
    }
    if found.len() + lists.len() > MOST {
        return Err(Error::new(Kind::Medium, format!("more than {MOST} certificates and CRLs are here")).saw(called));
    }
    check_certificates(called, &found)?;
    let mut place = Place { name: String::new(), certificates: Vec::new(), crls: Vec::new(), tasks: Vec::new() };
    let of_own = found.iter().map(|f| &f.certificate).find(|c| own.as_ref() == Some(&c.der) && !c.is_self_issued());
    let locality = of_own.and_then(locality);
    place.name = text::escape(whose.or(locality.as_deref()).unwrap_or(called));
    let intermediate = of_own.map(|own| own.not_after.duration_since(own.not_before));
    for Found { file, certificate } in &found {
        let what = match certificate {
            c if of_own.is_some_and(|own| own.der == c.der) => "intermediate",
            c if c.is_self_issued() => "root",
            _ => "issuer",
        };
        place.tasks.push(task(&place.name, what, certificate, intermediate, leaf));
        place.certificates.push(Held {
            file: text::escape(file),
            what,
            subject: certificate.subject.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            sha256: Digest::of(&certificate.der),
        });
    }
    for (file, list) in &lists {
        let verified = is_signed(called, file, list, &found)?;
        place.tasks.extend(crl_tasks(&place.name, file, list, of_own));
        place.crls.push(HeldCrl {
            file: text::escape(file),
            issuer: read::show_name(&list.view.issuer),
            number: list.view.number,
            this_update: list.view.this_update,
            next_update: list.view.next_update,
            verified,
        });
    }
    Ok(place)
}

/// The locality of an intermediate that this program issued: its cluster.
fn locality(certificate: &Foreign) -> Option<String> {
    let label = format!("{}=", Attribute::Locality.label());
    certificate.subject.split(", ").find_map(|part| part.strip_prefix(&label)).map(str::to_owned)
}

/// What people call a CA: its common name, else its whole subject.
fn common_name(subject: &str) -> String {
    subject.split(", ").find_map(|part| part.strip_prefix("CN=")).unwrap_or(subject).to_owned()
}

/// Every certificate whose issuer is here is signed by it.
fn check_certificates(called: &str, found: &[Found]) -> Result<(), Error> {
    for Found { file, certificate } in found {
        let named = found.iter().map(|f| &f.certificate).filter(|ca| ca.subject_der == certificate.issuer_der);
        let mut named = named.peekable();
        if named.peek().is_none() {
            continue;
        }
        let signed = |ca: &Foreign| {
            let told = verify::foreign(&ca.key, &certificate.algorithm_oid, &certificate.tbs, &certificate.signature);
            told != Checked::Bad
        };
        if !named.any(signed) {
            return Err(Error::new(Kind::Verify, "a certificate is not signed by the issuer that is beside it")
                .within(format!("{called}: {}", text::escape(file)))
                .saw(&certificate.subject)
                .wanted(format!("signed by {}", certificate.issuer)));
        }
    }
    Ok(())
}

/// True where the CRL's issuer is here; an error where it is and did not sign it.
fn is_signed(called: &str, file: &str, list: &Crl, found: &[Found]) -> Result<bool, Error> {
    let named = found.iter().map(|f| &f.certificate).filter(|ca| ca.subject_der == list.view.issuer_der);
    let mut told =
        named.map(|ca| verify::foreign(&ca.key, list.algorithm.oid(), &list.tbs, &list.signature)).peekable();
    if told.peek().is_none() {
        return Ok(false);
    }
    match told.find(|told| *told != Checked::Bad) {
        Some(told) => Ok(told == Checked::Good),
        None => Err(Error::new(Kind::Verify, "a CRL is not signed by the issuer that is beside it")
            .within(format!("{called}: {}", text::escape(file)))
            .saw(read::show_name(&list.view.issuer))
            .hint("its dates say nothing: take the CRL of the newest bundle, or of the authority's public directory")),
    }
}

/// What follows from a certificate's end; `intermediate` is how long the cluster's own lives.
fn task(
    name: &str,
    what: &'static str,
    certificate: &Foreign,
    intermediate: Option<SignedDuration>,
    leaf: SignedDuration,
) -> Task {
    let ends = certificate.not_after;
    let validity = ends.duration_since(certificate.not_before);
    let short = Digest::of(&certificate.der).short();
    let subject = common_name(&certificate.subject);
    if what == "intermediate" {
        let leaf = leaf.min(validity);
        return Task {
            id: format!("intermediate.{name}"),
            begin: ends - leaf - lead(RENEWAL_LEAD, validity),
            by: ends - leaf,
            what: format!("renew the intermediate of {name}"),
            why: outlived(ends, leaf),
            how: format!("anchorite request {} --renew", text::shell(name)),
        };
    }
    let (id, what) = match what {
        "root" => ("root", format!("replace the root {subject}")),
        _ => ("issuer", format!("replace the CA above: {subject}")),
    };
    Task {
        id: format!("{id}.{short}"),
        begin: ends - lead(intermediate.unwrap_or(RENEWAL_LEAD), validity),
        by: ends,
        what,
        why: format!("it ends {ends}, and every intermediate below it does by then"),
        how: "ask its authority for the successor; then: anchorite rollover plan".to_owned(),
    }
}

/// What follows from a CRL: its end, and whether the cluster's own certificate is on it.
fn crl_tasks(name: &str, file: &str, list: &Crl, own: Option<&Foreign>) -> Vec<Task> {
    let view = &list.view;
    let issuer = common_name(&read::show_name(&view.issuer));
    let short = Digest::of(&view.issuer_der).short();
    let (what, why, how) = match file {
        MESH_CRL => (
            format!("renew {MESH_CRL}: the CRL of {issuer}"),
            "sidecars refuse every connection once it has expired",
            match own {
                Some(own) if own.subject_der == view.issuer_der => {
                    "anchorite mesh-crl renew DIR; then anchorite mesh-crl merge, for every cluster"
                }
                Some(own) if own.issuer_der == view.issuer_der => {
                    "ask its authority: the newest is public/root.crl; then anchorite mesh-crl merge, for every cluster"
                }
                _ => "where its key is: anchorite mesh-crl renew DIR; then anchorite mesh-crl merge, for every cluster",
            },
        ),
        _ => (
            format!("get the next CRL of {issuer}"),
            "whoever checks revocation refuses every certificate of this issuer from then on",
            "ask its authority: the newest is public/root.crl, and in new bundles (anchorite export --all)",
        ),
    };
    let mut tasks = vec![Task {
        id: format!("crl.{}.{short}", file.trim_end_matches(".pem")),
        begin: view.next_update - lead(CRL_LEAD, view.next_update.duration_since(view.this_update)),
        by: view.next_update,
        what,
        why: why.to_owned(),
        how: how.to_owned(),
    }];
    let same = |listed: &[u8], own: &[u8]| {
        let magnitude = |serial: &[u8]| serial.iter().copied().skip_while(|octet| *octet == 0).collect::<Vec<u8>>();
        magnitude(listed) == magnitude(own)
    };
    if let Some(own) = own.filter(|own| own.issuer_der == view.issuer_der)
        && let Some((_, since, _)) = view.revoked.iter().find(|(serial, ..)| same(&serial.0, &own.serial.0))
    {
        tasks.push(Task {
            id: format!("revoked.{name}"),
            begin: *since,
            by: *since,
            what: format!("the intermediate of {name} is REVOKED since {}", date(*since)),
            why: format!("{file} names it: whoever checks revocation refuses all that it issued"),
            how: format!("a new key and a new request, not a renewal: anchorite request {}", text::shell(name)),
        });
    }
    tasks
}
