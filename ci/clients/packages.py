# SPDX-License-Identifier: Apache-2.0
"""Real clients of liblxc out of Debian packages, unpacked in the cache and not installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from vmtests.kernels import lock as lock_file
from vmtests.kernels.apt import Apt
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.errors import KernelError
from vmtests.kernels.fetch import Fetcher
from vmtests.kernels.lock import Package

_LOCK = Path(__file__).with_name("lock.yaml")
_COMPLETE = ".complete"


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _unpack(file: Path, tree: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", str(file), str(tree)], check=True)


def unpacked(name: str) -> Path:
    """Return the tree of the locked packages of that name, fetched if it is not in the cache."""
    lock = lock_file.read(_LOCK)
    packages: tuple[Package, ...] = lock[name][0].packages
    pins = "\n".join(package.sha256 for package in packages)
    cache = cache_directory()
    clients = cache / "clients"
    tree = clients / name
    if (tree / _COMPLETE).is_file() and (tree / _COMPLETE).read_text(encoding="ascii") == pins:
        return tree
    clients.mkdir(parents=True, exist_ok=True)
    fetcher = Fetcher(lock, cache, Apt(cache / "clients-apt"), _say)
    with tempfile.TemporaryDirectory(dir=clients, prefix=".new-") as temporary:
        made = Path(temporary) / name
        made.mkdir()
        for package in packages:
            _unpack(fetcher.download(package, Path(temporary)), made)
        (made / _COMPLETE).write_text(pins, encoding="ascii")
        if tree.exists():
            tree.rename(Path(temporary) / "old")
        made.rename(tree)
    return tree


def main() -> int:
    """Have every locked client in the cache."""
    try:
        for name in lock_file.read(_LOCK):
            print(f"{name}: {unpacked(name)}")
    except KernelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
