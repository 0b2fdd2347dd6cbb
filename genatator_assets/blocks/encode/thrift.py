"""Thrift's compact protocol, the part that Parquet's headers and footer need, writing only.

Every function gives a `Field` or its bytes; `struct` puts fields together. Source: the Thrift compact protocol
specification (github.com/apache/thrift, doc/specs/thrift-compact-protocol.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass

_I16, _I32, _I64, _BINARY, _LIST, _STRUCT = 4, 5, 6, 8, 9, 12
_STOP = b"\x00"
_LONGEST_SHORT_LIST = 14


@dataclass(frozen=True)
class Field:
    """A field of a struct: its number, the protocol's code of its type, and its value's bytes."""

    number: int
    type_code: int
    value: bytes


def varint(number: int) -> bytes:
    """Encode a number >= 0, seven bits a byte, lowest first.

    >>> varint(300).hex()
    'ac02'
    """
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def zigzag(number: int) -> bytes:
    """Encode a signed number of up to 64 bits: 0, -1, 1, -2, ... as 0, 1, 2, 3, ...

    >>> zigzag(-1).hex(), zigzag(1).hex()
    ('01', '02')
    """
    return varint((number << 1) ^ (number >> 63))


def i16(number: int, value: int) -> Field:
    """Give a field of a 16-bit number."""
    return Field(number, _I16, zigzag(value))


def i32(number: int, value: int) -> Field:
    """Give a field of a 32-bit number (or of an enum)."""
    return Field(number, _I32, zigzag(value))


def i64(number: int, value: int) -> Field:
    """Give a field of a 64-bit number."""
    return Field(number, _I64, zigzag(value))


def binary(number: int, value: bytes) -> Field:
    """Give a field of bytes or of a string in UTF-8."""
    return Field(number, _BINARY, _sized(value))


def nested(number: int, value: bytes) -> Field:
    """Give a field of a struct, encoded by `struct`."""
    return Field(number, _STRUCT, value)


def i32_list(number: int, values: Iterable[int]) -> Field:
    """Give a field of a list of 32-bit numbers (or enums)."""
    return _list(number, _I32, [zigzag(value) for value in values])


def binary_list(number: int, values: Iterable[bytes]) -> Field:
    """Give a field of a list of byte strings."""
    return _list(number, _BINARY, [_sized(value) for value in values])


def struct_list(number: int, values: Iterable[bytes]) -> Field:
    """Give a field of a list of structs, each encoded by `struct`."""
    return _list(number, _STRUCT, list(values))


def struct(*fields: Field) -> bytes:
    """Encode a struct. Fields come in the order of their numbers: the protocol stores the differences.

    >>> struct(i32(1, 5), i64(3, 0)).hex()
    '150a260000'
    """
    encoded, last = b"", 0
    for field in fields:
        step = field.number - last
        short = 0 < step <= 15
        encoded += bytes([step << 4 | field.type_code]) if short else bytes([field.type_code]) + zigzag(field.number)
        encoded += field.value
        last = field.number
    return encoded + _STOP


def _sized(value: bytes) -> bytes:
    return varint(len(value)) + value


def _list(number: int, type_code: int, values: list[bytes]) -> Field:
    if len(values) <= _LONGEST_SHORT_LIST:
        header = bytes([len(values) << 4 | type_code])
    else:
        header = bytes([0xF0 | type_code]) + varint(len(values))
    return Field(number, _LIST, header + b"".join(values))
