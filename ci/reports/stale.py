# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a run as a whole: entries that matched nothing, claims, missing results."""

from __future__ import annotations

import datetime
from typing import Iterator

from ci.reports import claims, ledger, model, problems, results
from ci.reports.judge import Applicable, Judgement
from ci.reports.problems import Problem


def judge_completeness(run: results.Run, selected: frozenset[str] | None) -> list[Problem]:
    """A run that left something out, or ran nothing, is no evidence."""
    found = []
    todo = "run again with --resume and the results file"
    recorded = {result.test for result in run.results}
    if run.unfinished:
        test = run.unfinished[0][0]
        more = f" and {len(run.unfinished) - 1} more" if len(run.unfinished) > 1 else ""
        what = f"started and without a result: {test}{more}"
        found.append(Problem(problems.INCOMPLETE, what, todo, test=test))
    elif not run.ended or len(run.results) < run.planned:
        what = f"the run ended early: {len(run.results)} of {run.planned} planned results"
        found.append(Problem(problems.INCOMPLETE, what, todo))
    missing = sorted(selected - recorded) if selected and not found else []
    if missing:
        what = f"{len(missing)} of the selected tests have no result: {missing[0]}"
        todo = "the suite and its list of tests disagree; build again"
        found.append(Problem(problems.INCOMPLETE, what, todo, test=missing[0]))
    if not run.executed and not found:
        reasons = {result.reason for result in run.results if result.reason}
        why = f": {sorted(reasons)[0]}" if reasons else ""
        what = f"none of {len(run.results)} tests was executed{why}"
        todo = "see ./lxcspec probe for what this kernel can do"
        found.append(Problem(problems.NOTHING_RAN, what, todo))
    return found


def judge_claims(
    outcomes: dict[str, claims.Outcome], run: results.Run, known: Applicable
) -> tuple[dict[str, str], list[Problem]]:
    """Why the ledger accepts a claim verdict, by extension; and the ones that it does not."""
    accepted: dict[str, str] = {}
    found: list[Problem] = []
    unasked: list[str] = []
    unanswered: dict[str, list[str]] = {}
    entries = {entry.extension: entry for entry in known.claims}
    for name, outcome in outcomes.items():
        entry = entries.get(name)
        claim = run.claims.get(name)
        if claim is None:
            unasked.append(name)
        elif claim.claimed is None:
            unanswered.setdefault(claim.reason or "no answer", []).append(name)
        elif entry and entry.verdict == outcome.verdict:
            accepted[name] = entry.scope.because
        elif outcome.verdict == model.UNVERIFIED:
            continue
        elif entry:
            line = entry.scope.line
            what = f"{name} is {outcome.verdict}, but line {line} says {entry.verdict}"
            todo = f"correct or delete the claim at {known.path}:{line}"
            found.append(Problem(problems.STALE_CLAIM, what, todo, extension=name, line=line))
        elif outcome.verdict == model.UNDER_CLAIMED:
            # An over-claim needs no problem of its own: a test that failed has one already.
            what = f"{name} is {outcome.verdict}: {outcome.reason}"
            todo = f"./lxcspec explain {name}; if known, add it under 'claims' in {known.path}"
            found.append(Problem(problems.CLAIM, what, todo, extension=name))
    for why, names in unanswered.items():
        what = f"whether {', '.join(names)} is claimed is not known: {why}"
        todo = "run again; what crashes while it is asked must be mended in the testee"
        found.append(Problem(problems.CLAIM, what, todo, extension=names[0]))
    if unasked:
        what = f"whether {', '.join(unasked)} is claimed was not asked"
        todo = "run again: the launcher ended before it asked, or the suite does not know the name"
        found.append(Problem(problems.INCOMPLETE, what, todo, extension=unasked[0]))
    return accepted, found


def _is_no_test(test: str, requirement: str, ran: set[str], catalogue: model.Catalogue) -> bool:
    """Whether the requirement has no such test. Cases of a parameterised one are known from a run
    of it alone, which may have left the whole of it out."""
    source = catalogue.test_of(test)
    known = catalogue.tests_of(requirement)
    if known and source not in known:
        return True
    if source is None or source.name == test:
        return False
    cases = {name for name in ran if catalogue.test_of(name) == source}
    return bool(cases) and test not in cases


def _why_nothing_matched(
    entry: ledger.Entry,
    executed: dict[str, set[str]],
    ran: set[str],
    catalogue: model.Catalogue,
) -> str:
    """The reason why the entry is stale, or "" where the run cannot tell."""
    covering = {test for test, covered in executed.items() if entry.requirement in covered}
    known = {test.name for test in catalogue.tests_of(entry.requirement)}
    if entry.test:
        if entry.test in executed:
            return f"{entry.test} does not cover {entry.requirement}"
        if _is_no_test(entry.test, entry.requirement, ran, catalogue):
            return f"there is no test {entry.test} of {entry.requirement}"
    elif covering:
        return "none of the requirement's tests failed in this way"
    elif catalogue.tests and not known:
        return "the requirement has no test"
    return ""


def judge_entries(
    known: Applicable,
    judged: list[Judgement],
    catalogue: model.Catalogue,
    not_claimed: set[str],
    today: datetime.date,
) -> Iterator[Problem]:
    """Entries that matched nothing, have expired, or have no reason yet."""
    matched: set[int] = set().union(*(one.matched for one in judged))
    blamed: set[int] = set().union(*(one.blamed for one in judged))
    idle = (model.UNSUPPORTED, model.BROKEN)
    executed = {
        one.result.test: set(one.requirements) for one in judged if one.result.verdict not in idle
    }
    ran_at_all = {one.result.test for one in judged}
    all_ran = bool(catalogue.tests) and set(catalogue.tests) <= set(executed)
    for entry in known.entries:
        extension = entry.requirement.split(".")[0]
        if entry.scope.line in matched | blamed or extension in not_claimed:
            continue
        why = _why_nothing_matched(entry, executed, ran_at_all, catalogue)
        if why:
            yield problems.stale_entry(entry, known.path, why)
    for leak in known.leaks:
        ran = leak.test in executed if leak.test else all_ran
        if leak.scope.line not in matched and ran:
            yield problems.stale_entry(leak, known.path, "nothing of the kind was left behind")
    everything: tuple[ledger.Entry | ledger.LeakEntry | ledger.ClaimEntry, ...]
    everything = (*known.entries, *known.leaks, *known.claims)
    for each in everything:
        if each.scope.expired(today):
            yield problems.expired_entry(each, known.path)
        if each.scope.unexplained:
            yield problems.unexplained_entry(each, known.path)
