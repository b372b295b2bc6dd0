#!/bin/sh
# venv.sh PYTHON FOLDER: make a virtual environment, installing what Debian splits off when root.
set -eu
python=$1 folder=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed, $python is $("$python" --version 2>&1)." >&2
    echo "Give another one: make PYTHON=/path/to/python3.11" >&2
    exit 2
}
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" != 0 ]; then
        echo "This Python has no venv. As root: apt-get install python3-venv" >&2
        exit 2
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv
fi
"$python" -m venv "$folder"
