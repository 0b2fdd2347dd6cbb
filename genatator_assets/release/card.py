"""The dataset's card, dataset/README.md: what the dataset is, and a page of each part."""

from collections.abc import Iterable, Iterator

from genatator_assets.annotation.transcripts import suspicions_of
from genatator_assets.catalogue import Catalogue
from genatator_assets.parts import part_named, parts_of
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.text import Markdown, TextTable


def write_card(catalogue: Catalogue, layout: Layout) -> str:
    """Write the dataset's card; return its text."""
    pages = [part_named(name).page(catalogue, layout.root) for name in parts_of(catalogue)]
    doubts = suspicions_of(layout, catalogue.annotated_genomes)
    pages += [[doubts]] if doubts.rows else []
    text = "\n\n".join([f"# {Markdown.of(catalogue.dataset)}", *sections(pages)]) + "\n"
    with whole_file(layout.card) as temporary:
        temporary.write_text(text)
    return text


def sections(pages: Iterable[Iterable[str | TextTable]]) -> Iterator[str]:
    """Return the pieces of pages as Markdown."""
    return (_section(piece) for page in pages for piece in page)


def _section(piece: str | TextTable) -> str:
    return f"### {piece.title}\n\n{piece.as_markdown()}" if isinstance(piece, TextTable) else piece
