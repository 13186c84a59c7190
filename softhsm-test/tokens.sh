#!/usr/bin/env bash
# Installs the PKCS#11 modules that Debian packages and that the tests meet beside SoftHSM: NSS softokn, opencryptoki,
# tpm2-pkcs11 with a TPM in software. Nothing is started and no token is touched: each test runs the daemons it needs,
# in namespaces of its own where they would meet the machine's.
#
# A module that cannot be installed costs its tests, which say so; so does this script.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=softhsm-test/packages.sh
. "$here/packages.sh"

# need_file WHAT PACKAGES FILE…: installs the packages unless one of the files is there; true if one is in the end.
need_file() {
    local what=$1 packages=$2 file
    shift 2
    for file in "$@"; do [ ! -e "$file" ] || return 0; done
    say "installing $packages"
    # shellcheck disable=SC2086
    install $packages || true
    for file in "$@"; do [ ! -e "$file" ] || return 0; done
    skip "$what cannot be installed (apt install $packages): no test meets it"
}

need_file "NSS softokn" libnss3 /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so /usr/lib64/libsoftokn3.so
# Its postinst would start the daemon of the machine's own tokens, which no test speaks to.
need_file "opencryptoki" opencryptoki /usr/lib/*/pkcs11/libopencryptoki.so /usr/lib64/pkcs11/libopencryptoki.so
need_file "tpm2-pkcs11" "libtpm2-pkcs11-1 libtss2-tcti-tabrmd0" /usr/lib/*/libtpm2_pkcs11.so.1 /usr/lib64/pkcs11/libtpm2_pkcs11.so
need_file "a TPM in software and its resource manager" "swtpm tpm2-abrmd dbus-daemon dbus-bin" /usr/sbin/tpm2-abrmd
# A world of mounts, processes and shared memory for its daemon alone.
have pkcsslotd && ! unshare --mount --ipc --pid --fork true 2>/dev/null &&
    skip "namespaces are not allowed here: opencryptoki's daemon would meet the machine's own, so no test starts it"
true
