#!/usr/bin/env bash
# Checks an authority's log, or a bundle for a cluster, without Anchorite: by openssl, sha256sum, jq, python3 and age (or
# its Rust twin rage) alone. Says what each check proves; the first thing that does not hold ends it with exit 1.
#
#   softhsm-test/verify-with-stock-tools.sh AUTHORITY [--root root-cert.pem] [--root-fingerprint HEX] [--any-time]
#   softhsm-test/verify-with-stock-tools.sh BUNDLE --root root-cert.pem [--root-fingerprint HEX] [--identity FILE] [--any-time]
#
# AUTHORITY has log/; BUNDLE has envelope.json. Nothing in either vouches for itself: --root is the root's certificate
# as it came another way, and --root-fingerprint its SHA-256 from the root card. With --identity (the cluster's age
# identity) a bundle is opened as well, into a directory that is removed. --any-time checks as of no time in particular:
# certificates that ended since still say who signed what. Exit 2: it was asked wrongly, or a tool is not here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() { printf 'error: %s\nhint:  the head of this script says how it is called\n' "$1" >&2; exit 2; }
what= root= pin= identity= when=()
while [ $# -gt 0 ]; do
    case $1 in
        --root | --root-fingerprint | --identity)
            [ $# -gt 1 ] || usage "$1 needs a value"
            case $1 in --root) root=$2 ;; --identity) identity=$2 ;; *) pin=$2 ;; esac
            shift ;;
        --any-time) when=(-no_check_time) ;;
        -*) usage "unknown option $1" ;;
        *) [ -z "$what" ] || usage "one authority or one bundle"; what=$1 ;;
    esac
    shift
done
need() {
    local tool
    for tool in "$@"; do command -v "$tool" >/dev/null || { echo "error: $tool is not here" >&2; exit 2; }; done
}
need openssl sha256sum python3
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# proved WORDS COMMAND…: runs a check; if it holds, says what that proves. Inside `if`, set -e sleeps: a function whose
# parts could fail by themselves joins them by &&.
proved() {
    local words=$1
    shift
    if ! "$@" >"$work/.said" 2>&1; then
        cat "$work/.said" >&2
        line FAILED "$words" >&2
        exit 1
    fi
    line ok "$words"
}
line() { printf '%s\n' "$2" | fold -s -w 70 | sed 's/ *$//; s/^/        /' | sed "1s/^ \{${#1}\}/$1/"; }
not_proved() { line NOT "$1"; }
verify() { openssl verify ${when[@]+"${when[@]}"} "$@"; }
fingerprints() { # of every certificate in a PEM file
    python3 - "$1" <<'END'
import base64, hashlib, re, sys
for pem in re.findall("-----BEGIN CERTIFICATE-----(.*?)-----END", open(sys.argv[1]).read(), re.S):
    print(hashlib.sha256(base64.b64decode(pem)).hexdigest())
END
}
is_pinned() { fingerprints root-cert.pem | grep -qx "$(tr -d ': \n' <<<"$pin" | tr 'A-F' 'a-f')"; }
self_signed() { verify -x509_strict -check_ss_sig -CAfile root-cert.pem root-cert.pem; }

the_root() {
    cp "$root" "$work/root-cert.pem"
    cd "$work"
    if ! openssl x509 -in root-cert.pem -noout -pubkey >/dev/null 2>&1 &&
        openssl x509 -in root-cert.pem -noout -text 2>/dev/null | grep -Fq 2.16.840.1.101.3.4.3.18; then
        echo "error: the root's key is ML-DSA-65 (experimental), which openssl knows from 3.5 on" >&2
        echo "       this is $(openssl version | sed 's/ (.*//')" >&2
        exit 2
    fi
    proved "root-cert.pem is a certificate that its own key signed" self_signed
    if [ -n "$pin" ]; then
        proved "it has the fingerprint that came from the root card" is_pinned
    else
        not_proved "that it is the authority's root: compare its SHA-256 with the root card"
        fingerprints root-cert.pem | sed 's/^/        /'
    fi
}

# --- The log of an authority ---------------------------------------------------------------------------

certified() { verify -x509_strict -CAfile root-cert.pem "$audit"; }
checkpoint_signed() {
    openssl x509 -in "$audit" -noout -pubkey > audit.pub
    sed '/^$/,$d' log/checkpoint > body                        # text up to the blank line
    grep -F "— $(head -1 body) " log/checkpoint | cut -d' ' -f3 | base64 -d | tail -c +5 > sig
    openssl dgst -sha256 -verify audit.pub -signature sig body
}
for_documents() { # critical, and 1.3.6.1.5.5.7.3.36, which newer versions of openssl know by name
    openssl x509 -in "$1" -noout -ext extendedKeyUsage | grep -A1 critical | grep -Eq '1\.3\.6\.1\.5\.5\.7\.3\.36|[Dd]ocument'
}
crl_signed() { openssl crl -in root.crl -CAfile root-cert.pem -noout 2>&1 | grep -x 'verify OK'; }
signed_by_root() { openssl verify -no_check_time -x509_strict -CAfile root-cert.pem -untrusted crosses "$@"; }

check_log() {
    cp -r "$authority/log" "$work/log"
    the_root
    audit=$(ls log/audit/*.pem | sort -V | tail -1)            # the key that signs now; a second root brings 2.pem
    proved "$audit leads to the root: the root's key vouched for this audit key" certified
    proved "and for signing documents only: no TLS peer takes it for a workload" for_documents "$audit"
    proved "this audit key signed the newest checkpoint: size and root hash of the log" checkpoint_signed
    proved "each line of the log carries the hash of the line before it, the tree over all of them is the one that was \
signed, at every checkpoint; each signature of a root key was intended and under a checkpoint before it was made, no \
serial number was used twice, and what the log says was issued verifies" python3 "$here/check-log.py" log root-cert.pem
    if [ -f "$authority/public/root.crl" ]; then
        cp "$authority/public/root.crl" .
        proved "the root signed public/root.crl" crl_signed
    fi
    cat "$authority"/public/cross-*.pem > crosses 2>/dev/null || cp root-cert.pem crosses
    local issued=("$authority"/issued/*.pem)
    [ ! -f "${issued[0]}" ] || proved "the root signed each of the ${#issued[@]} certificates in issued/" signed_by_root "${issued[@]}"
    not_proved "that this is all of the log: a log that was cut off together with its checkpoints looks like an older \
one. Compare the newest checkpoint with the paper that was signed in the room, and with those in the bundles that \
clusters hold:"
    head -3 log/checkpoint | sed 's/^/        /'
}

# --- A bundle --------------------------------------------------------------------------------------------

signer_certified() { verify -x509_strict -CAfile root-cert.pem signer.pem; }
envelope_signed() {
    openssl x509 -in signer.pem -noout -pubkey > pub
    openssl dgst -sha256 -verify pub -signature envelope.sig envelope.json
}
its_files() { jq -r '.files|to_entries[]|"\(.value.sha256)  \(.key)"' envelope.json | sha256sum --strict -c -; }
note_signed() {
    sed '/^$/,$d' checkpoint > body
    grep -F "— $(head -1 body) " checkpoint | cut -d' ' -f3 | base64 -d | tail -c +5 > sig
    openssl dgst -sha256 -verify pub -signature sig body
}
decrypts() { "$age" -d -i identity.age -o p.tar payload.age && tar -tvf p.tar; }
manifest_bound() { test "$(tar -xOf p.tar manifest.json | sha256sum | cut -d' ' -f1)" = "$(jq -r .manifest_sha256 envelope.json)"; }
nothing_else() {
    tar -xOf p.tar manifest.json | jq -r '.files|keys[],"manifest.json"' | sort | cmp - <(tar -tf p.tar | sort)
}
listed_files() {
    mkdir files && tar -xf p.tar -C files &&
        jq -r '.files|to_entries[]|"\(.value.sha256)  \(.key)"' files/manifest.json | (cd files && sha256sum --strict -c -)
}
good_certificate() {
    verify -untrusted files/cert-chain.pem \
        -x509_strict -crl_check -CRLfile files/root.crl -CAfile root-cert.pem files/ca-cert.pem
}
# RFC 6962 section 2.1.1: the leaf hash of the entry, and the hashes beside its way to the root.
included() {
    python3 - files/entry.json files/inclusion.proof checkpoint files/ca-cert.pem <<'END'
import base64, hashlib, json, sys
line, proof, note = open(sys.argv[1], "rb").read(), open(sys.argv[2]).read(), open(sys.argv[3]).read()
head, under = proof.split("\n\n", 1)
assert under == note, "the proof is under another checkpoint"
lines = head.split("\n")
assert lines[0] == "c2sp.org/tlog-proof@v1", lines[0]
index = int(lines[1].removeprefix("index "))
size, root = int(note.split("\n")[1]), note.split("\n")[2]
node, fn, sn = hashlib.sha256(b"\0" + line).digest(), index, size - 1
for sibling in map(base64.b64decode, lines[2:]):
    if fn % 2 or fn == sn:
        node = hashlib.sha256(b"\1" + sibling + node).digest()
        while fn and not fn % 2:
            fn, sn = fn >> 1, sn >> 1
    else:
        node = hashlib.sha256(b"\1" + node + sibling).digest()
    fn, sn = fn >> 1, sn >> 1
assert sn == 0 and base64.b64decode(root) == node, "the proof does not lead to the checkpoint's root"
entry, pem = json.loads(line), open(sys.argv[4]).read().split("-----")[2]
assert entry["seq"] == index, "the proof is for another entry"
data = entry["data"]
ders = [data.get("der")] if "der" in data else [past.get("der") for past in data["certificates"]]
assert "".join(pem.split()) in ders, "the entry is about another certificate"
END
}
key_matches() { [ "$(openssl pkey -in files/ca-key.pem -pubout)" = "$(openssl x509 -in files/ca-cert.pem -noout -pubkey)" ]; }

check_bundle() {
    need jq
    [ -n "$root" ] || usage "a bundle needs --root root-cert.pem, which came another way than the bundle"
    cp "$bundle"/{envelope.json,envelope.sig,signer.pem,checkpoint,payload.age} "$work/"
    [ -z "$identity" ] || cp "$identity" "$work/identity.age"
    the_root
    proved "signer.pem leads to the root: the root's key vouched for this audit key" signer_certified
    proved "and for signing documents only: no certificate of a workload can sign a bundle" for_documents signer.pem
    proved "this audit key signed the envelope: the bundle was made by this authority" envelope_signed
    proved "payload and checkpoint are those that the envelope names: nothing was altered on the way" its_files
    proved "this audit key signed the checkpoint: size and root hash of the log" note_signed
    if [ -z "$identity" ]; then
        not_proved "what is inside, and for whom: that takes the cluster's --identity"
        return
    fi
    age=$(command -v age || command -v rage) || { echo "error: neither age nor rage is here" >&2; exit 2; }
    proved "the payload is encrypted to this identity" decrypts
    proved "its manifest is the one that the envelope names: who could encrypt to you could not put in another" manifest_bound
    proved "it holds what the manifest lists, and nothing else" nothing_else
    proved "each file has the digest that the manifest says" listed_files
    proved "the root signed ca-cert.pem, and its CRL here does not list it" good_certificate
    proved "the log's entry about this very certificate is under the signed checkpoint: it was not issued in secret" included
    [ ! -f files/ca-key.pem ] || proved "ca-key.pem is this certificate's key" key_matches
    jq -r '"        for     \(.cluster) (\(.environment)), \(.trust_domain), generation \(.generation), bundle \(.sequence)"' files/manifest.json
    not_proved "that no newer bundle exists: compare the number of the bundle with the one that you opened last"
}

if [ -f "$what/envelope.json" ]; then
    bundle=$(cd "$what" && pwd)
    check_bundle
elif [ -f "$what/log/entries.jsonl" ]; then
    authority=$(cd "$what" && pwd)
    : "${root:=$authority/public/root-cert.pem}"
    check_log
else
    usage "${what:-nothing} is neither an authority (log/entries.jsonl) nor a bundle (envelope.json)"
fi
