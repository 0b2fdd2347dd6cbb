"""What callers give, checked: a wrong argument is an error that names it, the value and what is expected."""

import operator
from numbers import Real
from typing import SupportsIndex

from genatator_assets.errors import ReadingError

BUFFER = 1_000


def whole(name: str, value: SupportsIndex, least: int | None = 0) -> int:
    """Return a whole number, of numpy or not, that is at least `least`; None sets no limit.

    >>> whole("context", 512)
    512

    Raises:
        ReadingError: it is none, or less.
    """
    try:
        number = operator.index(value)
    except TypeError as error:
        raise ReadingError(f"found {name}={value!r}, expected a whole number") from error
    if least is not None and number < least:
        raise ReadingError(f"found {name}={number:,}, expected at least {least:,}")
    return number


def is_share(value: object) -> bool:
    """Return whether a value is a number from 0 to 1.

    >>> is_share(0.5), is_share(1), is_share("0.5"), is_share(2)
    (True, True, False, False)
    """
    return isinstance(value, Real) and 0 <= float(value) <= 1
