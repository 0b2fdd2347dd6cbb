#!/usr/bin/env bash
# Builds small datasets by clicking through Dagster's UI in headless Chromium, each on an empty root: by the job that does
# everything, by "Materialize all" and the sensors, and step by step. Looks at what the UI then shows, and checks the
# blocks on disk. Leaves screenshots. Takes four to six minutes; exits non-zero on any surprise.
#
#   tests/browser/run.sh [SCENARIO...]     by default everything sensors steps
#
# Needs the project's environment, Node.js with npm (for playwright-core), and Chromium. Reads from the environment:
#   SCREENSHOTS  where the pictures go (default: docs/images)   PORT  of the UI (default: 3917)
#   CHROMIUM     the browser (default: chromium on the PATH)    VENV  the environment (default: .venv)
set -euo pipefail

source "$(dirname "$0")/needs.sh"
port=${PORT:-3917}
screenshots=${SCREENSHOTS:-$repository/docs/images}
genome=sim-gencode
command -v curl >/dev/null || missing curl "Debian: apt-get install curl"

work=$(mktemp -d -t dataset.XXXXXX)
server=
stop_server() {
  [ -n "$server" ] || return 0
  kill -INT "$server" 2>/dev/null || true # dagster dev then ends its children
  for _ in $(seq 60); do kill -0 "$server" 2>/dev/null || break; sleep 0.5; done
  kill -KILL -- "-$server" 2>/dev/null || true
  server=
}
stop() {
  local status=$?
  stop_server
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

# A species' name that would be a picture from elsewhere, if anything took it for Markdown or HTML.
cat >"$work/catalogue.yaml" <<'YAML'
dataset: browser
gene_finding: {block_size_bp: 1_000_000}
assemblies:
  - genome: sim-gencode
    species: 'Simulata humana ![p](http://pictures.example/p.png) <img src="http://pictures.example/q.png">'
    simulate: {seed: 1, total_bp: 12_000_000, chromosomes: 7, flavour: gencode}
    splits: {validation: [chr6, chr7]}
  - genome: sim-ensembl
    species: Simulata murina
    simulate: {seed: 2, total_bp: 6_000_000, chromosomes: 5, flavour: ensembl}
    splits: {default: test}
YAML

answer() {
  "$venv/bin/python" -m genatator_assets.cli sql --root "$root" --format json "$1" |
    "$venv/bin/python" -c 'import json, sys; print(*json.load(sys.stdin)[0].values())'
}
expect() { # WHAT QUESTION: the question must give two equal numbers above 0
  local got want
  read -r got want <<<"$(answer "$2")"
  [ "$got" = "$want" ] && [ "$got" -gt 0 ] || { echo "FAILED  $1: $got, not $want" >&2; exit 1; }
  echo "ok  on disk: $got $1"
}

mkdir -p "$screenshots"
[ $# -gt 0 ] || set -- everything sensors steps
for scenario; do
  echo "--- $scenario"
  if curl --silent --output /dev/null "http://127.0.0.1:$port/"; then
    echo "port $port is taken; set PORT to another" >&2
    exit 2
  fi
  root=$work/$scenario
  rm -rf "$work/browser" && mkdir "$work/browser"
  set -m # a process group of its own, in which interrupts are not ignored
  "$venv/bin/python" -m genatator_assets.cli ui --catalogue "$work/catalogue.yaml" --root "$root" --port "$port" \
    >"$work/ui.log" 2>&1 &
  server=$!
  set +m
  for _ in $(seq 240); do
    curl --silent --fail --output /dev/null "http://127.0.0.1:$port/server_info" && break
    kill -0 "$server" 2>/dev/null || { echo "the UI ended" >&2; exit 1; }
    sleep 0.5
  done
  echo "ok  the UI answers at http://127.0.0.1:$port"
  node "$here/$scenario.mjs" "http://127.0.0.1:$port" "$genome" "$chromium" "$screenshots" "$work/browser"
  stop_server
  expect "chromosomes with blocks, as many as are included" "select
    (select count(distinct (genome, chrom)) from blocks), (select count(*) from chromosomes where included)"
  expect "block files, as many as the index has rows" "select
    (select count(*) from stored_blocks), (select count(*) from blocks)"
  expect "bases in blocks, as many as in the chromosomes" "select
    (select sum(length(dna_sequence)) from stored_blocks), (select sum(length) from chromosomes where included)"
done
echo "passed in $SECONDS s; screenshots in $screenshots"
