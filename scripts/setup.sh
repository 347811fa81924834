#!/usr/bin/env bash
# Prepares a checkout: `scripts/setup.sh core` (a virtual environment that runs livets), `dev` (and its
# tests), `browser` (Debian's Chromium and Redis for the tests). Does only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
VENV=${VENV:-.venv}

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }

apt_install() {
  command -v apt-get >/dev/null || return 1
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  say "setup: apt-get install $*"
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

venv() {
  [ -x "$VENV/bin/pip" ] && return
  command -v "$PYTHON" >/dev/null || fail "no $PYTHON found: install Python 3.11 or newer (or set PYTHON=...)"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$PYTHON" --version) is too old: livets needs Python 3.11 or newer (set PYTHON=... to choose one)"
  rm -rf "$VENV"
  if ! "$PYTHON" -m venv "$VENV" >/dev/null 2>&1; then
    rm -rf "$VENV"
    apt_install python3-venv || fail "python3 -m venv does not work here: install your system's python3-venv package"
    "$PYTHON" -m venv "$VENV"
  fi
}

# Installs a lock file once; the stamp names the lock file's content.
locked() {
  local lock=$1 stamp sum
  sum=$(sha256sum "$lock" | cut -d' ' -f1)
  stamp="$VENV/.installed-$(basename "$lock")"
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && return
  say "setup: installing $lock into $VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$lock" 2> >(grep -v "Location 'file:" >&2)
  echo "$sum" >"$stamp"
}

# The checkout itself, editable, so that its entry points are there: the `livets` command and the pytest plugin.
editable() {
  local stamp sum
  sum=$(sha256sum pyproject.toml | cut -d' ' -f1)
  stamp="$VENV/.installed-livets"
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && return
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e . 2> >(grep -v "Location 'file:" >&2)
  echo "$sum" >"$stamp"
}

browser() {
  local missing=()
  if [ -z "${LIVETS_CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null &&
    ! command -v google-chrome >/dev/null; then missing+=(chromium); fi
  command -v redis-server >/dev/null || missing+=(redis-server)
  [ ${#missing[@]} -eq 0 ] && return
  apt_install "${missing[@]}" || fail "the tests need ${missing[*]}, and apt is not to be had here (or not as this user).
  Install them with your system's package manager and run the command again;
  a Chromium in another place: LIVETS_CHROMIUM=/path/to/chromium make test"
}

for part in "$@"; do
  case $part in
    core) venv && locked requirements.lock ;;
    dev) venv && locked requirements-dev.lock && editable ;;
    browser) browser ;;
    *) fail "unknown part '$part'" ;;
  esac
done
