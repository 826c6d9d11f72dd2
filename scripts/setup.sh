#!/bin/sh
# Install everything into the virtual environment given as $1, and bubblewrap where that is allowed.
set -eu
venv=$1

python=
for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null 2>&1 &&
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11 if it is not on the PATH." >&2
    exit 1
fi

if [ ! -x "$venv/bin/python" ]; then
    echo "creating $venv with $("$python" --version)"
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "The venv module is incomplete. On Debian or Ubuntu run: sudo apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "installing packages (a minute or two on first use)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[teach,dev]'

if [ "$(uname)" = Linux ] && ! command -v bwrap >/dev/null 2>&1; then
    sudo=
    if [ "$(id -u)" != 0 ]; then
        if sudo -n true 2>/dev/null; then sudo="sudo -n"; else sudo=no; fi
    fi
    if [ "$sudo" != no ]; then
        echo "installing bubblewrap"
        if command -v apt-get >/dev/null 2>&1; then
            { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq bubblewrap; } >/dev/null 2>&1 || true
        elif command -v dnf >/dev/null 2>&1; then
            $sudo dnf install -y -q bubblewrap || true
        elif command -v pacman >/dev/null 2>&1; then
            $sudo pacman -S --noconfirm bubblewrap || true
        elif command -v zypper >/dev/null 2>&1; then
            $sudo zypper --non-interactive install bubblewrap || true
        elif command -v apk >/dev/null 2>&1; then
            $sudo apk add bubblewrap || true
        fi
    fi
    if ! command -v bwrap >/dev/null 2>&1; then
        echo "Grading needs bubblewrap, which could not be installed here. Run: sudo apt-get install bubblewrap" >&2
    fi
fi
