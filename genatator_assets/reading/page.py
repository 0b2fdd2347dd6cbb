"""A page of a locus for any web browser: igv.js, DNA, transcripts, channels and tracks in one HTML file.

Nothing is fetched, neither when the page is made, from an igv.js that is on this machine, nor when it is looked at,
which its own policy forbids. DNA and channels are those of the locus alone, at their places in the chromosome.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genatator_assets.annotation.explained import Known, explained
from genatator_assets.annotation.lookup import without_version
from genatator_assets.annotation.select import MEANINGS
from genatator_assets.errors import GenatatorError, ReadingError
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.reading.bins import bin_edges, composition, merged_edges
from genatator_assets.reading.locus import KINDS, Row, colour_of, counted, in_words
from genatator_assets.tracks.segments import Segments
from genatator_assets.version import __version__

if TYPE_CHECKING:
    from genatator_assets.reading.tracks import TrackReader
    from genatator_assets.reading.window import Interval, Window

MOST_BP = 5_000_000

_BINS, _BIN_BP = 500, 20
_SIDES = ("+", "-", ".")

_IN_NODE = Path("node_modules", "igv", "dist", "igv.min.js")
_SCRIPT = re.compile(r"\bigv\s*=")
_TEMPLATE = files("genatator_assets.reading") / "page.html"


def read_igv(path: Path | None) -> str:
    """Read igv.js: the file at `path`, or else the one that npm installed for this folder or one above it.

    Raises:
        GenatatorError: there is none, or the file is something else.
    """
    if path is None:
        here = Path.cwd()
        path = next((found for folder in (here, *here.parents) if (found := folder / _IN_NODE).is_file()), None)
    if path is None:
        raise GenatatorError(
            f"no igv.js: there is no {_IN_NODE} in {Path.cwd()} or above; run 'npm install igv' here,"
            " or give it by --igv (in Python igv=)"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GenatatorError(f"{path} can't be read as igv.js ({error}); give another file") from error
    if "createBrowser" not in text or not _SCRIPT.search(text[:2_000]):
        raise GenatatorError(
            f"{path} is not igv.js as a script; expected dist/igv.min.js or dist/igv.js of the npm package igv"
        )
    return text


def require_short(interval: Interval) -> None:
    """Refuse an interval that is longer than a page can hold.

    Raises:
        ReadingError: it is.
    """
    if interval.length > MOST_BP:
        raise ReadingError(
            f"{interval} has {interval.length:,} bp, and a page at most {MOST_BP:,}; give a shorter locus, or plot it"
        )


def locus_page(
    window: Window,
    transcripts: Mapping[str, Sequence[Row]],
    known: Known,
    igv: str,
    tracks: Sequence[str] = (),
    reader: TrackReader | None = None,
) -> str:
    """Return the page of a window; see `Dataset.page`.

    `transcripts` are those of `locus.transcripts_at`, or none, and `known` what is known of their annotation; `tracks`
    are read by `reader`.
    """
    signals = _signals(reader, window.interval, tracks) if reader else []
    shown = {**_locus(window, transcripts), "signals": signals}
    parts = {
        "title": html.escape(str(window.interval)),
        "legend": _legend(window, transcripts),
        "words": _in_words(window, transcripts, known),
        "version": __version__,
        "locus": json.dumps(shown, separators=(",", ":")).replace("<", r"\u003c"),
        "igv": _within_script(igv),
    }
    return re.sub(r"@@(\w+)@@", lambda found: parts[found[1]], _TEMPLATE.read_text(encoding="utf-8"))


def _locus(window: Window, transcripts: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Return what igv.js is to show."""
    interval = window.interval
    channels = CHANNELS if window.channels else ()
    runs = Segments.from_dense(window.targets, CHANNELS).runs if channels else ()
    return {
        "genome": interval.genome,
        "name": interval.chrom,
        "chrom": _chrom(interval),
        "start": interval.start,
        "end": interval.end,
        "chrom_length": window.chrom_length,
        "fasta": _fasta(window),
        "shares": _shares(window),
        "transcripts": [
            {"name": f"{name} {strand}", "rows": [_feature(row) for row in rows if _side(row) == strand]}
            for name, rows in transcripts.items()
            for strand in _SIDES
            if strand != "." or any(_side(row) == strand for row in rows)
        ],
        "channels": [
            {
                "name": channel.name,
                "strand": channel.strand,
                "colour": KINDS[channel.kind][1],
                "starts": (own.start + interval.start).tolist(),
                "ends": (own.end + interval.start).tolist(),
                "values": [float(str(value)) for value in own.value],  # the shortest number that is this float32
            }
            for channel, own in zip(channels, runs, strict=True)
        ],
    }


def _signals(reader: TrackReader, interval: Interval, tracks: Sequence[str]) -> list[dict[str, Any]]:
    """Return the runs of tracks in the interval; bases without a value have none."""
    if not tracks:
        return []
    reader.names(interval.genome, tracks)
    found: list[dict[str, Any]] = []
    for name in tracks:
        runs = reader.within(interval.genome, name, interval.chrom, interval.start, interval.end)
        values = [float(str(value)) for value in runs.value]
        found.append({"name": name, "starts": runs.start.tolist(), "ends": runs.end.tolist(), "values": values})
    return found


def _chrom(interval: Interval) -> str:
    """Name the chromosome so that igv.js can part it from a place."""
    return interval.chrom.replace(":", "_")


def _fasta(window: Window) -> str:
    """Return the DNA as a FASTA file in which igv.js finds the locus's place in its chromosome, as a data address."""
    interval = window.interval
    title = f">{_chrom(interval)}:{interval.start + 1}-{interval.end} @len={window.chrom_length}"
    packed = gzip.compress(f"{title}\n{window.dna}\n".encode(), mtime=0)
    return f"data:application/gzip;base64,{base64.b64encode(packed).decode()}"


def _shares(window: Window) -> list[dict[str, Any]]:
    """Return the shares of GC, among known bases, and of N along the window."""
    interval = window.interval
    edges = merged_edges(bin_edges(interval.start, interval.end, _BINS), _BINS, _BIN_BP)
    found = composition(window.dna, edges)
    shares = []
    for name, colour, values in (("GC", "#333333", found.gc), ("N", "#a0a0a0", found.n)):
        kept = np.flatnonzero(values > 0)  # where there are only N, GC is not a number
        shares.append(
            {
                "name": name,
                "colour": colour,
                "starts": edges[kept].tolist(),
                "ends": edges[kept + 1].tolist(),
                "values": [round(float(value), 4) for value in values[kept]],
            }
        )
    return shares


def _side(row: Row) -> str:
    """Return the track of a transcript: strands stand apart, so that neighbours on two strands never join."""
    return row["strand"] if row["strand"] in _SIDES else "."


def _exons(row: Row) -> list[dict[str, Any]]:
    """Return the exons as igv.js draws them: what is not coding is lower."""
    exons = []
    for start, end in row["exons"] or [(row["start"], row["end"])]:
        coding = [piece for piece in row["coding"] if start <= piece[0] < end]
        exon: dict[str, Any] = {"start": start, "end": end}
        if not coding:
            exon["utr"] = True
        elif (inner := (coding[0][0], coding[-1][1])) != (start, end):
            exon |= {"cdStart": inner[0], "cdEnd": inner[1]}
        exons.append(exon)
    return exons


def _feature(row: Row) -> dict[str, Any]:
    name, gene = row["transcript_id"], row["gene_id"]
    known_as = row["gene_name"] or name
    about = {
        "Transcript": name,
        "Gene": gene,
        "Gene name": row["gene_name"],
        "Type": row["type"],
        "Biotype": row["biotype"],
        "Place": f"{row['chrom']}:{row['start'] + 1:,}-{row['end']:,} ({row['strand']})",
        "Selected": "yes" if row["selected"] else f"no, {in_words(row)}: {MEANINGS[row['reason']]}",
        "Exons": f"{len(row['exons']):,}, {sum(end - start for start, end in row['exons']):,} bp",
        "Coding": f"{sum(end - start for start, end in row['coding']):,} bp" if row["coding"] else None,
    }
    return {
        "start": row["start"],
        "end": row["end"],
        "strand": row["strand"],
        "name": name,
        "gene": gene,
        "gene_name": row["gene_name"],
        "row_id": row["row_id"],
        "bare_name": without_version(name),
        "bare_gene": without_version(gene) if gene else None,
        "exons": _exons(row),
        "label": known_as if row["selected"] else f"{known_as} ({in_words(row)})",
        "color": colour_of(row),
        "anchor": _anchor(row),
        "about": {key: value for key, value in about.items() if value is not None},
    }


def _in_words(window: Window, transcripts: Mapping[str, Sequence[Row]], known: Known) -> str:
    """Return what `explain` says of each transcript, each where popups lead to."""
    told = [
        f'<pre id="{_anchor(row)}">{html.escape(chr(10).join(_explained(window, row, known)))}</pre>'
        for rows in transcripts.values()
        for row in rows
    ]
    if not told:
        return ""
    title = "What is known of the transcript" if len(told) == 1 else f"What is known of the {len(told):,} transcripts"
    return f"<details><summary>{title}</summary>{''.join(told)}</details>"


def _explained(window: Window, row: Row, known: Known) -> list[str]:
    of = explained(row, row["parts"], known, chrom_length=window.chrom_length, shares_tss=row["shares_tss"])
    title, *lines = of.lines()
    return [title, *(f"  {line}" for line in lines)]


def _anchor(row: Row) -> str:
    return f"transcript-{row['number']}"


def _legend(window: Window, transcripts: Mapping[str, Sequence[Row]]) -> str:
    """Describe how long the locus is, which split it is in, and what transcripts there are."""
    said = [f"{window.interval.length:,} bp of the split {html.escape(window.split)}"]
    for name, rows in transcripts.items():
        counts = "".join(f'<i style="background: {colour}"></i>{html.escape(text)}' for text, colour in counted(rows))
        said.append(f"<b>{name}</b> {counts or 'none'}")
    return "".join(f"<span>{text}</span>" for text in said)


def _within_script(script: str) -> str:
    r"""Spell a script so that HTML does not end it early; what it does stays the same.

    >>> _within_script("'</script><!--'")
    "'<\\/script><\\!--'"
    """
    script = re.sub(r"(?m)^//# sourceMappingURL=.*$", "", script)  # a file that is not there
    return re.sub("</(?=script)", r"<\\/", script, flags=re.IGNORECASE).replace("<!--", r"<\!--")
