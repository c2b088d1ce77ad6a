# SPDX-License-Identifier: Apache-2.0
"""A cell of the kernel matrix as a comparison, so that every report shows it. A cell does not say
what its tests cover: that is taken from the sources as they are now."""

from __future__ import annotations

from ci.reports import claims, ledger, model, problems, results
from ci.reports.compare import (
    Comparison,
    ExtensionOutcome,
    TestOutcome,
    outcomes_of_requirements,
)
from ci.reports.problems import Problem
from vmtests.matrix.outcome import NO_EVIDENCE, PASS, TEST_FAILURE, Outcome

_SUSPICIOUS = (model.OVER_CLAIMED, model.UNDER_CLAIMED, model.WRONGLY_GATED)
_CLAIMED = {model.UNVERIFIED: None, model.NOT_CLAIMED: False, model.UNDER_CLAIMED: False}


def _problems(cell: Outcome) -> list[Problem]:
    """The cell's sentences, each with the test that it begins with; and its ending."""
    found = []
    infrastructure = cell.ending in NO_EVIDENCE
    again = f"./lxcspec run --vm --kernel {cell.cell.kernel} --testee {cell.cell.testee}"
    if cell.ending not in (PASS, TEST_FAILURE):
        kind = problems.INCOMPLETE if infrastructure else problems.FAILURE
        what = f"{cell.ending}: {cell.reason}" if cell.reason else cell.ending
        found.append(Problem(kind, what, f"see the kernel's log; {again}"))
    kind = problems.BROKEN if infrastructure else problems.FAILURE
    for text in cell.problems:
        name = text.split(" ", 1)[0]
        test = cell.tests.get(name)
        extension = test.extension if test else ""
        found.append(Problem(kind, text, again, test=name if test else "", extension=extension))
    return found


def _tests(cell: Outcome, catalogue: model.Catalogue) -> list[TestOutcome]:
    found = []
    for name, test in cell.tests.items():
        source = catalogue.test_of(name)
        known = test.verdict == model.EXPECTED_FAIL
        idle = test.verdict == model.UNSUPPORTED
        found.append(
            TestOutcome(
                name=name,
                extension=test.extension,
                requirements=source.requirements if source else (),
                verdict=test.verdict if test.verdict in model.SEVERITY else model.BROKEN,
                iterations=1,
                reason=test.detail if idle else "",
                message="" if known or idle else test.detail,
                because=test.detail if known else "",
            )
        )
    return found


def comparison(cell: Outcome, catalogue: model.Catalogue) -> Comparison:
    """The cell as if it had been run by itself."""
    where = cell.cell
    without = f", without {', '.join(where.denied)}" if where.denied else ""
    run = results.Run(
        name=where.testee,
        version=cell.version,
        kernel=(cell.release or where.kernel) + without,
        cgroup=where.cgroup,
        ended=True,
    )
    run.needs = {name: results.Need(name, present) for name, present in cell.needs.items()}
    found = Comparison(run, ledger.Ledger(), tests=_tests(cell, catalogue))
    for name, each in cell.extensions.items():
        known = each.expected and each.verdict in _SUSPICIOUS
        found.extensions.append(
            ExtensionOutcome(
                extension=catalogue.extensions.get(name, model.Extension(name, "", chapter=True)),
                claimed=_CLAIMED.get(each.verdict, True),
                claim=claims.Outcome(each.verdict),
                counts=dict(each.counts),
                because="as the ledger says" if known else "",
            )
        )
    found.requirements = outcomes_of_requirements(catalogue, found.tests)
    found.problems = _problems(cell)
    return found
