# SPDX-License-Identifier: Apache-2.0
"""Chooses a kernel's modules for a guest, in an order in which they can be loaded.

Debian's packages carry no modules.dep (it is made on installation), so the dependencies are read
from the modules.
"""

from __future__ import annotations

import gzip
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vmtests.guest import elf

# What containers are made of and the cloud kernels do not have built in; and a file system that
# could be id-mapped before tmpfs could, with what it asks for by name only.
_NETWORK = ("veth", "bridge", "8021q", "dummy", "macvlan", "ipvlan", "tun")
_STORAGE = ("overlay", "fuse", "loop", "crc32c_generic", "ext4")
WANTED = _NETWORK + _STORAGE

_SUFFIX = re.compile(r"\.ko(\.xz|\.gz|\.zst)?$")


class ModuleError(Exception):
    """A module that is there cannot be used."""


@dataclass(frozen=True)
class Module:
    """A module ready for finit_module: uncompressed."""

    name: str
    content: bytes


def canonical(name: str) -> str:
    """Return a module's name as the kernel spells it."""
    return _SUFFIX.sub("", name).replace("-", "_")


def decompress(path: Path) -> bytes:
    """Return a module's bytes, however the package stores them."""
    data = path.read_bytes()
    try:
        if path.suffix == ".xz":
            return lzma.decompress(data)
        if path.suffix == ".gz":
            return gzip.decompress(data)
    except (lzma.LZMAError, OSError, EOFError) as error:
        raise ModuleError(f"{path}: damaged: {error}") from error
    if path.suffix == ".zst":
        raise ModuleError(f"{path}: Zstandard modules are not supported; unpack them with unzstd")
    return data


def dependencies(content: bytes, name: str) -> list[str]:
    """Return the names of the modules that must be loaded before this one."""
    for field in elf.section(content, ".modinfo", name).split(b"\0"):
        if field.startswith(b"depends="):
            return [canonical(part) for part in field[8:].decode().split(",") if part]
    return []


def load_order(directory: Path, wanted: Iterable[str]) -> Iterator[Module]:
    """Yield the wanted modules, each after those it depends on.

    A name that is not in `directory` is left out: it is built in, or this kernel does not have it,
    and the suite's needs tell.
    """
    files = {canonical(path.name): path for path in sorted(directory.rglob("*.ko*"))}
    done: set[str] = set()

    def visit(name: str) -> Iterator[Module]:
        if name in done or name not in files:
            return
        done.add(name)
        content = decompress(files[name])
        for dependency in dependencies(content, str(files[name])):
            yield from visit(dependency)
        yield Module(name, content)

    for name in wanted:
        yield from visit(canonical(name))
