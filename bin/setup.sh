# Shared by the commands beside it: makes .venv and installs pinned packages, only where that is still to do.

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      return 0
    fi
  done
  say "Python 3.11 or later is needed and was not found: install it, then run this again."
  exit 2
}

need_venv() {
  if [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null; then
    return 0
  fi
  find_python
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say "Installing python3-venv ..."
      { apt-get update -q && { apt-get install -qy "python$version-venv" || apt-get install -qy python3-venv; }; } >&2
    else
      say "Python cannot make virtual environments here. Run this once, then start again:  sudo apt-get install -y python3-venv"
      exit 2
    fi
  fi
  say "Making .venv ..."
  rm -rf .venv
  "$python" -m venv .venv || { say "The folder .venv could not be made: see that this user may write here and that the disk is not full."; exit 2; }
}

# the stamp holds what was installed, so that a started blog is up at once and a changed pin is installed
need_packages() {
  stamp=.venv/installed-$1
  if cmp -s "$1" "$stamp" && { [ "$1" = requirements.txt ] || cmp -s requirements.txt .venv/base-of-"$1"; }; then
    return 0
  fi
  say "Installing what $1 names ..."
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$1" >&2 ||
    { say "The packages in $1 could not be installed: see the lines above; is this machine online?"; exit 2; }
  cp requirements.txt .venv/base-of-"$1"
  cp "$1" "$stamp"
}
