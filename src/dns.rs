//! DNS names as certificates hold them, and what is made of them: subtrees, hosts of URIs, URLs.
//!
//! Never resolves anything. Source: RFC 1123 section 2.1, RFC 5280 sections 4.2.1.6, 4.2.1.10 and 4.2.1.13.

/// The longest URL that a certificate of ours holds, in characters.
pub const MAX_URL: usize = 200;

/// True for lower-case labels of letters, digits and inner hyphens; no wildcard, no dot at the end.
pub fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// True for what a URI subtree may be: a host, or a dot and a host for the hosts below it.
pub fn is_uri_subtree(tree: &str) -> bool {
    is_host_name(tree.strip_prefix('.').unwrap_or(tree))
}

/// The DNS name is the subtree's, or ends in a dot and it.
pub fn is_within(name: &str, tree: &str) -> bool {
    name == tree || name.strip_suffix(tree).is_some_and(|before| before.ends_with('.'))
}

/// The host, or the URI subtree, is inside a URI subtree: without a dot before it, that is one host only.
pub fn uri_is_within(host: &str, tree: &str) -> bool {
    host == tree || (tree.starts_with('.') && host.len() > tree.len() && host.ends_with(tree))
}

/// What is wrong with a URL at which a CRL or a certificate is fetched; `None` for a good one.
///
/// Only `http`: fetching over TLS would need the very certificate that is being checked (RFC 5280 section 8).
pub fn http_url_fault(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("http://") else { return Some("not an http:// URL") };
    if url.len() > MAX_URL {
        return Some("a URL of more than 200 characters");
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    if !is_host_name(host) || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Some("a URL without a plain host name");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/?".contains(&b);
    if path.bytes().all(allowed) { None } else { Some("a URL with characters that need escaping") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_lower_case_labels() {
        for good in ["svc", "istiod.istio-system.svc", "a1.b-c"] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["", ".svc", "svc.", "a..b", "*.svc", "-a", "a-", "A", "a_b", "a b", "é"] {
            assert!(!is_host_name(bad), "{bad}");
        }
        assert!(!is_host_name(&"a".repeat(64)));
        assert!(!is_host_name(&["a"; 128].join(".")));
    }

    #[test]
    fn a_subtree_holds_itself_and_what_is_below() {
        assert!(is_within("svc", "svc") && is_within("a.svc", "svc"));
        assert!(!is_within("asvc", "svc") && !is_within("svc", "a.svc"));
    }

    #[test]
    fn a_uri_subtree_is_one_host_unless_a_dot_begins_it() {
        assert!(uri_is_within("cluster.local", "cluster.local"));
        assert!(!uri_is_within("a.cluster.local", "cluster.local"));
        assert!(uri_is_within("a.cluster.local", ".cluster.local") && uri_is_within(".a.b", ".b"));
        assert!(!uri_is_within("cluster.local", ".cluster.local"));
        assert!(is_uri_subtree(".a.b") && is_uri_subtree("a") && !is_uri_subtree("..a") && !is_uri_subtree("a/b"));
    }

    #[test]
    fn urls_are_plain_http() {
        for good in ["http://pki.example.com/root.crl", "http://a", "http://a.b:8080/x?y=%20"] {
            assert_eq!(http_url_fault(good), None, "{good}");
        }
        let long = format!("http://a/{}", "x".repeat(MAX_URL));
        for bad in
            ["https://a/x", "ldap://a", "http://", "http://A/x", "http://u@a/", "http://a:0/", "http://a/ü", &long]
        {
            assert!(http_url_fault(bad).is_some(), "{bad}");
        }
    }
}
