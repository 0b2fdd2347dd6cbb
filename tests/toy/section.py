"""The section `toy`: texts, each by its name."""

from genatator_assets.catalogue.section import SectionKind
from genatator_assets.catalogue.values import Value


class Toy(Value):
    """The texts whose words are counted; the text "bad" can't be."""

    texts: dict[str, str]


SECTION = SectionKind(Toy, needs=lambda _: set())
