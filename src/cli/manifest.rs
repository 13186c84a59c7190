//! `manifest`: the Kubernetes Secret of a cluster's files, or what Vault takes.

use super::args::{Args, LayoutArg, Manifest};
use super::cluster::{MAX_FILE, clock, secret_text};
use super::terminal::Terminal;
use crate::consumer::crl;
use crate::consumer::{self, CaFiles, Form, Layout};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::text;
use secrecy::ExposeSecret;

/// `anchorite manifest DIR`
pub fn manifest(args: &Args, a: &Manifest, terminal: &mut Terminal) -> Result<(), Error> {
    let layout = layout(a.layout);
    let place = place(a, layout)?;
    if place.is_some() && terminal.stdout_is_terminal() {
        return Err(Error::new(Kind::Usage, "the Secret holds a private key, and stdout is a terminal")
            .hint(format!("pipe it: {} | kubectl create -f -", again(a, layout)))
            .hint("or, where the Secret exists: … | kubectl replace -f -")
            .truth("Nothing was printed."));
    }
    let unopened = |error: Error| {
        let into = text::shell(&a.dir.display().to_string());
        error.hint(format!("it is put there by: anchorite open BUNDLE --into {into}")).truth("Nothing was printed.")
    };
    let read = |name: &str| intake::read(&a.dir.join(name), MAX_FILE).map_err(unopened);
    let (ca_cert, cert_chain, root_cert) = (read("ca-cert.pem")?, read("cert-chain.pem")?, read("root-cert.pem")?);
    let crl_path = a.dir.join(crl::FILE);
    let crls = intake::is_there(&crl_path)?.then(|| intake::read(&crl_path, MAX_FILE).map_err(unopened)).transpose()?;
    let key_path = a.dir.join("ca-key.pem");
    // Vault keeps the key of its own request.
    let key = match place.is_none() && !intake::is_there(&key_path)? {
        true => None,
        false => Some(secret_text(&key_path)?),
    };
    let files = CaFiles {
        form: Form::Four,
        ca_cert: Some(&ca_cert),
        ca_key: key.as_ref().map(|key| key.expose_secret().as_bytes()),
        cert_chain: Some(&cert_chain),
        root_cert: Some(&root_cert),
        crl: crls.as_deref(),
    };
    let arranged = consumer::arrange(layout, &files, clock(args).now())?;
    match place {
        Some((name, namespace)) => {
            let yaml = consumer::manifest_yaml(&name, &namespace, layout.secret_type(), &arranged.data)?;
            terminal.document(yaml.as_bytes())?;
        }
        None => arranged.data.iter().try_for_each(|(_, bytes)| terminal.document(bytes))?,
    }
    for note in &arranged.notes {
        terminal.talk(&format!("note: {}: {}; {}", note.finding.id, note.finding.observed, note.then));
    }
    next(layout, terminal);
    Ok(())
}

/// The same command once more, as it was asked for.
fn again(a: &Manifest, layout: Layout) -> String {
    let mut command = format!("anchorite manifest {}", text::shell(&a.dir.display().to_string()));
    if layout != Layout::Istio {
        command = format!("{command} --layout {layout}");
    }
    for (option, value) in [("--name", &a.name), ("--namespace", &a.namespace)] {
        if let Some(value) = value {
            command = format!("{command} {option} {}", text::shell(value));
        }
    }
    command
}

fn layout(chosen: LayoutArg) -> Layout {
    match chosen {
        LayoutArg::Istio => Layout::Istio,
        LayoutArg::Tls => Layout::Tls,
        LayoutArg::CertManager => Layout::CertManager,
        LayoutArg::Linkerd => Layout::Linkerd,
        LayoutArg::Spire => Layout::Spire,
        LayoutArg::Vault => Layout::Vault,
    }
}

/// Name and namespace, the consumer's own where none is given; none where no Secret is made.
fn place(a: &Manifest, layout: Layout) -> Result<Option<(String, String)>, Error> {
    let Some((name, namespace)) = layout.place() else {
        return match a.name.as_ref().or(a.namespace.as_ref()) {
            None => Ok(None),
            Some(given) => Err(Error::new(Kind::Usage, format!("the layout {layout} is no Secret: it has no name"))
                .saw(given)
                .hint("leave --name and --namespace out")),
        };
    };
    let or = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
    Ok(Some((or(&a.name, name), or(&a.namespace, namespace))))
}

fn next(layout: Layout, terminal: &mut Terminal) {
    if layout == Layout::Vault {
        terminal.talk("give it to Vault: vault write pki/intermediate/set-signed certificate=-");
        return;
    }
    terminal
        .talk("create it if the Secret is absent (kubectl create -f -), otherwise replace it (kubectl replace -f -).");
    let reader = match layout {
        Layout::Istio | Layout::Tls => "istiod reads it at its start, or when the files change.",
        Layout::CertManager => "An Issuer or ClusterIssuer names it: spec.ca.secretName.",
        Layout::Linkerd => "The roots also go into the ConfigMap linkerd-identity-trust-roots.",
        Layout::Spire | Layout::Vault => {
            "SPIRE's UpstreamAuthority disk reads tls.crt, tls.key and bundle.crt: cert_file_path, key_file_path, bundle_file_path."
        }
    };
    terminal.talk(&format!("Never kubectl apply: it copies the key into an annotation. {reader}"));
}
