"""What is in a root: how far each unit is, whether the tables are of them, who writes now, and the room it takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.tasks import count_block_files
from genatator_assets.upkeep.disk import bytes_by_folder
from genatator_assets.upkeep.prune import foreign_genomes
from genatator_assets.upkeep.tables import Current, index_state, release_state, statistics_state
from genatator_assets.upkeep.units import State, Wanted, not_ready, state_of, wanted_units
from genatator_assets.work.layout import Layout
from genatator_assets.work.lock import holder_of
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.storage import ask_each, is_remote
from genatator_assets.work.unit import Unit

_BLOCKS = "blocks"


@dataclass(frozen=True)
class AssetState:
    """How many units of an asset are in which state, and the keys of those that are not intact."""

    asset: str
    counts: Mapping[State, int]
    to_do: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """The state of a root.

    writer: who writes to it now. not_ready: genomes to import or annotate. foreign: genomes that the catalogue doesn't
    name. strays: how many files lie among the blocks that are none, counted if all blocks are intact. tables: the index
    of blocks and the statistics. release: that in the root. disk: bytes by folder; empty for a remote root.
    """

    dataset: str
    writer: str | None
    genomes: int
    not_ready: tuple[str, ...]
    foreign: tuple[str, ...]
    assets: tuple[AssetState, ...]
    strays: int
    tables: Mapping[str, Current]
    release: Current
    disk: Mapping[str, int]

    @property
    def finished(self) -> bool:
        """Whether a build would find nothing to do, as far as that is known without reading the inputs again."""
        to_do = any(asset.to_do for asset in self.assets)
        return not (to_do or self.not_ready or self.strays or any(state != "current" for state in self.tables.values()))


def status_of(catalogue: Catalogue, layout: Layout) -> Status:
    """Look at a root. Nothing is changed, no input is read, and files are judged by their sizes.

    Raises:
        DatasetError: there is nothing at the root, or a table that the units follow from is damaged.
    """
    if not layout.root.is_dir():
        raise DatasetError(f"{layout.root} does not exist; give --root, or build first")
    unknown: list[tuple[str, str]] = []
    wanted = list(wanted_units(catalogue, layout, unknown))
    states = list(ask_each(layout.root, lambda one: state_of(one.unit), wanted))
    blocks = [one.unit for one, state in zip(wanted, states, strict=True) if (one.asset, state) == (_BLOCKS, "intact")]
    tables: dict[str, Current] = {}
    if any(one.asset == _BLOCKS for one in wanted):
        tables = {"index": index_state(layout, blocks), "statistics": statistics_state(layout)}
    return Status(
        dataset=catalogue.dataset,
        writer=holder_of(layout.root),
        genomes=len(catalogue.genomes),
        not_ready=tuple(not_ready(catalogue, layout)),
        foreign=tuple(foreign_genomes(catalogue, layout)),
        assets=tuple(_by_asset(wanted, states, unknown)),
        strays=_strays(layout, blocks) if len(blocks) == sum(one.asset == _BLOCKS for one in wanted) else 0,
        tables=tables,
        release=release_state(layout),
        disk={} if is_remote(layout.root) else bytes_by_folder(layout.root),
    )


def _strays(layout: Layout, blocks: Sequence[Unit]) -> int:
    """Count the files among the blocks that none of these units, which are all, has made."""
    manifests = (read_manifest(unit.manifest) for unit in blocks)
    return count_block_files(layout) - sum(len(manifest.outputs) for manifest in manifests if manifest)


def _by_asset(
    wanted: Sequence[Wanted], states: Sequence[State], unknown: Sequence[tuple[str, str]]
) -> list[AssetState]:
    counts: dict[str, Counter[State]] = {}
    to_do: dict[str, list[str]] = {}
    known = ((one.asset, one.key, state) for one, state in zip(wanted, states, strict=True))
    for asset, key, state in (*known, *((asset, key, "missing") for asset, key in unknown)):
        counts.setdefault(asset, Counter())[state] += 1
        if state != "intact":
            to_do.setdefault(asset, []).append(key)
    return [AssetState(asset, dict(found), tuple(to_do.get(asset, ()))) for asset, found in counts.items()]
