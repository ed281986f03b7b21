"""A stream: the bytes of an input, uncompressed, up to where they break off.

In: a path, or standard input. Out: bytes, or lines with their numbers, gzip and Zstandard undone, any Unicode as UTF-8.

Rules guarded here: what was whole before a break comes out before the break is told, and neither a compressed file nor
a line over the limit is ever held whole.
"""

import codecs
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import pyarrow as pa

from dedup.errors import InputError
from pipelines.source.decode import BOM, sound, wide_encoding
from pipelines.source.named import STANDARD_INPUT
from pipelines.source.reject import UnusableError

CHUNK: Final = 1 << 16
GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
# A file may also begin with a frame to be skipped, as pzstd writes it.
_ZSTD_START: Final = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)


class _Layer(io.RawIOBase):
    """A stream that ends where its file breaks, and then says in ``broken`` (reason, detail) that it did."""

    def __init__(self, inner: BinaryIO) -> None:
        super().__init__()
        # What is there already, rather than waiting for a full buffer: a pipe may be slow, and a disk fail later.
        self._some: Callable[[int], bytes] = getattr(inner, "read1", inner.read)
        self.broken: tuple[str, str] | None = None
        self._at = 0

    def tell(self) -> int:
        # Not seekable, but the WARC reader wants to know where it is.
        return self._at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._next(len(buffer))
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)

    def _next(self, size: int) -> bytes:
        return self._some(size)


class _Gunzip(_Layer):
    """Members of a gzip file one after the other; what was whole comes out before the break is told."""

    def __init__(self, inner: BinaryIO) -> None:
        super().__init__(inner)
        self._member: Any = zlib.decompressobj(31)
        self._waiting = b""

    def _next(self, size: int) -> bytes:
        while self.broken is None:
            if self._member.eof:
                rest = (self._member.unused_data or self._some(CHUNK)).lstrip(b"\0")
                if not rest and not (rest := self._some(CHUNK).lstrip(b"\0")):
                    return b""
                self._member, self._waiting = zlib.decompressobj(31), rest
            data = self._waiting or self._some(CHUNK)
            if not data:
                self.broken = ("truncated", "The compressed data ends before its end.")
                return b""
            try:
                out: bytes = self._member.decompress(data, size)
            except zlib.error as error:
                self.broken = ("corrupt", f"The compressed data is damaged ({error}).")
                return b""
            self._waiting = self._member.unconsumed_tail
            if out:
                return out
        return b""


class _Unzstd(_Layer):
    """Frames of a Zstandard file; Arrow tells a file that was cut from one that ended."""

    def __init__(self, inner: BinaryIO) -> None:
        super().__init__(inner)
        self._stream = pa.CompressedInputStream(inner, "zstd")

    def _next(self, size: int) -> bytes:
        if self.broken is not None:
            return b""
        try:
            chunk: bytes = self._stream.read(min(size, CHUNK))
        except OSError as error:
            cut = "Truncated" in str(error)
            detail = "ends before its end" if cut else f"is damaged ({error})"
            self.broken = ("truncated" if cut else "corrupt", f"The compressed data {detail}.")
            return b""
        return chunk


class _Recoded(_Layer):
    """UTF-16 or UTF-32 as UTF-8."""

    def __init__(self, inner: BinaryIO, encoding: str) -> None:
        super().__init__(inner)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._waiting = b""

    def _next(self, size: int) -> bytes:
        while not self._waiting:
            data = self._some(CHUNK)
            self._waiting = sound(self._decoder.decode(data, final=not data)).encode()
            if not data:
                break
        out, self._waiting = self._waiting[:size], self._waiting[size:]
        return out


@dataclass(slots=True)
class Stream:
    """An input's bytes, uncompressed, with the layer that knows whether they ended too early."""

    file: "io.BufferedReader[Any]"
    layer: _Layer

    def check(self) -> None:
        """Raise if the file broke off."""
        if self.layer.broken is not None:
            raise UnusableError(*self.layer.broken)


def standard_input() -> BinaryIO:
    """Return the process's standard input.

    Raises
    ------
    InputError
        If it is closed, as in some cron jobs.
    """
    if sys.stdin is None:
        raise InputError("Standard input (-) is closed.")
    return sys.stdin.buffer


@contextmanager
def opened(path: str, stdin: BinaryIO | None) -> Iterator[BinaryIO]:
    """Open a file for as long as it is read; standard input, or ``stdin`` in its place, is left open."""
    if path == STANDARD_INPUT:
        yield stdin if stdin is not None else standard_input()
        return
    with open(path, "rb") as file:  # noqa: PTH123 -- paths stay as they were given
        yield file


def uncompressed(file: BinaryIO, name: str) -> Stream:
    """Look through the compression that the first bytes show; a name that says so must be right.

    Raises
    ------
    UnusableError
        If the file is empty, or its name promises a compression that is not there.
    """
    buffered = io.BufferedReader(_Layer(file), CHUNK)
    magic = _peek(buffered, 4)
    if not magic:
        raise UnusableError("empty", "The file is empty.")
    lower = name.lower()
    layer: _Layer
    if magic.startswith(GZIP_MAGIC):
        layer = _Gunzip(buffered)
    elif _ZSTD_START.match(magic) and not lower.endswith(".gz"):
        layer = _Unzstd(buffered)
    elif lower.endswith((".gz", ".zst")):
        if (GZIP_MAGIC if lower.endswith(".gz") else ZSTD_MAGIC).startswith(magic):
            raise UnusableError("truncated", "The compressed data ends before its end.")
        raise UnusableError("corrupt", f"The name ends in {lower[lower.rfind('.') :]} but the content does not.")
    else:
        layer = _Layer(buffered)
    return Stream(io.BufferedReader(layer, CHUNK), layer)


def _peek(file: "io.BufferedReader[Any]", size: int) -> bytes:
    """Return the next ``size`` bytes without taking them; a pipe may give them in pieces."""
    seen = b""
    while len(seen) < size:
        longer = file.peek(size)[:size]
        if len(longer) <= len(seen):
            break
        seen = longer
    return seen


def lines_of(stream: Stream, limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield line numbers from 1 and lines; None for a line longer than ``limit``. Any Unicode comes as UTF-8.

    Raises
    ------
    UnusableError
        After the last whole line, if the file breaks off.
    """
    file = stream.file
    head = _peek(file, 4)
    if (wide := wide_encoding(head)) is not None:
        file = io.BufferedReader(_Recoded(file, wide), CHUNK)
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        if not line.endswith(b"\n"):
            if len(line) > limit:
                while (more := file.readline(CHUNK)) and not more.endswith(b"\n"):
                    pass
                yield number, None
                continue
            if stream.layer.broken is not None:
                break
        yield number, line
    stream.check()
