"""Arrays that grow at their end. numpy without I/O."""

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

_Scalar = TypeVar("_Scalar", bound="np.generic[Any]")


class Growing(Generic[_Scalar]):
    """An array that pieces are put behind: it never stands in memory twice, as pieces that are joined in the end do.

    >>> numbers = Growing(np.int32)
    >>> numbers.append(np.array([3, 4]))
    >>> numbers.append(np.array([5]))
    >>> numbers.whole().tolist()
    [3, 4, 5]
    """

    def __init__(self, kind: type[_Scalar]) -> None:
        """Begin with nothing."""
        self._room: npt.NDArray[_Scalar] = np.empty(0, kind)
        self._length = 0

    def append(self, piece: npt.NDArray[Any]) -> None:
        """Put a piece behind the others."""
        length = self._length + len(piece)
        if length > len(self._room):
            self._room.resize(length + length // 8, refcheck=False)  # the system moves large arrays without a copy
        self._room[self._length : length] = piece
        self._length = length

    def whole(self) -> npt.NDArray[_Scalar]:
        """Return all of it; nothing can be put behind it any more."""
        whole = self._room
        whole.resize(self._length, refcheck=False)
        del self._room
        return whole
