#!/bin/sh
# Finds a Chromium for the browser tests, or installs one, and prints its path.
# In this order: CHROMIUM, the system's, Debian's package (where we may install it), the one that Playwright fetches.
# Usage: browser.sh VENV      Exit status 1, with a loud message, where none can be had.
set -eu

venv=$1

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_browser && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's chromium for the browser tests." >&2
    if apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends chromium >&2; then
        find_browser && exit 0
    fi
fi
if "$venv/bin/python" -m playwright install chromium >&2; then
    "$venv/bin/python" -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as p: print(p.chromium.executable_path)' && exit 0
fi
echo "*** NO BROWSER: no Chromium was found and none could be installed. The browser tests do not run. ***" >&2
exit 1
