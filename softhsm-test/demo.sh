#!/usr/bin/env bash
# The whole job on SoftHSM: a root in a token, three clusters' intermediates signed in one session, the
# bundles opened, everything checked with stock tools.
#
#   softhsm-test/demo.sh [OUT]        OUT: absent or empty; left out, a new temporary directory
#
#   ROOT_KEY        the root's kind of key (ecdsa-p384)
#   ANCHORITE_BIN   a binary to use instead of building one
#   SOFTHSM_MODULE  SoftHSM's PKCS#11 module, where it is not in a usual place
#
# Exit 0: all done and verified. 2: OUT is in use; nothing was touched. Else: what failed is said.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$here")
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"

# --- OUT ---------------------------------------------------------------------------------------------

if [ $# -gt 1 ]; then
    say "error: one directory at most: demo.sh [OUT]"
    exit 2
elif [ $# -eq 0 ]; then
    out=$(mktemp -d "${TMPDIR:-/tmp}/anchorite-demo.XXXXXX")
else
    out=$1
    if [ -e "$out" ] || [ -L "$out" ]; then
        if [ ! -d "$out" ] || [ -n "$(ls -A -- "$out")" ]; then
            say "error: $out is there and not an empty directory; nothing was touched"
            exit 2
        fi
    fi
fi

# --- What it takes -----------------------------------------------------------------------------------

module=$(need_softhsm)
need openssl openssl || fail "openssl is not here and cannot be installed"
need jq jq || skip "jq is not here: the digests inside the bundles are checked by anchorite only"
need age age || skip "age is not here: the bundles are decrypted by anchorite only"

if [ -n "${ANCHORITE_BIN:-}" ]; then
    anchorite=$ANCHORITE_BIN
    [ -x "$anchorite" ] || fail "ANCHORITE_BIN cannot be run: $anchorite"
else
    target=${CARGO_TARGET_DIR:-$project/target}
    [ -x "$target/release/anchorite" ] || say "building anchorite (some minutes, the first time)"
    (cd "$project" && cargo build --release --locked --quiet)
    anchorite=$target/release/anchorite
fi
anchorite=$(cd "$(dirname "$anchorite")" && pwd)/$(basename "$anchorite")

mkdir -p -- "$out"
out=$(cd "$out" && pwd)
scratch=$(mktemp -d)
ended() {
    [ "$1" -eq 0 ] || say "the demo did not end well; what it made is in $out"
    rm -rf -- "$scratch"
}
trap 'ended $?' EXIT

# quietly COMMAND…: shows what a command said only if it fails.
quietly() {
    if ! "$@" >"$scratch/said" 2>&1; then
        cat "$scratch/said" >&2
        fail "failed: $*"
    fi
}
# screens COMMAND…: shows the plan screens, not the list of files after them.
screens() {
    if ! "$@" >"$scratch/said" 2>&1; then
        cat "$scratch/said" >&2
        fail "failed: $*"
    fi
    sed '/^wrote  /,$d' "$scratch/said"
}
sha256_of() { sha256sum -- "$1" | cut -d' ' -f1; }

# --- The offline machine: a token, PINs, an authority ------------------------------------------------

mkdir -m 0700 "$out/token" "$out/token/tokens" "$out/pins"
mkdir "$out/answers" "$out/requests" "$out/medium" "$out/identities"
chmod 0700 "$out/identities"
cat >"$out/token/softhsm2.conf" <<CONF
directories.tokendir = $out/token/tokens
objectstore.backend = file
log.level = ERROR
CONF
export SOFTHSM2_CONF=$out/token/softhsm2.conf
printf 'export SOFTHSM2_CONF=%q\n' "$SOFTHSM2_CONF" >"$out/env.sh"
for pin in user so; do
    (umask 077 && od -An -N8 -tx1 /dev/urandom | tr -d ' \n' >"$out/pins/$pin" && echo >>"$out/pins/$pin")
done

# identity CLUSTER: makes the age identity that opens the cluster's bundles; prints its recipient. age makes
# one; where it is not installed, `anchorite request` does, and the rest of that request is thrown away.
identity() {
    local file=$out/identities/$1/identity.age
    mkdir -p -m 0700 "$out/identities/$1"
    if have age-keygen; then
        (umask 077 && age-keygen -o "$file" 2>/dev/null)
    else
        quietly "$anchorite" request "$1" --into "$scratch"
        (umask 077 && cat "$scratch/$1/identity.age" >"$file")
    fi
    sed -n 's/^# public key: //p' "$file"
}

# cluster3 wants its key made offline, so its recipient is configured; the others enrol at their request.
recipient3=$(identity cluster3)
name="Demo Mesh Root"
quietly "$anchorite" new "$out/authority" --name "$name"
sed -i.bak \
    -e 's/^kind = "production" /kind = "test"       /' \
    -e 's/^unattended = false/unattended = true/' \
    -e "s/^key = \"ecdsa-p384\"/key = \"${ROOT_KEY:-ecdsa-p384}\"/" \
    "$out/authority/authority.toml"
rm "$out/authority/authority.toml.bak"
cat >>"$out/authority/authority.toml" <<TOML

[clusters.cluster3]
trust_domain = "cluster.local"
environment = "prod"
recipients = ["$recipient3"]
key_origin = "offline"
algorithm = "ecdsa-p384"
TOML
if [ -n "${SOFTHSM_MODULE:-}" ]; then
    printf '[token]\nmodule = "%s"\n' "$module" >"$out/authority/local.toml"
fi
quietly "$anchorite" -C "$out/authority" config check

# Nobody is at the terminal, so the answers say beforehand what was reviewed: the configuration, by digest.
cat >"$out/answers/genesis.toml" <<TOML
[participants]
administrator = ["Demo Administrator"]
witness = ["Demo Witness"]
[initialize]
label = "$name"
[review]
"sha256:$(sha256_of "$out/authority/authority.toml")" = "approve"
TOML
screens "$anchorite" -C "$out/authority" root create \
    --pin-file "$out/pins/user" --so-pin-file "$out/pins/so" --answers "$out/answers/genesis.toml"

# --- The clusters: a request of anchorite's, one of openssl's, one whose key is made offline ----------

quietly "$anchorite" request cluster1 --into "$out/identities"
mkdir "$out/requests/cluster1"
cp "$out/identities/cluster1/request.json" "$out/identities/cluster1/request.sig" "$out/requests/cluster1/"

recipient2=$(identity cluster2)
(umask 077 && quietly openssl req -new -newkey rsa:4096 -nodes -sha256 -subj "/O=Demo/CN=cluster2" \
    -keyout "$out/identities/cluster2/ca-key.pem" -out "$scratch/cluster2.csr")
cp "$scratch/cluster2.csr" "$out/requests/cluster2.csr" && chmod 0644 "$out/requests/cluster2.csr"

# --- The offline machine again: one session, three signatures -----------------------------------------

request1=sha256:$(sha256_of "$out/requests/cluster1/request.json")
request2=sha256:$(sha256_of "$out/requests/cluster2.csr")
cat >"$out/answers/signing.toml" <<TOML
[participants]
administrator = ["Demo Administrator"]
witness = ["Demo Witness"]
[requests."$request1"]
cluster = "cluster1"
words = "same"
[requests."$request2"]
cluster = "cluster2"
environment = "prod"
trust_domain = "cluster.local"
recipients = ["$recipient2"]
words = "same"
[review]
"$request1" = "approve"
"$request2" = "approve"
"offline:cluster3" = "approve"
TOML
screens "$anchorite" -C "$out/authority" sign --from "$out/requests" --to "$out/medium" \
    --pin-file "$out/pins/user" --answers "$out/answers/signing.toml"

# --- The clusters: open the bundles --------------------------------------------------------------------

# What a cluster has from the root card, which comes by another way than the medium.
fingerprint=$(openssl x509 -in "$out/authority/public/root-cert.pem" -outform DER | sha256sum | cut -d' ' -f1)
# A bundle's name says nothing of its cluster; the log does.
bundle_of() {
    sed -n "s/.*\"type\":\"bundle.exported\",\"data\":{\"bundle_id\":\"\([^\"]*\)\",\"cluster\":\"$1\".*/\1/p" \
        "$out/authority/log/entries.jsonl" | tail -1
}
for cluster in cluster1 cluster2 cluster3; do
    own=$out/identities/$cluster
    # `open` checks the certificate against the key that is there, and keeps it; cluster3's is in the bundle.
    if [ -e "$own/ca-key.pem" ]; then
        mkdir "$out/$cluster"
        cp -p "$own/ca-key.pem" "$out/$cluster/"
    fi
    quietly "$anchorite" open "$out/medium/$(bundle_of "$cluster")" --into "$out/$cluster" \
        --identity "$own/identity.age" --root-fingerprint "$fingerprint"
done
if ! "$anchorite" manifest "$out/cluster1" >"$out/cacerts-cluster1.yaml" 2>"$scratch/said"; then
    cat "$scratch/said" >&2
    fail "failed: anchorite manifest"
fi
chmod 0600 "$out/cacerts-cluster1.yaml"

# --- Everything is checked by others --------------------------------------------------------------------

ANCHORITE_BIN=$anchorite "$here/verify-demo.sh" "$out"

# --- What is there now ----------------------------------------------------------------------------------

printf '\n%s\n' "$out"
(cd "$out" && find . -mindepth 1 -maxdepth 2 -not -path './token/*' | LC_ALL=C sort |
    sed -e 's|^\./||' -e 's|[^/]*/|    |g' -e 's|^|    |')
cat <<NEXT

next   kubectl create -f $out/cacerts-cluster1.yaml     (replace, where it exists)
       or look at what was signed:  $anchorite log show $out/authority
       or sign again:               . $out/env.sh
NEXT
