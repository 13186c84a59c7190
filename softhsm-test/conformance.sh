#!/usr/bin/env bash
# Tells the story of conformance to every PKCS#11 module that can be installed here, and writes the table of README.md
# ("Tokens") from what was seen. Rows of modules that are not here stay as they are; failures are in the table too, and
# make the exit code 1.
#
#   softhsm-test/conformance.sh             modules that need no feature of the program
#   softhsm-test/conformance.sh --ml-dsa    the experiment too (ml-dsa.sh), which builds an OpenSSL
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

SOFTHSM_MODULE=$(need_softhsm)
KRYOPTIC_MODULE=$(softhsm-test/kryoptic.sh)
export SOFTHSM_MODULE KRYOPTIC_MODULE
softhsm-test/tokens.sh

case ${1:-} in
    "" | --ml-dsa) ;;
    *) fail "the head of this script says how it is called" ;;
esac
rm -rf -- "${CARGO_TARGET_DIR:-target}/tmp/conformance"
export ANCHORITE_TABLE=write
table=conformance::table::the_table_is_as_it_would_be_written
failed=0
if [ "${1:-}" = --ml-dsa ]; then softhsm-test/ml-dsa.sh || failed=1; fi
cargo build --locked --quiet
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --no-fail-fast -E "test(/^conformance::/) - test(=$table)" || failed=1
    cargo nextest run --locked -E "test(=$table)"
else
    cargo test --locked --no-fail-fast --test all -- conformance:: --skip "$table" || failed=1
    cargo test --locked --test all -- --exact "$table"
fi
git --no-pager diff --stat -- README.md || true
exit "$failed"
