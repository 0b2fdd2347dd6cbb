#!/usr/bin/env bash
# Makes pages of loci by `genatator-assets browse` and opens them in headless Chromium, without any network: igv.js must
# show the bases, transcripts and values that SQL gives, at their places. Takes a minute; non-zero on any surprise.
#
#   tests/browser/locus.sh [ROOT LOCUS...]     by default a simulated dataset, and loci of 2 and 200 kb
#
# Needs the project's environment, Node.js with npm (for playwright-core and igv), and Chromium. Reads from the
# environment CHROMIUM and VENV (see needs.sh), and SCREENSHOTS: a folder for pictures (default: none are kept).
set -euo pipefail

source "$(dirname "$0")/needs.sh"

work=$(mktemp -d -t locus.XXXXXX)
trap 'rm -rf "$work"' EXIT
assets() { "$venv/bin/python" -m genatator_assets.cli "$@"; }

if [ $# -eq 0 ]; then
  cat >"$work/catalogue.yaml" <<'YAML'
dataset: browser
assemblies:
  - genome: sim-gencode
    species: Simulata humana
    simulate: {seed: 1, total_bp: 1_000_000, chromosomes: 2, flavour: gencode}
YAML
  assets build --catalogue "$work/catalogue.yaml" --root "$work/root" >"$work/build.log" 2>&1 ||
    { cat "$work/build.log" >&2; exit 1; }
  set -- "$work/root" sim-gencode:chr1:43,001-45,000 sim-gencode:chr1:20,001-220,000
fi
root=$1
shift
for locus in "$@"; do
  assets browse "$locus" --root "$root" --igv "$here/node_modules/igv/dist/igv.min.js" -o "$work/locus.html"
  read -r genome chrom start end <<<"$("$venv/bin/python" -c '
import sys
from genatator_assets.reading import Interval
one = Interval.from_locus(sys.argv[1])
print(one.genome, one.chrom, one.start, one.end)' "$locus")"
  place="'$genome', '$chrom', $start, $end"
  assets sql --root "$root" --format json "select
    '$chrom' as chrom, $start as start, $end as \"end\", dna($place) as dna,
    (select length from chromosomes where genome = '$genome' and chrom = '$chrom') as chrom_length,
    (select list({name: name, runs: coalesce((select list([start, \"end\", value::double] order by start)
      from target_runs($place) r where r.channel = channels.name), [])} order by channel) from channels) as channels,
    (select list({id: transcript_id, gene: gene_id, start: start, \"end\": \"end\", strand: strand, reason: reason,
      exons: (select list([e.start, e.\"end\"] order by e.start) from exons e
        where (e.genome, e.chrom, e.source_line) = ('$genome', '$chrom', t.source_line))}
      order by source_line) from transcripts_around($place) t) as transcripts" >"$work/expected.json"
  node "$here/locus.mjs" "$work/locus.html" "$work/expected.json" "$chromium" "$work/locus.png"
  if [ -n "${SCREENSHOTS:-}" ]; then
    cp "$work/locus.png" "$SCREENSHOTS/browse-$((end - start)).png"
  fi
done
echo "passed in $SECONDS s"
