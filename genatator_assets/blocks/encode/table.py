"""The page table: where each page of the targets lies in its file, so that a window needs only the pages it touches.

It stands in the file's key-value metadata, beside what any Parquet reader needs, and is a hint: a reader checks every
page that it leads to.
"""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PAGE_TABLE_KEY = "genatator_assets.page_table"

_LARGEST_TABLE_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class PageTable:
    """Page k holds bases [k * bases_per_page, (k + 1) * bases_per_page) of the block, the last page fewer.

    `edges` int64 [pages + 1]: page k lies at bytes [edges[k], edges[k + 1]) of the file, header and data.
    """

    bases_per_page: int
    edges: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check what holds for every table."""
        if self.bases_per_page < 1 or len(self.edges) < 2 or self.edges[0] < 0 or np.any(np.diff(self.edges) <= 0):
            raise ValueError("a page table needs pages of at least one base and edges that ascend")

    def encode(self) -> str:
        """Give the table as JSON: the sizes of most pages are alike, so that compressed they take little room."""
        sizes = np.diff(self.edges).astype("<u4").tobytes()
        packed = base64.b64encode(zlib.compress(sizes, 9)).decode()
        return json.dumps({"bases_per_page": self.bases_per_page, "first": int(self.edges[0]), "sizes": packed})

    @classmethod
    def decode(cls, text: str) -> "PageTable":
        """Read what `encode` gave.

        Raises:
            ValueError: it is no page table.
        """
        try:
            stored = json.loads(text)
            inflater = zlib.decompressobj()
            sizes = inflater.decompress(base64.b64decode(stored["sizes"], validate=True), _LARGEST_TABLE_BYTES)
            edges = np.cumsum([int(stored["first"]), *np.frombuffer(sizes, "<u4").tolist()], dtype=np.int64)
            return cls(int(stored["bases_per_page"]), edges)
        except (KeyError, TypeError, OverflowError, RecursionError, binascii.Error, zlib.error) as error:
            raise ValueError(f"not a page table: {error!r}") from error
