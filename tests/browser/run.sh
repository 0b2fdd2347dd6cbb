#!/usr/bin/env bash
# Builds a small dataset by clicking through Dagster's UI in headless Chromium, looks at what the UI then shows,
# and checks the blocks on disk. Leaves screenshots. Takes two to three minutes; exits non-zero on any surprise.
#
#   tests/browser/run.sh [CATALOGUE.yaml]
#
# Needs the project's environment, Node.js with npm (for playwright-core), and Chromium. Reads from the environment:
#   SCREENSHOTS  where the pictures go (default: docs/images)   PORT  of the UI (default: 3917)
#   CHROMIUM     the browser (default: chromium on the PATH)    VENV  the environment (default: .venv)
set -euo pipefail

source "$(dirname "$0")/needs.sh"
port=${PORT:-3917}
screenshots=${SCREENSHOTS:-$repository/docs/images}
command -v curl >/dev/null || missing curl "Debian: apt-get install curl"

work=$(mktemp -d -t dataset.XXXXXX)
mkdir "$work/browser"
root=$work/root
server=
stop() {
  local status=$?
  if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null || true # dagster dev then ends its children
    for _ in $(seq 40); do kill -0 "$server" 2>/dev/null || break; sleep 0.5; done
    kill -KILL -- "-$server" 2>/dev/null || true
  fi
  if [ "$status" -ne 0 ] && [ -f "$work/ui.log" ]; then
    echo "--- the last of the UI's log" >&2
    tail -n 20 "$work/ui.log" >&2
  fi
  if [ -f "$work/browser/failed.png" ]; then
    failed=$(mktemp -t failed.XXXXXX.png)
    cp "$work/browser/failed.png" "$failed"
    echo "--- what the browser showed: $failed" >&2
  fi
  rm -rf "$work"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

catalogue=${1:-$work/catalogue.yaml}
if [ $# -eq 0 ]; then
  cat >"$catalogue" <<'YAML'
dataset: browser
block_size_bp: 1_000_000
assemblies:
  - genome: sim-gencode
    species: Simulata humana
    simulate: {seed: 1, total_bp: 12_000_000, chromosomes: 7, flavour: gencode}
    splits: {validation: [chr6, chr7]}
  - genome: sim-ensembl
    species: Simulata murina
    simulate: {seed: 2, total_bp: 6_000_000, chromosomes: 5, flavour: ensembl}
    splits: {default: test}
YAML
fi
genome=$("$venv/bin/python" -c '
import sys
from genatator_assets.catalogue import load_catalogue
print(next(iter(load_catalogue(sys.argv[1]).genomes)))' "$catalogue")

if curl --silent --output /dev/null "http://127.0.0.1:$port/"; then
  echo "port $port is taken; set PORT to another" >&2
  exit 2
fi
set -m # a process group of its own, in which interrupts are not ignored
"$venv/bin/genatator-assets" ui --catalogue "$catalogue" --root "$root" --port "$port" >"$work/ui.log" 2>&1 &
server=$!
set +m
for _ in $(seq 120); do
  curl --silent --fail --output /dev/null "http://127.0.0.1:$port/server_info" && break
  kill -0 "$server" 2>/dev/null || { echo "the UI ended" >&2; exit 1; }
  sleep 0.5
done
echo "ok  the UI answers at http://127.0.0.1:$port"

mkdir -p "$screenshots"
node "$here/materialize.mjs" "http://127.0.0.1:$port" "$genome" "$chromium" "$screenshots" "$work/browser"

answer() {
  "$venv/bin/genatator-assets" sql --root "$root" --format json "$1" |
    "$venv/bin/python" -c 'import json, sys; print(*json.load(sys.stdin)[0].values())'
}
expect() { # WHAT QUESTION: the question must give two equal numbers above 0
  local got want
  read -r got want <<<"$(answer "$2")"
  [ "$got" = "$want" ] && [ "$got" -gt 0 ] || { echo "FAILED  $1: $got, not $want" >&2; exit 1; }
  echo "ok  on disk: $got $1"
}
expect "chromosomes with blocks, as many as are included" "select
  (select count(distinct (genome, chrom)) from blocks), (select count(*) from chromosomes where included)"
expect "block files, as many as the index has rows" "select
  (select count(*) from stored_blocks), (select count(*) from blocks)"
expect "bases in blocks, as many as in the chromosomes" "select
  (select sum(length(dna_sequence)) from stored_blocks), (select sum(length) from chromosomes where included)"
echo "passed in $SECONDS s; screenshots in $screenshots"
