//! The request package: `request.json`, signed by the intermediate key itself, so that recipients cannot be
//! swapped without the key; and the digests whose words people compare.
//!
//! Pure: bytes in, bytes out. Writing the files and sealing to recipients is done elsewhere.

use super::intake;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::finding::{Finding, Rule, Severity};
use crate::format;
use crate::name::{check_label, check_trust_domain};
use crate::x509::{LocalKey, SignatureAlgorithm, Spki, pem, verify};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The `type` of `request.json`.
pub const TYPE: &str = "anchorite/request/v1";
/// The most recipients of a bundle.
const MAX_RECIPIENTS: usize = 16;

/// `request.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestJson {
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The cluster's name.
    pub cluster: String,
    /// `prod`, `staging`, …
    pub environment: String,
    /// The SPIFFE trust domain.
    pub trust_domain: String,
    /// The PKCS#10 request, PEM.
    pub csr: String,
    /// age recipients, sorted and distinct.
    pub recipients: Vec<String>,
    /// When renewing: SHA-256 of the SubjectPublicKeyInfo of the key that signs `renewal.sig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// When it was made, by the cluster's clock.
    pub created: Timestamp,
}

/// The bytes of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFiles {
    /// `request.json`.
    pub json: Vec<u8>,
    /// `request.sig`.
    pub signature: Vec<u8>,
    /// `renewal.sig`, when renewing.
    pub renewal_signature: Option<Vec<u8>>,
}

/// The digest whose words are compared for a package: SHA-256 of `request.json`.
pub fn words_of_package(json: &[u8]) -> Digest {
    Digest::of(json)
}

/// The digest whose words are compared for a bare CSR.
///
/// SHA-256 of `anchorite/enrol/v1\n<cluster>\n<environment>\n<csr sha256>\n<recipients, sorted, one a line>\n`;
/// `csr_sha256` is that of the file, as `sha256sum` prints it.
pub fn words_of_csr(cluster: &str, environment: &str, csr_sha256: &Digest, recipients: &[String]) -> Digest {
    let mut recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    recipients.sort_unstable();
    let csr = csr_sha256.hex();
    let lines = ["anchorite/enrol/v1", cluster, environment, &csr].into_iter().chain(recipients);
    Digest::of(lines.map(|line| format!("{line}\n")).collect::<String>().as_bytes())
}

/// Makes a package for a key; `previous` is the key of the certificate that is renewed.
///
/// Recipients are sorted. The request's `csr`, `type`, `recipients` and `previous` are set here.
///
/// # Errors
/// [`Kind::Usage`]: a name that is not one, no recipients or one that is not shaped like an age recipient.
pub fn make_package(
    mut request: RequestJson,
    csr: &[u8],
    key: &LocalKey,
    previous: Option<&LocalKey>,
) -> Result<PackageFiles, Error> {
    TYPE.clone_into(&mut request.kind);
    request.csr = pem::encode("CERTIFICATE REQUEST", csr);
    request.recipients.sort_unstable();
    request.previous = previous.map(|key| key.spki().sha256());
    check_fields(&request)?;
    let mut json = serde_json::to_vec_pretty(&request)
        .map_err(|error| Error::new(Kind::Bug, "a request cannot be encoded").saw(error.to_string()))?;
    json.push(b'\n');
    let signature = key.sign(&json)?;
    let renewal_signature = previous.map(|key| key.sign(&json)).transpose()?;
    Ok(PackageFiles { json, signature, renewal_signature })
}

/// Reads `request.json`: strict JSON, names, recipients. Signatures are checked apart.
///
/// # Errors
/// [`Kind::Medium`]: larger than a request may be, not this JSON, a name or a recipient that is not one.
pub fn parse(json: &[u8]) -> Result<RequestJson, Error> {
    let unreadable = |what: &str| Error::new(Kind::Medium, what);
    if json.len() > intake::MAX_BYTES {
        return Err(unreadable("request.json is too large").saw(format!("{} bytes", json.len())));
    }
    // A list of the values in their order would be read as well, by this parser and by no other.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(unreadable("request.json is not an object").wanted("{ and the names of this version"));
    }
    format::check(Kind::Medium, "request.json", json, TYPE)?;
    let request: RequestJson = serde_json::from_slice(json)
        .map_err(|error| unreadable("request.json cannot be read").saw(error.to_string()))?;
    check_fields(&request).map_err(|error| error.into_kind(Kind::Medium))?;
    Ok(request)
}

/// Checks `request.sig`: by the request's own key, over the bytes of `request.json`.
///
/// # Errors
/// The finding `request.package.signature`.
pub fn check_signature(json: &[u8], signature: &[u8], key: &Spki) -> Result<(), Finding> {
    signed_by(key, json, signature)
        .map_err(|error| SIGNATURE.finding(error.what(), "a signature by the request's own key"))
}

/// Checks `renewal.sig`: by the previous intermediate's key, which is the one that `request.json` names.
///
/// # Errors
/// The finding `request.package.renewal`.
pub fn check_renewal(json: &[u8], request: &RequestJson, signature: &[u8], previous: &Spki) -> Result<(), Finding> {
    if request.previous != Some(previous.sha256()) {
        let named = request.previous.map_or_else(|| "no previous key".to_owned(), |digest| digest.hex());
        return Err(RENEWAL.finding(named, previous.sha256().hex()));
    }
    signed_by(previous, json, signature)
        .map_err(|error| RENEWAL.finding(error.what(), "a signature by the previous intermediate's key"))
}

static SIGNATURE: Rule = Rule {
    id: "request.package.signature",
    severity: Severity::Refuse,
    says: "request.json is signed by the request's own key, so that nobody else can name its recipients.",
    source: "the request package's format, anchorite/request/v1",
    hint: "request.json was changed after it was signed, or the files are of two requests: ask for a new package",
};
static RENEWAL: Rule = Rule {
    id: "request.package.renewal",
    severity: Severity::Refuse,
    says: "A renewal is signed by the key of the intermediate that it renews.",
    source: "the request package's format, anchorite/request/v1",
    hint: "renew with the key that is in use: anchorite request NAME --renew --previous SECRET.json",
};

/// The rules for packages.
pub(super) static RULES: [&Rule; 2] = [&SIGNATURE, &RENEWAL];

fn signed_by(spki: &Spki, json: &[u8], signature: &[u8]) -> Result<(), Error> {
    verify::signature(spki, SignatureAlgorithm::of(spki.spec()), json, signature)
}

fn check_fields(request: &RequestJson) -> Result<(), Error> {
    format::check_type(Kind::Usage, "request.json", &request.kind, TYPE)?;
    check_label("a cluster name", &request.cluster)?;
    check_label("an environment", &request.environment)?;
    check_trust_domain(&request.trust_domain)?;
    check_recipients(&request.recipients)
}

/// Checks that recipients are shaped like age recipients, sorted, distinct, and 1 to 16. Whether each is a
/// key is found when sealing.
///
/// # Errors
/// [`Kind::Usage`] for anything else.
pub fn check_recipients(recipients: &[String]) -> Result<(), Error> {
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(Error::new(Kind::Usage, "a wrong number of recipients")
            .saw(recipients.len().to_string())
            .wanted(format!("1 to {MAX_RECIPIENTS}")));
    }
    for recipient in recipients {
        let shaped = recipient.starts_with("age1")
            && (20..=2_000).contains(&recipient.len())
            && recipient.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !shaped {
            return Err(Error::new(Kind::Usage, "not an age recipient").saw(recipient).wanted("age1…, in lower case"));
        }
    }
    let pairs = recipients.iter().zip(recipients.iter().skip(1));
    if pairs.into_iter().any(|(a, b)| a >= b) {
        return Err(Error::new(Kind::Usage, "recipients that are not sorted or not distinct"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::name::{Attribute, DistinguishedName};

    fn recipient(letter: char) -> String {
        format!("age1{}", letter.to_string().repeat(58))
    }

    fn request() -> RequestJson {
        RequestJson {
            kind: String::new(),
            cluster: "cluster1".into(),
            environment: "prod".into(),
            trust_domain: "cluster.local".into(),
            csr: String::new(),
            recipients: vec![recipient('z'), recipient('q')],
            previous: None,
            created: "2026-11-21T09:25:00Z".parse().unwrap(),
        }
    }

    fn package(key: &LocalKey, previous: Option<&LocalKey>) -> PackageFiles {
        let csr = key.csr(&DistinguishedName::default().with(Attribute::CommonName, "cluster1")).unwrap();
        make_package(request(), &csr, key, previous).unwrap()
    }

    #[test]
    fn a_package_verifies_and_any_changed_byte_is_refused() {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let files = package(&key, None);
        let request = parse(&files.json).unwrap();
        assert_eq!(request.recipients, [recipient('q'), recipient('z')]);
        assert_eq!(request.previous, None);
        check_signature(&files.json, &files.signature, key.spki()).unwrap();
        for position in 0..files.json.len() {
            let mut changed = files.json.clone();
            changed[position] ^= 0x02;
            let finding = check_signature(&changed, &files.signature, key.spki()).unwrap_err();
            assert_eq!(finding.id, "request.package.signature", "byte {position}");
        }
        let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        check_signature(&files.json, &files.signature, other.spki()).unwrap_err();
    }

    #[test]
    fn a_file_that_is_not_exactly_a_request_is_unreadable() {
        let files = package(&LocalKey::generate(KeySpec::EcdsaP256).unwrap(), None);
        let json = String::from_utf8(files.json).unwrap();
        for (from, to) in [
            ("\"cluster\"", "\"klaster\""),
            ("cluster1", "Cluster1"),
            ("request/v1", "request/v2"),
            ("\"prod\",", "\"prod\", \"environment\": \"dev\","),
            ("\"prod\",", "\"prod\", \"more\": 1,"),
            ("age1q", "AGE1q"),
        ] {
            assert_eq!(parse(json.replace(from, to).as_bytes()).unwrap_err().kind(), Kind::Medium, "{to}");
        }
        // What jq and people would read nothing from.
        let request = parse(json.as_bytes()).unwrap();
        let values = (&request.kind, &request.cluster, &request.environment, &request.trust_domain, &request.csr);
        let values = (values.0, values.1, values.2, values.3, values.4, &request.recipients, (), request.created);
        let list = serde_json::to_vec(&values).unwrap();
        assert_eq!(parse(&list).unwrap_err().what(), "request.json is not an object");
        assert_eq!(parse(&vec![b' '; 65 * 1024]).unwrap_err().kind(), Kind::Medium);
    }

    #[test]
    fn a_renewal_is_signed_by_the_previous_key_that_it_names() {
        let old = LocalKey::generate(KeySpec::EcdsaP384).unwrap();
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let files = package(&key, Some(&old));
        let request = parse(&files.json).unwrap();
        let signature = files.renewal_signature.unwrap();
        check_renewal(&files.json, &request, &signature, old.spki()).unwrap();
        let other = LocalKey::generate(KeySpec::EcdsaP384).unwrap();
        check_renewal(&files.json, &request, &signature, other.spki()).unwrap_err();
        let forged = other.sign(&files.json).unwrap();
        assert_eq!(
            check_renewal(&files.json, &request, &forged, old.spki()).unwrap_err().id,
            "request.package.renewal"
        );
    }

    #[test]
    fn names_and_recipients_that_are_not_are_refused() {
        for bad in ["", "-a", "a-", "A", "a.b", "a b", &"a".repeat(64), "../x", "a\u{301}"] {
            assert!(check_label("a cluster name", bad).is_err(), "{bad}");
        }
        check_label("a cluster name", &"a".repeat(63)).unwrap();
        assert_eq!(check_label("an environment", "A").unwrap_err().what(), "not an environment");
        assert!(check_trust_domain("Example.org").is_err());
        assert!(check_recipients(&[]).is_err());
        assert!(check_recipients(&["AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ".to_owned()]).is_err());
        assert!(check_recipients(&[recipient('a'), recipient('a')]).is_err());
    }

    #[test]
    fn the_words_of_a_bare_csr_cover_cluster_environment_and_recipients() {
        let csr = Digest::of(b"csr");
        let lines = format!("anchorite/enrol/v1\nc\nprod\n{}\n{}\n{}\n", csr.hex(), recipient('a'), recipient('b'));
        let recipients = [recipient('b'), recipient('a')];
        assert_eq!(words_of_csr("c", "prod", &csr, &recipients), Digest::of(lines.as_bytes()));
    }
}
