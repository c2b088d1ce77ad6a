# SPDX-License-Identifier: Apache-2.0
"""Rewrites a ledger so that it says what was seen, keeping comments and order.

A new entry's reason begins with UNEXPLAINED, and the run goes on failing until a person has
written the real one: the tool can see that something differs, never why that is right."""

from __future__ import annotations

import re
from typing import Any

from ci.reports import ledger, model, problems
from ci.reports.compare import Comparison, TestOutcome
from ci.reports.ledger_text import LedgerText
from ci.reports.problems import Problem

_HEADER = "# SPDX-License-Identifier: Apache-2.0\n"
_MESSAGE_LENGTH = 80
# What so many tests leave behind is the implementation's habit, and none of theirs.
_HABIT = 3


def _escaped(text: str) -> str:
    """As a regular expression, without the backslashes that only verbose mode asks for."""
    return re.sub(r"\\([ #&~'\"-])", r"\1", re.escape(text))


def _pattern(message: str) -> str:
    """A regular expression for the first line that says something, of bearable length."""
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return _escaped(first[:_MESSAGE_LENGTH]) or ".*"


class _Update:
    def __init__(self, text: str, comparison: Comparison) -> None:
        self._comparison = comparison
        self._text = LedgerText(text)
        self._tests = {test.name: test for test in comparison.tests}
        run = comparison.run
        self._reason = f"{ledger.UNEXPLAINED}: seen with {run.version} on Linux {run.kernel}"

    def _add_entry(self, problem: Problem) -> None:
        test = self._tests[problem.test]
        if test.verdict not in model.FAILING or not problem.requirements:
            return
        entry = {
            "requirement": problem.requirements[0],
            "test": problem.test,
            "status": "fail",
            "because": self._reason,
        }
        if test.verdict == model.FAIL:
            entry["message"] = _pattern(problem.message)
        else:
            entry["verdict"] = test.verdict
        self._text.add("entries", entry)

    def _add_leaks(self) -> None:
        guilty: dict[tuple[str, str], list[str]] = {}
        for problem in self._comparison.problems:
            if problem.kind == problems.LEAK:
                for leak in problem.leaks:
                    tests = guilty.setdefault((leak.cls, _escaped(leak.what)), [])
                    if problem.test not in tests:
                        tests.append(problem.test)
        for (cls, what), tests in guilty.items():
            # A habit that depends on chance shows in a few tests more with each run.
            known = [
                entry.test
                for entry in self._comparison.ledger.leaks
                if (entry.cls, entry.what.pattern) == (cls, what)
            ]
            is_habit = len({*tests, *known}) >= _HABIT
            scopes = [{}] if is_habit else [{"test": test} for test in tests]
            for scope in scopes:
                entry = {"class": cls, "what": what, **scope, "because": self._reason}
                self._text.add("leaks", entry)

    def _fit(self, entry: Any, test: TestOutcome) -> None:
        """Makes an entry describe how the test fails now."""
        if test.verdict == model.EXPECTED_FAIL:
            return
        entry["message"] = _pattern(test.message)
        if test.verdict in (model.CRASH, model.TIMEOUT):
            entry["verdict"] = test.verdict
        elif "verdict" in entry:
            del entry["verdict"]

    def _rewrite_entry(self, line: int) -> None:
        """Fits an entry to the tests that it still speaks of; deletes it where there is none."""
        entry = next(e for e in self._comparison.ledger.entries if e.scope.line == line)
        failing = [
            test
            for test in self._comparison.tests
            if entry.requirement in test.requirements
            and test.verdict in (*model.FAILING, model.EXPECTED_FAIL)
            and entry.test in ("", test.name)
        ]
        if not failing:
            self._text.delete(line)
            return

        def change(item: Any) -> None:
            if not entry.test:
                item["test"] = failing[0].name
            self._fit(item, failing[0])

        changed = self._text.change(line, change)
        for test in failing[1:]:
            more = {**changed, "test": test.name}
            self._fit(more, test)
            self._text.add("entries", more)

    def _replace_claim(self, problem: Problem) -> None:
        if problem.line:
            self._text.delete(problem.line)
        outcomes = {outcome.extension.name: outcome for outcome in self._comparison.extensions}
        verdict = outcomes[problem.extension].claim.verdict
        if verdict == model.UNDER_CLAIMED:
            claim = {"extension": problem.extension, "verdict": verdict, "because": self._reason}
            self._text.add("claims", claim)

    def run(self) -> str:
        rewritten: set[int] = set()
        for problem in self._comparison.problems:
            if problem.kind in (problems.UNEXPECTED_PASS, problems.CHANGED_MESSAGE):
                if problem.line not in rewritten:
                    self._rewrite_entry(problem.line)
                rewritten.add(problem.line)
            elif problem.kind == problems.STALE_ENTRY:
                self._text.delete(problem.line)
            elif problem.kind == problems.FAILURE:
                self._add_entry(problem)
            elif problem.kind in (problems.CLAIM, problems.STALE_CLAIM):
                self._replace_claim(problem)
        self._add_leaks()
        return self._text.render()


def update(text: str, comparison: Comparison) -> str:
    """The ledger's new text. `text` is what the comparison was made with; it may be empty."""
    start = text if text.strip() else f"{_HEADER}testee: {comparison.run.name}\nentries: []\n"
    return _Update(start, comparison).run()
