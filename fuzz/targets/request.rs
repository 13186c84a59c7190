//! A request's file: whatever its bytes, they are a request or the rule that they break; and what is read is
//! what is there.

use anchorite::finding::{Finding, Severity};
use anchorite::request::{self, KeyPolicy};
use anchorite::text;
use anchorite::x509::pem;
use anchorite::x509::read::show_name;

/// Everything that a person is shown of a finding is plain, and nothing of it is missing.
fn plain(finding: &Finding) {
    for part in [&finding.id, &finding.observed, &finding.expected, &finding.source, &finding.hint] {
        assert!(!part.is_empty() && text::first_deceptive(part).is_none(), "{finding:?}");
    }
}

fn judge(bytes: &[u8]) {
    let policy = KeyPolicy::default();
    let inspected = match request::inspect(bytes, &policy) {
        Ok(inspected) => inspected,
        Err(finding) => {
            assert_eq!(finding.severity, Severity::Refuse);
            return plain(&finding);
        }
    };
    inspected.findings.iter().for_each(plain);
    assert!(text::first_deceptive(&show_name(&inspected.view.subject)).is_none());
    assert!(inspected.view.asked.iter().all(|asked| text::first_deceptive(asked).is_none()));
    // The same DER in the same file is the same request, whoever wrote the PEM around it.
    let again = request::inspect(pem::encode("CERTIFICATE REQUEST", &inspected.der).as_bytes(), &policy);
    assert_eq!(again.as_ref(), Ok(&inspected));
    let refused = inspected.findings.iter().any(|finding| finding.severity == Severity::Refuse);
    match inspected.clone().verified() {
        Ok(verified) => {
            assert!(!refused);
            assert_eq!(verified.der(), inspected.der);
        }
        Err(findings) => assert!(refused && !findings.is_empty()),
    }
}

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    judge(bytes);
    // Most mutations break base64 and stop there: the same bytes as DER go further.
    if !bytes.is_empty() {
        judge(pem::encode("CERTIFICATE REQUEST", bytes).as_bytes());
    }
}
