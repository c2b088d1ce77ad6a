# SPDX-License-Identifier: Apache-2.0
"""Reads what stands below a requirement's heading: fields, statement, `Left open:`, `Source:`."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from spec.tools.errors import Problems, did_you_mean, one_of
from spec.tools.model import KINDS, LEVELS, LXC_LEVELS, Requirement

FIELDS = ("level", "since", "kind", "observable", "needs", "retired")
_REQUIRED = FIELDS[:-1]
_EXAMPLE = "level: MUST   since: 4.0   kind: does   observable: ...   needs: none"
_LEFT_OPEN = "Left open:"
_SOURCE = "Source:"


@dataclass(frozen=True)
class Line:
    number: int
    text: str


class _Fields:
    """The line below the heading: `name: value`, separated by three spaces or more."""

    def __init__(self, line: Line, problems: Problems) -> None:
        self._line = line.number
        self._problems = problems
        self._values: dict[str, str] = {}
        self._swallowed: set[str] = set()
        self.present = any(line.text.strip().startswith(f"{name}:") for name in FIELDS)
        if not self.present:
            problems.add(line.number, f"the line below the heading must be fields: {_EXAMPLE}")
            return
        for part in re.split(r" {3,}", line.text.strip()):
            name, colon, value = (piece.strip() for piece in part.partition(":"))
            if not colon:
                problems.add(
                    line.number, f"'{part}' is no field: 'name: value', three spaces apart"
                )
            elif name not in FIELDS:
                hint = did_you_mean(name, FIELDS) or f"; known are {', '.join(FIELDS)}"
                problems.add(line.number, f"unknown field '{name}'{hint}")
            elif name in self._values:
                problems.add(line.number, f"field '{name}' is given twice")
            else:
                self._check_one_field(name, value)
                self._values[name] = value
        for name in _REQUIRED:
            if name in self._swallowed:
                continue
            if name not in self._values:
                problems.add(line.number, f"field '{name}' is missing")
            elif not self._values[name]:
                problems.add(line.number, f"field '{name}' is empty")

    def _check_one_field(self, name: str, value: str) -> None:
        """Two fields only two spaces apart would read as one."""
        swallowed = re.search(rf"\s({'|'.join(FIELDS)}):", value)
        if swallowed:
            self._problems.add(
                self._line,
                f"field '{name}' runs into '{swallowed[1]}': put three spaces between them",
            )
            self._swallowed.add(swallowed[1])

    def value(self, name: str) -> str:
        return self._values.get(name, "")

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.value(name)
        if value and value not in allowed:
            self._problems.add(self._line, f"{name} '{value}' must be {one_of(allowed)}")
        return value

    def needs(self) -> tuple[str, ...]:
        value = self.value("needs")
        if not value or value == "none":
            return ()
        names = [name.strip() for name in value.split(",")]
        for name in sorted(set(names)):
            if names.count(name) > 1:
                self._problems.add(self._line, f"need '{name}' is given twice")
            if not name:
                self._problems.add(self._line, "a need is empty: write 'none' or names with commas")
            elif name == "none":
                self._problems.add(self._line, "'none' stands alone, not among needs")
        return tuple(name for name in names if name and name != "none")

    def retired(self) -> str:
        value = self.value("retired")
        if "retired" not in self._values:
            return ""
        try:
            valid = datetime.date.fromisoformat(value).isoformat() == value
        except ValueError:
            valid = False
        if not valid:
            self._problems.add(self._line, f"retired '{value}' must be a date, such as 2026-11-24")
        return value


@dataclass
class _Texts:
    """The three texts, each with its line; 0 where it is not there."""

    statement: str = ""
    left_open: str = ""
    source: str = ""
    left_open_line: int = 0
    source_line: int = 0


def _texts(paragraphs: list[list[Line]], problems: Problems) -> _Texts:
    """A label starts a text wherever a line begins with it; without a label it is the statement."""
    texts = _Texts()
    for paragraph in paragraphs:
        current = ""
        for line in paragraph:
            text = line.text.strip()
            if text.startswith(_LEFT_OPEN):
                if texts.left_open_line:
                    problems.add(line.number, f"a second '{_LEFT_OPEN}': a requirement has one")
                if texts.source_line:
                    problems.add(line.number, f"'{_LEFT_OPEN}' must come before '{_SOURCE}'")
                current, text = "left_open", text.removeprefix(_LEFT_OPEN).strip()
                texts.left_open_line = line.number
            elif text.startswith(_SOURCE):
                if texts.source_line:
                    problems.add(line.number, f"a second '{_SOURCE}': join sources with ';'")
                current, text = "source", text.removeprefix(_SOURCE).strip()
                texts.source_line = line.number
            elif not current:
                current = "statement"
                if texts.left_open_line or texts.source_line:
                    problems.add(line.number, "the statement must come before its notes")
                elif texts.statement:
                    problems.add(line.number, "a second paragraph: a statement has one")
            joined = f"{getattr(texts, current)} {text}".strip()
            setattr(texts, current, joined)
    return texts


def _check_texts(texts: _Texts, line: int, problems: Problems) -> None:
    if not texts.statement:
        problems.add(line, "the statement is empty")
    elif not texts.statement.endswith("."):
        problems.add(line, "the statement must be a sentence and end with a full stop")
    if texts.left_open_line and not texts.left_open:
        problems.add(texts.left_open_line, f"'{_LEFT_OPEN}' says nothing; leave it out")
    if not texts.source_line:
        problems.add(line, f"'{_SOURCE}' is missing: which document says so, and where")
    elif not texts.source:
        problems.add(texts.source_line, f"'{_SOURCE}' is empty: which document says so, and where")
    elif not all(part.strip() for part in texts.source.split(";")):
        problems.add(texts.source_line, f"'{_SOURCE}' has an empty part between ';'")


def parse(
    id_: str, line: int, paragraphs: list[list[Line]], problems: Problems
) -> Requirement | None:
    """The requirement under the heading on `line`; nothing if its fields cannot be used."""
    if not paragraphs:
        problems.add(line, f"'{id_}' has no field line, no statement and no source")
        return None
    before = len(problems.found)
    fields = _Fields(paragraphs[0][0], problems)
    if not fields.present:
        return None
    level = fields.choice("level", LEVELS)
    since = fields.choice("since", LXC_LEVELS)
    kind = fields.choice("kind", KINDS)
    needs = fields.needs()
    retired = fields.retired()
    unusable = len(problems.found) > before

    texts = _texts([paragraphs[0][1:], *paragraphs[1:]], problems)
    _check_texts(texts, line, problems)
    if unusable:
        return None
    return Requirement(
        id=id_,
        level=level,
        since=since,
        kind=kind,
        observable=fields.value("observable"),
        needs=needs,
        statement=texts.statement,
        left_open=texts.left_open,
        sources=tuple(part.strip() for part in texts.source.split(";") if part.strip()),
        retired=retired,
        file=problems.file,
        line=line,
    )
