"""The views and macros of a dataset: each is an SQL file in views/ or macros/, and this says in which order."""

from importlib.resources import files

from genatator_assets.gene_finding.channels import CHANNELS

CHANNELS_VIEW = "channels"
VIEWS = (
    "blocks",
    "chromosomes",
    "transcripts",
    "segments",
    "stored_blocks",
    "block_targets",
    "sites",
    "split_overview",
    "dna_alphabet",
    "target_sums",
    "species_coverage",
    "transcript_reasons",
    "statistics",
    "input_files",
    "lineage",
)
MACROS = (
    "blocks_overlapping",
    "transcripts_around",
    "segments_of",
    "target_runs",
    "targets",
    "dna",
    "soft_masked_of",
    "lineage_of",
)
_PATHS = ("root", "glob_root", "path_name")
ORDER = (*_PATHS, CHANNELS_VIEW, *(view for view in VIEWS if view != "lineage"), *MACROS, "lineage")
"""In an order in which each needs only those before it."""

_FOLDER = files("genatator_assets.query")


def statement_of(name: str) -> str:
    """Return the SQL statement, comment first, that creates a view or macro; files are found under `root()`.

    >>> print(statement_of("root"))
    -- The dataset's folder: the variable `root` where it is set, else the folder that the program runs in.
    create or replace macro root() as coalesce(getvariable('root'), '.')
    """
    if name == CHANNELS_VIEW:
        return _view(name, _channels())
    if name in VIEWS:
        return _view(name, (_FOLDER / "views" / f"{name}.sql").read_text().strip())
    return (_FOLDER / "macros" / f"{name}.sql").read_text().strip()


def _view(name: str, query: str) -> str:
    comment, _, select = query.partition("\n")
    return f'{comment}\ncreate or replace view "{name}" as\n{select}'


def _channels() -> str:
    rows = [f"({number}, '{c.name}', '{c.group}', '{c.kind}', '{c.strand}')" for number, c in enumerate(CHANNELS)]
    listed = ",\n    ".join(rows)
    return (
        "-- The twelve channels, in the order of the targets.\n"
        f'select * from (values\n    {listed}\n) as channels(channel, name, "group", kind, strand)'
    )
