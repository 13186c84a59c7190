//! What an authority and its clusters may choose of an intermediate, with one mistake at a time: each is found
//! by `config check`, long before anything is signed.

use crate::support::{AUTHORITY, World, configuration};

/// What is replaced by what, and what is added at the end, where `[intermediates]` is open.
#[track_caller]
pub fn refused(changes: &[(&str, &str)], added: &str, text: &str) {
    let world = World::new();
    let mut config = configuration("test", "ecdsa-p256");
    for (from, to) in changes {
        assert!(config.contains(from), "{from} is not in the configuration");
        config = config.replacen(from, to, 1);
    }
    world.configure(&(config + added));
    world.refused(&["-C", AUTHORITY, "config", "check"], text);
}

#[test]
fn a_profile_that_cannot_work_under_this_root_is_refused() {
    refused(
        &[("key = \"ecdsa-p256\"\n", "key = \"ecdsa-p384\"\n")],
        "profiles = [\"linkerd\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] profiles: linkerd
               cannot verify what this root signs: saw [root] key ecdsa-p384, wanted
               ecdsa-p256, rsa-3072, rsa-4096
        exit 2
    "#,
    );
    refused(
        &[("profile = \"istio\"", "profile = \"linkerd\"")],
        "",
        r#"
        error: authority.toml, line 16, column 1: [intermediates] keys: linkerd cannot
               use this kind of key: saw rsa-3072, wanted ecdsa-p256
        hint:  keys = ["ecdsa-p256"]
        exit 2
    "#,
    );
    refused(
        &[("\"rsa-3072\", \"rsa-4096\", \"ecdsa-p256\", \"ecdsa-p384\"", "\"ecdsa-p384\"")],
        "profiles = [\"linkerd\"]\n",
        r#"
        error: authority.toml, line 16, column 1: [intermediates] keys: linkerd can use
               none of these kinds of key: saw ecdsa-p384, wanted ecdsa-p256
        exit 2
    "#,
    );
    refused(
        &[],
        "profiles = [\"lnkerd\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] profiles: no such
               profile: saw "lnkerd"
        hint:  did you mean "linkerd"?
        exit 2
    "#,
    );
    refused(
        &[],
        "profiles = [\"cross\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] profiles: not a
               profile of intermediates: saw cross
        exit 2
    "#,
    );
}

#[test]
fn a_path_length_that_no_profile_has_is_refused() {
    refused(
        &[],
        "path_len = 1\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] path_len: no profile
               here has this path length: saw 1, wanted path length 0 for istio
        hint:  leave it out: only a subordinate's is open, from 0 to 2
        exit 2
    "#,
    );
    refused(
        &[("profile = \"istio\"", "profile = \"spire\"")],
        "path_len = 0\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] path_len: no profile
               here has this path length: saw 0, wanted path length 1 for spire
        hint:  leave it out: only a subordinate's is open, from 0 to 2
        exit 2
    "#,
    );
    refused(
        &[("profile = \"istio\"", "profile = \"subordinate\"")],
        "path_len = 3\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] path_len: no profile
               here has this path length: saw 3, wanted path length 0 to 2 for
               subordinate
        hint:  leave it out: only a subordinate's is open, from 0 to 2
        exit 2
    "#,
    );
}

#[test]
fn hashes_names_and_urls_are_read_strictly() {
    refused(
        &[],
        "hashes = [\"sha1\"]\n",
        r#"
        error: authority.toml, line 18, column 11: unknown variant "sha1": wanted one of
               sha256, sha384, sha512
        hint:  did you mean "sha512"?
        exit 2
    "#,
    );
    refused(
        &[],
        "hashes = []\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] hashes: no hash is
               allowed: wanted sha256, sha384, sha512, or some of them
        exit 2
    "#,
    );
    refused(
        &[],
        "dns_names = [\"*.svc\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] dns_names: not a DNS
               name: saw *.svc, wanted labels of lower-case letters, digits and inner
               hyphens, with dots between
        exit 2
    "#,
    );
    refused(
        &[],
        "dns_names = [\"a.svc\", \"a.svc\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] dns_names: twice the
               same DNS name: saw a.svc, wanted labels of lower-case letters, digits and
               inner hyphens, with dots between
        exit 2
    "#,
    );
    refused(
        &[],
        "crl_urls = [\"https://pki.example.com/root.crl\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] crl_urls: not an
               http:// URL: saw https://pki.example.com/root.crl, wanted
               http://host/path in ASCII, each once
        hint:  what is fetched is signed itself; https would need the certificate that
               is being checked
        exit 2
    "#,
    );
    refused(
        &[],
        "ca_issuers_urls = [\"http://pki.example.com/räksmörgås\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] ca_issuers_urls: a URL
               with characters that need escaping: saw
               http://pki.example.com/räksmörgås, wanted http://host/path in ASCII, each
               once
        hint:  what is fetched is signed itself; https would need the certificate that
               is being checked
        exit 2
    "#,
    );
    refused(
        &[],
        "crl_urls = [\"http://a/\", \"http://a/\"]\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] crl_urls: twice the
               same URL: saw http://a/, wanted http://host/path in ASCII, each once
        hint:  what is fetched is signed itself; https would need the certificate that
               is being checked
        exit 2
    "#,
    );
}

#[test]
fn a_name_constraint_that_breaks_its_consumer_is_refused() {
    refused(
        &[],
        "name_constraints = { permitted_uris = [\"cluster.local\"] }\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] name_constraints:
               ztunnel rejects every URI constraint: saw URI:cluster.local
        hint:  set sidecar_only = true where no ztunnel will ever verify; or constrain
               by permitted_dns
        exit 2
    "#,
    );
    refused(
        &[("profile = \"istio\"", "profile = \"subordinate\"")],
        "name_constraints = { permitted_uris = [\"cluster.local\"] }\n",
        r#"
        error: authority.toml, line 18, column 1: [intermediates] name_constraints: the
               profile subordinate bears no URI constraint: saw URI:cluster.local
        hint:  constrain by permitted_dns and excluded_dns
        exit 2
    "#,
    );
    refused(
        &[],
        "[intermediates.name_constraints]\nexcluded_dns = [\"istio-system.svc\"]\n",
        r#"
        error: authority.toml, line 19, column 1: [intermediates.name_constraints]
               excluded_dns: this excludes a name that the consumer itself has: saw
               istio-system.svc, wanted a subtree without istiod.istio-system.svc
        exit 2
    "#,
    );
    refused(
        &[],
        "dns_names = []\n[intermediates.name_constraints]\npermitted_dns = [\"example.com\"]\n",
        r#"
        error: authority.toml, line 20, column 1: [intermediates.name_constraints]
               permitted_dns: this excludes a name that the consumer itself has: saw
               example.com, wanted also a subtree with istiod.istio-system.svc
        exit 2
    "#,
    );
    refused(
        &[],
        "[intermediates.name_constraints]\npermitted_dns = [\".svc\"]\n",
        r#"
        error: authority.toml, line 19, column 1: [intermediates.name_constraints]
               permitted_dns: not a DNS subtree: saw .svc, wanted labels of lower-case
               letters, digits and inner hyphens, with dots between
        exit 2
    "#,
    );
    refused(
        &[],
        "sidecar_only = true\n[intermediates.name_constraints]\npermitted_uris = [\"spiffe://cluster.local\"]\n",
        r#"
        error: authority.toml, line 20, column 1: [intermediates.name_constraints]
               permitted_uris: not a host of URIs: saw spiffe://cluster.local, wanted a
               host (a trust domain), or a dot and a host for those below it
        exit 2
    "#,
    );
    refused(
        &[],
        "sidecar_only = true\nname_constraints = { permitted_uris = [\"cluster.local\"] }\n[clusters.a]\ntrust_domain = \"a.example\"\n",
        r#"
        error: authority.toml, line 21, column 1: [clusters.a] trust_domain: the URI
               constraint excludes the cluster's own trust domain: saw a.example, wanted
               cluster.local
        exit 2
    "#,
    );
    refused(
        &[],
        "sidecar_only = true\nname_constraints = { permitted_uris = [\"cluster.local\"] }\n[clusters.a]\nsidecar_only = false\n",
        r#"
        error: authority.toml, line 20, column 1: [clusters.a] name_constraints: ztunnel
               rejects every URI constraint: saw URI:cluster.local
        hint:  set sidecar_only = true where no ztunnel will ever verify; or constrain
               by permitted_dns
        exit 2
    "#,
    );
}

#[test]
fn an_ou_that_marks_what_is_not_the_real_thing_is_written_by_nobody_else() {
    refused(
        &[],
        "[clusters.a]\norganizational_unit = \"REHEARSAL\"\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a] organizational_unit: this
               OU marks what is not the real thing: saw REHEARSAL, wanted another OU
        hint:  kind = "test" or "rehearsal" adds it to every subject
        exit 2
    "#,
    );
    refused(
        &[(
            "{ organization = \"World\", common_name = \"Intermediate CA\" }",
            "{ organizational_unit = \"TEST\", common_name = \"Intermediate CA\" }",
        )],
        "",
        r#"
        error: authority.toml, line 17, column 1: [intermediates] subject: this OU marks
               what is not the real thing: saw TEST, wanted another OU
        hint:  kind = "test" or "rehearsal" adds it to every subject
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a]\norganizational_unit = \" \"\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a] organizational_unit: OU
               needs 1 to 64 characters without outer spaces: saw
        exit 2
    "#,
    );
}

#[test]
fn a_crl_that_outlives_the_root_is_refused() {
    refused(
        &[("max_validity_days = 365", "max_validity_days = 30"), ("validity_days = 3650", "validity_days = 100")],
        "[crl]\nvalidity_days = 180\n",
        r#"
        error: authority.toml, line 19, column 1: [crl] validity_days: a CRL cannot
               outlive its issuer: saw 180, wanted 1 to 100, the root's
        exit 2
    "#,
    );
}
