# SPDX-License-Identifier: Apache-2.0
"""The lock file: which kernels a series means, newest first, each pinned by SHA-256."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vmtests.kernels.errors import KernelError

LOCK_FILE = Path(__file__).with_name("lock.yaml")

ARCHIVES = ("debian", "debian-security")

_HEADER = """\
# SPDX-License-Identifier: Apache-2.0
# The kernels of each series, newest first: where a mirror has dropped one, the next is taken.
# Written by `./lxcspec matrix --refresh-lock`; do not edit. `vouched: false`: no signed index
# lists the file any more, and its SHA-256 was taken from the file itself when it was locked.
"""


@dataclass(frozen=True)
class Package:
    """One package file of Debian's pool; `path` is relative to the archive's root on a mirror."""

    package: str
    version: str
    archive: str
    path: str
    sha256: str
    size: int
    # Whether a signed index says so, or only the file itself did when it was locked.
    vouched: bool = True

    def fields(self) -> dict[str, Any]:
        """What the lock file says of it."""
        return {name: value for name, value in vars(self).items() if value is not True}


@dataclass(frozen=True)
class LockedKernel:
    """The packages that make a kernel: image and modules, together or apart."""

    packages: tuple[Package, ...]

    @property
    def name(self) -> str:
        """What identifies this kernel among all."""
        first = self.packages[0]
        return f"{first.package}_{first.version}"


Lock = Mapping[str, Sequence[LockedKernel]]


def _package(value: Any, where: str) -> Package:
    needed = set(Package.__dataclass_fields__) - {"vouched"}
    if not isinstance(value, dict) or set(value) - {"vouched"} != needed:
        names = ", ".join(Package.__dataclass_fields__)
        raise KernelError(f"{where}: fields must be {names} (the last may be left out)")
    package = Package(**value)
    if not isinstance(package.vouched, bool):
        raise KernelError(f"{where}: vouched must be true or false")
    if package.archive not in ARCHIVES:
        raise KernelError(f"{where}: archive must be one of {', '.join(ARCHIVES)}")
    if not re.fullmatch(r"[0-9a-f]{64}", str(package.sha256)):
        raise KernelError(f"{where}: sha256 must be 64 hexadecimal digits")
    if not re.fullmatch(r"pool/[A-Za-z0-9+_.~/-]+\.deb", package.path) or ".." in package.path:
        raise KernelError(f"{where}: path must name a .deb below pool/")
    if not isinstance(package.size, int) or package.size <= 0:
        raise KernelError(f"{where}: size must be a positive number of bytes")
    return package


def parse(text: str, name: str = "lock.yaml") -> Lock:
    """Parse a lock file; every error names the place."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KernelError(f"{name}: not YAML: {error}") from error
    if not isinstance(content, dict) or content.get("schema") != 1:
        raise KernelError(f"{name}: schema must be 1")
    series = content.get("series")
    if not isinstance(series, dict) or not series:
        raise KernelError(f"{name}: no series")
    lock: dict[str, list[LockedKernel]] = {}
    for key, kernels in series.items():
        if not isinstance(key, str) or not isinstance(kernels, list) or not kernels:
            raise KernelError(f"{name}: series {key!r} must be a string with a list of kernels")
        for index, packages in enumerate(kernels):
            where = f"{name}: series {key}, kernel {index + 1}"
            if not isinstance(packages, list) or not packages:
                raise KernelError(f"{where}: must be a list of packages")
            parsed = tuple(_package(package, where) for package in packages)
            lock.setdefault(key, []).append(LockedKernel(parsed))
    return lock


def read(path: Path = LOCK_FILE) -> Lock:
    """Read the lock file."""
    return parse(path.read_text(encoding="utf-8"), path.name)


def dump(lock: Lock, header: str = _HEADER) -> str:
    """Return the lock file's text."""
    series = {
        key: [[package.fields() for package in kernel.packages] for kernel in kernels]
        for key, kernels in lock.items()
    }
    content = {"schema": 1, "series": series}
    text: str = yaml.safe_dump(content, sort_keys=False, width=1000)
    return header + text
