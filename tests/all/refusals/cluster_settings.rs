//! A cluster may ask for less than the authority offers, never for more.

use super::settings::refused;

#[test]
fn a_cluster_is_never_laxer_than_the_authority() {
    refused(
        &[],
        "[clusters.a]\nprofile = \"spire\"\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a] profile: not a profile
               that [intermediates] offers: saw spire, wanted istio
        hint:  [intermediates] profiles = ["spire", …]
        exit 2
    "#,
    );
    refused(
        &[],
        "profiles = [\"linkerd\"]\n[clusters.a]\nprofile = \"linked\"\n",
        r#"
        error: authority.toml, line 20, column 1: [clusters.a] profile: not a profile
               that [intermediates] offers: saw linked, wanted istio, linkerd
        hint:  did you mean "linkerd"?
        exit 2
    "#,
    );
    refused(
        &[],
        "hashes = [\"sha256\"]\n[clusters.a]\nhashes = [\"sha256\", \"sha512\"]\n",
        r#"
        error: authority.toml, line 20, column 1: [clusters.a] hashes: a cluster may be
               stricter than [intermediates], never laxer: saw sha512, wanted sha256
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a]\nkeys = []\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a] keys: no kind of key is
               allowed
        exit 2
    "#,
    );
    refused(
        &[],
        "profiles = [\"linkerd\"]\n[clusters.a]\nprofile = \"linkerd\"\nkeys = [\"ecdsa-p384\"]\n",
        r#"
        error: authority.toml, line 21, column 1: [clusters.a] keys: linkerd cannot use
               this kind of key: saw ecdsa-p384, wanted ecdsa-p256
        hint:  keys = ["ecdsa-p256"]
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a]\nhashes = [\"sha256\"]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p384\"\nrecipients = [\"age1x\"]\n",
        r#"
        error: authority.toml, line 21, column 1: [clusters.a] algorithm: a key of this
               kind signs its request with sha384: saw ecdsa-p384, wanted a kind that
               signs with sha256
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a]\nkeys = [\"ecdsa-p256\"]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p384\"\nrecipients = [\"age1x\"]\n",
        r#"
        error: authority.toml, line 21, column 1: [clusters.a] algorithm: not one of the
               cluster's own keys: saw ecdsa-p384, wanted ecdsa-p256
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a]\ndns_names = [\"istiod-canary.istio-system.svc\"]\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a] dns_names: a cluster may
               be stricter than [intermediates], never laxer: saw
               istiod-canary.istio-system.svc, wanted istiod.istio-system.svc
        hint:  list it in [intermediates] dns_names, where it may be for any cluster
        exit 2
    "#,
    );
    refused(
        &[("profile = \"istio\"", "profile = \"subordinate\"")],
        "path_len = 1\n[clusters.a]\npath_len = 2\n",
        r#"
        error: authority.toml, line 20, column 1: [clusters.a] path_len: a cluster may
               be stricter than [intermediates], never laxer: saw 2, wanted 0 to 1
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a]\npath_len = 1\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a] path_len: a cluster may
               be stricter than [intermediates], never laxer: saw 1, wanted path length
               0
        exit 2
    "#,
    );
    refused(
        &[],
        "name_constraints = { permitted_dns = [\"svc\"] }\n[clusters.a.name_constraints]\npermitted_dns = [\"example.com\"]\n",
        r#"
        error: authority.toml, line 20, column 1: [clusters.a.name_constraints]
               permitted_dns: a cluster may be stricter than [intermediates], never
               laxer: saw example.com, wanted inside svc
        exit 2
    "#,
    );
    refused(
        &[],
        "sidecar_only = true\nname_constraints = { permitted_uris = [\"cluster.local\"] }\n[clusters.a]\nname_constraints = { permitted_uris = [\".local\"] }\n",
        r#"
        error: authority.toml, line 21, column 1: [clusters.a] name_constraints: a
               cluster may be stricter than [intermediates], never laxer: saw .local,
               wanted inside cluster.local
        exit 2
    "#,
    );
    refused(
        &[],
        "[clusters.a.name_constraints]\nexcluded_dns = [\"svc\"]\n",
        r#"
        error: authority.toml, line 19, column 1: [clusters.a.name_constraints]
               excluded_dns: this excludes a name that the consumer itself has: saw svc,
               wanted a subtree without istiod.istio-system.svc
        exit 2
    "#,
    );
}
