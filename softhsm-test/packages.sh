# Sourced by the scripts beside it: what they need from the system, installed where that is possible.

say() { printf '%s\n' "$*" >&2; }
skip() { printf '\n*** SKIPPED: %s\n\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# install PACKAGE…: true if the package manager installed them all. Debian's names; the few that Fedora
# calls otherwise are translated. Without root and without sudo that asks nothing, it is false.
install() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo && sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    if have apt-get; then
        # The lists may be days old or absent (a container image): a failed first try fetches them.
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
            >/dev/null 2>&1 && return 0
        "${as_root[@]}" apt-get update -qq >/dev/null 2>&1 || return 1
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
            >/dev/null 2>&1
    elif have dnf; then
        local names=("${@/softhsm2/softhsm}")
        names=("${names[@]/gnutls-bin/gnutls-utils}")
        names=("${names[@]/libnss3-tools/nss-tools}")
        names=("${names[@]/golang-go/golang}")
        names=("${names[@]/libssl-dev/openssl-devel}")
        names=("${names[@]/libsqlite3-dev/sqlite-devel}")
        names=("${names[@]/libclang-dev/clang-devel}")
        "${as_root[@]}" dnf install -y -q "${names[@]}" >/dev/null 2>&1
    else
        return 1
    fi
}

# need COMMAND PACKAGE: installs it if it is missing; true if it is there in the end.
need() {
    have "$1" && return 0
    say "installing $2"
    install "$2" && have "$1"
}

# The path of SoftHSM's PKCS#11 module, on stdout: SOFTHSM_MODULE, or where distributions put it.
softhsm_module() {
    local path
    for path in "${SOFTHSM_MODULE:-}" \
        /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
        /usr/lib64/pkcs11/libsofthsm2.so /usr/lib64/softhsm/libsofthsm2.so \
        /usr/local/lib/softhsm/libsofthsm2.so /opt/homebrew/lib/softhsm/libsofthsm2.so; do
        if [ -n "$path" ] && [ -r "$path" ]; then
            printf '%s\n' "$path"
            return 0
        fi
    done
    return 1
}

# As softhsm_module, after trying to install it. A SOFTHSM_MODULE that is not there is an error, not a
# reason to take another.
need_softhsm() {
    if [ -n "${SOFTHSM_MODULE:-}" ] && [ ! -r "$SOFTHSM_MODULE" ]; then
        fail "SOFTHSM_MODULE is not a file: $SOFTHSM_MODULE"
    fi
    softhsm_module && return 0
    say "installing softhsm2"
    install softhsm2 && softhsm_module && return 0
    fail "SoftHSM is not here and cannot be installed: apt install softhsm2, or dnf install softhsm"
}
