#!/usr/bin/env bash
# Builds Kryoptic, a PKCS#11 token in software, under target/tokens and prints the module's path:
#
#   softhsm-test/kryoptic.sh      version and dependencies as softhsm-test/kryoptic/Cargo.lock has them, from crates.io,
#                                 on the system's OpenSSL; nothing is done where that is there already
#
# Two to three minutes of one processor; KRYOPTIC_JOBS limits the compiler to as many jobs. It ends without a module,
# and says what is missing, where the packages that it needs are not here and cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

tokens=${CARGO_TARGET_DIR:-$PWD/target}/tokens
module=$tokens/libkryoptic_pkcs11.so
stamp=$tokens/kryoptic.lock

if [ -r "$module" ] && cmp -s "$here/kryoptic/Cargo.lock" "$stamp"; then
    printf '%s\n' "$module"
    exit 0
fi

has_headers() { pkg-config --exists openssl sqlite3 2>/dev/null; }
has_clang() { compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null || compgen -G '/usr/lib64/libclang.so*' >/dev/null; }
if ! has_headers || ! has_clang; then
    say "installing what Kryoptic is built with"
    install pkg-config libssl-dev libsqlite3-dev libclang-dev || true
fi
has_headers || fail "Kryoptic needs pkg-config and the headers of OpenSSL and SQLite: apt install pkg-config libssl-dev libsqlite3-dev"
has_clang || fail "Kryoptic needs libclang: apt install libclang-dev"

say "building Kryoptic under $tokens"
mkdir -p "$tokens"
build=$tokens/build
cargo build --locked --quiet --manifest-path "$here/kryoptic/Cargo.toml" --package kryoptic \
    --target-dir "$build" ${KRYOPTIC_JOBS:+--jobs "$KRYOPTIC_JOBS"} >&2
cp -- "$build/debug/libkryoptic_pkcs11.so" "$module.new"
mv -- "$module.new" "$module"
cp -- "$here/kryoptic/Cargo.lock" "$stamp"
# What it was built of is larger than the tests.
rm -rf -- "$build"
printf '%s\n' "$module"
