#!/usr/bin/env bash
# What a user has who installs the wheel and reads the README, with nothing of the repository: builds the wheel, installs
# it with what it needs into an empty environment, and there builds the demo, asks it, launches a job and serves the UI.
# Takes two minutes; exits non-zero on any surprise.
#
#   tests/wheel.sh [PYTHON]     by default python3
set -euo pipefail

python=${1:-python3}
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d -t wheel.XXXXXX)
server=
stop() {
  local status=$?
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true # dagster dev then ends its children
    wait "$server" 2>/dev/null || true
  fi
  [ "$status" -eq 0 ] || tail -n 20 "$work"/*.log >&2
  rm -rf "$work"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM
done_() { echo "ok  $* ($SECONDS s)"; }

# Of the sources as they are, without what earlier builds left beside them.
mkdir "$work/sources"
(cd "$repository" && cp -R pyproject.toml README.md LICENSE genatator_assets "$work/sources")
"$python" -m venv "$work/env"
pip=("$work/env/bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" wheel --no-deps --wheel-dir "$work/dist" "$work/sources" >"$work/wheel.log" 2>&1
"${pip[@]}" install --no-compile --constraint "$repository/constraints.txt" "$work"/dist/*.whl >"$work/install.log" 2>&1
done_ "$("$work/env/bin/python" --version): the wheel is installed, $(du -sm "$work/env" | cut -f1) MB with what it needs"

"$work/env/bin/python" - "$work"/dist/*.whl <<'PYTHON'
import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
top = {name.partition("/")[0] for name in names}
assert len(top) == 2 and "genatator_assets" in top, f"the wheel installs {top}"
assert "genatator_assets/py.typed" in names, "the wheel has no py.typed"
PYTHON
done_ "it installs one package, which is typed"

# The rest is done in a folder that holds the README alone, with no settings of the caller's. Python keeps what it
# compiles: else each command would compile 500 modules anew.
mkdir "$work/here"
cp "$repository/README.md" "$work/here"
cd "$work/here"
unset PYTHONPATH PYTHONDONTWRITEBYTECODE DAGSTER_HOME GENATATOR_CATALOGUE GENATATOR_ROOT GENATATOR_WORKERS
export PATH="$work/env/bin:$PATH"

genatator-assets build --catalogue demo --root demo-data >"$work/build.log" 2>&1
done_ "the demo is built"

"$work/env/bin/python" - >"$work/readme.log" 2>&1 <<'PYTHON'
import re
import subprocess
from pathlib import Path

blocks = re.findall(r"```(\w+)\n(.*?)```", Path("README.md").read_text(), re.DOTALL)
(script,) = [text for language, text in blocks if language == "python"]
exec(script)
(questions,) = [text for language, text in blocks if language == "sql"]
for question in [line for line in questions.splitlines() if not line.startswith("--")]:
    command = ["genatator-assets", "sql", "--root", "demo-data", "--format", "csv", question]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert answer.count("\n") > 1, f"{question}: no row"
PYTHON
done_ "the README's Python and SQL run"

genatator-assets launch finish --root demo-data >"$work/launch.log" 2>&1
grep -q "ended: SUCCESS" "$work/launch.log"
done_ "a job is launched through Dagster, and succeeds"

port=$("$work/env/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
genatator-assets ui --root demo-data --port "$port" >"$work/ui.log" 2>&1 &
server=$!
"$work/env/bin/python" - "$port" <<'PYTHON'
import json
import sys
import time
import urllib.request

QUESTION = "{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } } }"


def ask(port):
    body = json.dumps({"query": QUESTION})
    address = f"http://127.0.0.1:{port}/graphql"
    asking = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asking, timeout=30) as answer:
        return json.load(answer)["data"]["assetNodes"]


end = time.monotonic() + 120
nodes = []
while not nodes:
    try:
        nodes = ask(sys.argv[1])
    except OSError:
        pass
    assert time.monotonic() < end, "the UI does not answer"
    time.sleep(0.2)
made = {"/".join(node["assetKey"]["path"]) for node in nodes if node["assetMaterializations"]}
assert {"assembly", "blocks", "block_index", "dataset_card"} <= made, f"the UI shows only {made}"
PYTHON
done_ "the UI serves the dataset and shows what was made"
