# SPDX-License-Identifier: Apache-2.0
"""Files of JSON lines that only grow. A line is there whole or not at all.

An append is one write(2) and an fsync(2), under a lock. What does not fit on the disk is taken
back; an interrupt comes before or after, not between.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any, Iterator, Sequence

from bench.tracking.verdicts import NotEnoughData


class Broken(NotEnoughData):
    """A line that is no JSON object, or a file that cannot be read or written."""


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _failed(doing: str, path: Path, error: OSError) -> Broken:
    return Broken(f"cannot {doing} {path}: {error.strerror}; what was in it is as it was")


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def append(path: Path, values: Sequence[Any]) -> None:
    """All lines or none. Broken where the file ends in half a line, which would eat the first."""
    data = b"".join(map(_line, values))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _failed("open", path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            raise Broken(f"{path} ends in half a line; --set-aside moves it into a file beside it")
        _write(file, path, data, size)
        if size == 0:
            _sync_folder(path)
    finally:
        os.close(file)


def _take_back(file: int, size: int) -> None:
    # Where even that fails, half a line stays, and the next append says so.
    with contextlib.suppress(OSError):
        os.ftruncate(file, size)


def _write(file: int, path: Path, data: bytes, size: int) -> None:
    try:
        written = os.write(file, data)
        if written != len(data):
            _take_back(file, size)
            said = f"no room for {len(data)} bytes in {path}; what was in it is as it was"
            raise Broken(said)
        os.fsync(file)
    except OSError as error:
        # After a failed fsync nobody knows what of the new is on the disk; the old is.
        _take_back(file, size)
        raise _failed("write", path, error) from error


def _parse(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("the line is cut off")
    value = json.loads(line.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise _failed("read", path, error) from error


def read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of each line; Broken at the first that is none."""
    for number, line in enumerate(_lines(path), 1):
        try:
            yield number, _parse(line)
        except ValueError as error:
            said = f"{path}:{number}: {error}"
            raise Broken(f"{said}; --set-aside moves such lines into a file beside it") from error


def set_aside(path: Path) -> int:
    """Moves the broken lines into `<path>.broken`, there first; returns how many there were."""
    good: list[bytes] = []
    broken: list[dict[str, Any]] = []
    for number, line in enumerate(_lines(path), 1):
        try:
            _parse(line)
            good.append(line)
        except ValueError as error:
            text = line.decode("utf-8", errors="backslashreplace")
            broken.append({"line": number, "why": str(error), "text": text})
    if broken:
        append(path.with_name(f"{path.name}.broken"), broken)
        replace(path, b"".join(good))
    return len(broken)


def replace(path: Path, data: bytes) -> None:
    """The new content is there whole, or the old one is."""
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        _sync_folder(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _failed("write", path, error) from error
