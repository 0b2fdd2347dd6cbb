"""Messages of errors, which quote what stands in files, are fit to be shown."""

import pytest

from genatator_assets.errors import GenatatorError


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\t", "\r", "\x85", "\u2028", "\u202e", "\ud800"])
def test_letters_that_can_not_be_printed_are_spelled(letter):
    said = str(GenatatorError(f"found a{letter}b"))
    assert said == f"found a{letter.encode('unicode_escape').decode()}b"
    assert said.isprintable()


def test_letters_of_every_script_are_kept():
    assert str(GenatatorError("Ω 日本 é\n²")) == "Ω 日本 é\n²"


def test_a_long_line_loses_its_middle_and_the_others_nothing():
    said = str(GenatatorError("file.fa:3: found " + "x" * 10_000 + "; expected less\nremedy"))
    first, second = said.split("\n")
    assert first.startswith("file.fa:3: found xxx")
    # 17 letters, 10,000 and 15 are 10,032, of which 1,000 are shown
    assert "x ... (9,032 letters more) ... x" in first
    assert first.endswith("xxx; expected less")
    assert len(first) == 1_000 + len(" ... (9,032 letters more) ... ")
    assert second == "remedy"


def test_of_many_lines_the_first_fifty_are_shown():
    said = str(GenatatorError("\n".join(map(str, range(1_234)))))
    assert said.split("\n") == [*map(str, range(50)), "... and 1,184 lines more"]
