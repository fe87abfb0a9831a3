"""DER, taken apart within bounds: enough of it for a CMS signature, nothing that recurses.

Never here: a length that leads out of its parent, or one that is not said (BER).
Source: ITU-T X.690, 8.1 and 10.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

MOST_PARTS = 2_000
"""Of one value; a signature has a handful."""

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31


class DerError(ValueError):
    """These bytes are no DER, or another value than the one that belongs here."""


class Der(Struct, frozen=True):
    """One value: where it begins, where its content begins and ends."""

    data: bytes
    start: int
    inner: int
    end: int

    @property
    def tag(self) -> int:
        """Its first byte."""
        return self.data[self.start]

    @property
    def content(self) -> bytes:
        """What is in it."""
        return self.data[self.inner : self.end]

    @property
    def whole(self) -> bytes:
        """With tag and length."""
        return self.data[self.start : self.end]

    def parts(self) -> list[Der]:
        """The values in it. Raises DerError."""
        return list(self._parts())

    def _parts(self) -> Iterator[Der]:
        at, number = self.inner, 0
        while at < self.end:
            number += 1
            if number > MOST_PARTS:
                raise DerError(f"a value has more than {MOST_PARTS} parts")
            part = read(self.data, at, self.end)
            yield part
            at = part.end

    def require(self, tag: int) -> Der:
        """Itself, when it has that tag. Raises DerError."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} stands where {tag:#x} belongs")
        return self

    @property
    def number(self) -> int:
        """An integer's value."""
        content = self.require(INTEGER).content
        if not 0 < len(content) <= 64:
            raise DerError("a number is too long")
        return int.from_bytes(content, "big", signed=True)

    @property
    def oid(self) -> str:
        """An object identifier in dotted form."""
        content = self.require(OID).content
        if not content or len(content) > 64 or content[-1] & 0x80:
            raise DerError("an object identifier is cut off")
        numbers, value = [], 0
        for byte in content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def read(data: bytes, at: int = 0, end: int | None = None) -> Der:
    """The value at a place; what stands behind it is left alone. Raises DerError."""
    limit = len(data) if end is None else end
    if at + 2 > limit:
        raise DerError("it is cut off")
    if data[at] & 0x1F == 0x1F:
        raise DerError("a tag of several bytes")
    length, inner = data[at + 1], at + 2
    if length == 0x80:
        raise DerError("a length that is not said (BER); signatures in PDFs are DER")
    if length > 0x80:
        size = length & 0x7F
        if size > 4 or inner + size > limit:
            raise DerError("a length is cut off, or too large")
        length = int.from_bytes(data[inner : inner + size], "big")
        inner += size
    if inner + length > limit:
        raise DerError("it is cut off, or its length leads out of it")
    return Der(data, at, inner, inner + length)


def take(parts: list[Der], tag: int) -> Der | None:
    """The first of the parts, when it has that tag; then it is gone from them."""
    return parts.pop(0) if parts and parts[0].tag == tag else None


def need(parts: list[Der], tag: int) -> Der:
    """The first of the parts, which must have that tag. Raises DerError."""
    found = take(parts, tag)
    if found is None:
        raise DerError(f"no value with tag {tag:#x} where one belongs")
    return found
