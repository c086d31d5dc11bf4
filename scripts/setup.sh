#!/usr/bin/env bash
# Makes .venv from the hashed lock and installs the system libraries that Qt needs (Debian, Ubuntu).
#   scripts/setup.sh             what the program needs
#   scripts/setup.sh --desktop   and the desktop session that tests/desktop runs in
set -euo pipefail
cd "$(dirname "$0")/.."

# Libraries that the Qt wheels load from the system, with the name of a file each one brings.
QT_PACKAGES="libegl1 libgl1 libnss3 libxtst6 libxkbfile1 libxkbcommon-x11-0 libxdamage1 libxcomposite1 libxrandr2
libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0
libxcb-xkb1 libxcb-randr0 libdbus-1-3 libfontconfig1 libasound2 fonts-dejavu-core"
SESSION_PACKAGES="xvfb xauth dbus-x11 dbus openbox xfce4-panel xfce4-notifyd xfconf at-spi2-core gnome-keyring
libsecret-tools xdotool x11-utils imagemagick fonts-noto-core"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }

# Ubuntu 24.04 gave some libraries a new name for 64-bit time.
name_here() {
    if apt-cache show "$1" >/dev/null 2>&1 && ! apt-cache policy "$1" | grep -q 'Candidate: (none)'; then echo "$1"
    else echo "$1t64"; fi
}

install_missing() {
    command -v apt-get >/dev/null || { echo "No apt here: install by your own package manager what Qt 6 needs."; return 0; }
    local missing=()
    for package in "$@"; do
        installed "$package" || installed "${package}t64" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing system packages: ${missing[*]}"
    as_root apt-get update -qq
    local names=()
    for package in "${missing[@]}"; do names+=("$(name_here "$package")"); done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null
}

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "qbdesk needs Python 3.11 or newer; this is $("$python" --version). Set PYTHON to a newer one."; exit 2; }

# Debian splits venv from Python; a Python that was not installed by apt brings its own.
"$python" -c 'import ensurepip, venv' 2>/dev/null || install_missing python3-venv
install_missing $QT_PACKAGES
[ "${1:-}" != --desktop ] || install_missing $SESSION_PACKAGES

stamp=.venv/requirements.stamp
if ! [ -x .venv/bin/qbdesk ] || ! cmp -s <(cat requirements.lock pyproject.toml) "$stamp"; then
    echo "Setting up .venv from requirements.lock; this takes a minute or two."
    # A half-made environment (no pip) is made again.
    [ -x .venv/bin/pip ] || { rm -rf .venv; "$python" -m venv .venv; }
    .venv/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
    cat requirements.lock pyproject.toml > "$stamp"
fi
