# SPDX-License-Identifier: Apache-2.0
"""Reads a results file (JSON Lines; conformance/README.md, "Results file").

Unknown records and fields are ignored, and so is a last line that a killed writer left torn."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

from ci.reports import model

SCHEMA = 1


class ResultsError(Exception):
    """The file is not a results file that this reader understands."""


@dataclass(frozen=True)
class Leak:
    cls: str
    what: str

    def __str__(self) -> str:
        return f"{self.cls} {self.what}"


@dataclass(frozen=True)
class Result:
    test: str
    iteration: int
    extension: str
    requirements: tuple[str, ...]
    verdict: str
    reason: str = ""
    message: str = ""
    leaks: tuple[Leak, ...] = ()
    output: str = ""
    ms: float = 0


@dataclass(frozen=True)
class Need:
    name: str
    present: bool
    evidence: str = ""


@dataclass(frozen=True)
class Claim:
    extension: str
    claimed: bool | None
    reason: str = ""


@dataclass
class Run:
    """What one launcher run against one testee has recorded."""

    name: str = ""
    path: str = ""
    sha256: str = ""
    version: str = ""
    # SHA-256 of the suite that ran.
    suite: str = ""
    kernel: str = ""
    arch: str = ""
    cgroup: str = ""
    planned: int = 0
    seed: int | None = None
    repeat: int = 1
    needs: dict[str, Need] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    # Started and without a result: the test and its iteration.
    unfinished: list[tuple[str, int]] = field(default_factory=list)
    ended: bool = False
    # Numbers of lines that are not JSON, for instance torn by a kill and followed by a resumed run.
    damaged: list[int] = field(default_factory=list)

    @property
    def executed(self) -> list[Result]:
        """Results of tests that really ran: neither refused for want of a need nor broken."""
        idle = (model.UNSUPPORTED, model.BROKEN)
        return [r for r in self.results if r.verdict not in idle]


class _Fields:
    """Typed access to one record, with errors that name the line."""

    def __init__(self, record: dict[str, Any], line: int) -> None:
        self._record = record
        self._line = line

    def _wrong(self, key: str, wanted: str) -> ResultsError:
        kind = self._record.get("record", "?")
        return ResultsError(f"line {self._line}: {kind} record: {key} is not {wanted}")

    def text(self, key: str, default: str | None = "") -> str:
        value = self._record.get(key, default)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self._wrong(key, "a string")
        return value

    def number(self, key: str, default: float) -> float:
        value = self._record.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(key, "a number")
        if not math.isfinite(value):
            raise self._wrong(key, "a number")
        return value

    def maybe_integer(self, key: str) -> int | None:
        return None if self._record.get(key) is None else int(self.number(key, 0))

    def flag(self, key: str) -> bool | None:
        value = self._record.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(key, "true, false or null")
        return value

    def items(self, key: str) -> list[Any]:
        value = self._record.get(key)
        if value is not None and not isinstance(value, list):
            raise self._wrong(key, "a list")
        return value or []

    def part(self, key: str) -> _Fields:
        value = self._record.get(key)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(key, "an object")
        return _Fields(value or {}, self._line)


def _result(record: _Fields, line: int) -> Result:
    verdict = record.text("verdict", None)
    if verdict not in model.RAW_VERDICTS:
        raise ResultsError(f"line {line}: result record: unknown verdict {verdict!r}")
    leaks = [leak for leak in record.items("leaks") if isinstance(leak, dict)]
    return Result(
        test=record.text("test", None),
        iteration=int(record.number("iteration", 1)),
        extension=record.text("extension"),
        requirements=tuple(str(r) for r in record.items("requirements")),
        verdict=verdict,
        reason=record.text("reason"),
        message=record.text("message"),
        leaks=tuple(Leak(str(k.get("class", "")), str(k.get("what", ""))) for k in leaks),
        output=record.text("output"),
        ms=record.number("ms", 0),
    )


def _read_run(run: Run, record: _Fields, line: int) -> None:
    schema = int(record.number("schema", SCHEMA))
    if schema != SCHEMA:
        raise ResultsError(f"line {line}: schema {schema}; this reader knows schema {SCHEMA}")
    testee, machine = record.part("testee"), record.part("machine")
    run.name, run.path = testee.text("name"), testee.text("path")
    run.sha256, run.version = testee.text("sha256"), testee.text("version")
    run.suite = record.part("suite").text("sha256")
    run.kernel, run.arch = machine.text("kernel"), machine.text("arch")
    run.cgroup = machine.text("cgroup")
    run.planned = int(record.number("planned", 0))
    run.repeat = int(record.number("repeat", 1))
    run.seed = record.maybe_integer("seed")


def parse(lines: Iterable[str]) -> Run:
    """Reads the records of one results file."""
    run = Run()
    results: dict[tuple[str, int], Result] = {}
    started: dict[tuple[str, int], None] = {}
    seen_run = False
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            run.damaged.append(number)
            continue
        if not isinstance(raw, dict):
            run.damaged.append(number)
            continue
        record = _Fields(raw, number)
        kind = raw.get("record")
        if kind == "run":
            seen_run, run.ended = True, False
            _read_run(run, record, number)
        elif kind == "testee":
            run.version = record.text("version") or run.version
        elif kind == "need":
            name = record.text("name", None)
            run.needs[name] = Need(name, record.flag("present") is True, record.text("evidence"))
        elif kind == "claim":
            name = record.text("extension", None)
            run.claims[name] = Claim(name, record.flag("claimed"), record.text("reason"))
        elif kind == "start":
            started[record.text("test", None), int(record.number("iteration", 1))] = None
        elif kind == "result":
            result = _result(record, number)
            results[result.test, result.iteration] = result
        elif kind == "end":
            run.ended = True
            run.planned = int(record.number("planned", run.planned))
    if not seen_run:
        raise ResultsError("there is no run record: not a results file, or nothing was started")
    run.results = list(results.values())
    run.unfinished = [key for key in started if key not in results]
    return run


def read(path: Path) -> Run:
    """Reads a results file; ResultsError names the file."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return parse(lines)
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from error
    except ResultsError as error:
        raise ResultsError(f"{path}: {error}") from error
