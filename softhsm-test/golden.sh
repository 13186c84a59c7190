#!/usr/bin/env bash
# Makes the golden authorities of this version anew, under tests/golden/<version>/: once for each release, before it
# is tagged. What is there of other versions is never touched. Look at the difference before it is committed.
#
#   softhsm-test/golden.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test --locked --test all golden::make -- --ignored --exact golden::make::the_golden_authorities_of_this_version
du -sh tests/golden/*
