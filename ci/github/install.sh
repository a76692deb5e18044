#!/usr/bin/env bash
# Installs this version of audit into a virtual environment of the job. Called by action.yml.
# The current folder is what is under review: with -I, no module of it is imported.
set -euo pipefail

venv=$RUNNER_TEMP/audit/venv

fail() {
  printf '::error title=audit::%s\n' "$1"
  exit 2
}

is_new_enough() {
  "$1" -I -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  local name
  for name in python3 python python3.14 python3.13 python3.12 python3.11; do
    if is_new_enough "$name"; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

# A second use in the same job, of the same version.
if [ -f "$venv/ready" ] && [ "$(cat "$venv/ready")" = "$GITHUB_ACTION_PATH" ]; then exit 0; fi

python=${AUDIT_PYTHON:-}
case $python in
  '') python=$(find_python) || fail 'no Python from 3.11 on is on this runner; actions/setup-python installs one' ;;
  *) is_new_enough "$python" || fail 'the input "python" is no Python from 3.11 on' ;;
esac

"$python" -I -m venv --clear "$venv" || fail 'the virtual environment could not be made; the log says why'
"$venv/bin/python" -I -m pip --disable-pip-version-check --no-input install --quiet "$GITHUB_ACTION_PATH" ||
  fail 'the package could not be installed; the log says why'
printf '%s\n' "$GITHUB_ACTION_PATH" >"$venv/ready"
