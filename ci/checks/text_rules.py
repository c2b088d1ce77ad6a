# SPDX-License-Identifier: Apache-2.0
"""Rules about any text: licence, length, what is left open, what belongs to one machine."""

from __future__ import annotations

import re
from typing import Iterator

from ci.checks.tree import Finding, Tree

LONGEST = 800
LONG = 400
_LICENCE = "SPDX-License-Identifier: Apache-2.0"
_CODE = (".cc", ".h", ".c", ".S", ".py", ".bzl", ".sh", ".js", ".css", ".lds")
_COMMENTED = (*_CODE, ".md", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".html", ".txt")
_NAMED = ("BUILD", "WORKSPACE", ".bazelrc", ".clang-format", ".clang-tidy", ".flake8")
# Written so that this file does not find itself.
_OPEN = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Users that examples are about, rather than somebody's.
_MADE_UP = "u|user|you|me|alice|bob|someone"
_HOME = re.compile(rf"(?<![\w./-])(/home/(?!(?:{_MADE_UP})\b)[a-z]\w*/|/ro" r"ot/)")


def _is_code(path: str, text: str) -> bool:
    return path.endswith(_CODE) or path.rsplit("/", 1)[-1] == "BUILD" or text.startswith("#!")


def licence(tree: Tree) -> Iterator[Finding]:
    """Every file that can hold a comment says its licence at the top."""
    for path, text in tree.files.items():
        name = path.rsplit("/", 1)[-1]
        if path.endswith(_COMMENTED) or name in _NAMED or text.startswith("#!"):
            if not any(_LICENCE in line for line in text.splitlines()[:5]):
                yield Finding(path, 1, f"no licence: add a comment '{_LICENCE}' at the top")


def length(tree: Tree) -> Iterator[Finding]:
    """No file of code is too long to read."""
    for path, text in tree.files.items():
        lines = text.count("\n")
        if not _is_code(path, text) or lines <= LONG:
            continue
        if lines > LONGEST:
            said = f"{lines} lines, and {LONGEST} is the limit: split it by what it is about"
            yield Finding(path, LONGEST + 1, said)
        else:
            said = f"{lines} lines: think about splitting it; the limit is {LONGEST}"
            yield Finding(path, LONG + 1, said, warning=True)


def left_open(tree: Tree) -> Iterator[Finding]:
    """Nothing is left open in the code: an issue is the place for that."""
    for path, number, line in tree.lines(lambda path: path != "LICENSE"):
        match = _OPEN.search(line)
        if match:
            yield Finding(path, number, f"'{match[1]}': do it, or file an issue and remove this")


def registry_hosts(tree: Tree) -> Iterator[Finding]:
    """Nothing names a package registry: mirrors differ, and apt and npm know theirs."""
    hosts = tree.machine.registry_hosts
    if not hosts:
        return
    found = re.compile(
        r"(?<![\w.-])(" + "|".join(map(re.escape, sorted(hosts))) + r")(?![\w-]|\.\w)"
    )
    for path, number, line in tree.lines(lambda path: True):
        if found.search(line):
            said = "names a package registry of this machine: ask apt's or npm's configuration"
            yield Finding(path, number, f"{said} when it runs")


def machine_paths(tree: Tree) -> Iterator[Finding]:
    """Nothing names a path that only one machine has."""
    own = "|".join(map(re.escape, tree.machine.paths))
    ours = re.compile(rf"(?<![\w./-])({own})") if own else None
    for path, number, line in tree.lines(lambda path: True):
        match = _HOME.search(line) or (ours and ours.search(line))
        if match:
            said = f"'{match[1]}' is a path of one machine: make it relative, or an option"
            yield Finding(path, number, said)
