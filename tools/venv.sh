#!/bin/sh
# Makes a virtual environment with the newest-enough Python there is, or says plainly what is missing.
# Usage: venv.sh FOLDER [PYTHON]      (plain POSIX sh: it must run before any Python is known to work)
set -eu

folder=$1
wanted=${2:-}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

python=
for name in ${wanted:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    if is_new_enough "$name"; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "ipynemo needs Python 3.11 or newer${wanted:+, and $wanted is not}." >&2
    echo "  Debian, Ubuntu:  apt-get install python3 python3-venv" >&2
    echo "  macOS:           install it from python.org, or: brew install python" >&2
    echo "  elsewhere:       make PYTHON=/path/to/python3.12 ..." >&2
    exit 1
fi

# Debian ships Python without the module that puts pip into a new environment.
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing $package, which $python needs to make environments." >&2
        apt-get update -qq >&2
        apt-get install -y -qq --no-install-recommends "$package" >&2
    else
        echo "$python cannot make virtual environments: its module ensurepip is missing." >&2
        echo "  Debian, Ubuntu:  sudo apt-get install $package" >&2
        exit 1
    fi
fi

# An environment whose Python is gone (an upgrade of the system, a moved folder) is made anew.
if [ -d "$folder" ] && ! "$folder/bin/python" -c 'import pip' >/dev/null 2>&1; then
    rm -rf "$folder"
fi
if [ ! -d "$folder" ]; then
    echo "Making $folder with $("$python" --version)." >&2
    "$python" -m venv "$folder"
fi
