#!/bin/sh
# Finds a PostgreSQL server for the tests that need one, or installs it, and prints the folder of its programs.
# In this order: POSTGRES_BIN, pg_config, the system's folders, Debian's package (where we may install it).
# The tests start it themselves, on a free port and in a folder of their own; no service of the system is touched.
# Exit status 1, with a loud message, where none can be had.
set -eu

find_postgres() {
    for folder in "${POSTGRES_BIN:-}" "$(pg_config --bindir 2>/dev/null || true)" \
        $(ls -d ${POSTGRES_ROOT:-/usr/lib/postgresql}/*/bin 2>/dev/null | awk -F/ '{ print $(NF - 1) " " $0 }' | sort -rn | cut -d ' ' -f 2-) \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /usr/pgsql-*/bin; do
        if [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            echo "$folder"
            return 0
        fi
    done
    return 1
}

find_postgres && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's postgresql for the tests." >&2
    if apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends postgresql >&2; then
        find_postgres && exit 0
    fi
fi
echo "*** NO POSTGRESQL: none was found and none could be installed. The tests of several servers do not run. ***" >&2
exit 1
