# SPDX-License-Identifier: Apache-2.0
"""What became of a fault: from the results of a good testee and of a faulty one to a verdict.

A fault breaks one requirement. It is caught if a test of that requirement passes on the good
testee and not on the faulty one: a test that fails on both proves nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Mapping, Sequence

from ci.reports import model
from ci.reports.results import Result


@dataclass(frozen=True)
class Fault:
    """A way to be wrong; `id` begins with the requirement that it breaks."""

    id: str
    requirement: str
    what: str

    @property
    def extension(self) -> str:
        return self.requirement.split(".")[0]


class Outcome(Enum):
    CAUGHT = "caught"
    # Only tests of other requirements noticed.
    ELSEWHERE = "caught elsewhere"
    SURVIVED = "survived"
    # No test of the requirement passes on the good testee, here.
    UNPROVABLE = "not provable here"
    # The faulty testee did not run.
    BROKEN = "broken"


@dataclass(frozen=True)
class Verdict:
    """`by` are the tests that caught the fault; `why` says what else there is to know."""

    fault: Fault
    outcome: Outcome
    by: tuple[str, ...] = ()
    why: str = ""

    @property
    def bad(self) -> bool:
        return self.outcome in (Outcome.ELSEWHERE, Outcome.SURVIVED, Outcome.BROKEN)


def by_test(results: Iterable[Result]) -> dict[str, Result]:
    return {result.test: result for result in results}


def _good(result: Result | None) -> bool:
    return result is not None and result.verdict == model.PASS and not result.leaks


def witnesses(tests: Iterable[str], good: Mapping[str, Result]) -> list[str]:
    """Of these tests the ones that can tell: they pass on the good testee."""
    return [name for name in tests if _good(good.get(name))]


def why_none(tests: Sequence[str], good: Mapping[str, Result]) -> str:
    """Why no test of a requirement can tell."""
    if not tests:
        return "the requirement has no test"
    said = Counter(
        (good[name].reason or good[name].verdict) if name in good else "did not run"
        for name in tests
    )
    return said.most_common(1)[0][0]


def caught_by(tests: Iterable[str], faulty: Mapping[str, Result]) -> tuple[str, ...]:
    """Of the witnesses those that saw something wrong. One that did not run saw nothing."""
    idle = (model.UNSUPPORTED, model.BROKEN)
    return tuple(
        name
        for name in tests
        if name in faulty and not _good(faulty[name]) and faulty[name].verdict not in idle
    )


@dataclass(frozen=True)
class Summary:
    """`bare` are the requirements with MUST that no fault breaks."""

    requirements: int
    bare: tuple[str, ...]
    outcomes: Mapping[Outcome, int]

    @property
    def text(self) -> str:
        total = sum(self.outcomes.values())
        counted = ", ".join(
            f"{count} {outcome.value}" for outcome, count in self.outcomes.items() if count
        )
        covered = self.requirements - len(self.bare)
        return (
            f"{total} faults: {counted or 'none'}; "
            f"{covered} of {self.requirements} requirements with MUST have a fault"
        )


def summarise(requirements: Iterable[model.Requirement], verdicts: Sequence[Verdict]) -> Summary:
    musts = [r.id for r in requirements if r.mandatory and not r.retired]
    broken = {verdict.fault.requirement for verdict in verdicts}
    counts = Counter(verdict.outcome for verdict in verdicts)
    return Summary(
        requirements=len(musts),
        bare=tuple(each for each in musts if each not in broken),
        outcomes={outcome: counts[outcome] for outcome in Outcome},
    )
