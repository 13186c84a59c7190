#!/usr/bin/env bash
# Measures whole processes, each against the least that its work could cost, in one run on this machine:
# a batch and a single signature against the bare token (raw-sign.c), and beside them `openssl ca` with the PKCS#11
# engine on the same token, which signs without log, lint or verification; `log verify`, the fold that every command
# begins with, `log prove` and a session in a log that is as long, against `openssl dgst` of the log; the start of
# `--help`, the size of the binary. Nothing here is a test: read the ratios.
#
#   softhsm-test/bench.sh [REQUESTS [ENTRIES [LARGE]]]    1000 requests in a batch, a log of 1000000 entries; and the
#                                                         memory of a batch of LARGE requests (none; try 10000)
#
#   ANCHORITE_BIN   a release binary to use instead of building one
#   BENCH_LOG       a directory with a generated log/ and root-cert.pem (else one is generated under target/)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

requests=${1:-1000}
entries=${2:-1000000}
large=${3:-0}
module=$(need_softhsm)
need openssl openssl || fail "openssl is not here and cannot be installed"
need python3 python3 || fail "python3 is not here and cannot be installed"
have cc || fail "a C compiler is not here"

target=${CARGO_TARGET_DIR:-$PWD/target}
if [ -z "${ANCHORITE_BIN:-}" ]; then
    cargo build --release --locked --quiet
    ANCHORITE_BIN=$target/release/anchorite
fi
# True where there is none: it is looked for in two places, and one of them is never there.
engine_here() { ls /usr/lib/*/engines-3/pkcs11.so /usr/lib64/engines-3/pkcs11.so 2>/dev/null | head -1 || true; }
engine=$(engine_here)
if [ -z "$engine" ] && install libengine-pkcs11-openssl; then
    engine=$(engine_here)
fi
[ -n "$engine" ] || skip "openssl ca beside Anchorite: apt install libengine-pkcs11-openssl"
mkdir -p "$target/bench"
cc -std=gnu11 -O2 -w -o "$target/bench/raw-sign" "$here/raw-sign.c" -ldl -lpthread

log=${BENCH_LOG:-$target/bench/log-$entries}
if [ ! -e "$log/root-cert.pem" ]; then
    say "generating a log of $entries entries in $log"
    rm -rf "$log" && mkdir -p "$log"
    cargo test --locked --quiet --bench log -- --generate "$log" "$entries" >/dev/null
fi

exec python3 "$here/bench.py" \
    --binary "$ANCHORITE_BIN" --module "$module" --raw-sign "$target/bench/raw-sign" \
    --requests "$requests" --entries "$entries" --large "$large" --log "$log" ${engine:+--engine "$engine"}
