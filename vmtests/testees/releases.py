# SPDX-License-Identifier: Apache-2.0
"""Debian's releases of LXC's own library, unpacked in the cache with the libraries that each needs.

lock.yaml, in the format of the kernels' lock file, pins every package by SHA-256; `refresh` writes
it anew from the mirrors. Nothing is installed."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vmtests.kernels import lock as lock_file
from vmtests.kernels.apt import Apt, Progress, machine_mirrors
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.errors import KernelError
from vmtests.kernels.fetch import Fetcher
from vmtests.kernels.lock import LockedKernel, Package
from vmtests.kernels.refresh import listed_packages, stanzas

LOCK_FILE = Path(__file__).with_name("lock.yaml")
# Debian's release and package of each, oldest first.
RELEASES = {
    "liblxc-4.0.6": ("bullseye", "liblxc1"),
    "liblxc-5.0.2": ("bookworm", "liblxc1"),
    "liblxc-6.0.4": ("trixie", "liblxc1t64"),
    "liblxc-7.0.0": ("forky", "liblxc1t64"),
}
# What these need of the C library is older than what any supported machine has.
_WITH_THE_MACHINES_LIBRARIES = ("liblxc-4.0.6", "liblxc-5.0.2")
_COMPLETE = ".complete"
_HEADER = """\
# SPDX-License-Identifier: Apache-2.0
# Releases of liblxc and all that each needs, pinned by SHA-256, in the kernels' format.
# Written by `./lxcspec fetch --refresh-lock`; do not edit.
"""
_INSTALLED = re.compile(r"^Inst (\S+) \((\S+) ", re.MULTILINE)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Release:
    """A release to verify. `loader` is what the suite is started by, so that a library meets the C
    library that it was built with; empty where this machine's will do."""

    name: str
    library: Path
    loader: tuple[str, ...]
    folder: Path


def located(name: str, folder: Path) -> Release:
    """The release that was unpacked in `folder`."""
    libraries = folder / "usr/lib/x86_64-linux-gnu"
    found = [path for path in libraries.glob("liblxc.so.1.*") if not path.is_symlink()]
    if len(found) != 1:
        raise KernelError(f"{folder}: has {len(found)} files liblxc.so.1.*, not one")
    loader: tuple[str, ...] = ()
    if name not in _WITH_THE_MACHINES_LIBRARIES:
        linker = libraries / "ld-linux-x86-64.so.2"
        if not linker.exists():
            raise KernelError(f"{folder}: has no {linker.name}")
        loader = (str(linker), "--library-path", str(libraries))
    return Release(name, found[0], loader, folder)


def fetch(name: str, say: Say, progress: Progress = lambda done, total: None) -> Release:
    """The release of that name, fetched if it is not in the cache."""
    if name not in RELEASES:
        raise KernelError(f"no release {name!r}; there are {', '.join(RELEASES)}")
    lock = lock_file.read(LOCK_FILE)
    packages: tuple[Package, ...] = lock[name][0].packages
    pins = "\n".join(package.sha256 for package in packages)
    cache = cache_directory()
    releases = cache / "releases"
    folder = releases / name
    complete = folder / _COMPLETE
    if complete.is_file() and complete.read_text(encoding="ascii") == pins:
        return located(name, folder)
    releases.mkdir(parents=True, exist_ok=True)
    fetcher = Fetcher(lock, cache, Apt(cache / "releases-apt"), say, progress)
    with tempfile.TemporaryDirectory(dir=releases, prefix=".new-") as temporary:
        made = Path(temporary) / name
        made.mkdir()
        for package in packages:
            file = fetcher.download(package, Path(temporary))
            _unpack(file, made)
            file.unlink()
        (made / _COMPLETE).write_text(pins, encoding="ascii")
        if folder.exists():
            folder.rename(Path(temporary) / "old")
        made.rename(folder)
    return located(name, folder)


def _unpack(file: Path, tree: Path) -> None:
    words = ["dpkg-deb", "--extract", str(file), str(tree)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise KernelError(f"cannot unpack {file.name}: {ended.stderr.strip()}")


def to_install(simulated: str) -> list[str]:
    """Read `apt-get --simulate`: what would be installed, as package=version."""
    return [f"{name}={version}" for name, version in _INSTALLED.findall(simulated)]


def refresh(say: Say) -> None:
    """Write lock.yaml anew: each release's package and, from nothing, all that it depends on."""
    lock: dict[str, list[LockedKernel]] = {}
    for name, (suite, package) in RELEASES.items():
        say(f"{name}: asking the mirror for {package} of {suite}")
        apt = Apt(cache_directory() / "releases-apt" / suite)
        mirrors = machine_mirrors(apt)
        private = apt.with_sources(f"deb [arch=amd64] {mirrors.debian[0]} {suite} main\n")
        private.run("apt-get", "update")
        simulated = private.run(
            "apt-get", "install", "--simulate", "--no-install-recommends", package
        )
        shown = private.run("apt-cache", "show", *to_install(simulated))
        packages = sorted(listed_packages(stanzas(shown)), key=lambda each: each.package)
        if not any(each.package == package for each in packages):
            raise KernelError(f"{suite} has no {package}")
        lock[name] = [LockedKernel(tuple(packages))]
    LOCK_FILE.write_text(lock_file.dump(lock, _HEADER), encoding="utf-8")
