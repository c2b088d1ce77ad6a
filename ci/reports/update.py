# SPDX-License-Identifier: Apache-2.0
"""Rewrites a ledger so that it says what was seen, keeping comments and order.

A new entry's reason begins with UNEXPLAINED, and the run goes on failing until a person has
written the real one: the tool can see that something differs, never why that is right."""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML

from ci.reports import ledger, model, problems
from ci.reports.compare import Comparison, TestOutcome
from ci.reports.problems import Problem

_HEADER = "# SPDX-License-Identifier: Apache-2.0\n"
_MESSAGE_LENGTH = 80


def _pattern(message: str) -> str:
    """A regular expression for the first line that says something, of bearable length."""
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return re.sub(r"\\([ #&~'\"-])", r"\1", re.escape(first[:_MESSAGE_LENGTH]))


def _reason(comparison: Comparison) -> str:
    run = comparison.run
    return f"{ledger.UNEXPLAINED}: seen with {run.version} on Linux {run.kernel}"


def _new_entries(comparison: Comparison, problem: Problem, test: TestOutcome) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "requirement": problem.requirements[0],
        "test": problem.test,
        "status": "fail",
    }
    if test.verdict != model.FAIL:
        entry["verdict"] = test.verdict
    entry["because"] = _reason(comparison)
    if test.verdict == model.FAIL:
        entry["message"] = _pattern(problem.message) or ".*"
    return entry


def _correct(entry: Any, problem: Problem, test: TestOutcome) -> None:
    """Fits an existing entry to another message or another way of failing."""
    entry["message"] = _pattern(problem.message) or ".*"
    if test.verdict in (model.CRASH, model.TIMEOUT):
        entry["verdict"] = test.verdict
    elif "verdict" in entry:
        del entry["verdict"]


def _drop(items: Any, lines: set[int]) -> None:
    """Deletes the sequence's mappings that begin on these lines (counted from 1)."""
    for index in reversed(range(len(items))):
        if items[index].lc.line + 1 in lines:
            del items[index]


def update(text: str, comparison: Comparison) -> str:
    """The ledger's new text. `text` is what the comparison was made with; it may be empty."""
    yaml: Any = YAML()
    yaml.width = 100
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=2, offset=0)
    document = yaml.load(text) if text.strip() else None
    if document is None:
        document = yaml.load(f"{_HEADER}testee: {comparison.run.name}\nentries: []\n")
    tests = {test.name: test for test in comparison.tests}
    by_line = {
        item.lc.line + 1: item
        for key in ("entries", "leaks", "claims")
        for item in document.get(key) or []
    }
    dropped: set[int] = set()
    added: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []
    outcomes = {outcome.extension.name: outcome for outcome in comparison.extensions}
    for problem in comparison.problems:
        if problem.kind in (problems.UNEXPECTED_PASS, problems.STALE_ENTRY):
            dropped.add(problem.line)
        elif problem.kind == problems.FAILURE and problem.requirements:
            added.append(_new_entries(comparison, problem, tests[problem.test]))
        elif problem.kind == problems.CHANGED_MESSAGE:
            _correct(by_line[problem.line], problem, tests[problem.test])
        elif problem.kind == problems.STALE_CLAIM:
            dropped.add(problem.line)
        if problem.kind in (problems.CLAIM, problems.STALE_CLAIM):
            verdict = outcomes[problem.extension].claim.verdict
            if verdict in (model.UNDER_CLAIMED, model.WRONGLY_GATED):
                reason = _reason(comparison)
                claims.append(
                    {"extension": problem.extension, "verdict": verdict, "because": reason}
                )
    for key, new in (("entries", added), ("leaks", []), ("claims", claims)):
        if document.get(key):
            _drop(document[key], dropped)
        if new:
            if not document.get(key):
                document[key] = []
            document[key].extend(new)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
