#!/usr/bin/env bash
# The fault tests in their large size: crashes, tampering, media, openings and tokens that misbehave. CI runs the
# same tests in a size that fits; this one may take hours. Arguments go to the test runner:
#
#   softhsm-test/faults.sh                 all of them
#   softhsm-test/faults.sh crash::         those whose names have "crash::" in them
#   softhsm-test/faults.sh --part 2/8 misbehaving::
#                                          the second of eight parts of what is tens of thousands: each call of a
#                                          session, failing with each code that it may give
#
# The counts of what was tried are printed at the end; the exit code is the runner's.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
size=full
if [ "${1:-}" = --part ]; then
    size=full:${2:?a part, such as 2/8}
    shift 2
fi
held=${CARGO_TARGET_DIR:-target}/tmp/held
rm -rf -- "$held"
[ $# -gt 0 ] || set -- crash:: tampering:: media:: opening:: misbehaving:: rollback:: scale::
ANCHORITE_FAULTS=$size softhsm-test/run-tests.sh "$@"
code=$?
cat -- "$held"/* 2>/dev/null | sort -k2
exit $code
