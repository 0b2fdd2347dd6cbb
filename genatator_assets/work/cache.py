"""What was made last, kept in memory up to so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """Makes what is asked for and keeps what was used last, up to so many bytes.

    Threads may share it. A copy that is sent to another process begins empty.

    >>> squares = Cache(lambda number: number**2, size=lambda square: 8, limit_bytes=16)
    >>> squares(1), squares(2), squares(3), len(squares)
    (1, 4, 9, 2)
    """

    def __init__(self, make: Callable[[Key], Value], size: Callable[[Value], int], limit_bytes: int) -> None:
        """`make` gives the value of a key, `size` the bytes that a value takes."""
        self._make, self._size, self._limit = make, size, limit_bytes
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, key: Key) -> Value:
        """Return the value of a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = self._make(key)
        size = self._size(value)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value, size
                self._bytes += size
            while self._bytes > self._limit and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1][1]
        return value

    def __len__(self) -> int:
        """Number of values that are kept."""
        return len(self._kept)

    def __reduce__(self) -> tuple[Any, ...]:
        """Send how things are made, not what is kept."""
        return type(self), (self._make, self._size, self._limit)
