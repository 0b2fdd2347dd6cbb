"""The page table: where each page of the targets lies in its file, so that a window needs only the pages it touches.

It stands in the file's key-value metadata, beside what any Parquet reader needs, and is a hint: a reader checks every
page that it leads to.
"""

import base64
import json
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PAGE_TABLE_KEY = "genatator_assets.page_table"

_LARGEST_TABLE_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class PageTable:
    """Page k holds bases [bases[k], bases[k + 1]) of the block and lies at bytes [edges[k], edges[k + 1]) of the file.

    bases, edges int64 [pages + 1]; the bytes of a page are its header and its data.
    """

    bases: npt.NDArray[np.int64]
    edges: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check what holds for every table."""
        if not len(self.bases) == len(self.edges) >= 2:
            raise ValueError(f"a page table needs pages; found {len(self.bases)=}, {len(self.edges)=}")
        if (
            self.bases[0] != 0
            or self.edges[0] < 0
            or np.any(np.diff(self.bases) <= 0)
            or np.any(np.diff(self.edges) <= 0)
        ):
            raise ValueError("a page table needs pages of at least one base and edges that ascend")

    def encode(self) -> str:
        """Return the table as JSON: most pages are alike, so that compressed it takes little room."""
        return json.dumps({"first": int(self.edges[0]), "bases": _packed(self.bases), "sizes": _packed(self.edges)})

    @classmethod
    def decode(cls, text: str) -> "PageTable":
        """Read what `encode` gave.

        Raises:
            ValueError: it is no page table.
        """
        try:
            stored = json.loads(text)
            bases, edges = _edges(stored["bases"], 0), _edges(stored["sizes"], int(stored["first"]))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, zlib.error) as error:
            raise ValueError(f"not a page table: {error!r}") from error
        return cls(bases, edges)


def _packed(edges: npt.NDArray[np.int64]) -> str:
    return base64.b64encode(zlib.compress(np.diff(edges).astype("<u4").tobytes(), 9)).decode()


def _edges(packed: str, first: int) -> npt.NDArray[np.int64]:
    steps = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), _LARGEST_TABLE_BYTES)
    return np.cumsum([first, *np.frombuffer(steps, "<u4").tolist()], dtype=np.int64)
