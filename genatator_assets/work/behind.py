"""Work done behind that of the caller, in a thread of its own: for what sets Python's lock free, such as hashing."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

_MOST_WAITING = 2


@contextmanager
def behind() -> Iterator[Callable[..., None]]:
    """Return a function that hands over a call: calls are made one after another, in order, while the caller goes on.

    The caller waits where more than two are waiting, so that what they are to work on stays small. What a call raises
    is raised at one of the next two, or when the block is left; then all calls have been made.

    >>> done = []
    >>> with behind() as hand_over:
    ...     for number in range(3):
    ...         hand_over(done.append, number)
    >>> done
    [0, 1, 2]
    """
    waiting: deque[Future[Any]] = deque()

    def hand_over(work: Callable[..., Any], *given: Any) -> None:
        while len(waiting) >= _MOST_WAITING:
            waiting.popleft().result()
        waiting.append(executor.submit(work, *given))

    with ThreadPoolExecutor(1) as executor:
        yield hand_over
        while waiting:
            waiting.popleft().result()
