#!/usr/bin/env bash
# Makes pages of loci by `genatator-assets browse` and opens them in headless Chromium, without any network: igv.js must
# show the bases, transcripts and values that SQL gives, at their places; exons as bars, introns as lines, nothing between
# neighbours whatever is on the other strand, and gaps of N. Takes a minute; non-zero on any surprise.
#
#   tests/browser/locus.sh [ROOT LOCUS...]     by default loci of a simulated dataset and, if GENATATOR_TEST_DATA names
#                                              the folder of real data, of human and mouse: dense ones, one with genes
#                                              on both strands, one with gaps of N
#
# Needs the project's environment, Node.js with npm (for playwright-core and igv), and Chromium. Reads from the
# environment CHROMIUM and VENV (see needs.sh), and SCREENSHOTS: a folder for pictures (default: none are kept).
set -euo pipefail

source "$(dirname "$0")/needs.sh"

work=$(mktemp -d -t locus.XXXXXX)
trap 'rm -rf "$work"' EXIT
assets() { "$venv/bin/python" -m genatator_assets.cli "$@"; }

build() { # NAME: the catalogue of that name into the folder of that name
  assets build --catalogue "$work/$1.yaml" --root "$work/$1" >"$work/build.log" 2>&1 ||
    { cat "$work/build.log" >&2; exit 1; }
}

parts_of_locus='
import sys
from genatator_assets.reading import Interval
one = Interval.from_locus(sys.argv[1])
print(one.genome, one.chrom, one.start, one.end)'

open_pages() { # ROOT LOCUS...
  local root=$1 locus
  shift
  for locus; do
    assets browse "$locus" --root "$root" --igv "$here/node_modules/igv/dist/igv.min.js" -o "$work/locus.html"
    read -r genome chrom start end <<<"$("$venv/bin/python" -c "$parts_of_locus" "$locus")"
    place="'$genome', '$chrom', $start, $end"
    assets sql --root "$root" --format json "select
      '$chrom' as chrom, $start as start, $end as \"end\", dna($place) as dna,
      (select length from chromosomes where genome = '$genome' and chrom = '$chrom') as chrom_length,
      (select list({name: channels.channel, runs: coalesce((select list([start, \"end\", value::double] order by start)
        from target_runs($place) r where r.channel = channels.channel), [])} order by channel_index) from channels) as channels,
      (select list({id: transcript_id, gene: gene_id, gene_name: gene_name, start: start, \"end\": \"end\",
        strand: strand, reason: reason, exons: (select list([e.start, e.\"end\"] order by e.start) from exons e
          where (e.genome, e.chrom, e.source_line) = ('$genome', '$chrom', t.source_line))}
        order by source_line) from transcripts_around($place) t) as transcripts" >"$work/expected.json"
    node "$here/locus.mjs" "$work/locus.html" "$work/expected.json" "$chromium" "$work/locus.png" "$work/seen"
    if [ -n "${SCREENSHOTS:-}" ]; then
      cp "$work/locus.png" "$SCREENSHOTS/browse-$((end - start)).png"
    fi
  done
}

if [ $# -gt 0 ]; then
  open_pages "$@"
else
  cat >"$work/simulated.yaml" <<'YAML'
dataset: browser
assemblies:
  - genome: sim-gencode
    species: Simulata humana
    simulate: {seed: 1, total_bp: 1_000_000, chromosomes: 2, flavour: gencode}
YAML
  build simulated
  open_pages "$work/simulated" sim-gencode:chr1:43,001-45,000 sim-gencode:chr1:20,001-220,000 \
    sim-gencode:chr2:240,001-318,181
  if [ -n "${GENATATOR_TEST_DATA:-}" ]; then
    cat >"$work/real.yaml" <<YAML
dataset: browser
assemblies:
  - genome: hg38
    species: Homo sapiens
    sequence: {path: $GENATATOR_TEST_DATA/human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz}
    annotation: {path: $GENATATOR_TEST_DATA/human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz}
  - genome: mm10
    species: Mus musculus
    sequence: {path: $GENATATOR_TEST_DATA/mouse_chr9_4M_and_MAPT/chr9.4M.fa.gz}
    annotation: {path: $GENATATOR_TEST_DATA/mouse_chr9_4M_and_MAPT/chr9.4M.gtf.gz}
YAML
    build real
    open_pages "$work/real" hg38:chr1:800,001-1,000,000 hg38:chr1:940,001-960,000 mm10:chr9:2,900,001-3,400,000
  fi
  if [ "$(sort -u "$work/seen")" != $'N\nexons\nstrands' ]; then
    echo "FAILED  there was only to look at:" $(sort -u "$work/seen") >&2
    exit 1
  fi
fi
echo "passed in $SECONDS s"
