//! The real Envoy as a workload's sidecar: started with given files, asked, and always ended by its process id.
//!
//! Every address is a socket file in the proxy's directory, so there are no ports to find or to collide.

use crate::workload::Workload;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Envoy. A request to `outbound` is sent by mTLS to the peer's `inbound`, which hands it to the
/// peer's application.
pub struct Proxy {
    child: Child,
    dir: PathBuf,
}

/// Where one side meets the other: its directory of sockets, and who is there.
pub struct Peer<'a> {
    /// The directory that the peer's proxy was, or will be, started in.
    pub dir: &'a Path,
    /// The SPIFFE ID that it must show.
    pub id: &'a str,
}

impl Proxy {
    /// Starts the sidecar of a workload in a directory, with its peer's identity as the only accepted one.
    pub fn start(envoy: &Path, dir: &Path, own: &Workload, peer: &Peer<'_>) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        application(dir, &own.id);
        put(&dir.join(LEAF), &leaf(own));
        put(&dir.join(ROOTS), &roots(own));
        let config = dir.join("envoy.json");
        std::fs::write(&config, bootstrap(dir, peer).to_string()).unwrap();
        let said = std::fs::File::create(dir.join("envoy.log")).unwrap();
        // Ends with this test even where the test is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(envoy).arg("--config-path").arg(&config);
        command.args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let child = command.spawn().expect("setpriv, of util-linux");
        let mut proxy = Self { child, dir: dir.to_owned() };
        proxy.wait_until_ready();
        proxy
    }

    fn wait_until_ready(&mut self) {
        let began = Instant::now();
        while ask(&self.dir.join("admin"), "/ready").is_none_or(|answer| answer.code != 200) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "Envoy did not start ({ended:?}):\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a request to the peer's application, through this proxy and the peer's.
    pub fn call(&self) -> Answer {
        ask(&self.dir.join("outbound"), "/").unwrap_or_else(|| panic!("Envoy is gone:\n{}", self.log()))
    }

    /// Takes a workload's certificate and key in place of those before, as when an agent has rotated them.
    pub fn take_leaf(&self, own: &Workload) {
        self.take(LEAF, &leaf(own));
    }

    /// Takes a workload's roots in place of those before.
    pub fn take_roots(&self, own: &Workload) {
        self.take(ROOTS, &roots(own));
    }

    /// Puts a secret in place and waits until new connections in both directions use it.
    fn take(&self, file: &str, secret: &Value) {
        let before = UPDATES.map(|name| self.counter(name));
        if !put(&self.dir.join(file), secret) {
            return;
        }
        let began = Instant::now();
        while UPDATES.iter().zip(before).any(|(name, before)| self.counter(name) == before) {
            assert!(began.elapsed() < PATIENCE, "Envoy did not take {file}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// A counter of Envoy's, by its whole name.
    pub fn counter(&self, name: &str) -> u64 {
        let body = ask(&self.dir.join("admin"), &format!("/stats?filter=^{name}$")).unwrap().body;
        let value = body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok());
        value.unwrap_or_else(|| panic!("no counter {name}: {body:?}"))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("envoy.log")).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub code: u16,
    /// The body; Envoy's own words, where it could not reach the peer.
    pub body: String,
}

/// One HTTP/1.1 request; `None` where nobody answers.
fn ask(socket: &Path, path: &str) -> Option<Answer> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: peer\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let code = text.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { code, body: text.split_once("\r\n\r\n")?.1.to_owned() })
}

/// The application behind a proxy: says who it is and whom Envoy vouches for as the caller.
fn application(dir: &Path, id: &str) {
    let listener = UnixListener::bind(dir.join("application")).unwrap();
    let id = id.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                request.extend(byte);
            }
            let request = String::from_utf8_lossy(&request);
            let caller = request.lines().find_map(|line| line.strip_prefix("x-forwarded-client-cert: "));
            let caller = caller.and_then(|parts| parts.split(';').find_map(|part| part.strip_prefix("URI=")));
            let body = format!("{id} was called by {}", caller.unwrap_or("nobody"));
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
}

/// The file of a proxy's certificate, and its name as Istio's agents have it.
const LEAF: &str = "default.json";
/// The file of its roots.
const ROOTS: &str = "ROOTCA.json";
/// How often new connections came to use another secret, as a server and as a client.
const UPDATES: [&str; 2] = [
    "listener.inbound.server_ssl_socket_factory.ssl_context_update_by_sds",
    "cluster.peer.client_ssl_socket_factory.ssl_context_update_by_sds",
];

fn leaf(own: &Workload) -> Value {
    let text = |file: &Path| json!({ "inline_string": std::fs::read_to_string(file).unwrap() });
    json!({ "name": "default", "tls_certificate": {
        "certificate_chain": text(&own.chain), "private_key": text(&own.key),
    } })
}

fn roots(own: &Workload) -> Value {
    let text = |file: &Path| json!({ "inline_string": std::fs::read_to_string(file).unwrap() });
    let mut context = json!({ "trusted_ca": text(&own.trust) });
    // As Istio's agents hand on what is in the ConfigMap istio-ca-crl.
    if let Some(crls) = &own.crls {
        context["crl"] = text(crls);
    }
    json!({ "name": "ROOTCA", "validation_context": context })
}

/// Writes a secret for Envoy, which looks again where a file is moved into its place. False where it was there
/// already: Envoy passes over what it has.
fn put(path: &Path, secret: &Value) -> bool {
    let mut secret = secret.clone();
    secret["@type"] = json!("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret");
    let text = json!({ "resources": [secret] }).to_string();
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        return false;
    }
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
    true
}

fn bootstrap(dir: &Path, peer: &Peer<'_>) -> Value {
    let from = |name: &str, file: &str| json!({ "name": name, "sds_config": { "path_config_source": { "path": dir.join(file) } } });
    let tls = json!({
        "tls_params": { "tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3" },
        "tls_certificate_sds_secret_configs": [from("default", LEAF)],
        "combined_validation_context": {
            "default_validation_context": {
                "match_typed_subject_alt_names": [{ "san_type": "URI", "matcher": { "exact": peer.id } }],
            },
            "validation_context_sds_secret_config": from("ROOTCA", ROOTS),
        },
    });
    let at = |dir: &Path, socket: &str| json!({ "pipe": { "path": dir.join(socket) } });
    json!({
        "node": { "id": "sidecar", "cluster": "mesh" },
        "admin": { "address": at(dir, "admin") },
        "static_resources": {
            "listeners": [
                listener("inbound", &at(dir, "inbound"), "application", Some(&json!({
                    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                    "require_client_certificate": true,
                    // Each connection shows its certificates: none is believed for what it showed before.
                    "disable_stateless_session_resumption": true,
                    "disable_stateful_session_resumption": true,
                    "common_tls_context": tls,
                }))),
                listener("outbound", &at(dir, "outbound"), "peer", None),
            ],
            "clusters": [
                cluster("application", &at(dir, "application"), None),
                cluster("peer", &at(peer.dir, "inbound"), Some(&json!({
                    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                    "max_session_keys": 0,
                    "common_tls_context": tls,
                }))),
            ],
        },
    })
}

fn listener(name: &str, address: &Value, to: &str, tls: Option<&Value>) -> Value {
    let router = json!({ "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" });
    let connection_manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": { "uri": true },
        // Envoy tells a stranger nothing of why TLS failed; this one's caller is a test.
        "local_reply_config": { "body_format": {
            "text_format_source": { "inline_string": "%LOCAL_REPLY_BODY%: %UPSTREAM_TRANSPORT_FAILURE_REASON%" },
        } },
        "http_filters": [{ "name": "envoy.filters.http.router", "typed_config": router }],
        "route_config": { "virtual_hosts": [{
            "name": to, "domains": ["*"], "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": to } }],
        }] },
    });
    let filter = json!({ "name": "envoy.filters.network.http_connection_manager", "typed_config": connection_manager });
    json!({
        "name": name, "stat_prefix": name, "address": address,
        "filter_chains": [with_tls(json!({ "filters": [filter] }), tls)],
    })
}

fn cluster(name: &str, address: &Value, tls: Option<&Value>) -> Value {
    let endpoint = json!({ "lb_endpoints": [{ "endpoint": { "address": address } }] });
    let cluster = json!({
        "name": name, "type": "STATIC", "connect_timeout": "10s",
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            // Each call is a connection of its own.
            "common_http_protocol_options": { "max_requests_per_connection": 1 },
            "explicit_http_config": { "http_protocol_options": {} },
        } },
        "load_assignment": { "cluster_name": name, "endpoints": [endpoint] },
    });
    with_tls(cluster, tls)
}

fn with_tls(mut value: Value, context: Option<&Value>) -> Value {
    if let Some(context) = context {
        value["transport_socket"] = json!({ "name": "envoy.transport_sockets.tls", "typed_config": context });
    }
    value
}
