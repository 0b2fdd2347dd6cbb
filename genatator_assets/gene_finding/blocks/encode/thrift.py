"""Thrift's compact protocol: writing what Parquet's headers and footer need, and reading page headers.

Every writing function gives a `Field` or its bytes; `struct` puts fields together. Source: the Thrift compact protocol
specification (github.com/apache/thrift, doc/specs/thrift-compact-protocol.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """The protocol's codes of types."""

    TRUE = 1
    FALSE = 2
    I8 = 3
    I16 = 4
    I32 = 5
    I64 = 6
    BINARY = 8
    LIST = 9
    STRUCT = 12


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


def i8(number: int, value: int) -> Field:
    """Return a field of an 8-bit number >= 0."""
    return Field(number, Code.I8, bytes([value]))


def no(number: int) -> Field:
    """Return a field of the truth value false."""
    return Field(number, Code.FALSE, b"")


def i16(number: int, value: int) -> Field:
    """Return a field of a 16-bit number."""
    return Field(number, Code.I16, zigzag(value))


def i32(number: int, value: int) -> Field:
    """Return a field of a 32-bit number (or of an enum)."""
    return Field(number, Code.I32, zigzag(value))


def i64(number: int, value: int) -> Field:
    """Return a field of a 64-bit number."""
    return Field(number, Code.I64, zigzag(value))


def binary(number: int, value: bytes) -> Field:
    """Return a field of bytes or of a string in UTF-8."""
    return Field(number, Code.BINARY, _sized(value))


def nested(number: int, value: bytes) -> Field:
    """Return a field of a struct, encoded by `struct`."""
    return Field(number, Code.STRUCT, value)


def i32_list(number: int, values: Iterable[int]) -> Field:
    """Return a field of a list of 32-bit numbers (or enums)."""
    return _list(number, Code.I32, [zigzag(value) for value in values])


def binary_list(number: int, values: Iterable[bytes]) -> Field:
    """Return a field of a list of byte strings."""
    return _list(number, Code.BINARY, [_sized(value) for value in values])


def struct_list(number: int, values: Iterable[bytes]) -> Field:
    """Return a field of a list of structs, each encoded by `struct`."""
    return _list(number, Code.STRUCT, list(values))


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
    return Field(number, Code.LIST, header + b"".join(values))


Struct = dict[int, "int | bool | bytes | Struct"]


def read_struct(data: bytes, position: int = 0) -> tuple[Struct, int]:
    """Read a struct of numbers, truth values, byte strings and structs; give it by field number, and where it ends.

    >>> read_struct(struct(i32(1, 5), nested(3, struct(i64(1, -7)))))
    ({1: 5, 3: {1: -7}}, 7)

    Raises:
        ValueError: the bytes are no such struct.
    """
    fields: Struct = {}
    last = 0
    try:
        while (head := data[position]) != 0:
            position += 1
            if head >> 4:
                last += head >> 4
            else:
                last, position = _read_zigzag(data, position)
            fields[last], position = _read_value(data, position, head & 0x0F)
    except (IndexError, RecursionError) as error:
        raise ValueError("a Thrift struct ends too early") from error
    return fields, position + 1


def _read_value(data: bytes, position: int, type_code: int) -> "tuple[int | bool | bytes | Struct, int]":
    match type_code:
        case Code.TRUE | Code.FALSE:
            return type_code == Code.TRUE, position
        case Code.I16 | Code.I32 | Code.I64:
            return _read_zigzag(data, position)
        case Code.BINARY:
            size, position = _read_varint(data, position)
            return data[position : position + size], position + size
        case Code.STRUCT:
            return read_struct(data, position)
        case _:
            raise ValueError(f"a Thrift field of type {type_code} is not expected here")


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while data[position] & 0x80:
        number |= (data[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return number | data[position] << shift, position + 1


def _read_zigzag(data: bytes, position: int) -> tuple[int, int]:
    number, position = _read_varint(data, position)
    return (number >> 1) ^ -(number & 1), position
