# SPDX-License-Identifier: Apache-2.0
"""Reads of an ELF file what decides which other files it needs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 14, 15, 29


class ElfError(Exception):
    """A file is not the 64-bit little-endian ELF file that it should be."""


@dataclass(frozen=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


@dataclass(frozen=True)
class Elf:
    """The dynamic part of an ELF file."""

    machine: int
    interpreter: str | None
    needed: tuple[str, ...]
    run_paths: tuple[str, ...]

    @property
    def static(self) -> bool:
        """Whether it runs without any other file."""
        return self.interpreter is None and not self.needed


def _check(data: bytes, name: str) -> None:
    if data[:4] != b"\x7fELF":
        raise ElfError(f"{name}: not an ELF file")
    if data[4:6] != b"\x02\x01":
        raise ElfError(f"{name}: not a 64-bit little-endian ELF file")


def _segments(data: bytes) -> list[_Segment]:
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    found = []
    for index in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            "<IIQQQQ", data, table + index * size
        )
        found.append(_Segment(kind, offset, address, length))
    return found


def _string(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()


def parse(data: bytes, name: str) -> Elf:
    """Parse the bytes of an ELF file; `name` is for messages."""
    _check(data, name)
    try:
        (machine,) = struct.unpack_from("<H", data, 18)
        segments = _segments(data)
        interpreter = None
        dynamic: list[tuple[int, int]] = []
        for segment in segments:
            if segment.kind == _PT_INTERP:
                interpreter = _string(data, segment.offset)
            if segment.kind == _PT_DYNAMIC:
                table = data[segment.offset : segment.offset + segment.size]
                if len(table) < segment.size:
                    raise ValueError("cut off")
                dynamic = [(tag, value) for tag, value in struct.iter_unpack("<QQ", table)]
        base = 0
        for tag, value in dynamic:
            if tag == _DT_STRTAB:
                base = _file_offset(segments, value)
        strings = {
            wanted: [_string(data, base + value) for tag, value in dynamic if tag == wanted]
            for wanted in (_DT_NEEDED, _DT_RPATH, _DT_RUNPATH)
        }
    except (struct.error, ValueError) as error:
        raise ElfError(f"{name}: damaged ELF file ({error})") from error
    # ld.so ignores RPATH where there is a RUNPATH.
    paths = strings[_DT_RUNPATH] or strings[_DT_RPATH]
    run_paths = tuple(path for joined in paths for path in joined.split(":") if path)
    return Elf(machine, interpreter, tuple(strings[_DT_NEEDED]), run_paths)


def _file_offset(segments: list[_Segment], address: int) -> int:
    for segment in segments:
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    raise ValueError(f"no segment holds address {address:#x}")


def read(path: Path) -> Elf:
    """Parse the ELF file at `path`."""
    return parse(path.read_bytes(), str(path))


def section(data: bytes, wanted: str, name: str) -> bytes:
    """Return a section's bytes; empty where there is none."""
    _check(data, name)
    try:
        (table,) = struct.unpack_from("<Q", data, 40)
        size, count, names_index = struct.unpack_from("<HHH", data, 58)
        headers = [
            struct.unpack_from("<IIQQQQ", data, table + index * size) for index in range(count)
        ]
        names = headers[names_index][4]
        for header in headers:
            if _string(data, names + header[0]) == wanted:
                return data[header[4] : header[4] + header[5]]
    except (struct.error, ValueError, IndexError) as error:
        raise ElfError(f"{name}: damaged ELF file ({error})") from error
    return b""
