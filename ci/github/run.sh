#!/usr/bin/env bash
# Runs audit with the inputs of the action, which are data: none becomes part of a command line that a shell reads.
# Called by action.yml. The exit code is that of audit.
set -euo pipefail

audit=$RUNNER_TEMP/audit/venv/bin/audit

# A file of the runner that is not there must not change the exit code.
output() {
  printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}" || true
}

fail() {
  printf '::error title=audit::%s\n' "$1"
  output exit-code 2
  exit 2
}

# A line break in a path would write a second output.
one_line() {
  case $2 in *[$'\n\r']*) fail "the input \"$1\" has to be one line" ;; esac
}

# The lines of a text that are not empty, as the array `lines`.
split() {
  local line
  lines=()
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then lines+=("$line"); fi
  done <<<"$1"
}

case $INPUT_COMMAND in
  lint | scan | image) ;;
  *) fail 'the input "command" has to be lint, scan or image' ;;
esac
one_line fail-on "$INPUT_FAIL_ON"
one_line baseline "$INPUT_BASELINE"
one_line sarif-file "$INPUT_SARIF_FILE"

work=$(mktemp -d "$RUNNER_TEMP/audit/run.XXXXXX") || fail 'the temporary folder of the runner cannot be written'
sarif=${INPUT_SARIF_FILE:-$work/audit.sarif}
words=("$INPUT_COMMAND" "--format=sarif:$sarif" "--format=gnu:$work/findings.txt" "--format=markdown:$work/summary.md")
if [ "$INPUT_ANNOTATIONS" = true ]; then words+=(--format=github); else words+=(--format=text); fi
if [ -n "$INPUT_FAIL_ON" ]; then words+=("--fail-on=$INPUT_FAIL_ON"); fi
if [ -n "$INPUT_BASELINE" ]; then words+=("--baseline=$INPUT_BASELINE"); fi
split "$INPUT_ARGS"
words+=(${lines[@]+"${lines[@]}"})
split "$INPUT_PATHS"
words+=(-- ${lines[@]+"${lines[@]}"})

code=0
"$audit" "${words[@]}" || code=$?

# Reports are written at the end, SARIF first. One that was there before is not this run's.
if [ -f "$work/findings.txt" ]; then
  output findings "$(wc -l <"$work/findings.txt" | tr -d ' ')"
  output sarif "$sarif"
elif [ "$code" -le 1 ]; then
  fail 'nothing was searched: is there --help or --version in the input "args"?'
fi
if [ -f "$work/summary.md" ] && [ "$INPUT_SUMMARY" = true ]; then
  cat "$work/summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}" || true
fi
output exit-code "$code"

case $code in
  0 | 1) ;;
  2) printf '::error title=audit::wrong usage or configuration; the log says what\n' ;;
  3) printf '::error title=audit::an input could not be read whole, so this run cannot say that it is clean\n' ;;
  *) printf '::error title=audit::the run failed with exit code %s\n' "$code" ;;
esac
exit "$code"
