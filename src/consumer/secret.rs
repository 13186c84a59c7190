//! A Kubernetes Secret as YAML, in the form that `kubectl create secret --dry-run=client -o yaml` prints.
//!
//! kubectl before 1.34 also prints `creationTimestamp: null`, which says nothing; here it is left out, as
//! newer ones do. Values are base64, so no byte of a file can be read as YAML.

use crate::error::{Error, Kind};
use data_encoding::BASE64;
use zeroize::Zeroizing;

/// Stands for a value that is left out. What is written for it is no base64, so Kubernetes refuses the manifest.
pub const REDACTED: &[u8] = b"<redacted>";

/// The manifest of a Secret; `data` is its keys with their bytes ([`REDACTED`] for one that is left out),
/// `secret_type` none for Opaque.
///
/// # Errors
/// [`Kind::Usage`]: a name or namespace that Kubernetes refuses. [`Kind::Bug`]: a key that it refuses.
pub fn manifest_yaml<K: AsRef<str>, B: AsRef<[u8]>>(
    name: &str,
    namespace: &str,
    secret_type: Option<&str>,
    data: &[(K, B)],
) -> Result<Zeroizing<String>, Error> {
    if !is_dns_name(name, 253, true) {
        return Err(Error::new(Kind::Usage, "no name of a Secret").saw(name).wanted("a-z 0-9 - . (RFC 1123)"));
    }
    if !is_dns_name(namespace, 63, false) {
        return Err(Error::new(Kind::Usage, "no name of a namespace").saw(namespace).wanted("a-z 0-9 - (RFC 1123)"));
    }
    let mut sorted: Vec<(&str, &[u8])> = data.iter().map(|(key, bytes)| (key.as_ref(), bytes.as_ref())).collect();
    sorted.sort_by_key(|(key, _)| *key);
    let mut lines = vec![("apiVersion: v1\ndata:\n".to_owned(), Zeroizing::new(String::new()))];
    for (key, bytes) in sorted {
        let fits = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !fits {
            return Err(Error::new(Kind::Bug, "a key that no Secret may have").saw(key));
        }
        let value = match bytes == REDACTED {
            true => Zeroizing::new(String::from_utf8_lossy(REDACTED).into_owned()),
            false => Zeroizing::new(BASE64.encode(bytes)),
        };
        lines.push((format!("  {}: ", *scalar(key)), scalar(&value)));
        lines.push(("\n".to_owned(), Zeroizing::new(String::new())));
    }
    let kind = format!("kind: Secret\nmetadata:\n  name: {}\n  namespace: {}\n", *scalar(name), *scalar(namespace));
    let end = secret_type.map_or_else(String::new, |kind| format!("type: {kind}\n"));
    lines.push((kind + &end, Zeroizing::new(String::new())));
    // Reserved at once: a string that grows leaves copies of a key behind.
    let size = lines.iter().map(|(plain, value)| plain.len() + value.len()).sum();
    let mut yaml = Zeroizing::new(String::with_capacity(size));
    for (plain, value) in &lines {
        yaml.push_str(plain);
        yaml.push_str(value);
    }
    Ok(yaml)
}

/// RFC 1123: labels of a-z 0-9 and inner hyphens, with dots between where they are allowed.
fn is_dns_name(name: &str, max: usize, dots: bool) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    name.len() <= max && name.split('.').all(label) && (dots || !name.contains('.'))
}

/// Quotes what YAML 1.1 would take for something else than a string: numbers, dates, booleans, null, nothing.
fn scalar(text: &str) -> Zeroizing<String> {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let word = matches!(lower.as_str(), "" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n");
    let number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && lower.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'x' | b'o' | b'_' | b'.' | b'+' | b'-' | b':'));
    Zeroizing::new(if word || number { format!("\"{text}\"") } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_kubectl_prints() {
        let dir = tempfile::tempdir().unwrap();
        // Where the judges of run-tests.sh are, or on the path.
        let judge = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/judges/bin/kubectl");
        let kubectl = if judge.exists() { judge } else { "kubectl".into() };
        let data = [
            ("root-cert.pem", &b"root\n"[..]),
            ("ca-key.pem", b"key\n"),
            ("empty", b""),
            ("number", &[0xd7, 0x6d, 0xf8]),
        ];
        for (name, namespace, kind) in
            [("cacerts", "istio-system", None), ("null", "yes", Some("kubernetes.io/tls")), ("123", "1e3", None)]
        {
            let mut command = std::process::Command::new(&kubectl);
            command.args(["create", "secret", "generic", name, "-n", namespace, "--dry-run=client", "-o", "yaml"]);
            for (file, bytes) in data {
                std::fs::write(dir.path().join(file), bytes).unwrap();
                command.arg(format!("--from-file={}", dir.path().join(file).display()));
            }
            command.args(kind.map(|kind| format!("--type={kind}")));
            // Neither there nor here: nothing to compare with.
            let Ok(theirs) = command.output() else { return };
            assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
            let theirs = String::from_utf8(theirs.stdout).unwrap().replace("  creationTimestamp: null\n", "");
            assert_eq!(*manifest_yaml(name, namespace, kind, &data).unwrap(), theirs);
        }
    }

    #[test]
    fn the_form_is_this_one() {
        let yaml = manifest_yaml("cacerts", "istio-system", None, &[("b", b"2"), ("a", b"1")]).unwrap();
        assert_eq!(
            *yaml,
            "apiVersion: v1\ndata:\n  a: MQ==\n  b: Mg==\nkind: Secret\nmetadata:\n  name: cacerts\n  namespace: istio-system\n"
        );
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused() {
        for bad in ["", "A", "a_b", "-a", "a-", "a b", "a\nb", "a..b", &"a".repeat(254)] {
            assert!(manifest_yaml(bad, "x", None, &[("a", b"")]).is_err(), "{bad}");
        }
        for bad in ["", "a.b", &"a".repeat(64)] {
            assert!(manifest_yaml("x", bad, None, &[("a", b"")]).is_err(), "{bad}");
        }
        assert!(manifest_yaml("x", "x", None, &[("a: b\n", b"")]).is_err());
    }
}
