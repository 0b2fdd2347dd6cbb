# What both browser tests need, to be sourced: sets $here, $repository, $venv and $chromium, and installs what
# package.json names. Reads CHROMIUM (default: chromium on the PATH) and VENV (default: .venv) from the environment.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
venv=${VENV:-$repository/.venv}

missing() { echo "missing: $1 ($2)" >&2; exit 2; }
[ -x "$venv/bin/genatator-assets" ] || missing "$venv/bin/genatator-assets" "make .venv/.ready, or set VENV"
command -v node >/dev/null || missing node "Node.js 18 or later; Debian: apt-get install nodejs"
chromium=${CHROMIUM:-$(command -v chromium || true)}
[ -n "$chromium" ] || missing chromium "Debian: apt-get install chromium, or set CHROMIUM"
if [ ! -d "$here/node_modules/playwright-core" ] || [ ! -d "$here/node_modules/igv" ]; then
  command -v npm >/dev/null || missing npm "Debian: apt-get install npm"
  npm install --prefix "$here" --no-package-lock --no-audit --no-fund --loglevel=error
fi
unset DAGSTER_HOME GENATATOR_CATALOGUE GENATATOR_ROOT GENATATOR_WORKERS GENATATOR_IGV
