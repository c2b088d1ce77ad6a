# SPDX-License-Identifier: Apache-2.0
"""What the HTML report shows side by side: a column per run, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Iterable, Sequence

from ci.reports import model
from ci.reports.compare import Comparison, ExtensionOutcome, RequirementOutcome, TestOutcome
from ci.web.markup import Html, tag

# How a verdict is shown: its class, and a sign for who sees no colours.
_SHOWN = {
    model.PASS: ("good", "\u2713"),
    model.EXPECTED_FAIL: ("known", "\u2248"),
    model.UNSUPPORTED: ("none", "\u2013"),
    model.NOT_RUN: ("none", "\u00b7"),
    model.UNEXPECTED_PASS: ("bad", "!"),
    model.BROKEN: ("bad", "?"),
    model.FAIL: ("bad", "\u2717"),
    model.TIMEOUT: ("bad", "\u2717"),
    model.CRASH: ("bad", "\u2717"),
}
_CLAIMS = {
    model.CONFIRMED: "good",
    model.KERNEL_GATED: "known",
    model.OVER_CLAIMED: "bad",
    model.UNDER_CLAIMED: "bad",
    model.WRONGLY_GATED: "bad",
}


def shown(verdict: str) -> tuple[str, str]:
    """Class and sign of a verdict on a test or a requirement."""
    return _SHOWN.get(verdict, ("bad", "?"))


def word(verdict: str) -> Html:
    """A verdict in full."""
    css, sign = shown(verdict)
    return tag("span", f"{sign} {verdict.replace('_', ' ')}", class_=f"word {css}")


def claim_class(outcome: ExtensionOutcome) -> str:
    """The class of a claim verdict; what the ledger knows is no news."""
    return "known" if outcome.because else _CLAIMS.get(outcome.claim.verdict, "none")


@dataclass(frozen=True)
class Column:
    """One run. `number` is what its cells are found by when columns are hidden."""

    number: int
    comparison: Comparison
    extensions: dict[str, ExtensionOutcome] = field(default_factory=dict)
    requirements: dict[str, RequirementOutcome] = field(default_factory=dict)
    tests: dict[str, TestOutcome] = field(default_factory=dict)

    @property
    def testee(self) -> str:
        run = self.comparison.run
        return f"{run.name} {run.version}".strip() or "unnamed"

    @property
    def kernel(self) -> str:
        return self.comparison.run.kernel or "unknown kernel"

    @property
    def cgroup(self) -> str:
        return self.comparison.run.cgroup or "?"

    @property
    def title(self) -> str:
        return f"{self.testee} on Linux {self.kernel}, {self.cgroup} cgroups"

    @cached_property
    def troubled(self) -> frozenset[str]:
        """Tests and requirements that something unexpected was found of."""
        found: set[str] = set()
        for problem in self.comparison.problems:
            found.update(problem.requirements)
            found.add(problem.test)
        return frozenset(found - {""})

    def verdict(self, requirement: str) -> str:
        outcome = self.requirements.get(requirement)
        return outcome.verdict if outcome else model.NOT_RUN


def of(comparisons: Iterable[Comparison]) -> list[Column]:
    """The columns: implementations together, their kernels as they were given."""
    given = list(comparisons)
    order: dict[str, int] = {}
    for each in given:
        order.setdefault(f"{each.run.name} {each.run.version}", len(order))
    given.sort(key=lambda each: order[f"{each.run.name} {each.run.version}"])
    return [
        Column(
            number,
            comparison,
            {o.extension.name: o for o in comparison.extensions},
            {o.requirement.id: o for o in comparison.requirements},
            {o.name: o for o in comparison.tests},
        )
        for number, comparison in enumerate(given)
    ]


def groups(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    """The columns of each implementation."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        found.setdefault(column.testee, []).append(column)
    return list(found.items())


def requirements(columns: Sequence[Column]) -> dict[str, list[model.Requirement]]:
    """The requirements that any column knows, by extension, as the specification orders them."""
    found: dict[str, dict[str, model.Requirement]] = {}
    for column in columns:
        for outcome in column.requirements.values():
            requirement = outcome.requirement
            if not requirement.retired:
                found.setdefault(requirement.extension, {})[requirement.id] = requirement
    return {extension: list(each.values()) for extension, each in found.items()}


@dataclass(frozen=True)
class Difference:
    """A requirement on which implementations disagree, with the verdicts by column."""

    requirement: model.Requirement
    verdicts: tuple[str, ...]


def differences(columns: Sequence[Column]) -> list[Difference]:
    """The requirements that hold in one implementation and not in another."""
    found = []
    for each in requirements(columns).values():
        for requirement in each:
            verdicts = tuple(column.verdict(requirement.id) for column in columns)
            by_testee: dict[str, set[str]] = {}
            for column, verdict in zip(columns, verdicts):
                css, _ = shown(verdict)
                if css != "none":
                    by_testee.setdefault(column.testee, set()).add(css)
            # One implementation that differs between kernels is another matter.
            if len({frozenset(classes) for classes in by_testee.values()}) > 1:
                found.append(Difference(requirement, verdicts))
    return found
