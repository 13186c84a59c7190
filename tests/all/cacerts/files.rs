//! Files, keys, Secrets: what is there and in which form.

use super::pki::Pki;
use data_encoding::BASE64;

#[test]
fn good_files_work_and_have_nothing_said_of_them() {
    let pki = Pki::new();
    pki.says("good", "yyyy", &[]);
    let said = pki.inspect(&["good"]);
    assert_eq!(said.report["verdict"], "works");
    assert_eq!(said.report["clusters"][0]["leaf_tried"], "accepted");
}

#[test]
fn each_missing_file_stops_istiod() {
    let pki = Pki::new();
    for (name, also) in [("ca-cert.pem", &[][..]), ("ca-key.pem", &[]), ("cert-chain.pem", &[]), ("root-cert.pem", &[])]
    {
        let dir = format!("without-{name}");
        pki.copy(&dir);
        std::fs::remove_file(pki.world.path(format!("{dir}/{name}"))).unwrap();
        pki.says(&dir, "nnnn", &[&["consumer.file.missing"], also].concat());
    }
}

#[test]
fn crlf_and_text_before_a_block_are_fine() {
    let pki = Pki::new();
    pki.copy("texts");
    for name in ["ca-cert.pem", "cert-chain.pem", "root-cert.pem"] {
        let pem = String::from_utf8(pki.world.read(format!("good/{name}"))).unwrap();
        let text = format!("subject=CN = Žižkov CA\n    Data: x\u{1b}\n{}", pem.replace('\n', "\r\n"));
        pki.world.write(format!("texts/{name}"), text);
    }
    pki.says("texts", "yyyy", &[]);
}

#[test]
fn glued_blocks_and_der_are_refused() {
    let pki = Pki::new();
    pki.copy("glued");
    let glued = format!("{}{}", pki.pem("good").trim_end(), pki.pem("root"));
    pki.world.write("glued/cert-chain.pem", glued);
    pki.says("glued", "nnnn", &["consumer.pem.unreadable"]);
    pki.copy("der");
    pki.openssl(&["x509", "-in", "root.pem", "-outform", "DER", "-out", "der/root-cert.pem"]);
    // Binary files end as they end.
    let said = pki.inspect(&["der"]);
    assert_eq!(said.answers(0), "nnnn");
    assert!(said.ids().contains(&"consumer.pem.unreadable"));
    assert!(said.report.to_string().contains("openssl x509 -inform DER"));
}

#[test]
fn a_missing_final_newline_is_a_warning_and_in_tls_crt_a_refusal() {
    let pki = Pki::new();
    pki.copy("trimmed");
    for name in ["ca-cert.pem", "cert-chain.pem", "root-cert.pem", "ca-key.pem"] {
        let pem = String::from_utf8(pki.world.read(format!("good/{name}"))).unwrap();
        pki.world.write(format!("trimmed/{name}"), pem.trim_end());
    }
    pki.says("trimmed", "yyyy", &["consumer.pem.final-newline"; 4]);
    tls(&pki, "tls", |pem| pem);
    pki.says("tls", "yyyy", &[]);
    tls(&pki, "tls-trimmed", |pem| pem.trim_end().to_owned());
    pki.says("tls-trimmed", "nyyy", &["consumer.pem.tls-newline"]);
    let hint = pki.inspect(&["tls-trimmed"]).report.to_string();
    assert!(hint.contains(r"printf '\\n' >> tls.crt"), "{hint}");
}

/// The good files under the names of the other layout.
fn tls(pki: &Pki, dir: &str, chain: impl Fn(String) -> String) {
    pki.world.write(format!("{dir}/tls.crt"), chain(pki.pem("good")));
    pki.world.write(format!("{dir}/ca.crt"), pki.pem("root"));
    let key = String::from_utf8(pki.world.read("good.key")).unwrap();
    pki.world.secret(&format!("{dir}/tls.key"), key.trim_end());
}

#[test]
fn both_layouts_at_once_say_which_one_istiod_takes() {
    let pki = Pki::new();
    pki.copy("both");
    tls(&pki, "both", |pem| pem);
    // The four files are not looked at: a broken one changes nothing.
    pki.world.write("both/root-cert.pem", "nothing\n");
    pki.world.write("both/ca-crl.pem", "nothing\n");
    pki.says("both", "yyyy", &["consumer.layout.both", "consumer.crl.ignored"]);
}

#[test]
fn files_under_wrong_names_are_named() {
    let pki = Pki::new();
    pki.copy("names");
    std::fs::rename(pki.world.path("names/root-cert.pem"), pki.world.path("names/root.pem")).unwrap();
    let all = ["consumer.file.missing", "consumer.file.unread"];
    pki.says("names", "nnnn", &all);
    assert!(pki.inspect(&["names"]).report.to_string().contains("root.pem"));
}

#[test]
fn keys_in_every_form_that_istiod_reads_are_fine_and_others_are_refused() {
    let pki = Pki::new();
    let rewrite = |name: &str, arguments: &[&str]| {
        pki.copy(name);
        let out = format!("{name}/ca-key.pem");
        pki.openssl(&[arguments, &["-in", "good.key", "-out", &out]].concat());
        std::fs::set_permissions(pki.world.path(&out), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    rewrite("sec1", &["ec"]);
    rewrite("pkcs8", &["pkey"]);
    rewrite("encrypted", &["pkey", "-aes128", "-passout", "pass:secret"]);
    rewrite("legacy", &["ec", "-aes128", "-passout", "pass:secret"]);
    rewrite("der", &["pkey", "-outform", "DER"]);
    pki.copy("parameters");
    let sec1 = String::from_utf8(pki.world.read("sec1/ca-key.pem")).unwrap();
    let parameters = pki.world.tool("openssl", &["ecparam", "-name", "prime256v1"]).ok().stdout;
    pki.world.secret("parameters/ca-key.pem", format!("{parameters}{sec1}").trim_end());
    for fine in ["sec1", "pkcs8"] {
        pki.says(fine, "yyyy", &[]);
    }
    for refused in ["encrypted", "legacy", "parameters"] {
        pki.says(refused, "nyyy", &["consumer.key.unusable"]);
        assert!(pki.inspect(&[refused]).report.to_string().contains("openssl pkey -in ca-key.pem"));
    }
    let said = pki.inspect(&["der"]);
    assert!(said.ids().contains(&"consumer.key.unusable") && said.answers(0) == "nyyy", "{:#}", said.report);
    assert!(said.report.to_string().contains("openssl pkey -inform DER -in ca-key.pem"));
    agrees(&pki, &["good", "sec1", "pkcs8", "encrypted", "legacy", "parameters", "der"]);
}

/// Go's own verdict is the same, wherever Go is installed.
#[track_caller]
pub(super) fn agrees(pki: &Pki, names: &[&str]) {
    for (name, judged) in pki.by_go(names).unwrap_or_default() {
        let answers = pki.inspect(&[&name]).answers(0);
        let peers = if judged[1..].starts_with('?') { "?" } else { &answers[3..] };
        let ours = format!("{}{peers}", &answers[..1]);
        assert!(judged.starts_with(&ours), "{name}: we say {answers}, Go says {judged}");
    }
}

#[test]
fn rsa_keys_in_pkcs1_are_fine() {
    let pki = Pki::new();
    pki.key("rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    pki.cluster("rsa");
    pki.openssl(&["rsa", "-in", "rsa.key", "-traditional", "-out", "rsa/ca-key.pem"]);
    assert!(pki.world.read("rsa/ca-key.pem").starts_with(b"-----BEGIN RSA PRIVATE KEY"));
    pki.says("rsa", "yyyy", &[]);
    agrees(&pki, &["rsa"]);
}

#[test]
fn another_certificates_key_and_a_key_that_others_may_read_are_said() {
    let pki = Pki::new();
    pki.cluster("other");
    pki.copy("mixed");
    let key = String::from_utf8(pki.world.read("other.key")).unwrap();
    pki.world.secret("mixed/ca-key.pem", key.trim_end());
    pki.says("mixed", "nyyy", &["consumer.key.other"]);
    agrees(&pki, &["mixed"]);
    pki.copy("open");
    pki.world.tool("chmod", &["644", "open/ca-key.pem"]).ok();
    pki.says("open", "yyyy", &["consumer.key.mode"]);
    pki.copy("leak");
    pki.world.write("leak/cert-chain.pem", format!("{}{key}", pki.pem("good")));
    pki.says("leak", "nnnn", &["consumer.pem.private-key"]);
}

/// The JSON of `kubectl get secret`, of files in a directory.
fn secret(pki: &Pki, name: &str, kind: &str, dir: &str, files: &[&str]) -> String {
    let data: Vec<String> = files
        .iter()
        .map(|file| format!("\"{file}\": \"{}\"", BASE64.encode(&pki.world.read(format!("{dir}/{file}")))))
        .collect();
    format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"type\": \"{kind}\", \"metadata\": {{\"name\": \"{name}\", \
         \"namespace\": \"istio-system\"}}, \"data\": {{{}}}}}",
        data.join(", ")
    )
}

const FOUR: &[&str] = &["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"];

#[test]
fn the_secret_of_a_running_cluster_is_read_from_a_file_and_from_a_pipe() {
    let pki = Pki::new();
    let json = secret(&pki, "cacerts", "Opaque", "good", FOUR);
    pki.world.write("secret.json", &json);
    pki.says("secret.json", "yyyy", &[]);
    let script = "\"$0\" inspect cacerts - < secret.json";
    let output = pki.world.tool("sh", &["-c", script, crate::support::BINARY]).ok();
    assert!(output.stdout.starts_with("CA files · stdin"), "{}", output.stdout);
    let key = String::from_utf8(pki.world.read("good.key")).unwrap();
    assert!(!output.stdout.contains(key.lines().nth(1).unwrap()));
    pki.world.write("named.json", secret(&pki, "my-ca", "Opaque", "good", FOUR));
    pki.says("named.json", "yyyy", &["consumer.secret.name"]);
}

#[test]
fn istiods_own_ca_says_that_the_plugged_one_was_not_picked_up() {
    let pki = Pki::new();
    pki.arrange("root", &["root"]);
    // The shape that istiod gives it: the other files are there, and empty.
    let json = secret(&pki, "istio-ca-secret", "istio.io/ca-root", "root", &FOUR[..2])
        .replace("}}", ", \"cert-chain.pem\": \"\", \"key.pem\": \"\", \"root-cert.pem\": \"\"}}");
    pki.world.write("own.json", json);
    pki.says("own.json", "yyyy", &["consumer.secret.self-signed"]);
    let said = pki.world.run(&["inspect", "cacerts", "own.json"]).ok();
    assert!(said.stdout.contains("rollout restart deployment/istiod"), "{}", said.stdout);
    // The same files in a directory: a root that signs workloads itself works.
    pki.says("root", "yyyy", &[]);
    agrees(&pki, &["root"]);
}

#[test]
fn the_demo_of_istios_makefile_works() {
    let pki = Pki::new();
    let rsa = ["RSA", "-pkeyopt", "rsa_keygen_bits:4096"];
    let usage = "keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment, keyCertSign\n";
    let root = format!("subjectKeyIdentifier = hash\nbasicConstraints = critical, CA:true\n{usage}");
    pki.root("istio-root", "/O=Istio/CN=Root CA", &rsa, &root, &["-sha256"]);
    pki.key("cluster1", &rsa);
    let extensions = format!(
        "subjectKeyIdentifier = hash\nbasicConstraints = critical, CA:true, pathlen:0\n{usage}\
         subjectAltName=DNS:istiod.istio-system.svc\n"
    );
    pki.issue("cluster1", "/O=Istio/CN=Intermediate CA/L=cluster1", "istio-root", &extensions, &["-sha256"]);
    pki.arrange("cluster1", &["istio-root"]);
    pki.says("cluster1", "yyyy", &["consumer.certificate.no-crl-sign"]);
    agrees(&pki, &["cluster1"]);
}

#[test]
fn what_is_not_there_or_no_secret_is_said() {
    let pki = Pki::new();
    pki.world.write("empty/readme.txt", "x");
    pki.world.write("list.json", "{\"kind\": \"List\", \"items\": []}");
    pki.world.write("key.json", "{\"kind\": \"Secret\", \"data\": {\"ca-key.pem\": \"S3CRET*\"}}");
    pki.world.refused(
        &["inspect", "cacerts", "empty"],
        "
        error: there are no CA files here: saw empty, wanted ca-cert.pem, ca-key.pem,
               cert-chain.pem, root-cert.pem; or tls.crt, tls.key, ca.crt
        hint:  istiod reads files of exactly these names
        exit 30
    ",
    );
    pki.world.refused(
        &["inspect", "cacerts", "list.json"],
        "
        error: not a Secret as kubectl prints it: saw kind List, wanted one object of
               kind Secret
        hint:  kubectl get secret cacerts -n istio-system -o json
        hint:  a directory of PEM files can be given as well
        exit 30
    ",
    );
    pki.world.refused(
        &["inspect", "cacerts", "key.json"],
        "
        error: not a Secret as kubectl prints it: saw ca-key.pem is not base64, wanted
               one object of kind Secret
        hint:  kubectl get secret cacerts -n istio-system -o json
        hint:  a directory of PEM files can be given as well
        exit 30
    ",
    );
    pki.world.tool("ln", &["-s", "../good/ca-cert.pem", "empty/ca-cert.pem"]).ok();
    pki.world.refused(
        &["inspect", "cacerts", "empty"],
        "
        error: cannot read empty/ca-cert.pem: it is a symbolic link, and links are not
               followed
        hint:  name the file itself, or copy it
        hint:  a mounted Secret is links: kubectl get secret cacerts -n istio-system -o
               json | anchorite inspect cacerts -
        exit 30
    ",
    );
}

#[test]
fn certificates_in_another_wrapping_get_the_command_that_unwraps_them() {
    let pki = Pki::new();
    let repaired = |name: &str, file: &str| {
        let said = pki.inspect(&[name]);
        let hint = said.report["clusters"][0]["findings"][0]["hint"].as_str().unwrap();
        let command = hint.strip_prefix("convert it: ").unwrap_or_else(|| panic!("{file}: {hint}"));
        pki.world.tool("sh", &["-c", &format!("cd {name} && {command}")]).ok();
        pki.says(name, "yyyy", &[]);
    };
    pki.copy("pkcs7");
    let chain = ["-certfile", "good/cert-chain.pem", "-out", "pkcs7/cert-chain.pem"];
    pki.openssl(&[&["crl2pkcs7", "-nocrl"], &chain[..]].concat());
    repaired("pkcs7", "cert-chain.pem");
    pki.copy("trusted");
    pki.openssl(&["x509", "-in", "good/ca-cert.pem", "-trustout", "-out", "trusted/ca-cert.pem"]);
    repaired("trusted", "ca-cert.pem");
    pki.copy("old-label");
    let old = pki.pem("good").replace("CERTIFICATE", "X509 CERTIFICATE");
    pki.world.write("old-label/ca-cert.pem", old);
    repaired("old-label", "ca-cert.pem");
    // Nothing is to be appended to what is no text.
    pki.copy("wide");
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(pki.pem("good").bytes().flat_map(|b| [b, 0])).collect();
    pki.world.write("wide/ca-cert.pem", wide);
    pki.says("wide", "nnnn", &["consumer.pem.unreadable"]);
    pki.copy("der-key");
    pki.openssl(&["pkey", "-in", "good.key", "-outform", "DER", "-out", "der-key/ca-key.pem"]);
    pki.says("der-key", "nyyy", &["consumer.key.unusable"]);
}
