# SPDX-License-Identifier: Apache-2.0
"""TAP 14: one subtest per run, with a test point per test and one for each problem that no single
test stands for."""

from __future__ import annotations

import json
import re
from typing import Iterator, Sequence

from ci.reports import model, problems
from ci.reports.compare import Comparison, TestOutcome
from ci.reports.problems import Problem
from ci.web.markup import clean

_INDENT = "    "
_SPACES = re.compile(r"\s+")


def _line(text: str) -> str:
    """One line in which nothing is a directive."""
    flat = _SPACES.sub(" ", clean(text)).strip()
    return flat.replace("\\", "\\\\").replace("#", "\\#")


def _yaml(fields: dict[str, object]) -> list[str]:
    """A block of diagnostics: JSON values, which are YAML, so that no text can end it."""
    kept = {key: value for key, value in fields.items() if value not in ("", [], None)}
    lines = [f"  {key}: {json.dumps(value)}" for key, value in kept.items()]
    return ["  ---", *lines, "  ..."] if lines else []


def _facts(test: TestOutcome, found: Sequence[Problem]) -> dict[str, object]:
    return {
        "verdict": test.verdict,
        "requirements": list(test.requirements),
        "message": clean(test.message or test.reason),
        "what": [clean(problem.what) for problem in found],
        "next": [clean(problem.todo) for problem in found],
        "duration_ms": test.ms,
    }


def _point(number: int, test: TestOutcome, found: Sequence[Problem]) -> Iterator[str]:
    name = _line(test.name)
    if test.verdict == model.UNSUPPORTED and not found:
        yield f"ok {number} - {name} # SKIP {_line(test.reason)}"
    elif test.verdict == model.EXPECTED_FAIL and not found:
        yield f"not ok {number} - {name} # TO" f"DO known: {_line(test.because)}"
        yield from _yaml(_facts(test, found))
    elif test.verdict in model.EXPECTED and not found:
        yield f"ok {number} - {name}"
    else:
        yield f"not ok {number} - {name}"
        yield from _yaml(_facts(test, found))


def title(comparison: Comparison) -> str:
    """What a run is called: testee, version, kernel and cgroup layout."""
    run = comparison.run
    return f"{run.name} {run.version} on Linux {run.kernel}, cgroup {run.cgroup}"


def _run(comparison: Comparison) -> Iterator[str]:
    names = {test.name for test in comparison.tests}
    alone = [p for p in comparison.problems if p.test not in names]
    total = len(comparison.tests) + len(alone)
    yield f"1..{total}" if total else "1..0 # SKIP nothing ran"
    for number, test in enumerate(comparison.tests, 1):
        own = [p for p in comparison.problems if p.test == test.name]
        yield from _point(number, test, own)
    for number, problem in enumerate(alone, len(comparison.tests) + 1):
        subject = ", ".join(problem.requirements) or problem.extension or problem.test or "run"
        yield f"not ok {number} - {problem.kind}: {_line(subject)}"
        yield from _yaml(
            {
                "what": clean(problem.what),
                "message": clean(problem.message),
                "next": clean(problem.todo),
                "severity": "error" if problem.kind in problems.INFRASTRUCTURE else "fail",
            }
        )


def render(comparisons: Sequence[Comparison]) -> str:
    """The document as text."""
    lines = ["TAP version 14", f"1..{len(comparisons)}"]
    for number, comparison in enumerate(comparisons, 1):
        name = _line(title(comparison))
        lines.append(f"# Subtest: {name}")
        lines += [_INDENT + line for line in _run(comparison)]
        word = "not ok" if comparison.problems or not comparison.tests else "ok"
        lines.append(f"{word} {number} - {name}")
    return "\n".join(lines) + "\n"
