//! What `anchorite new` writes: two files to read, edit and review. Nothing here is read by the program.

/// A commented `authority.toml` for an authority of this name; it parses as it stands.
pub fn config_template(name: &str) -> String {
    // A TOML basic string: JSON's escapes are TOML's.
    let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    TEMPLATE.replace("@NAME@", &quoted)
}

/// A commented `local.toml`; it parses as it stands.
pub fn local_template() -> String {
    LOCAL.to_owned()
}

const TEMPLATE: &str = r#"# What people review before the root key exists. Anchorite never writes this file again.
# `anchorite config check` validates it and prints its digest; genesis logs it whole.

name = @NAME@                  # on every screen and paper, part of the log's origin
kind = "production"            # production | test | rehearsal; fixed at genesis.
                               # test and rehearsal add OU=TEST / OU=REHEARSAL to every subject
unattended = false             # true lets an answers file stand for people: only test or rehearsal

[token]
profile = "softhsm2"           # `anchorite hsm profiles` lists them; the module's path is in local.toml

# [audit.token]                # the audit key on another token: needed where the root's has no ECDSA P-256
# profile = "softhsm2"

[root]
subject = { organization = "Example", common_name = "Example Mesh Root CA" }
key = "ecdsa-p384"             # rsa-3072 | rsa-4096 | ecdsa-p256 | ecdsa-p384 | ecdsa-p521 | ed25519
                               # ml-dsa-65: experimental, only in a build that has it and for kind = "test"
validity_days = 3650

[intermediates]                # for every cluster; a cluster may be stricter, never laxer
profile = "istio"
max_validity_days = 365
keys = ["rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384"]
subject = { organization = "Example", common_name = "Intermediate CA" }   # L=<cluster>, serialNumber=<generation> follow
# profiles = ["istio", "linkerd"]             # what clusters may choose: istio | cert-manager | linkerd | spire |
                               # vault | subordinate; `profile` is always among them
# hashes = ["sha256", "sha384", "sha512"]     # that requests may be signed with
# dns_names = ["istiod.istio-system.svc"]     # SAN; left out: the profile's own; [] for none
# leaf_hours = 24              # how long workloads' certificates live (DEFAULT_WORKLOAD_CERT_TTL)
# path_len = 1                 # for the profile subordinate: 0 to 2
# sidecar_only = true          # no ztunnel anywhere: only then may istio have permitted_uris
# crl_urls = ["http://pki.example.com/root.crl"]
# ca_issuers_urls = ["http://pki.example.com/root.cer"]

# [intermediates.name_constraints]
# permitted_dns = ["svc"]      # a cluster may name subtrees inside these
# excluded_dns = ["prod.svc"]  # and more of these
# permitted_uris = ["cluster.local"]

# [clusters.cluster1]          # optional: fixes what enrolment must find
# trust_domain = "cluster.local"
# environment = "prod"
# recipients = ["age1…"]       # who can open its bundles
# key_origin = "cluster"       # or "offline": made here, sealed to the recipients
# algorithm = "ecdsa-p384"     # the kind of key, for key_origin = "offline"
# profile = "istio"            # from here on: stricter than [intermediates]
# validity_days = 180
# keys = ["ecdsa-p256"]
# hashes = ["sha256"]
# dns_names = []
# path_len = 0
# organizational_unit = "Payments"            # an OU after the template's own
# sidecar_only = true
# name_constraints = { permitted_dns = ["payments.svc"] }

[crl]
validity_days = 180            # at most 365

# [custody]                    # the token opens to this many custodians together, and to nobody alone;
# threshold = 2                # left out, its PIN is typed
# custodians = 3               # each holds a share: words on a sheet, read back at genesis
# recipients = ["age1…", "age1…", "age1…"]    # one each: shares are age files instead of words

[roles]
administrator = 1
witness = 1
may_overlap = false            # true: one person may hold several roles

# [emergency]                  # what `revoke --emergency` may do without; custodians' shares never
# waivable = ["witness"]       # roles that may be left out where nobody can come: --waive ROLE
# alternates = { witness = "the security officer on call" }   # who may stand in, by office: --alternate ROLE

# [ceremonies]                 # pinned: these scripts are held and no others; `anchorite ceremony check NAME`
# intermediate-signing = "…"   # prints the sha256. A script of your own: ceremony/NAME.toml in this directory

# [status]                     # how early `anchorite status` says that something is due
# crl_days = 30                # before a CRL's nextUpdate; never more than a third of its days
# backup_days = 365            # after a copy of the token was last proved; 0 for never
# drill_days = 365             # after the last restore drill; 0 for never

# [countersigners]             # who elsewhere countersigns the log's checkpoints (c2sp.org/tlog-cosignature)
# keys = ["witness.example/w1+…+…"]           # as `anchorite checkpoint key` prints them
# within_days = 30             # by when, after each ceremony, one of them has

# [preflight]                  # what the machine must be; `anchorite preflight --json` names the checks
# must_pass = ["interfaces", "swap"]          # where nobody attends only these count; where people
                               # attend every failure stops the ceremony, and these must not even warn
# binary_sha256 = "…"          # of the program: sha256sum anchorite
# module_sha256 = "…"          # of the root's PKCS#11 module

[key_backup]
mode = "none"                  # losing the token loses the root: every mesh then needs a new one.
                               # "clone": a second token by the vendor's own means, or a copy of the files of
                               # SoftHSM; `anchorite key-backup` makes it and proves it. "wrapped", with [custody]:
                               # the key leaves the token once, in a file that only the custodians can open;
                               # `anchorite key-backup restore` makes it anew in another token. Fixed before genesis
"#;

const LOCAL: &str = r#"# What differs between machines. Not reviewed; its digest is in the log of every session.

[token]
# module = "/usr/lib/softhsm/libsofthsm2.so"   # left out: the profile's search paths
# directory = "/srv/token"                     # NSS: where its files are, a directory of its own
# writes = ["/var/lib/vendor"]                 # where the module writes, beside what its profile says

# [audit.token]
# module = "/usr/lib/softhsm/libsofthsm2.so"

# [backup.token]                               # the copy of the root's token, for `anchorite key-backup`
# directory = "/media/backup/token"            # SoftHSM: a directory on a medium of its own
# module = "/usr/lib/vendor.so"                # others: left out, the root's module
# serial = "…"                                 # and the serial number, where more than one token is there
# wrapped = "/media/backup"                    # mode "wrapped": for its file. The others: the token that proves it

[media]
# requests = "/media/requests"                 # default of `sign --from`
# exports = "/media/exports"                   # default of `sign --to`
# authority = ["/media/authority-a", "/media/authority-b"]   # closing a session copies the authority to them
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::{Config, Local};

    #[test]
    fn what_new_writes_is_valid_as_it_stands() {
        let config = Config::parse(&config_template("Example \"Mesh\" Root")).unwrap();
        assert_eq!(config.name, "Example \"Mesh\" Root");
        assert_eq!(Local::parse(&local_template()).unwrap(), Local::default());
    }
}
