# SPDX-License-Identifier: Apache-2.0
"""From one kernel to the next, and from an old report to a new one: what has changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vmtests.matrix.outcome import NO_EVIDENCE, PASS, Outcome, ordered
from vmtests.matrix.plan import Cell

# Best first; what is not here is worse than all of it.
_ORDER = ("pass", "expected_fail", "unsupported", "not_run")
_WORST = len(_ORDER)


@dataclass(frozen=True)
class Difference:
    """Something that is otherwise than it was."""

    where: Cell
    # Against which kernel; "" against an older report.
    since: str
    subject: str
    before: str
    now: str
    extension: str = ""
    regression: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.before} -> {self.now}"


def _rank(verdict: str) -> int:
    return _ORDER.index(verdict) if verdict in _ORDER else _WORST


def _worse(before: str, now: str) -> bool:
    worse = _rank(now) > _rank(before)
    return worse and (before == "pass" or _rank(now) == _WORST)


def _tests(old: Outcome, new: Outcome, since: str) -> Iterator[Difference]:
    for name, now in new.tests.items():
        before = old.tests.get(name)
        if before is not None and before.verdict != now.verdict:
            worse = _worse(before.verdict, now.verdict)
            yield Difference(
                new.cell, since, name, before.verdict, now.verdict, now.extension, worse
            )


def _claims(old: Outcome, new: Outcome, since: str) -> Iterator[Difference]:
    for name, now in new.extensions.items():
        before = old.extensions.get(name)
        if before is not None and before.verdict != now.verdict:
            worse = before.expected and not now.expected
            yield Difference(
                new.cell, since, f"claim {name}", before.verdict, now.verdict, name, worse
            )


def _needs(old: Outcome, new: Outcome, since: str) -> Iterator[Difference]:
    def word(needs: Mapping[str, bool], name: str) -> str:
        return "present" if needs[name] else "absent"

    for name in new.needs:
        if name in old.needs and old.needs[name] != new.needs[name]:
            before, now = word(old.needs, name), word(new.needs, name)
            yield Difference(new.cell, since, f"need {name}", before, now)


def between(old: Outcome, new: Outcome, since: str) -> list[Difference]:
    """Return what two cells differ in; tests that only one of them has are no difference."""
    return [*_needs(old, new, since), *_claims(old, new, since), *_tests(old, new, since)]


def along_kernels(outcomes: Sequence[Outcome]) -> list[Difference]:
    """Compare each kernel with the next older one that is evidence, per testee and layout."""
    found: list[Difference] = []
    last: dict[tuple[str, str], Outcome] = {}
    for outcome in ordered(outcomes):
        if outcome.ending in NO_EVIDENCE:
            continue
        key = (outcome.cell.testee, outcome.cell.cgroup)
        if key in last:
            found += between(last[key], outcome, last[key].cell.kernel)
        last[key] = outcome
    return found


def first_kernels(differences: Sequence[Difference], testee: str, cgroup: str) -> dict[str, str]:
    """Return for each extension the first kernel on which something of it changed."""
    first: dict[str, str] = {}
    for difference in differences:
        where = difference.where
        if difference.extension and (where.testee, where.cgroup) == (testee, cgroup):
            first.setdefault(difference.extension, where.kernel)
    return first


def with_report(old: Sequence[Outcome], new: Sequence[Outcome]) -> list[Difference]:
    """Compare with an older report, cell by cell; cells that only one of them has are left out."""
    before = {outcome.cell: outcome for outcome in old}
    found: list[Difference] = []
    for outcome in ordered(new):
        was = before.get(outcome.cell)
        if was is None:
            continue
        if was.ending != outcome.ending:
            worse = was.ending == PASS
            found.append(
                Difference(outcome.cell, "", "ending", was.ending, outcome.ending, "", worse)
            )
        if outcome.ending not in NO_EVIDENCE and was.ending not in NO_EVIDENCE:
            found += between(was, outcome, "")
    return found
