#!/usr/bin/env bash
# Certificates and a CRL before judges that others wrote: OpenSSL, GnuTLS, NSS, Go's crypto/x509 and pkilint.
# A judge that is not installed is skipped, and that is said loudly.
#
#   softhsm-test/judges.sh [--crl CRL] ROOT FILE…
#
# FILE: a certificate, PEM, then the certificates between it and the root, if there are any, as in
# cert-chain.pem. CAs and others of ours are linted too; a certificate with serverAuth is a workload's, which
# must do for servers and for clients.
#
# Every verdict is a line: "ok" or "refused", the judge, the file. Exit 1 if one is against us; a WARNING of
# pkilint is one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
crl=
if [ "${1:-}" = --crl ]; then
    crl=${2:-}
    shift 2
fi
[ $# -gt 0 ] || { say "error: judges.sh [--crl CRL] ROOT FILE…"; exit 2; }
root=$1
shift
PATH=$PATH:${CARGO_TARGET_DIR:-$(dirname "$here")/target}/judges/bin
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
refused=0

# judge JUDGE FILE COMMAND…: quiet if the verdict is good.
judge() {
    local who=$1 file=$2
    shift 2
    if "$@" >"$work/said" 2>&1; then
        printf 'ok       %s: %s\n' "$who" "$file"
    else
        cat "$work/said" >&2
        printf 'refused  %s: %s\n' "$who" "$file"
        refused=1
    fi
}

# kind FILE: ca, workload or other.
kind() {
    local text
    text=$(openssl x509 -in "$1" -noout -text)
    case $text in
    *CA:TRUE*) echo ca ;;
    *"TLS Web Server Authentication"*) echo workload ;;
    *) echo other ;;
    esac
}
field() { openssl x509 -in "$2" -noout "-$1" | cut -d= -f2-; }
# The certificates of a file, in $work/part.1 and so on.
apart() {
    rm -f "$work"/part.*
    awk -v out="$work/part." '/-BEGIN CERTIFICATE-/ { n++ } n { print > (out n) }' "$1"
}
of_the_root() { [ "$(field issuer "$1")" = "$(field subject "$root")" ]; }

by_openssl() {
    local strict=(openssl verify -x509_strict -check_ss_sig -CAfile "$root" -untrusted "$1")
    if [ -n "$crl" ] && of_the_root "$1"; then
        strict+=(-crl_check -crl_check_all -CRLfile "$crl")
    fi
    "${strict[@]}" "$1" || return
    case $(kind "$1") in
    workload) "${strict[@]}" -purpose sslserver "$1" && "${strict[@]}" -purpose sslclient "$1" ;;
    # What is for documents must not do for a server or a client.
    other) ! "${strict[@]}" -purpose sslserver "$1" && ! "${strict[@]}" -purpose sslclient "$1" ;;
    esac
}

# Its exit code is 0 either way.
crl_by_openssl() { openssl crl -in "$1" -CAfile "$root" -noout 2>&1 | grep -x 'verify OK'; }

by_gnutls() { certtool --verify --verify-profile=high --load-ca-certificate "$root" --infile "$1"; }
# As OpenSSL's.
crl_by_gnutls() {
    certtool --verify-crl --load-ca-certificate "$root" --infile "$1" 2>&1 | tee "$work/crl" &&
        grep -q 'Verified' "$work/crl" && ! grep -q 'Not verified' "$work/crl"
}

# A database with the root as a trusted CA, and the CRL; what FILE holds is imported, then its first judged.
by_nss() {
    local db=$work/nss usage usages=L part
    apart "$1" && rm -rf "$db" && mkdir "$db" && certutil -N -d "$db" --empty-password &&
        certutil -A -d "$db" -n root -t CT,, -a -i "$root" || return
    if [ -n "$crl" ]; then
        openssl crl -in "$crl" -outform DER -out "$work/crl.der" && crlutil -I -B -d "$db" -i "$work/crl.der" || return
    fi
    for part in "$work"/part.*; do
        # Of two certificates of one CA, a cross certificate and its own, NSS 3.87 takes the self-signed one and looks
        # no further: one that it does not trust is left out.
        [ "$(field issuer "$part")" = "$(field subject "$part")" ] ||
            certutil -A -d "$db" -n "${part##*/}" -t ,, -a -i "$part" || return
    done
    [ "$(kind "$1")" = ca ] || usages="V C"
    for usage in $usages; do
        certutil -V -d "$db" -n part.1 -u "$usage" || return
    done
}

# pkilint reads one certificate of a file, so the first and the next, which is its issuer unless the root is,
# are given apart.
by_pkilint() {
    local first=$work/part.1 issuer=$work/part.2
    apart "$1"
    lint "$first" || return
    [ "$1" != "$root" ] || return 0
    [ -s "$issuer" ] || issuer=$root
    lint_pkix_signer_signee_cert_chain lint -s WARNING "$issuer" "$first"
}
# Any finding of WARNING or worse is against the certificate, but for one that is pkilint's error: in name
# constraints it refuses a dNSName of one label, such as "svc" (0.13 asks the web forms' `validators.domain`,
# which wants a dot). RFC 5280 section 4.2.1.10 asks for the syntax of RFC 1034 section 3.5, in which a label
# is a domain, and every validator here accepts it. Only that finding about one well-formed label is left out.
wrong='[^,]*[.]nameConstraints[.][^,]*[.]base[.]dNSName,GeneralNameDnsNameSyntaxValidator,ERROR'
wrong=$wrong',pkix[.]invalid_domain_name_syntax,"Invalid domain name syntax: ""[a-z]([a-z0-9-]*[a-z0-9])?"""'
lint() {
    local findings=$work/findings
    lint_pkix_cert lint -s WARNING -f CSV "$1" | tr -d '\r' | grep . >"$findings" || true
    # Without its heading it did not come to a verdict.
    grep -q '^node_path,' "$findings" && ! grep -vxE "node_path,.*|$wrong" "$findings"
}

for file in "$root" "$@"; do
    judge OpenSSL "$file" by_openssl "$file"
done
[ -z "$crl" ] || judge OpenSSL "$crl" crl_by_openssl "$crl"

if have certtool; then
    for file in "$root" "$@"; do
        judge GnuTLS "$file" by_gnutls "$file"
    done
    [ -z "$crl" ] || judge GnuTLS "$crl" crl_by_gnutls "$crl"
else
    skip "GnuTLS's certtool is not here (apt install gnutls-bin)"
fi

if openssl x509 -in "$root" -noout -text | grep -q 'Public Key Algorithm: ED25519'; then
    skip "NSS knows no Ed25519 (3.87)"
elif have certutil && have crlutil; then
    for file; do
        # Its usages are of TLS; a certificate for documents has none of them.
        [ "$(kind "$file")" = other ] || judge NSS "$file" by_nss "$file"
    done
else
    skip "NSS's certutil is not here (apt install libnss3-tools)"
fi

if have go-verify; then
    for file in "$root" "$@"; do
        judge Go "$file" go-verify "$root" "$file" ${crl:+"$crl"}
    done
else
    skip "Go's verifier is not here (run-tests.sh builds it from verify.go: apt install golang-go)"
fi

if have lint_pkix_cert; then
    for file in "$root" "$@"; do
        [ "$(kind "$file")" = workload ] || judge pkilint "$file" by_pkilint "$file"
    done
    [ -z "$crl" ] || judge pkilint "$crl" lint_crl lint -t ARL -p PKIX -s WARNING "$crl"
else
    skip "pkilint is not here (PyPI; run-tests.sh puts it under target/judges)"
fi
exit "$refused"
