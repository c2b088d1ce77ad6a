# SPDX-License-Identifier: Apache-2.0
"""What is to be run: matrix.yaml, and its expansion into cells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MATRIX_FILE = Path(__file__).resolve().parents[1] / "matrix.yaml"

CGROUPS = ("unified", "hybrid", "legacy")

_FIELDS = {
    "schema",
    "guest",
    "testees",
    "kernels",
    "must_have",
    "must_have_in",
    "without",
    "smoke",
    "denials",
}


class MatrixError(Exception):
    """The matrix or the choice from it makes no sense; the message says where."""


@dataclass(frozen=True)
class Cell:
    """One run: a testee on a kernel with a cgroup layout; `denied` system calls answer ENOSYS."""

    kernel: str
    cgroup: str
    testee: str
    denied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What identifies the cell in reports and as the name of a folder."""
        kernel = Path(self.kernel).name if "/" in self.kernel else self.kernel
        return f"{kernel}-{self.cgroup}-{self.testee}"


@dataclass(frozen=True)
class Matrix:
    """The content of matrix.yaml."""

    cpus: int
    memory_mib: int
    testees: tuple[str, ...]
    # Series to its cgroup layouts, oldest first.
    kernels: Mapping[str, tuple[str, ...]]
    # Needs that every kernel must have, but for those that `without` names for it.
    must_have: frozenset[str]
    # Cgroup layouts, and the needs that every kernel must have in them beside.
    must_have_in: Mapping[str, frozenset[str]]
    without: Mapping[str, frozenset[str]]
    smoke: tuple[str, ...]
    denials: Mapping[str, tuple[str, ...]]

    def required(self, kernel: str, layout: str = "") -> frozenset[str]:
        """Return the needs that a kernel must have; of a kernel of one's own nothing is known."""
        if kernel not in self.kernels:
            return frozenset()
        needs = self.must_have | self.must_have_in.get(layout, frozenset())
        return needs - self.without.get(kernel, frozenset())


def series_key(series: str) -> tuple[int, ...]:
    """Return what series are sorted by: 6.2 comes before 6.12."""
    return tuple(int(part) for part in re.findall(r"\d+", series))


def _words(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise MatrixError(f"{where}: must be a list of words")
    if len(set(value)) != len(value):
        raise MatrixError(f"{where}: names something twice")
    return tuple(value)


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise MatrixError(f"{where}: must be a mapping of words")
    return value


def _positive(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise MatrixError(f"{where}: must be a whole number above 0")
    return value


def _kernels(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, list) or not value:
        raise MatrixError(f"{where}: must be a list of kernels")
    kernels: dict[str, tuple[str, ...]] = {}
    for entry in value:
        fields = _mapping(entry, where)
        if set(fields) != {"series", "cgroups"}:
            raise MatrixError(f"{where}: a kernel has series and cgroups")
        series = fields["series"]
        if not isinstance(series, str) or not re.fullmatch(r"\d+\.\d+", series):
            raise MatrixError(f"{where}: {series!r} is no series such as '6.1'")
        if kernels and series_key(series) <= series_key(list(kernels)[-1]):
            raise MatrixError(f"{where}: {series} must come before {list(kernels)[-1]}")
        cgroups = _words(fields["cgroups"], f"{where}: {series}: cgroups")
        for cgroup in cgroups:
            if cgroup not in CGROUPS:
                raise MatrixError(f"{where}: {series}: no cgroup layout {cgroup!r}")
        kernels[series] = cgroups
    return kernels


def _denials(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    presets = _mapping(value, where)
    resolved: dict[str, tuple[str, ...]] = {}
    for name, entry in presets.items():
        fields = _mapping(entry, f"{where}: {name}")
        if not set(fields) <= {"calls", "includes"}:
            raise MatrixError(f"{where}: {name}: fields are calls and includes")
        calls = list(_words(fields.get("calls", []), f"{where}: {name}: calls"))
        for other in _words(fields.get("includes", []), f"{where}: {name}: includes"):
            if other not in resolved:
                raise MatrixError(f"{where}: {name}: includes {other}, which is not above it")
            calls += [call for call in resolved[other] if call not in calls]
        resolved[name] = tuple(calls)
    return resolved


def parse(text: str, name: str = "matrix.yaml") -> Matrix:
    """Parse matrix.yaml; every error names the place."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MatrixError(f"{name}: not YAML: {error}") from error
    fields = _mapping(content, name)
    if fields.get("schema") != 1:
        raise MatrixError(f"{name}: schema must be 1")
    if set(fields) != _FIELDS:
        raise MatrixError(f"{name}: fields must be {', '.join(sorted(_FIELDS))}")
    guest = _mapping(fields["guest"], f"{name}: guest")
    kernels = _kernels(fields["kernels"], f"{name}: kernels")
    without = {
        series: frozenset(_words(needs, f"{name}: without: {series}"))
        for series, needs in _mapping(fields["without"], f"{name}: without").items()
    }
    must_have_in = {
        layout: frozenset(_words(needs, f"{name}: must_have_in: {layout}"))
        for layout, needs in _mapping(fields["must_have_in"], f"{name}: must_have_in").items()
    }
    for layout in must_have_in:
        if layout not in CGROUPS:
            raise MatrixError(f"{name}: must_have_in: no cgroup layout {layout!r}")
    for series in without:
        if series not in kernels:
            raise MatrixError(f"{name}: without: there is no kernel {series}")
    return Matrix(
        cpus=_positive(guest.get("cpus"), f"{name}: guest: cpus"),
        memory_mib=_positive(guest.get("memory_mib"), f"{name}: guest: memory_mib"),
        testees=_words(fields["testees"], f"{name}: testees"),
        kernels=kernels,
        must_have=frozenset(_words(fields["must_have"], f"{name}: must_have")),
        must_have_in=must_have_in,
        without=without,
        smoke=_words(fields["smoke"], f"{name}: smoke"),
        denials=_denials(fields["denials"], f"{name}: denials"),
    )


def read(path: Path = MATRIX_FILE) -> Matrix:
    """Read matrix.yaml."""
    return parse(path.read_text(encoding="utf-8"), path.name)


@dataclass(frozen=True)
class Choice:
    """What of the matrix is to be run; empty means all."""

    kernels: Sequence[str] = ()
    testees: Sequence[str] = ()
    cgroups: Sequence[str] = ()
    denied: Sequence[str] = ()
    smoke: bool = False
    # A kernel of one's own instead of the matrix's.
    own_kernel: str = ""


def denied_calls(matrix: Matrix, words: Iterable[str]) -> tuple[str, ...]:
    """Resolve presets among the words of --without; each system call once."""
    calls: dict[str, None] = {}
    for word in words:
        for call in matrix.denials.get(word, (word,)):
            if word.startswith("like-") and word not in matrix.denials:
                known = ", ".join(matrix.denials)
                raise MatrixError(f"there is no preset {word}; there are {known}")
            calls[call] = None
    return tuple(calls)


def expand(matrix: Matrix, choice: Choice) -> list[Cell]:
    """Return the chosen cells, kernel by kernel, oldest first."""
    for kernel in choice.kernels:
        if kernel not in matrix.kernels:
            known = ", ".join(matrix.kernels)
            raise MatrixError(f"there is no kernel {kernel} in the matrix; there are {known}")
    for cgroup in choice.cgroups:
        if cgroup not in CGROUPS:
            raise MatrixError(f"there is no cgroup layout {cgroup}: it is {', '.join(CGROUPS)}")
    denied = denied_calls(matrix, choice.denied)
    testees = tuple(choice.testees) or (matrix.testees[:1] if choice.smoke else matrix.testees)
    kernels: Mapping[str, tuple[str, ...]] = matrix.kernels
    if choice.own_kernel:
        kernels = {choice.own_kernel: tuple(choice.cgroups) or CGROUPS[:1]}
    cells = []
    for kernel, cgroups in kernels.items():
        if choice.kernels and kernel not in choice.kernels:
            continue
        for cgroup in cgroups[:1] if choice.smoke and not choice.cgroups else cgroups:
            if choice.cgroups and cgroup not in choice.cgroups:
                continue
            cells += [Cell(kernel, cgroup, testee, denied) for testee in testees]
    if not cells:
        raise MatrixError("no cell of the matrix is chosen")
    return cells
