# SPDX-License-Identifier: Apache-2.0
"""Gets the kernel of a series from the cache, or else from the machine's own Debian mirror."""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vmtests.kernels import lock as lock_file
from vmtests.kernels import refresh
from vmtests.kernels.apt import Apt, Mirrors, Progress, machine_mirrors
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.errors import KernelError, NotOnMirror
from vmtests.kernels.lock import Lock, LockedKernel, Package
from vmtests.kernels.unpack import unpack

Say = Callable[[str], None]

_FACTS = "kernel.json"
# A package of n bytes needs that many times n while it is unpacked.
_UNPACKED_FACTOR = 6


@dataclass(frozen=True)
class Kernel:
    """A kernel ready to boot. `modules` is None where it has none that could be loaded."""

    name: str
    image: Path
    modules: Path | None
    sha256: str


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_kernel(image: Path, modules: Path | None) -> Kernel:
    """Return a kernel of the user's own as given by --kernel PATH --modules DIR."""
    if not image.is_file():
        raise KernelError(f"{image}: no such kernel image")
    if modules is not None and not modules.is_dir():
        raise KernelError(f"{modules}: no such folder of modules")
    return Kernel(image.name, image.resolve(), modules, sha256_of(image))


class Fetcher:
    """The cache of kernels and the way to fill it."""

    def __init__(
        self,
        lock: Lock,
        cache: Path,
        apt: Apt,
        say: Say,
        progress: Progress = lambda done, total: None,
        mirrors: Mirrors | None = None,
        nearest: Callable[[str], str] = lambda series: "",
    ) -> None:
        self._lock = lock
        self._kernels = cache / "kernels"
        self._apt = apt
        self._say = say
        self._progress = progress
        self._mirrors = mirrors
        self._nearest = nearest

    def get(self, series: str) -> Kernel:
        """Return the newest kernel of a series that can be had; from the cache if it is there."""
        locked = self._lock.get(series)
        if locked is None:
            known = ", ".join(self._lock)
            raise KernelError(f"no kernel series {series!r} in lock.yaml; there are {known}")
        try:
            return self._first(series, locked)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise KernelError(
                    f"{self._kernels}: the disk is full; free space or set XDG_CACHE_HOME"
                ) from error
            raise KernelError(f"cannot keep kernels in {self._kernels}: {error}") from error

    def _first(self, series: str, locked: Sequence[LockedKernel]) -> Kernel:
        for kernel in locked:
            cached = self._cached(kernel)
            if cached is not None:
                return cached
            try:
                return self._fetch(kernel)
            except NotOnMirror as error:
                self._say(f"kernel {series}: {error}; trying the next older one")
        near = self._nearest(series)
        there = f" and the nearest it has is {near}" if near else ""
        raise KernelError(
            f"kernel {series}: the mirror has none of the {len(locked)} kernels in lock.yaml any "
            f"more{there}; run: ./lxcspec matrix --refresh-lock"
        )

    def _cached(self, kernel: LockedKernel) -> Kernel | None:
        folder = self._kernels / kernel.name
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            found = Kernel(
                kernel.name, folder / "vmlinuz", folder / "modules", facts["image_sha256"]
            )
            pinned = [package.sha256 for package in kernel.packages]
            intact = facts["packages"] == pinned and sha256_of(found.image) == found.sha256
        except (OSError, ValueError, KeyError):
            intact = False
        if intact:
            return found
        if folder.exists():
            self._say(f"kernel {kernel.name}: the copy in the cache is damaged; fetching it again")
            shutil.rmtree(folder)
        return None

    def _fetch(self, kernel: LockedKernel) -> Kernel:
        self._kernels.mkdir(parents=True, exist_ok=True)
        wanted = sum(package.size for package in kernel.packages) * _UNPACKED_FACTOR
        free = shutil.disk_usage(self._kernels).free
        if free < wanted:
            raise KernelError(
                f"{self._kernels}: {wanted >> 20} MiB are needed and {free >> 20} MiB are free; "
                "free space or set XDG_CACHE_HOME"
            )
        # In the same file system, so that a finished kernel appears at once or not at all.
        with tempfile.TemporaryDirectory(dir=self._kernels, prefix=".new-") as temporary:
            work = Path(temporary)
            files = [self.download(package, work) for package in kernel.packages]
            made = work / kernel.name
            made.mkdir()
            unpack(files, made)
            facts = {
                "image_sha256": sha256_of(made / "vmlinuz"),
                "packages": [package.sha256 for package in kernel.packages],
            }
            (made / _FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
            try:
                made.rename(self._kernels / kernel.name)
            except OSError as error:
                # Somebody else was quicker, which is as good.
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
        found = self._cached(kernel)
        if found is None:
            raise KernelError(f"kernel {kernel.name}: vanished from {self._kernels} while in use")
        return found

    def download(self, package: Package, work: Path) -> Path:
        """Download a package, and refuse it unless it is the one that was pinned."""
        if self._mirrors is None:
            self._mirrors = machine_mirrors(self._apt)
        target = work / Path(package.path).name
        self._say(f"fetching {package.package} {package.version} ({package.size >> 20} MiB)")
        missing: NotOnMirror | None = None
        for mirror in self._mirrors.of(package.archive):
            try:
                self._apt.download(f"{mirror}/{package.path}", target, package.size, self._progress)
            except NotOnMirror as error:
                missing = error
                continue
            found = sha256_of(target)
            if found != package.sha256:
                raise KernelError(
                    f"{package.package}: refused, its SHA-256 is {found} and lock.yaml has "
                    f"{package.sha256}; the mirror or the way to it has changed the file"
                )
            return target
        raise missing or NotOnMirror(
            f"{package.path}: no mirror of {package.archive} is configured"
        )


def default_fetcher(say: Say, progress: Progress = lambda done, total: None) -> Fetcher:
    """Return the fetcher for this user and the lock file."""
    cache = cache_directory()
    apt = Apt(cache / "apt")

    def nearest(series: str) -> str:
        try:
            return refresh.nearest(refresh.Index(apt).packages(), series)
        except KernelError:
            # The advice is the better for it, and not needed.
            return ""

    return Fetcher(lock_file.read(), cache, apt, say, progress, nearest=nearest)


def refresh_lock(say: Say) -> None:
    """Write lock.yaml anew from the mirror."""
    known = lock_file.read()
    locked = refresh.refresh(Apt(cache_directory() / "apt"), known, say)
    lock_file.LOCK_FILE.write_text(lock_file.dump(locked), encoding="utf-8")


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{done >> 20:4d} of {total >> 20} MiB", end=end, file=sys.stderr, flush=True)


def main() -> int:
    """Fetch kernels, or refresh the lock file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", nargs="*", help="series to have in the cache; default: all")
    parser.add_argument(
        "--refresh-lock", action="store_true", help="rewrite lock.yaml from the mirror"
    )
    arguments = parser.parse_args()
    try:
        if arguments.refresh_lock:
            refresh_lock(lambda line: print(line, file=sys.stderr))
        fetcher = default_fetcher(lambda line: print(line, file=sys.stderr), _show_progress)
        for series in arguments.series or lock_file.read():
            print(f"{series}: {fetcher.get(series).image}")
    except KernelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
