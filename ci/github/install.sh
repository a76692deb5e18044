#!/usr/bin/env bash
# Installs this version of audit into a virtual environment of the job. Called by action.yml.
set -euo pipefail

venv=$RUNNER_TEMP/audit/venv

fail() {
  printf '::error title=audit::%s\n' "$1"
  exit 2
}

is_new_enough() {
  "$1" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
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

"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet "$GITHUB_ACTION_PATH"
printf '%s\n' "$GITHUB_ACTION_PATH" >"$venv/ready"
