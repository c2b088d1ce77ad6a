# SPDX-License-Identifier: Apache-2.0
"""Raw results + ledger + specification -> verdicts and everything that was not expected.

The results file is all that is known of the run, so results from a VM, a resumed run or another
machine are treated alike."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field, replace

from ci.reports import claims, judge, ledger, model, problems, results, stale
from ci.reports.judge import Applicable, Judgement
from ci.reports.problems import Problem

NOT_CLAIMED_REASON = "not claimed"


@dataclass(frozen=True)
class TestOutcome:
    """One test over all its iterations."""

    name: str
    extension: str
    requirements: tuple[str, ...]
    verdict: str
    iterations: int
    reason: str = ""
    message: str = ""
    because: str = ""
    output: str = ""
    ms: float = 0


@dataclass(frozen=True)
class RequirementOutcome:
    """The worst of its tests."""

    requirement: model.Requirement
    verdict: str
    tests: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class ExtensionOutcome:
    """The claim, the verdict on it, and the requirements counted by verdict."""

    extension: model.Extension
    claimed: bool | None
    claim: claims.Outcome
    counts: dict[str, int]
    # Why the ledger accepts a claim verdict that would otherwise be unexpected.
    because: str = ""


@dataclass
class Comparison:
    """All that is known of one testee after one run."""

    run: results.Run
    ledger: ledger.Ledger
    tests: list[TestOutcome] = field(default_factory=list)
    requirements: list[RequirementOutcome] = field(default_factory=list)
    extensions: list[ExtensionOutcome] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        return Counter(test.verdict for test in self.tests)

    @property
    def exit_code(self) -> int:
        """0 as expected, 1 a verdict is not, 3 the run is no evidence."""
        if any(not p.infrastructure for p in self.problems):
            return 1
        return 3 if self.problems else 0


def _gather(
    extension: model.Extension, run: results.Run, judged: list[Judgement], left_out: int
) -> claims.Evidence:
    verdicts: dict[str, list[str]] = {}
    messages: dict[str, list[str]] = {}
    unasked: dict[str, set[str]] = {claims.NOT_OFFERED: set(), claims.NOT_IN_PROTOCOL: set()}
    for one in judged:
        for reason, withheld in unasked.items():
            if one.verdict == model.UNSUPPORTED and one.result.reason.startswith(reason):
                withheld.update(one.requirements)
        for requirement in one.requirements:
            verdicts.setdefault(requirement, []).append(one.verdict)
            if one.verdict in model.FAILING:
                messages.setdefault(requirement, []).append(one.result.message)
    return claims.Evidence(
        extension=extension,
        claim=run.claims.get(extension.name),
        verdicts={key: model.worst(values) for key, values in verdicts.items()},
        messages=messages,
        not_offered=unasked[claims.NOT_OFFERED],
        not_in_protocol=unasked[claims.NOT_IN_PROTOCOL],
        left_out=left_out,
    )


def _forgive(judged: list[Judgement]) -> None:
    """What fails in an extension that is not claimed is unsupported, and entries that do not fit
    it are not judged. What could not be set up, and what leaks, stays as it is."""
    for one in judged:
        kept = (problems.LEAK, problems.BROKEN)
        one.problems = [p for p in one.problems if p.kind in kept]
        if one.problems:
            continue
        if one.verdict in model.FAILING:
            one.verdict = model.UNSUPPORTED
            one.because = NOT_CLAIMED_REASON
        elif one.verdict == model.UNEXPECTED_PASS:
            one.verdict = model.PASS


def _outcome_of_test(judged: list[Judgement]) -> TestOutcome:
    decisive = max(judged, key=lambda one: model.SEVERITY.index(one.verdict))
    result = decisive.result
    forgiven = decisive.because == NOT_CLAIMED_REASON
    return TestOutcome(
        name=result.test,
        extension=result.extension,
        requirements=decisive.requirements,
        verdict=decisive.verdict,
        iterations=len(judged),
        reason=NOT_CLAIMED_REASON if forgiven else result.reason,
        message=result.message,
        because="" if forgiven else decisive.because,
        output=result.output,
        ms=sum(one.result.ms for one in judged),
    )


def _merge(found: list[Problem], iterations: dict[str, int]) -> list[Problem]:
    """One problem where repeated iterations of a test met the same one."""
    times = Counter((p.kind, p.test, p.line) for p in found)
    merged: dict[tuple[str, str, int], Problem] = {}
    for problem in found:
        key = (problem.kind, problem.test, problem.line)
        count, of = times[key], iterations.get(problem.test, 1)
        if of > 1 and key not in merged:
            problem = replace(problem, what=f"{problem.what} (in {count} of {of} iterations)")
        merged.setdefault(key, problem)
    return list(merged.values())


def outcomes_of_requirements(
    catalogue: model.Catalogue, tests: list[TestOutcome]
) -> list[RequirementOutcome]:
    """Each requirement with the worst of its tests."""
    covering: dict[str, list[TestOutcome]] = {}
    for test in tests:
        for requirement in test.requirements:
            covering.setdefault(requirement, []).append(test)
    outcomes = []
    for each in catalogue.requirements.values():
        those = covering.get(each.id, [])
        verdict = model.worst(t.verdict for t in those)
        reason = next((t.because or t.reason for t in those if t.verdict == verdict), "")
        names = tuple(t.name for t in those)
        outcomes.append(RequirementOutcome(each, verdict, names, reason))
    return outcomes


def compare(
    run: results.Run,
    book: ledger.Ledger,
    catalogue: model.Catalogue,
    today: datetime.date,
    selected: frozenset[str] | None = None,
) -> Comparison:
    """Judges a run. `selected` are the tests that were asked for, where that is known."""
    known = Applicable.of(book, run)
    judged = [judge.judge(each, catalogue.test_of(each.test), known) for each in run.results]
    by_extension: dict[str, list[Judgement]] = {}
    for one in judged:
        by_extension.setdefault(one.result.extension, []).append(one)

    ran = {name for one in judged for name in one.names}
    not_claimed: set[str] = set()
    outcomes: dict[str, claims.Outcome] = {}
    for name, extension in catalogue.extensions.items():
        own = by_extension.get(name, [])
        prefix = f"{name}."
        left_out = sum(
            1
            for test in catalogue.tests.values()
            if test.name not in ran and any(r.startswith(prefix) for r in test.requirements)
        )
        evidence = _gather(extension, run, own, left_out)
        outcomes[name] = claims.judge(evidence, catalogue.of_extension(name), run.needs)
        claim = run.claims.get(name)
        if claim and claim.claimed is False and outcomes[name].verdict != model.UNDER_CLAIMED:
            not_claimed.add(name)
            _forgive(own)

    by_test: dict[str, list[Judgement]] = {}
    for one in judged:
        by_test.setdefault(one.result.test, []).append(one)
    comparison = Comparison(run, book)
    comparison.tests = [_outcome_of_test(those) for those in by_test.values()]
    comparison.requirements = outcomes_of_requirements(catalogue, comparison.tests)
    verdicts: dict[str, list[str]] = {}
    for outcome in comparison.requirements:
        verdicts.setdefault(outcome.requirement.extension, []).append(outcome.verdict)
    accepted, claim_problems = stale.judge_claims(outcomes, run, known)
    for name, extension in catalogue.extensions.items():
        claim = run.claims.get(name)
        comparison.extensions.append(
            ExtensionOutcome(
                extension=extension,
                claimed=claim.claimed if claim else None,
                claim=outcomes[name],
                counts=dict(Counter(verdicts.get(name, []))),
                because=accepted.get(name, ""),
            )
        )
    found = [problem for one in judged for problem in one.problems]
    comparison.problems = [
        *stale.judge_completeness(run, selected),
        *_merge(found, {name: len(those) for name, those in by_test.items()}),
        *claim_problems,
        *stale.judge_entries(known, judged, catalogue, not_claimed, today),
    ]
    return comparison
