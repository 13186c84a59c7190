#!/usr/bin/env bash
# Checks what demo.sh made: by stock tools first, with the very blocks that the README shows, then by
# `anchorite`. Prints a line for each check; the first that fails ends it with exit 1.
#
#   softhsm-test/verify-demo.sh OUT           ANCHORITE_BIN: the binary (left out, no check by it)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
[ $# -eq 1 ] && [ -d "$1/authority" ] || { say "error: verify-demo.sh OUT, made by demo.sh"; exit 2; }
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# check WHAT COMMAND…: quiet if it holds. (Inside `if`, set -e sleeps: a function joins its parts by &&.)
check() {
    local what=$1
    shift
    if ! "$@" >"$work/.said" 2>&1; then
        cat "$work/.said" >&2
        fail "does not hold: $what"
    fi
    printf 'ok     %s\n' "$what"
}

# The commands of the README's block that is marked so, with any failure the end of them.
readme_block() {
    echo "set -euo pipefail"
    awk -v mark="<!-- run: $1 -->" '
        $0 == mark { wanted = 1; next }
        wanted && /^```sh$/ { inside = 1; next }
        inside && /^```$/ { exit }
        inside { print }' "$here/../README.md" | grep . || fail "the README has no block \"$1\""
}

public=$out/authority/public

# --- Certificates and keys, by openssl -------------------------------------------------------------

strict() { openssl verify -x509_strict -check_ss_sig -CAfile "$public/root-cert.pem" "$@"; }
with_crl() { strict -crl_check -CRLfile "$public/root.crl" "$@"; }
# Its exit code is 0 either way.
crl_verifies() { openssl crl -in "$public/root.crl" -CAfile "$public/root-cert.pem" -noout 2>&1 | grep -x 'verify OK'; }
key_matches() {
    [ "$(openssl pkey -in "$1/ca-key.pem" -pubout)" = "$(openssl x509 -in "$1/ca-cert.pem" -noout -pubkey)" ]
}
# Intermediate, then root, and nothing else; every block on lines of its own, the last line ended.
chain_in_order() {
    cat "$1/ca-cert.pem" "$1/root-cert.pem" | cmp - "$1/cert-chain.pem" &&
        [ "$(grep -c '^-----BEGIN CERTIFICATE-----$' "$1/cert-chain.pem")" -eq 2 ]
}
not_glued() {
    local file
    for file in ca-cert.pem ca-key.pem cert-chain.pem root-cert.pem; do
        [ "$(grep -o -- '-----\(BEGIN\|END\)' "$1/$file" | wc -l)" -eq \
            "$(grep -c '^-----\(BEGIN\|END\) [A-Z ]*-----$' "$1/$file")" ] &&
            [ -z "$(tail -c1 "$1/$file")" ] && ! grep -q $'\r' "$1/$file" || return 1
    done
}
no_key_but_the_clusters() {
    ! grep -rlE 'PRIVATE KEY-----|AGE-SECRET-KEY-' "$out/authority" "$out/medium" "$out/requests"
}

check "root: openssl verify -x509_strict" strict "$public/root-cert.pem"
check "audit certificate: openssl verify -x509_strict with the CRL" with_crl "$public/audit-cert.pem"
check "CRL: openssl crl" crl_verifies
for cluster in cluster1 cluster2 cluster3; do
    check "$cluster: openssl verify -x509_strict with the CRL" with_crl "$out/$cluster/ca-cert.pem"
    check "$cluster: the key is the certificate's" key_matches "$out/$cluster"
    check "$cluster: the chain is intermediate, then root" chain_in_order "$out/$cluster"
    check "$cluster: no PEM block is glued to another" not_glued "$out/$cluster"
    check "$cluster: the root is the authority's" cmp "$out/$cluster/root-cert.pem" "$public/root-cert.pem"
done
check "no private key in authority, medium, requests" no_key_but_the_clusters

# --- The log, by openssl and Python ------------------------------------------------------------------

mkdir "$work/log-check"
ln -s "$out/authority/log" "$work/log-check/log"
cp "$public/root-cert.pem" "$work/log-check/"
readme_block log >"$work/log.sh"
check "log: the newest checkpoint, by openssl" bash -c "cd '$work/log-check' && bash '$work/log.sh'"
if have python3; then
    check "log: a second reader, in Python" python3 "$here/check-log.py" "$out/authority/log" "$public/root-cert.pem"
    check "log and what was issued: verify-with-stock-tools.sh" "$here/verify-with-stock-tools.sh" "$out/authority" \
        --root "$public/root-cert.pem"
else
    skip "python3 is not here: the log's chain and tree are checked by anchorite only"
fi

# --- The bundles, by openssl, jq, sha256sum and age --------------------------------------------------

bundles=0
readme_block bundle >"$work/bundle.sh"
for bundle in "$out"/medium/*/envelope.json; do
    bundle=$(dirname "$bundle")
    id=$(basename "$bundle")
    bundles=$((bundles + 1))
    have jq && have age || continue
    # Whose it is, only the identities tell.
    opened=
    for cluster in cluster1 cluster2 cluster3; do
        age -d -i "$out/identities/$cluster/identity.age" "$bundle/payload.age" >/dev/null 2>&1 || continue
        cp -r "$bundle" "$work/$id"
        cp "$public/root-cert.pem" "$out/identities/$cluster/identity.age" "$work/$id/"
        check "bundle ${id:0:8}… for $cluster: by openssl, jq, sha256sum and age" \
            bash -c "cd '$work/$id' && bash '$work/bundle.sh'"
        check "bundle ${id:0:8}… for $cluster: verify-with-stock-tools.sh" "$here/verify-with-stock-tools.sh" "$bundle" \
            --root "$public/root-cert.pem" --identity "$out/identities/$cluster/identity.age"
        opened="$opened $cluster"
    done
    [ "$(wc -w <<<"$opened")" -eq 1 ] || fail "bundle $id opens for:${opened:- nobody}"
done
[ "$bundles" -eq 3 ] || fail "three bundles were expected on the medium, there are $bundles"
have jq && have age || skip "jq or age is not here: the bundles were not checked by stock tools"

# --- The Secret ----------------------------------------------------------------------------------------

secret_holds() {
    local file
    for file in ca-cert.pem ca-key.pem cert-chain.pem root-cert.pem; do
        sed -n "s/^  $file: //p" "$out/cacerts-cluster1.yaml" | base64 -d | cmp - "$out/cluster1/$file" || return 1
    done
}
check "Secret: its data are the four files" secret_holds
if have kubectl; then
    like_kubectl() {
        (cd "$out/cluster1" && kubectl create secret generic cacerts -n istio-system --dry-run=client -o json \
            --from-file=ca-cert.pem --from-file=ca-key.pem --from-file=cert-chain.pem --from-file=root-cert.pem |
            grep -o '"[a-z-]*\.pem": "[^"]*"' | tr -d '" ' | sort) >"$work/theirs" &&
            sed -n 's/^  \([a-z-]*\.pem\): /\1:/p' "$out/cacerts-cluster1.yaml" | sort | cmp - "$work/theirs"
    }
    check "Secret: its data are kubectl's" like_kubectl
fi

# --- By anchorite ----------------------------------------------------------------------------------------

if [ -n "${ANCHORITE_BIN:-}" ]; then
    check "log: anchorite log verify --at-rest" \
        "$ANCHORITE_BIN" log verify "$out/authority" --root "$public/root-cert.pem" --at-rest
    for bundle in "$out"/medium/*/envelope.json; do
        bundle=$(dirname "$bundle")
        id=$(basename "$bundle")
        check "bundle ${id:0:8}…: anchorite verify" "$ANCHORITE_BIN" verify "$bundle" --root "$public/root-cert.pem"
    done
fi
