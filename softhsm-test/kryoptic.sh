#!/usr/bin/env bash
# Builds Kryoptic, a PKCS#11 token in software, under target/tokens and prints the module's path:
#
#   softhsm-test/kryoptic.sh            version and dependencies as softhsm-test/kryoptic/Cargo.lock has them, from
#                                       crates.io, on the system's OpenSSL; nothing is done where that is there already
#   softhsm-test/kryoptic.sh --ml-dsa   a second module, with ML-DSA, on an OpenSSL that is built for it and stands
#                                       beside it as openssl/openssl (Debian 12 has 3.0; ML-DSA needs 3.5)
#
# Two to three minutes of one processor, three more for OpenSSL; KRYOPTIC_JOBS limits the compiler to as many jobs. It
# ends without a module, and says what is missing, where the packages that it needs are not here and cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

tokens=${CARGO_TARGET_DIR:-$PWD/target}/tokens
case ${1:-} in
    "") module=$tokens/libkryoptic_pkcs11.so stamp=$tokens/kryoptic.lock build=$tokens/build features=() ;;
    --ml-dsa)
        module=$tokens/libkryoptic-ml-dsa.so stamp=$tokens/kryoptic-ml-dsa.lock build=$tokens/build-ml-dsa
        features=(--no-default-features --features ml-dsa) ;;
    *) say "error: the head of this script says how it is called"; exit 2 ;;
esac

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
manifest=$here/kryoptic/Cargo.toml

# OpenSSL as the crate openssl-src has it, which Cargo.lock names with its digest: the library for the module, and the
# program for whoever judges what the module signs.
build_openssl() {
    local sources
    need perl perl && need make make || fail "OpenSSL needs perl and make"
    sources=$(cargo metadata --locked --format-version 1 --manifest-path "$manifest" "${features[@]}" |
        grep -o '"manifest_path":"[^"]*/openssl-src-[^"]*/Cargo.toml"' | cut -d'"' -f4)
    export KRYOPTIC_OPENSSL_SOURCES=$build/openssl
    [ -x "$KRYOPTIC_OPENSSL_SOURCES/apps/openssl" ] && return
    say "building OpenSSL $(sed -n 's/^MAJOR=//p;s/^MINOR=//p' "$(dirname "$sources")/openssl/VERSION.dat" | paste -sd.)"
    rm -rf -- "$KRYOPTIC_OPENSSL_SOURCES"
    cp -r -- "$(dirname "$sources")/openssl" "$KRYOPTIC_OPENSSL_SOURCES"
    (
        cd "$KRYOPTIC_OPENSSL_SOURCES"
        ./Configure --openssldir="$tokens/openssl" no-shared no-tests no-docs no-legacy no-engine no-quic no-dtls no-comp no-deprecated \
            no-aria no-cast no-des no-dsa no-ec2m no-mdc2 no-rc2 no-rc4 no-rc5 no-rmd160 no-seed no-sm2 no-sm3 no-sm4 \
            enable-ec_nistp_64_gcc_128
        make -j"${KRYOPTIC_JOBS:-$(nproc)}" build_generated libcrypto.a apps/openssl
    ) >"$build/openssl.log" 2>&1 || fail "OpenSSL does not build: $build/openssl.log"
}

mkdir -p "$build"
if [ ${#features[@]} -gt 0 ]; then
    build_openssl
    mkdir -p "$tokens/openssl"
    cp -- "$KRYOPTIC_OPENSSL_SOURCES/apps/openssl" "$tokens/openssl/openssl"
    # The program reads it there; the crate has none.
    printf '%s\n' '[req]' 'distinguished_name = dn' '[dn]' >"$tokens/openssl/openssl.cnf"
fi
say "building Kryoptic under $tokens"
cargo build --locked --quiet --manifest-path "$manifest" ${features[@]+"${features[@]}"} \
    --target-dir "$build" ${KRYOPTIC_JOBS:+--jobs "$KRYOPTIC_JOBS"} >&2
# The newest, where an earlier try was cut off.
cp -- "$(ls -t "$build"/debug/deps/libkryoptic_pkcs11-*.so | head -n 1)" "$module.new"
mv -- "$module.new" "$module"
cp -- "$here/kryoptic/Cargo.lock" "$stamp"
# What it was built of is larger than the tests.
rm -rf -- "$build"
printf '%s\n' "$module"
