"""ENCODE's `metadata.tsv`: one row a file, of which the preferred signals of each experiment become tracks."""

import re
from collections.abc import Iterable, Mapping

from genatator_assets.signals.columns import Reject, Row, text_or_none

_ASSAYS = {
    "total RNA-seq": "RNA_SEQ",
    "polyA plus RNA-seq": "RNA_SEQ",
    "Histone ChIP-seq": "CHIP_HISTONE",
    "Mint-ChIP-seq": "CHIP_HISTONE",
    "TF ChIP-seq": "CHIP_TF",
    "ATAC-seq": "ATAC",
    "DNase-seq": "DNASE",
    "Hi-C": "CONTACT_MAPS",
    "in situ Hi-C": "CONTACT_MAPS",
    "dilution Hi-C": "CONTACT_MAPS",
    "CAGE": "CAGE",
    "RAMPAGE": "CAGE",
    "PRO-cap": "PROCAP",
}
_UNIQUE = {f"{strand}signal of unique reads" for strand in ("", "plus strand ", "minus strand ")}
_PREFERRED: Mapping[str, set[str]] = {
    "RNA_SEQ": _UNIQUE,
    "CAGE": _UNIQUE,
    "PROCAP": _UNIQUE,
    "CHIP_HISTONE": {"fold change over control"},
    "CHIP_TF": {"fold change over control"},
    "ATAC": {"fold change over control"},
    "DNASE": {"read-depth normalized signal"},
}
_FORMATS = {"bigWig": "bigWig", "bam": "BAM", "cram": "CRAM", "bedGraph": "bedGraph"}
_UNSUPPORTED = {"hic", "mcool", "cool", "pairs", "bigBed", "tsv", "hdf5", "starch"}
_SAME_ASSEMBLY = {"GRCh38": "hg38", "GRCh37": "hg19", "GRCm38": "mm10", "GRCm39": "mm39", "mm10-minimal": "mm10"}
_SPECIES = re.compile(r"-(human|mouse|dmelanogaster|celegans)$")
_TAGS = re.compile(r"^(eGFP|3xFLAG|FLAG|HA|V5|YFP)-")
_RUN_TYPES = {"paired-ended": "paired", "single-ended": "single"}


def same_assembly(stated: str, genome: str, accession: str | None = None) -> bool:
    """Return whether a name of an assembly in a table is that of a genome of the catalogue.

    >>> same_assembly("GRCh38", "hg38"), same_assembly("hg19", "GRCh38"), same_assembly("GRCm39", "GRCm39.p1")
    (True, False, True)
    """
    names = {_plain(name) for name in (genome, _SAME_ASSEMBLY.get(genome, genome), accession or genome)}
    return bool({_plain(stated), _plain(_SAME_ASSEMBLY.get(stated, stated))} & names)


def _plain(name: str) -> str:
    return re.sub(r"\.p\d+$", "", name).lower()


def read_rows(
    table: Iterable[Row], genome: str, *, prefer_all: bool = False, without_term: bool = False
) -> tuple[list[Row], list[Reject]]:
    """Return the tracks of a table, by the columns of the track table, and the rows that are none."""
    tracks: list[tuple[int, Row]] = []
    rejects: list[Reject] = []
    for number, row in enumerate(table, 1):
        values = {key: text_or_none(value) for key, value in row.items()}
        if reason := _reason(values, genome, prefer_all=prefer_all, without_term=without_term):
            rejects.append(Reject(row=number, identifier=values.get("File accession") or "", reason=reason))
        else:
            tracks.append((number, {"row": number, **_track(values)}))
    merged, others = (tracks, []) if prefer_all else _merged_replicates(tracks)
    rejects += [
        Reject(row=number, identifier=row["accession"], reason="not_merged_replicates") for number, row in others
    ]
    return [row for _, row in merged], sorted(rejects, key=lambda reject: reject["row"])


def _reason(values: Mapping[str, str | None], genome: str, *, prefer_all: bool, without_term: bool) -> str | None:
    """Return why a row does not become a track."""
    format_, output = values.get("File format") or "", values.get("Output type") or ""
    kind = _ASSAYS.get(values.get("Assay") or "")
    preferred = format_ in {"bam", "cram"} or output in _PREFERRED.get(kind or "", ())
    reasons = {
        "peaks_need_kind_bed": format_.startswith("bed ") or format_ in {"bed", "bigBed"},
        "format_not_supported": format_ in _UNSUPPORTED,
        "format_not_a_track": format_ not in _FORMATS,
        "not_released": values.get("File Status") not in (None, "released"),
        "other_assembly": not same_assembly(values.get("File assembly") or "", genome),
        "unknown_output_type": kind is None,
        "not_preferred_output_type": not preferred and not prefer_all,
        "no_ontology_term": values.get("Biosample term id") is None and not without_term,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _track(values: Mapping[str, str | None]) -> Row:
    kind, output = _ASSAYS[values["Assay"] or ""], values.get("Output type") or ""
    target = _TAGS.sub("", _SPECIES.sub("", values.get("Experiment target") or "")) or None
    modified = values.get("Biosample genetic modifications methods") is not None
    words = (values.get("Biosample term id"), values["Assay"], target, "genetically modified" if modified else None)
    return {
        "output_type": kind,
        "name": " ".join(word for word in words if word),
        "strand": "+" if output.startswith("plus strand") else "-" if output.startswith("minus strand") else ".",
        "Assay title": values["Assay"],
        "ontology_curie": values.get("Biosample term id"),
        "biosample_name": values.get("Biosample term name"),
        "biosample_type": (values.get("Biosample type") or "").replace(" ", "_") or None,
        "biosample_life_stage": values.get("Biosample life stage"),
        "transcription_factor": target if kind == "CHIP_TF" else None,
        "histone_mark": target if kind == "CHIP_HISTONE" else None,
        "data_source": "encode",
        "endedness": _RUN_TYPES.get(values.get("Run type") or ""),
        "genetically_modified": modified,
        "format": values.get("File format"),
        "accession": values.get("File accession"),
        "experiment": values.get("Experiment accession"),
        "url": values.get("File download URL"),
        "md5": values.get("md5sum"),
        "audit": values.get("Audit ERROR"),
        "replicates": len((values.get("Biological replicate(s)") or "").split(",")),
        "signal": output,
    }


def _merged_replicates(tracks: list[tuple[int, Row]]) -> tuple[list[tuple[int, Row]], list[tuple[int, Row]]]:
    """Separate the files that others of their experiment, of more replicates, are merged of."""
    most: dict[tuple[str, ...], int] = {}
    for _, row in tracks:
        key = _same_signal(row)
        most[key] = max(most.get(key, 0), row["replicates"])
    kept = [(number, row) for number, row in tracks if row["replicates"] == most[_same_signal(row)]]
    others = [(number, row) for number, row in tracks if row["replicates"] < most[_same_signal(row)]]
    return kept, others


def _same_signal(row: Row) -> tuple[str, ...]:
    return (row["experiment"] or row["accession"], row["output_type"], row["strand"], row["format"], row["signal"])
