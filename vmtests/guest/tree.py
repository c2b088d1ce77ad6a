# SPDX-License-Identifier: Apache-2.0
"""Collects the guest's files, with the libraries they need, under the host's paths."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from vmtests.guest import elf
from vmtests.guest.cpio import Directory, Entry, File, Symlink

# Where Debian's ld.so looks without a cache, for the one architecture that guests have.
DEFAULT_LIBRARY_DIRECTORIES = (
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
)

LibraryCache = Callable[[str], list[str]]


class TreeError(Exception):
    """A file for the guest is missing or unusable; the message says which and why."""


def parse_ldconfig(listing: str) -> dict[str, list[str]]:
    """Read `ldconfig -p`: file names by library name, without variants for one kind of processor.

    The guest's processor is not the host's, so what the host would choose from glibc-hwcaps may not
    run there.
    """
    found: dict[str, list[str]] = {}
    for line in listing.splitlines():
        name, arrow, path = line.strip().partition(" => ")
        if arrow and "x86-64" in name and "hwcap" not in name and "glibc-hwcaps" not in path:
            found.setdefault(name.split(" ", 1)[0], []).append(path)
    return found


def host_library_cache() -> LibraryCache:
    """Return a look-up in this machine's ld.so cache."""
    try:
        # Not on an ordinary user's PATH.
        shown = subprocess.run(
            ["/sbin/ldconfig", "-p"],
            capture_output=True,
            text=True,
            check=True,
            env={"LC_ALL": "C"},
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise TreeError(f"cannot list this machine's libraries: {error}") from error
    found = parse_ldconfig(shown.stdout)
    return lambda name: found.get(name, [])


class Tree:
    """A file tree in the making."""

    def __init__(self, library_cache: LibraryCache) -> None:
        self.entries: dict[str, Entry] = {}
        self._library_cache = library_cache
        self._resolved: set[Path] = set()

    def put(self, path: str, entry: Entry) -> None:
        """Add an entry and the directories above it; what is there already must be the same."""
        present = self.entries.get(path)
        if present is not None and present != entry:
            if isinstance(present, Directory) and isinstance(entry, Directory):
                return
            raise TreeError(f"two different files for {path} in the guest")
        parent = str(PurePosixPath(path).parent)
        if parent != path and parent != "/":
            self.put(parent, self.entries.get(parent, Directory()))
        if path != "/":
            self.entries[path] = entry

    def put_host_file(self, path: Path) -> None:
        """Add a host's file or directory under its own path, with every link on the way."""
        pending = list(Path(os.path.abspath(path)).parts[1:])
        current = Path("/")
        for _ in range(10_000):
            if not pending:
                return
            current = current / pending.pop(0)
            if current.is_symlink():
                target = os.readlink(current)
                self.put(str(current), Symlink(target))
                start = Path(target) if target.startswith("/") else current.parent / target
                # Not normalised as text: a `..` may follow a link.
                pending = [*start.parts[1:], *pending]
                current = Path("/")
            elif current.name == "..":
                current = current.parent.parent
            elif current.is_dir():
                self.put(str(current), Directory())
            elif current.is_file():
                executable = current.stat().st_mode & 0o111
                self.put(str(current), File(current, 0o755 if executable else 0o644))
            else:
                raise TreeError(f"{path}: no such file")
        raise TreeError(f"{path}: too many levels of symbolic links")

    def put_host_tree(self, path: Path) -> None:
        """Add a host's directory with everything below it."""
        for directory, _, names in os.walk(path):
            self.put_host_file(Path(directory))
            for name in names:
                self.put_host_file(Path(directory) / name)

    def put_program(self, path: str, program: Path) -> None:
        """Add a program under another path than the host's, with the libraries it needs."""
        if not program.is_file():
            raise TreeError(f"{program}: no such file")
        self.put(path, File(program.resolve(), 0o755))
        self.put_libraries(program)

    def put_libraries(self, program: Path) -> None:
        """Add what a program or a library needs to be loaded."""
        program = program.resolve()
        if program in self._resolved:
            return
        self._resolved.add(program)
        try:
            parsed = elf.read(program)
        except (elf.ElfError, OSError) as error:
            raise TreeError(
                f"{program}: cannot be read as a program or library: {error}"
            ) from error
        if parsed.interpreter is not None:
            self.put_host_file(Path(parsed.interpreter))
        for name in parsed.needed:
            library = self._find(name, parsed, program)
            self.put_host_file(library)
            if str(library.parent) not in DEFAULT_LIBRARY_DIRECTORIES:
                # The guest has no ld.so cache and may know the program under another path.
                self.put(f"/usr/lib/x86_64-linux-gnu/{name}", Symlink(str(library)))
            self.put_libraries(library)

    def _find(self, name: str, needing: elf.Elf, path: Path) -> Path:
        for candidate in self._candidates(name, needing, path):
            try:
                if elf.read(candidate).machine == needing.machine:
                    return candidate
            except (elf.ElfError, OSError):
                continue
        raise TreeError(f"{path} needs {name}, which is not on this machine")

    def _candidates(self, name: str, needing: elf.Elf, path: Path) -> Iterator[Path]:
        if "/" in name:
            yield Path(name)
            return
        for directory in needing.run_paths:
            for origin in ("$ORIGIN", "${ORIGIN}"):
                directory = directory.replace(origin, str(path.parent))
            yield Path(directory) / name
        yield from map(Path, self._library_cache(name))
        for directory in DEFAULT_LIBRARY_DIRECTORIES:
            yield Path(directory) / name
