# SPDX-License-Identifier: Apache-2.0
"""A copy of the sources in which every mutant is, and what was built of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Sequence

from ci.mutants.mutator import Instrumented, Mutant, Mutator

ROOMS = ("runtime/kernel", "runtime/config", "runtime/extensions")
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
_OWN = ("mutator.py", "switch.h")


def tracked(top: Path) -> list[str]:
    """The files that are under version control, and new ones that are not ignored."""
    words = ["git", "-C", str(top), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return sorted({path for path in listed.splitlines() if (top / path).is_file()})


def mutable(paths: Iterable[str]) -> list[str]:
    """The sources whose mutants are of interest: of the rooms, and no test."""
    return [
        path
        for path in paths
        if path.startswith(tuple(f"{room}/" for room in ROOMS))
        and path.endswith(".cc")
        and not path.endswith(("_test.cc", "_fuzz.cc"))
    ]


def home(top: Path) -> Path:
    """Outside of any source tree, where nobody's build finds what is in it."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    name = hashlib.sha256(str(top.resolve()).encode()).hexdigest()[:12]
    return Path(base) / "lxcspec" / "mutants" / name


def _digest(*contents: bytes) -> str:
    found = hashlib.sha256()
    for content in contents:
        found.update(hashlib.sha256(content).digest())
    return found.hexdigest()[:24]


@dataclass(frozen=True)
class Tree:
    """`mutants` by number; `digest` names what is in the copy, `keys` what sources are made of."""

    folder: Path
    mutants: dict[int, Mutant]
    stillborn: int
    digest: str
    keys: dict[str, str]


class Maker:
    """Makes the copy of `top` in `folder`, and keeps what a source became for the next time."""

    def __init__(self, top: Path, folder: Path) -> None:
        self._top = top
        self._folder = folder
        self._mutator: Mutator | None = None

    def _key(self, path: str) -> str:
        """By the source, what it includes itself, and by how mutants are made."""
        own = [(Path(__file__).parent / name).read_bytes() for name in _OWN]
        source = (self._top / path).read_bytes()
        headers = [
            (self._top / name).read_bytes()
            for name in _INCLUDE.findall(source.decode("latin-1"))
            if (self._top / name).is_file()
        ]
        return _digest(*own, path.encode(), source, *headers)

    def _instrumented(self, path: str) -> Instrumented:
        kept = self._folder / "instrumented" / f"{self._key(path)}.json"
        if kept.is_file():
            told = json.loads(kept.read_text(encoding="utf-8"))
            mutants = [Mutant(**each) for each in told["mutants"]]
            return Instrumented(told["text"], mutants, told["stillborn"])
        if self._mutator is None:
            self._mutator = Mutator(self._top, [])
        made = self._mutator.instrument(path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(dataclasses.asdict(made)), encoding="utf-8")
        os.replace(draft, kept)
        return made

    def sources(self) -> list[str]:
        """What can have mutants."""
        return mutable(tracked(self._top))

    def make(self, sources: Sequence[str], show: Callable[[str], None]) -> Tree:
        """Brings the copy up to date, with mutants in these sources; what is as it was keeps its
        time, for Bazel's sake."""
        paths = tracked(self._top)
        copy = self._folder / "tree"
        mutants: dict[int, Mutant] = {}
        stillborn = 0
        contents: list[bytes] = []
        texts: dict[str, bytes] = {}
        for number, path in enumerate(sources, 1):
            show(f"mutants of {path} ({number} of {len(sources)})")
            made = self._instrumented(path)
            first = len(mutants) + 1
            for mutant in made.mutants:
                known = dataclasses.replace(mutant, id=first + mutant.id)
                mutants[known.id] = known
            stillborn += made.stillborn
            texts[path] = made.numbered(first).encode("latin-1")
        for path in paths:
            content = texts.get(path) or (self._top / path).read_bytes()
            if path.startswith("runtime/"):
                contents += [path.encode(), content]
            _write(copy / path, content, (self._top / path).stat().st_mode)
        self._remove_others(copy, set(paths))
        flags = self._top / "user.bazelrc"
        own = flags.read_bytes() if flags.is_file() else b""
        _write(copy / "user.bazelrc", own + _flags(sources).encode(), 0o644)
        keys = {path: self._key(path) for path in sources}
        return Tree(copy, mutants, stillborn, _digest(*contents), keys)

    def _remove_others(self, copy: Path, paths: set[str]) -> None:
        for found in copy.rglob("*"):
            relative = str(found.relative_to(copy))
            if found.is_file() and relative not in paths and relative != "user.bazelrc":
                found.unlink()


def _flags(sources: Sequence[str]) -> str:
    """What a source with mutants may do; the others are built as they always are."""
    files = "|".join(re.escape(path) for path in sources)
    wanted = ("-w", "-Wno-error", "-Wno-narrowing")
    return "".join(f"\nbuild --per_file_copt=^({files})$@{flag}" for flag in wanted) + "\n"


def _write(path: Path, content: bytes, mode: int) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode & 0o777)


def clear(folder: Path) -> None:
    """Everything that was kept."""
    shutil.rmtree(folder, ignore_errors=True)


def chosen(sources: Sequence[str], files: Sequence[str], extensions: Sequence[str]) -> list[str]:
    """Of the sources these files and these extensions' modules; without any, all."""
    stems = tuple(f"runtime/extensions/{name}." for name in extensions)
    if not (files or extensions):
        return list(sources)
    return [path for path in sources if path in files or path.startswith(stems or "\0")]
