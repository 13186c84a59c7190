//! Renewals that cannot be made, on the cluster's side: nothing is written, and no key is shown.

use crate::support::{GENESIS, World};

/// A world with the opened directory of `west` as far as a renewal looks at it.
fn opened() -> World {
    let world = World::new();
    world.run(&["--now", GENESIS, "request", "west", "--key", "ecdsa-p256", "--into", "clusters"]).ok();
    let subject =
        ["-subj", "/CN=Intermediate CA/L=west/serialNumber=1", "-days", "30", "-out", "clusters/west/ca-cert.pem"];
    world.tool("openssl", &[&["req", "-x509", "-new", "-key", "clusters/west/ca-key.pem"], &subject[..]].concat()).ok();
    world
}

const RENEW: [&str; 7] = ["--now", GENESIS, "request", "west", "--renew", "--into", "clusters"];

fn with(previous: &str) -> Vec<&str> {
    [&RENEW[..], &["--previous", previous]].concat()
}

#[test]
fn there_must_be_a_key_to_renew() {
    let world = World::new();
    world.refused(
        &RENEW,
        "
        error: there is no key of west to renew: saw no clusters/west/ca-key.pem, wanted
               a directory that `anchorite open` filled
        hint:  the key is in the cluster too: kubectl -n istio-system get secret cacerts
               -o json | anchorite request west --renew --previous -
        hint:  if the key is lost: anchorite request west, in another directory; the
               words settle it
        Nothing was written.
        exit 30
    ",
    );
    world.run(&["--now", GENESIS, "request", "west", "--into", "clusters"]).ok();
    world.refused(
        &RENEW,
        "
        error: there is no key of west to renew: saw clusters/west, whose bundle was
               never opened, wanted a directory that `anchorite open` filled
        hint:  the key is in the cluster too: kubectl -n istio-system get secret cacerts
               -o json | anchorite request west --renew --previous -
        hint:  if the key is lost: anchorite request west, in another directory; the
               words settle it
        Nothing was written.
        exit 30
    ",
    );
    std::fs::create_dir(world.path("empty")).unwrap();
    world.refused(
        &with("empty"),
        "
        error: there is no key in this directory: saw empty, wanted empty/ca-key.pem
        hint:  the key is in the cluster too: kubectl -n istio-system get secret cacerts
               -o json | anchorite request west --renew --previous -
        Nothing was written.
        exit 30
    ",
    );
    world.refused(
        &["request", "west", "--previous", "clusters/west"],
        "
        error: the following required arguments were not provided: --renew
        Usage: anchorite request --renew --previous <WHAT> <NAME>
        For more information, try '--help'.
        exit 2
    ",
    );
}

#[test]
fn a_key_that_cannot_be_read_is_named_with_the_way_out() {
    let world = opened();
    let key = "clusters/west/ca-key.pem";
    world.tool("sh", &["-c", "chmod 644 clusters/west/ca-key.pem"]).ok();
    world.refused(
        &RENEW,
        "
        error: clusters/west/ca-key.pem can be read or written by others: saw mode 0644,
               wanted mode 0600 or stricter
        hint:  chmod 600 clusters/west/ca-key.pem
        Nothing was written.
        exit 30
    ",
    );
    world.tool("sh", &["-c", "chmod 600 clusters/west/ca-key.pem"]).ok();
    let encrypt = ["pkcs8", "-topk8", "-in", key, "-passout", "pass:secret", "-out", "encrypted.pem"];
    world.tool("openssl", &encrypt).ok();
    world.tool("sh", &["-c", "chmod 600 encrypted.pem"]).ok();
    world.refused(
        &with("encrypted.pem"),
        "
        error: encrypted.pem: an encrypted private key: wanted a key that istiod can
               read, in the clear, mode 0600
        hint:  decrypt it: openssl pkcs8 -in KEY.pem -out KEY2.pem
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn a_secret_without_a_key_or_of_another_kind_is_refused_and_nothing_of_it_is_shown() {
    let world = opened();
    let cases = [
        (
            r#"{"kind":"Secret","data":{"root-cert.pem":"YQ=="}}"#,
            "
            error: secret.json: the Secret holds no CA key: saw no ca-key.pem, wanted
                   ca-key.pem or tls.key
            hint:  istiod that signs by itself keeps its key in istio-ca-secret: that one is
                   no intermediate of ours
            Nothing was written.
            exit 30
            ",
        ),
        (
            r#"{"kind":"List","items":[]}"#,
            "
            error: secret.json: not a Secret as kubectl prints it: saw kind List, wanted one
                   object of kind Secret
            hint:  kubectl get secret cacerts -n istio-system -o json
            hint:  a key in PEM can be given as well
            Nothing was written.
            exit 30
            ",
        ),
        (
            "apiVersion: v1\nkind: Secret\ndata:\n  ca-key.pem: dG9wIHNlY3JldA==\n",
            "
            error: secret.json: not a Secret as kubectl prints it: saw line 1, column 1,
                   wanted one object of kind Secret
            hint:  kubectl get secret cacerts -n istio-system -o json
            hint:  a key in PEM can be given as well
            Nothing was written.
            exit 30
            ",
        ),
        (
            r#"{"kind":"Secret","data":{"ca-key.pem":"%%%"}}"#,
            "
            error: secret.json: not a Secret as kubectl prints it: saw ca-key.pem is not
                   base64, wanted one object of kind Secret
            hint:  kubectl get secret cacerts -n istio-system -o json
            hint:  a key in PEM can be given as well
            Nothing was written.
            exit 30
            ",
        ),
        (
            r#"{"kind":"Secret","data":{"ca-key.pem":"dG9wIHNlY3JldA=="}}"#,
            "
            error: secret.json: ca-key.pem: no PEM block in a private key file
            Nothing was written.
            exit 30
            ",
        ),
    ];
    for (content, text) in cases {
        world.secret("secret.json", content);
        world.refused(&with("secret.json"), text);
    }
}

#[test]
fn standard_input_that_is_empty_is_no_secret() {
    opened().refused(
        &with("-"),
        "
        error: stdin: not a Secret as kubectl prints it: saw nothing, wanted one object
               of kind Secret
        hint:  kubectl get secret cacerts -n istio-system -o json
        hint:  a key in PEM can be given as well
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn the_key_of_another_cluster_or_of_another_certificate_is_refused() {
    let world = opened();
    let mut east = with("clusters/west");
    east[3] = "east";
    let text = "
        error: the previous key is of another cluster: saw west, wanted east
        hint:  renew that one: anchorite request west --renew
        hint:  clusters are never renamed: a new one begins with anchorite request east
        Nothing was written.
        exit 2
    ";
    world.refused(&east, text);
    // Without its request, the certificate says whose it is.
    std::fs::remove_file(world.path("clusters/west/request.json")).unwrap();
    world.refused(&east, text);

    world.run(&["--now", GENESIS, "request", "north", "--key", "ecdsa-p256", "--into", "clusters"]).ok();
    world.write("clusters/west/ca-key.pem", world.read("clusters/north/ca-key.pem"));
    world.refused(
        &RENEW,
        "
        error: the certificate beside the key is another key's: saw spki …, wanted spki …
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn a_renewal_brings_a_new_key() {
    let world = opened();
    world.refused(
        &[&RENEW[..], &["--use-key", "clusters/west/ca-key.pem"]].concat(),
        "
        error: a renewal brings a new key, and this is the previous one: saw spki …
        hint:  leave --use-key out: a key is made
        exit 2
    ",
    );
}

#[test]
fn a_name_from_a_certificate_is_one_word_of_the_command_that_is_named() {
    let world = opened();
    std::fs::remove_file(world.path("clusters/west/request.json")).unwrap();
    let subject = ["-subj", "/L=$(id)", "-days", "30", "-out", "clusters/west/ca-cert.pem"];
    world.tool("openssl", &[&["req", "-x509", "-new", "-key", "clusters/west/ca-key.pem"], &subject[..]].concat()).ok();
    world.refused(
        &with("clusters/west"),
        "
        error: the previous key is of another cluster: saw $(id), wanted west
        hint:  renew that one: anchorite request '$(id)' --renew
        hint:  clusters are never renamed: a new one begins with anchorite request west
        Nothing was written.
        exit 2
    ",
    );
}
