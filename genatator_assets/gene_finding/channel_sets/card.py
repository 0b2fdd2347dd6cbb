"""Channel sets as people read of them: their plan, their part of the card, and their files of a release."""

from collections.abc import Iterator
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.channel_sets.build import keys_of
from genatator_assets.gene_finding.channel_sets.sets import MEANINGS, SETS
from genatator_assets.gene_finding.channel_sets.statistics import finished_sets, summary_table
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.work.layout_channels import ChannelLayout
from genatator_assets.work.text import TextTable

_ISOFORMS = {"all": "all isoforms with a whole model", "representative": "the isoform that represents its gene"}


def page(catalogue: Catalogue, root: Path) -> list[str | TextTable]:
    """Return what the card says of the sets; nothing if a catalogue asks for none, or none is built."""
    section, summary = gene_finding_of(catalogue), summary_table(root)
    if not section.channel_sets or summary is None:
        return []
    about = (
        f"Beside the twelve channels there are the sets {', '.join(section.channel_sets)} in"
        " `channel_blocks/<set>/<split>/`, with the columns `targets` (L x C, uint8, 0 or 1) and `metadata`; of"
        f" {_ISOFORMS[section.isoforms]} on each strand, and with `exon` and `intron` not exclusive."
    )
    rows = tuple((name, stem, MEANINGS[stem]) for name in section.channel_sets for stem in _stems(name))
    return [about, TextTable("Channels of the sets, each on + and -", ("set", "channel", "1 at"), rows), summary]


def _stems(name: str) -> list[str]:
    return list(dict.fromkeys(track.stem for known, tracks in SETS.items() if known == name for track in tracks))


def plan(catalogue: Catalogue, _: Path) -> list[TextTable]:
    """Return the sets that there are to build."""
    section = gene_finding_of(catalogue)
    rows = tuple((name, str(len(SETS[name])), section.isoforms) for name in section.channel_sets)
    return [TextTable("Channel sets", ("set", "channels", "isoforms"), rows)] if rows else []


def release(catalogue: Catalogue, root: Path) -> list[ReleasedFile]:
    """Return the files of a release: blocks and runs where they stand in a root, and the statistics.

    Raises:
        DatasetError: not all is built.
    """
    return list(_released(catalogue, root))


def _released(catalogue: Catalogue, root: Path) -> Iterator[ReleasedFile]:
    wanted = gene_finding_of(catalogue).channel_sets
    if not wanted:
        return
    found = list(finished_sets(catalogue, root))
    due = len(wanted) * len(keys_of(catalogue, root))
    if len(found) < due:
        raise DatasetError(
            f"{root} has {len(found):,} of {due:,} channel sets of chromosomes; run 'genatator-assets build'"
        )
    for task, manifest in found:
        for output in manifest.outputs:
            of_blocks = output.path.startswith("channel_blocks/")
            config, split = (task.name, task.split) if of_blocks else ("", "")
            yield ReleasedFile(output.path, root / output.path, config, split)
    statistics = ChannelLayout(root).statistics
    yield ReleasedFile(statistics.relative_to(root).as_posix(), statistics)
