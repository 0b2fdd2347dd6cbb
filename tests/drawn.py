"""What stands in the small figures, read back from their Markdown by ways of its own."""

import re
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"
_IMAGE = re.compile(r"!\[\]\(<data:image/svg\+xml,([^<>\n]*)>\)(?:\n\n(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Drawn:
    """The paths and texts of a figure, in the order in which they are drawn, and what is said below it."""

    size: tuple[float, float]
    paths: list[tuple[str, str]]
    texts: list[tuple[int, int, str]]
    caption: str

    def outlines(self, colour: str) -> list[str]:
        """The subpaths of a colour."""
        return [f"M{part}" for of, d in self.paths if of == colour for part in d.split("M")[1:]]

    def corners(self, outline: str) -> list[tuple[float, float]]:
        """The points of a subpath of the commands M, h, v and H."""
        assert re.fullmatch(r"M\d+ \d+([hv]-?\d*\.?\d+|H\d+)*", outline), outline
        x, y = map(int, re.match(r"M(\d+) (\d+)", outline).groups())
        points = [(x, y)]
        for command, number in re.findall(r"([hvH])(-?\d*\.?\d+)", outline):
            x, y = {"h": (x + float(number), y), "v": (x, y + float(number)), "H": (float(number), y)}[command]
            points.append((x, y))
        return points


def drawn(markdown: str) -> Drawn:
    """Read a figure; it must be well-formed XML in the address of an image."""
    address, caption = _IMAGE.fullmatch(markdown).groups()
    root = ElementTree.fromstring(unquote(address, errors="strict"))
    assert root.tag == f"{_SVG}svg"
    left, top, width, height = map(float, root.get("viewBox").split())
    assert (left, top) == (0, 0)
    paths = [(one.get("fill") or one.get("stroke"), one.get("d")) for one in root.iter(f"{_SVG}path")]
    texts = [(int(one.get("x")), int(one.get("y")), one.text) for one in root.iter(f"{_SVG}text")]
    assert len(paths) + len(texts) == len(root)
    return Drawn((width, height), paths, texts, caption or "")
