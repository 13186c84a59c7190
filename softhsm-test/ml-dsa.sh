#!/usr/bin/env bash
# The experiment with ML-DSA-65, whole: an authority whose root has such a key, in Kryoptic on an OpenSSL of its own; two
# intermediates, CRLs, bundles; and all of it before judges that are none of ours. Not part of CI: building OpenSSL takes
# four minutes of one processor (once; it stays under target/tokens), the program and its tests another build.
#
#   softhsm-test/ml-dsa.sh [TEST…]        arguments go to the test runner
#
# Who made and who verified: Kryoptic signs with OpenSSL 3.6; anchorite verifies with AWS-LC; `openssl` 3.6 verifies paths
# and CRLs; dilithium-py (PyPI), which shares code with neither, verifies every signature. Exit 0: all of it holds.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

KRYOPTIC_MODULE=$("$here/kryoptic.sh" --ml-dsa)
tokens=$(dirname "$KRYOPTIC_MODULE")
say "$("$tokens/openssl/openssl" version)"

judges=${CARGO_TARGET_DIR:-$PWD/target}/judges
need python3 python3 || fail "python3 is not here and cannot be installed"
if ! "$judges/bin/python3" -c 'import dilithium_py' 2>/dev/null; then
    say "installing dilithium-py from PyPI under $judges"
    [ -x "$judges/bin/pip" ] || python3 -m venv "$judges" >/dev/null 2>&1 ||
        { install python3-venv && python3 -m venv "$judges" >/dev/null; } || true
    "$judges/bin/pip" install --quiet --disable-pip-version-check --timeout 20 --retries 1 dilithium-py==1.5.1 >/dev/null ||
        fail "dilithium-py cannot be had from PyPI: nobody else would verify the signatures"
fi

# The openssl that the tests and the stock tools call is the one that knows ML-DSA.
export KRYOPTIC_MODULE PATH="$tokens/openssl:$judges/bin:$PATH"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --features ml-dsa --no-fail-fast -E 'test(ml_dsa)' "$@"
else
    cargo test --locked --features ml-dsa --no-fail-fast ml_dsa "$@"
fi
