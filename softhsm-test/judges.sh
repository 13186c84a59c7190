#!/usr/bin/env bash
# Certificates and CRLs before judges that others wrote: GnuTLS, NSS and pkilint (openssl's verdict is in
# verify-demo.sh). A judge that is not installed is skipped, and that is said loudly.
#
#   softhsm-test/judges.sh OUT…        each OUT made by demo.sh
#
# Exit 1 at the first verdict against us; a WARNING of pkilint is one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
[ $# -gt 0 ] || { say "error: judges.sh OUT…, made by demo.sh"; exit 2; }
PATH=${CARGO_TARGET_DIR:-$(dirname "$here")/target}/judges/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# judge WHAT COMMAND…: quiet if the verdict is good.
judge() {
    local what=$1
    shift
    if ! "$@" >"$work/said" 2>&1; then
        cat "$work/said" >&2
        fail "refused: $what"
    fi
    printf 'ok     %s\n' "$what"
}

# GnuTLS says some verdicts only in words.
gnutls_chain() { certtool --verify --verify-profile=high --load-ca-certificate "$2" --infile "$1"; }
gnutls_crl() {
    certtool --verify-crl --load-ca-certificate "$2" --infile "$1" 2>&1 | tee "$work/crl" &&
        grep -q 'Verified' "$work/crl" && ! grep -q 'Not verified' "$work/crl"
}

# A database with the root as a trusted CA; the intermediate and the CRL are imported, then judged.
nss() {
    local db=$work/nss out=$1 cluster
    rm -rf "$db" && mkdir "$db" && certutil -N -d "$db" --empty-password &&
        certutil -A -d "$db" -n root -t C,, -a -i "$out/authority/public/root-cert.pem" || return 1
    openssl crl -in "$out/authority/public/root.crl" -outform DER -out "$work/root.crl.der" &&
        crlutil -I -B -d "$db" -i "$work/root.crl.der" || return 1
    for cluster in cluster1 cluster2 cluster3; do
        certutil -A -d "$db" -n "$cluster" -t ,, -a -i "$out/$cluster/ca-cert.pem" &&
            certutil -V -d "$db" -n "$cluster" -u L || return 1
    done
}

# pkilint's exit code counts findings of the severity asked for.
lint() { lint_pkix_cert lint -s WARNING "$1"; }
lint_issued() { lint_pkix_signer_signee_cert_chain lint -s WARNING "$1" "$2"; }
lint_list() { lint_crl lint -t ARL -p PKIX -s WARNING "$1"; }

for out; do
    public=$out/authority/public
    root=$public/root-cert.pem
    printf '%s\n' "$out"

    if have certtool; then
        judge "GnuTLS: root" gnutls_chain "$root" "$root"
        judge "GnuTLS: audit certificate" gnutls_chain "$public/audit-cert.pem" "$root"
        judge "GnuTLS: CRL" gnutls_crl "$public/root.crl" "$root"
        for cluster in cluster1 cluster2 cluster3; do
            judge "GnuTLS: $cluster" gnutls_chain "$out/$cluster/ca-cert.pem" "$root"
        done
    else
        skip "GnuTLS's certtool is not here (apt install gnutls-bin)"
    fi

    if openssl x509 -in "$root" -noout -text | grep -q 'Public Key Algorithm: ED25519'; then
        skip "NSS knows no Ed25519 (3.87)"
    elif have certutil && have crlutil; then
        judge "NSS: root, CRL, the three intermediates as CAs" nss "$out"
    else
        skip "NSS's certutil is not here (apt install libnss3-tools)"
    fi

    if have lint_pkix_cert; then
        judge "pkilint: root" lint "$root"
        judge "pkilint: audit certificate" lint "$public/audit-cert.pem"
        judge "pkilint: root and audit certificate" lint_issued "$root" "$public/audit-cert.pem"
        judge "pkilint: CRL" lint_list "$public/root.crl"
        for cluster in cluster1 cluster2 cluster3; do
            judge "pkilint: $cluster" lint "$out/$cluster/ca-cert.pem"
            judge "pkilint: root and $cluster" lint_issued "$root" "$out/$cluster/ca-cert.pem"
        done
    else
        skip "pkilint is not here (PyPI; run-tests.sh puts it under target/judges)"
    fi
done
