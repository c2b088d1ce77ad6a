# SPDX-License-Identifier: Apache-2.0
"""What came of each cell, and the report's JSON document. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vmtests.matrix.plan import Cell, series_key

SCHEMA = 1

PASS = "pass"
TEST_FAILURE = "test failure"
INFRASTRUCTURE = "infrastructure"
# The ten endings; all but the first two and the last are vmtests.runner.endings.Kind's.
ENDINGS = (
    PASS,
    TEST_FAILURE,
    "panic",
    "splat",
    "hang",
    "timeout",
    "lost VM",
    "start failure",
    "out of memory",
    INFRASTRUCTURE,
)
# These say nothing about the testee.
NO_EVIDENCE = ("start failure", INFRASTRUCTURE)


class ReportError(Exception):
    """A report cannot be read."""


@dataclass(frozen=True)
class TestResult:
    """One test: its verdict after comparison with the ledger, and what explains it."""

    verdict: str
    extension: str = ""
    detail: str = ""
    expected: bool = True


@dataclass(frozen=True)
class ExtensionResult:
    """The verdict on the claim, and its tests by verdict; `expected` says whether all is known."""

    verdict: str
    counts: Mapping[str, int] = field(default_factory=dict)
    expected: bool = True


@dataclass(frozen=True)
class Outcome:
    """One cell."""

    cell: Cell
    ending: str
    reason: str = ""
    # The kernel's own release, and the testee's own version.
    release: str = ""
    version: str = ""
    seconds: float = 0.0
    boot_seconds: float | None = None
    guests: int = 0
    extensions: Mapping[str, ExtensionResult] = field(default_factory=dict)
    tests: Mapping[str, TestResult] = field(default_factory=dict)
    needs: Mapping[str, bool] = field(default_factory=dict)
    # What was not expected, a sentence each.
    problems: tuple[str, ...] = ()
    logs: str = ""


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return 0 as expected, 1 a verdict is not, 3 a cell is no evidence."""
    endings = {outcome.ending for outcome in outcomes}
    if endings - {PASS, *NO_EVIDENCE}:
        return 1
    return 3 if endings - {PASS} else 0


def ordered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Sort by testee, then cgroup layout, then kernel, oldest first."""
    return sorted(
        outcomes,
        key=lambda o: (o.cell.testee, o.cell.cgroup != "unified", o.cell.cgroup, _kernel(o)),
    )


def _kernel(outcome: Outcome) -> tuple[int, ...]:
    return series_key(outcome.cell.kernel.rsplit("/", 1)[-1])


def _cell(outcome: Outcome) -> dict[str, Any]:
    cell = outcome.cell
    return {
        "kernel": cell.kernel,
        "cgroup": cell.cgroup,
        "testee": cell.testee,
        "without": list(cell.denied),
        "release": outcome.release,
        "version": outcome.version,
        "ending": outcome.ending,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 1),
        "boot_seconds": outcome.boot_seconds and round(outcome.boot_seconds, 2),
        "guests": outcome.guests,
        "needs": dict(outcome.needs),
        "extensions": {
            name: {"verdict": e.verdict, "expected": e.expected, "counts": dict(e.counts)}
            for name, e in outcome.extensions.items()
        },
        "tests": {
            name: {
                "verdict": t.verdict,
                "extension": t.extension,
                "expected": t.expected,
                **({"detail": t.detail} if t.detail else {}),
            }
            for name, t in outcome.tests.items()
        },
        "problems": list(outcome.problems),
    }


def dump(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return the report as JSON."""
    document = {
        "schema": SCHEMA,
        "seconds": round(seconds, 1),
        "cells": [_cell(outcome) for outcome in ordered(outcomes)],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _read_cell(value: Mapping[str, Any]) -> Outcome:
    return Outcome(
        cell=Cell(
            value["kernel"], value["cgroup"], value["testee"], tuple(value.get("without", ()))
        ),
        ending=value["ending"],
        reason=value.get("reason", ""),
        release=value.get("release", ""),
        version=value.get("version", ""),
        seconds=value.get("seconds", 0.0),
        boot_seconds=value.get("boot_seconds"),
        guests=value.get("guests", 0),
        extensions={
            name: ExtensionResult(e["verdict"], e.get("counts", {}), e.get("expected", True))
            for name, e in value.get("extensions", {}).items()
        },
        tests={
            name: TestResult(
                t["verdict"], t.get("extension", ""), t.get("detail", ""), t.get("expected", True)
            )
            for name, t in value.get("tests", {}).items()
        },
        needs=value.get("needs", {}),
        problems=tuple(value.get("problems", ())),
    )


def load(text: str, name: str) -> list[Outcome]:
    """Read a report that dump() has written."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ReportError(f"{name}: schema {document['schema']}; this reads schema {SCHEMA}")
        return [_read_cell(cell) for cell in document["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{name}: not a report of ./lxcspec matrix: {error!r}") from error
