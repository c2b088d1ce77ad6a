# SPDX-License-Identifier: Apache-2.0
"""From a C++ source to one that holds all of its mutants, each behind a switch (switch.h).

Every mutant is written *around* what it changes (`a < b` becomes `Less(17, a, b)`), so that nothing
is copied and mutants nest. Positions come from clang's tree of the source; operators.py has what is
changed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterable, Iterator, Sequence

from ci.mutants.operators import Place, Walk, Wrap, visit

_SHOWN = 64
_FIRST = "static constexpr unsigned kFirstMutant = "
_INCLUDE = re.compile(r"^#include [^\n]*\n", re.MULTILINE)
# CXTranslationUnit_PrecompiledPreamble, _CreatePreambleOnFirstParse, and _SkipFunctionBodies with
# _LimitSkipFunctionBodiesToPreamble of clang-c/Index.h.
_KEEP_HEADERS = 0x04 | 0x100 | 0x40 | 0x800


@dataclass(frozen=True)
class Mutant:
    """`name` stays the same while nothing around it is edited; `id` counts in one file or build."""

    id: int
    name: str
    file: str
    line: int
    operator: str
    text: str


@dataclass
class Instrumented:
    """A source with its mutants, numbered from 0, and how many could not be compiled."""

    text: str
    mutants: list[Mutant]
    stillborn: int = 0

    def numbered(self, first: int) -> str:
        """The text for a build in which this file's mutants begin with `first`."""
        return self.text.replace(f"{_FIRST}0;", f"{_FIRST}{first};", 1)


def _render(walk: Walk, wraps: Sequence[Wrap]) -> tuple[str, list[list[int]]]:
    """The text with the wraps in it, and the numbers of each wrap's mutants."""
    numbers: list[list[int]] = []
    id_ = 0
    for wrap in wraps:
        numbers.append(list(range(id_, id_ + len(wrap.operators))))
        id_ += len(wrap.operators)
    # At one offset: first what ends there (inner before outer), then what begins (outer first).
    edits: list[tuple[int, int, int, int, int, str]] = []
    for at, wrap in enumerate(wraps):
        before = wrap.before
        for index, number in enumerate(numbers[at]):
            before = before.replace(f"%{index}", f"kFirstMutant + {number}")
        length = wrap.end - wrap.start
        edits.append((wrap.start, 1, -length, at, wrap.start, before))
        edits.append((wrap.end, 0, length, -at, wrap.end, wrap.after))
        if wrap.token:
            edits.append((wrap.token[0], 2, 0, 0, wrap.token[1], wrap.token[2]))
    edits.sort()
    out: list[str] = []
    position = 0
    for offset, _, _, _, until, text in edits:
        out += [walk.text[position:offset], text]
        position = max(position, until)
    return "".join([*out, walk.text[position:]]), numbers


def _named(walk: Walk, wraps: Sequence[Wrap], numbers: Sequence[Sequence[int]]) -> list[Mutant]:
    met: Counter[str] = Counter()
    found = []
    for wrap, ids in zip(wraps, numbers):
        text = " ".join(walk.says(wrap.start, wrap.end).split())
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        line = walk.text.count("\n", 0, wrap.start) + 1
        for operator, number in zip(wrap.operators, ids):
            name = f"{walk.file}: {wrap.function}: {operator}: {shown}"
            met[name] += 1
            if met[name] > 1:
                name = f"{name} #{met[name]}"
            found.append(Mutant(number, name, walk.file, line, operator, text))
    return found


def _errors(unit: Any) -> list[Any]:
    return [each for each in unit.diagnostics if each.severity >= each.Error]


class Mutator:
    """Knows how the sources are compiled. `top` is the tree, `includes` further folders."""

    # TRY as a function: clang's tree has no positions inside of a macro's arguments.
    _RESULT = "runtime/base/result.h"

    def __init__(self, top: Path, includes: Iterable[Path]) -> None:
        from clang.cindex import Index

        self._top = top
        self._index = Index.create()
        self._arguments = ["-std=c++20", "-D_GNU_SOURCE", "-w", "-Wno-c++11-narrowing"]
        self._arguments += ["-ferror-limit=0", *(f"-I{folder}" for folder in (top, *includes))]
        self._prelude = (Path(__file__).parent / "switch.h").read_text(encoding="utf-8")

    def _overlay(self) -> list[tuple[str, str]]:
        path = self._top / self._RESULT
        if not path.is_file():
            return []
        text = path.read_text(encoding="utf-8")
        macro = re.compile(r"^#define TRY\(.*?while \(false\)\n", re.DOTALL | re.MULTILINE)
        function = "template <typename T>\ninline void TRY(const T&) {}\n"
        return [(str(path), macro.sub(function, text))]

    def instrument(self, file: str) -> Instrumented:
        """The source `file` of the tree with its mutants."""
        path = str(self._top / file)
        # clang counts bytes; what is not ASCII stands in comments and strings only.
        source = Path(path).read_bytes().decode("latin-1")
        overlay = self._overlay()
        # What the headers say is kept from one parse to the next.
        unit = self._index.parse(path, self._arguments, [(path, source), *overlay], _KEEP_HEADERS)
        # What this clang does not know of the library is no mutant's fault.
        foreign = {str(each.spelling) for each in _errors(unit)}
        tokens = [
            (int(token.extent.start.offset), str(token.spelling))
            for token in unit.get_tokens(extent=unit.cursor.extent)
        ]
        walk = Walk(source, file, tokens)
        for child in unit.cursor.get_children():
            if child.location.file and child.location.file.name == path:
                visit(walk, child, Place())
        wraps = sorted(walk.wraps, key=lambda wrap: (wrap.start, -wrap.end))
        all_mutants = sum(len(wrap.operators) for wrap in wraps)
        # Behind the includes, so that they stay what they were.
        includes = [match.end() for match in _INCLUDE.finditer(source)]
        behind = includes[-1] if includes else 0
        line = source.count("\n", 0, behind) + 1
        head = f'{self._prelude}{_FIRST}0;\n#line {line} "{file}"\n'
        for _ in range(8):
            body, numbers = _render(walk, wraps)
            text = body[:behind] + head + body[behind:]
            unit.reparse([(path, text), *overlay], _KEEP_HEADERS)
            errors = [each.location for each in _errors(unit) if each.spelling not in foreign]
            if not errors:
                break
            at = [int(error.offset) - len(head) for error in errors]
            bad = set(_guilty(walk, wraps, at))
            if not bad:
                said = [str(each) for each in _errors(unit)]
                raise ValueError(f"{file}: no mutant is to blame for {said[0]}")
            wraps = [wrap for at, wrap in enumerate(wraps) if at not in bad]
        else:
            raise ValueError(f"{file}: mutants that do not compile keep coming")
        mutants = _named(walk, wraps, numbers)
        return Instrumented(text, mutants, all_mutants - len(mutants))


def _guilty(walk: Walk, wraps: Sequence[Wrap], offsets: Sequence[int]) -> Iterator[int]:
    """The innermost wraps in whose text these offsets are; where none is, the one that follows."""
    marked = [
        replace(wrap, before=f"\x01{at}\x02{wrap.before}", after=f"{wrap.after}\x03")
        for at, wrap in enumerate(wraps)
    ]
    text, _ = _render(walk, marked)
    open_: list[int] = []
    orphaned = False
    at = position = 0
    wanted = sorted(offsets)
    while at < len(text) and (wanted or orphaned):
        if text[at] == "\x01":
            end = text.index("\x02", at)
            open_.append(int(text[at + 1 : end]))
            if orphaned:
                yield open_[-1]
            orphaned = False
            at = end + 1
        elif text[at] == "\x03":
            open_.pop()
            at += 1
        else:
            while wanted and wanted[0] <= position:
                wanted.pop(0)
                if open_:
                    yield open_[-1]
                orphaned = orphaned or not open_
            at += 1
            position += 1
