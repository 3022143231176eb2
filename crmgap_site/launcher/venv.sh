# Read by ./start and ./test: makes .venv and installs the pinned parts when the pins have changed.

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

prepare_venv() {
    if .venv/bin/python -c 'import sys' 2>/dev/null; then
        return 0
    fi
    python=$(find_python) || fail "CRMGap needs Python 3.11 to 3.14. Install it (Debian, Ubuntu: apt-get install python3 python3-venv)."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "This Python cannot make virtual environments. Install its venv part (Debian, Ubuntu: apt-get install python3-venv)."
    printf 'Making the virtual environment with %s ...\n' "$("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv || fail "The virtual environment .venv could not be made."
}

# install_pins FILE: the copy of the file inside .venv says which pins are installed.
install_pins() {
    stamp=".venv/installed-$1"
    if cmp -s "$1" "$stamp"; then
        return 0
    fi
    printf 'Installing the parts of %s ...\n' "$1"
    .venv/bin/python -m pip install -qq --no-input --disable-pip-version-check \
        --require-hashes --only-binary :all: -r "$1" ||
        fail "pip could not install the parts of $1 (its message is above). Is the package index reachable?"
    cp "$1" "$stamp"
}
