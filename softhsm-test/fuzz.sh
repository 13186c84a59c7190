#!/usr/bin/env bash
# Fuzzing what comes from outside: each target of fuzz/ for so many seconds, from its seeds and from what earlier runs
# found (fuzz/corpus, which stays on this machine); requests also from the shared corpus, where it is. A stable compiler
# does: RUSTC_BOOTSTRAP lets it instrument the program, which is thrown away afterwards. No part of CI: the first build
# takes some ten minutes.
#
#   softhsm-test/fuzz.sh [SECONDS [TARGET…]]      60 seconds of every target
#
# Each target ends with a line of how much it tried. Exit 0: nothing was found. Otherwise what was found is kept under
# fuzz/artifacts/TARGET; it becomes a test before it is mended.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"
cd "$here/.."

seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- fuzz/fuzz_targets/*.rs
need c++ g++ || fail "a C++ compiler is not here and cannot be installed"
tools=${CARGO_TARGET_DIR:-$PWD/target}/fuzz-tools
export PATH="$tools/bin:$PATH" RUSTC_BOOTSTRAP=1
have cargo-fuzz || cargo install --quiet --locked --version 0.13.2 --root "$tools" cargo-fuzz ||
    fail "cargo-fuzz cannot be had from crates.io"
cargo fuzz build

code=0
for target; do
    target=$(basename "$target" .rs)
    corpora=("fuzz/corpus/$target" "fuzz/seeds/$target")
    [ "$target" != request ] || [ ! -d ../shared/corpus/csr ] || corpora+=(../shared/corpus/csr)
    mkdir -p "fuzz/corpus/$target"
    said=$(mktemp)
    # An RSA key of 4096 bits takes 0.05 s in the program and seconds here, where every step of its arithmetic is
    # counted. What a thread of the audit still holds while it ends is no leak, and would be called one.
    if cargo fuzz run "$target" "${corpora[@]}" -- \
        -max_total_time="$seconds" -timeout=120 -detect_leaks=0 -rss_limit_mb=4096 -print_final_stats=1 >"$said" 2>&1; then
        printf '%-16s %12s tried, %s corpus files, nothing found\n' "$target" \
            "$(awk '/number_of_executed_units/ { print $2 }' "$said")" "$(find "fuzz/corpus/$target" -type f | wc -l)"
    else
        code=1
        printf '%-16s FOUND:\n' "$target"
        grep -a -A 3 -E 'panicked at|^SUMMARY|Test unit written' "$said" || tail -n 20 "$said"
    fi
    rm -f "$said"
done
exit $code
