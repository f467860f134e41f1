"""TensorBoard's event files → columns.

A record is: length (uint64), CRC-32C of it, bytes, CRC-32C of these; the bytes are a protocol buffer
`Event`. Of this
six fields are needed, so that it is read here: the package of that name brings 80 MB with a server and
gRPC, checks each byte of pictures by a loop of Python, and draws a sample of the points at random.
(github.com/tensorflow/tensorflow: core/lib/io/record_writer.h, core/util/event.proto,
core/framework/summary.proto.)"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

LARGEST = 1 << 26  # bytes of an event that is read; a larger one, as of pictures, is passed over
HEAD = struct.Struct("<QI")
_TYPES = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "u1",
    5: "<i2",
    9: "<i8",
    19: "<f2",
    23: "<u8",
}  # of TensorProto.dtype


class Scalar(NamedTuple):
    """One point of a curve."""

    tag: str
    step: int
    seconds: float  # since 1970
    value: float


def is_event_file(first: bytes) -> bool:
    """Whether a file begins with a record whose length is true to its checksum.

    >>> is_event_file(HEAD.pack(24, masked_crc(struct.pack("<Q", 24)))), is_event_file(b"epoch,loss")
    (True, False)
    """
    if len(first) < HEAD.size:
        return False
    length, check = HEAD.unpack(first[: HEAD.size])
    return check == masked_crc(first[:8]) and length < 1 << 40


def scalars(file: BinaryIO, trouble: list[str]) -> Iterator[Scalar]:
    """The points of an event file in their order. At a cut or a damaged record reading ends, and
    `trouble` says so."""
    while head := file.read(HEAD.size):
        length, check = HEAD.unpack(head) if len(head) == HEAD.size else (0, -1)
        if len(head) < HEAD.size or check != masked_crc(head[:8]):
            trouble.append("cut" if len(head) < HEAD.size else "damaged")
            return
        if length > LARGEST:
            file.seek(length + 4, 1)
            continue
        record = file.read(length + 4)
        if len(record) < length + 4:
            trouble.append("cut")
            return
        if length < 4096 and masked_crc(record[:length]) != int.from_bytes(record[length:], "little"):
            trouble.append("damaged")
            return
        try:
            yield from _points(record[:length])
        except (IndexError, ValueError, struct.error):
            trouble.append("damaged")
            return


def _points(event: bytes) -> Iterator[Scalar]:
    """Event: 1 wall_time (double), 2 step (int64), 5 summary. Summary: 1 value. Value: 1 tag, 2
    simple_value (float), 8 tensor, 9 metadata."""
    seconds, step, summary = 0.0, 0, b""
    for field, value in _fields(event):
        if field == 1:
            seconds = struct.unpack("<d", value)[0]
        elif field == 2:
            step = value - (1 << 64) if value >> 63 else value
        elif field == 5:
            summary = value
    for field, value in _fields(summary):
        if field != 1:
            continue
        tag, number = "", None
        for inner, content in _fields(value):
            if inner == 1:
                tag = content.decode("utf-8", "replace")
            elif inner == 2:
                number = struct.unpack("<f", content)[0]
            elif inner == 8:
                number = _scalar(content)
        if number is not None:
            yield Scalar(tag, step, seconds, number)


def _scalar(tensor: bytes) -> float | None:
    """TensorProto: 1 dtype, 2 shape, 4 tensor_content, 5 float_val, 6 double_val, 7 int_val, 10
    int64_val. None for more than one number, and for texts."""
    import numpy as np

    kind, content = 0, None
    for field, value in _fields(tensor):
        if field == 1:
            kind = value
        elif field == 2 and value:
            for _, dimension in _fields(value):
                sizes = [size for inner, size in _fields(dimension) if inner == 1]
                if sizes != [1]:
                    return None
        elif field in (4, 5, 6) and isinstance(value, bytes):
            content = value
        elif field in (7, 10):
            return float(value) if isinstance(value, int) else None
    if content is None or kind not in _TYPES:
        return None
    dtype = np.dtype(_TYPES[kind])
    return float(np.frombuffer(content, dtype)[0]) if len(content) == dtype.itemsize else None


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field of a protocol buffer: an int for varints, bytes for all others."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(kind)
        if at + size > end:
            raise ValueError("cut")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("varint")


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0x82F63B78 * (byte & 1)
        table.append(byte)
    return table


_TABLE = _crc_table()


def masked_crc(content: bytes) -> int:
    """CRC-32C, turned by 15 bits, plus 0xA282EAD8: the checksum of a record.

    >>> hex(masked_crc(b"123456789"))
    '0xc78ab0e5'
    """
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF
