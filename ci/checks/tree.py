# SPDX-License-Identifier: Apache-2.0
"""What the house rules look at: the text of the files of a source tree, and what they find."""

from __future__ import annotations

import functools
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping

from spec.tools import cpp_source
from spec.tools.errors import Problems

# Examples of what is wrong, and recorded data, are not held to the rules.
_DATA = re.compile(r"(^|/)(examples|testdata)/")


@dataclass(frozen=True, order=True)
class Finding:
    """One violation; a `warning` is said and fails nothing."""

    path: str
    line: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {kind}{self.message}"


@dataclass(frozen=True)
class Machine:
    """What of this machine must not be named in the tree."""

    registry_hosts: frozenset[str] = frozenset()
    # Beginnings of paths, each ending in a slash.
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tree:
    """Path relative to the top, to the text of the file."""

    files: Mapping[str, str]
    machine: Machine = field(default_factory=Machine)

    def lines(self, keep: Callable[[str], bool]) -> Iterator[tuple[str, int, str]]:
        """Path, number and text of each line of the files that `keep` wants."""
        for path, text in self.files.items():
            if keep(path):
                for number, line in enumerate(text.splitlines(), 1):
                    yield path, number, line


Rule = Callable[[Tree], Iterable[Finding]]


def is_cpp(path: str) -> bool:
    return path.endswith((".cc", ".h"))


@functools.lru_cache(maxsize=None)
def tokens_of(text: str) -> tuple[cpp_source.Token, ...]:
    """C++ without its comments."""
    return tuple(cpp_source.tokenize(text, Problems("")))


def includes_of(text: str) -> Iterator[tuple[int, str]]:
    """Line and path of every #include "..."."""
    for token in tokens_of(text):
        match = token.kind == "directive" and re.match(r'\s*include\s*"([^"]+)"', token.text)
        if match:
            yield token.line, match[1]


def paths_of(top: Path, with_untracked: bool) -> list[str]:
    """The files that git knows; with those it would add, if asked for."""
    words = ["git", "-C", str(top), "ls-files", "-z", "--cached"]
    if with_untracked:
        words += ["--others", "--exclude-standard"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return sorted(set(listed.split("\0")) - {""})


def read(top: Path, with_untracked: bool, machine: Machine) -> Tree:
    """The text files below `top`; symbolic links, binary files and data are left out."""
    files: dict[str, str] = {}
    for name in paths_of(top, with_untracked):
        path = top / name
        if _DATA.search(name) or path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            files[name] = content.decode("utf-8", errors="replace")
    return Tree(files, machine)
