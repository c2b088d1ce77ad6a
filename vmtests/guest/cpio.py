# SPDX-License-Identifier: Apache-2.0
"""Writes a file tree as a newc cpio archive, the form of a Linux initramfs, reproducibly."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """A regular file: its bytes, or the host's file that has them."""

    content: bytes | Path
    mode: int = 0o644

    def read(self) -> bytes:
        """Return the bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class Directory:
    """A directory."""

    mode: int = 0o755


@dataclass(frozen=True)
class Symlink:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class CharacterDevice:
    """A character device node; a header like any other, so it needs no rights."""

    major: int
    minor: int
    mode: int = 0o600


Entry = File | Directory | Symlink | CharacterDevice

_TRAILER = "TRAILER!!!"


def _pad(length: int) -> bytes:
    return b"\0" * (-length % 4)


def _member(name: str, inode: int, mode: int, content: bytes, device: tuple[int, int]) -> bytes:
    links = 2 if stat.S_ISDIR(mode) else 1
    encoded = name.encode() + b"\0"
    # Owner, group and time are all zero: nothing of the machine that wrote the archive is in it.
    fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, *device, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return header + encoded + _pad(len(header) + len(encoded)) + content + _pad(len(content))


def archive(entries: Mapping[str, Entry]) -> Iterator[bytes]:
    """Yield the archive of `entries`, whose keys are absolute paths; parents must be among them."""
    for inode, path in enumerate(sorted(entries), start=1):
        parent = path.rsplit("/", 1)[0]
        if not path.startswith("/") or (parent and not isinstance(entries.get(parent), Directory)):
            raise ValueError(f"cpio: {path} is not below a directory of the archive")
        entry = entries[path]
        device = (0, 0)
        content = b""
        if isinstance(entry, File):
            mode = stat.S_IFREG | entry.mode
            content = entry.read()
        elif isinstance(entry, Symlink):
            mode = stat.S_IFLNK | 0o777
            content = entry.target.encode()
        elif isinstance(entry, CharacterDevice):
            mode = stat.S_IFCHR | entry.mode
            device = (entry.major, entry.minor)
        else:
            mode = stat.S_IFDIR | entry.mode
        yield _member(path[1:], inode, mode, content, device)
    yield _member(_TRAILER, 0, 0, b"", (0, 0))
