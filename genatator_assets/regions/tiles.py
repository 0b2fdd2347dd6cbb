"""Windows that go along a region, step by step. No I/O."""

from collections.abc import Iterator


def tiles(start: int, end: int, binsize: int, stepsize: int, *, short: bool = True) -> Iterator[tuple[int, int]]:
    """Return the windows of `binsize` bp in the region [start, end), one every `stepsize` bp.

    None leaves the region. What no window reaches at the region's end is a shorter window, unless `short` is off.

    >>> list(tiles(0, 500, 200, 200)), list(tiles(0, 500, 200, 100)), list(tiles(10, 15, 200, 200))
    ([(0, 200), (200, 400), (400, 500)], [(0, 200), (100, 300), (200, 400), (300, 500)], [(10, 15)])
    """
    begin = start
    while begin + binsize <= end:
        yield begin, begin + binsize
        begin += stepsize
    covered = begin - stepsize + binsize if begin > start else start
    if short and begin < end and covered < end:
        yield begin, end
