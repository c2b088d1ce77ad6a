# SPDX-License-Identifier: Apache-2.0
"""One raw result against the ledger: its verdict, what explains it, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ci.reports import ledger, model, problems, results
from ci.reports.problems import Problem


@dataclass
class Judgement:
    """`matched` and `blamed` hold the ledger lines that explain, or contradict, the result."""

    result: results.Result
    # The test's names: as it ran, and as it stands in the sources.
    names: tuple[str, ...]
    requirements: tuple[str, ...]
    verdict: str
    because: str = ""
    problems: list[Problem] = field(default_factory=list)
    matched: set[int] = field(default_factory=set)
    blamed: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Applicable:
    """The ledger's entries that apply to this version, kernel and cgroup layout."""

    entries: tuple[ledger.Entry, ...]
    leaks: tuple[ledger.LeakEntry, ...]
    claims: tuple[ledger.ClaimEntry, ...]
    path: str

    @staticmethod
    def of(book: ledger.Ledger, run: results.Run) -> Applicable:
        here = (run.version, run.kernel, run.cgroup)
        return Applicable(
            entries=tuple(e for e in book.entries if e.scope.applies(*here)),
            leaks=tuple(e for e in book.leaks if e.scope.applies(*here)),
            claims=tuple(e for e in book.claims if e.scope.applies(*here)),
            path=book.path,
        )


def _judge_failing(judgement: Judgement, entries: list[ledger.Entry], path: str) -> None:
    result, requirements = judgement.result, judgement.requirements
    text = result.message or result.reason
    matching = [e for e in entries if e.verdict == result.verdict and e.message.search(text)]
    if matching:
        judgement.verdict = model.EXPECTED_FAIL
        judgement.because = matching[0].scope.because
        judgement.matched.update(e.scope.line for e in matching)
    elif entries:
        judgement.blamed.update(e.scope.line for e in entries)
        changed = problems.changed_message(result, requirements, entries[0], path)
        judgement.problems.append(changed)
    else:
        judgement.problems.append(problems.failure(result, requirements, path))


def _judge_leaks(judgement: Judgement, known: Applicable) -> None:
    unknown = []
    for leak in judgement.result.leaks:
        entries = [
            e
            for e in known.leaks
            if e.cls == leak.cls and e.test in ("", *judgement.names) and e.what.search(leak.what)
        ]
        judgement.matched.update(e.scope.line for e in entries)
        if not entries:
            unknown.append(leak)
    if unknown:
        judgement.verdict = model.worst([judgement.verdict, model.FAIL])
        leak_problem = problems.leak(judgement.result, judgement.requirements, unknown, known.path)
        judgement.problems.append(leak_problem)


def judge(result: results.Result, test: model.Test | None, known: Applicable) -> Judgement:
    """Compares one result, as if its extension were claimed. `test` is where it is in the
    sources: whoever lost the result may not have known what it covers."""
    requirements = result.requirements or (test.requirements if test else ())
    if not result.extension and requirements:
        result = replace(result, extension=requirements[0].split(".")[0])
    names = (result.test, test.name) if test else (result.test,)
    judgement = Judgement(result, names, requirements, result.verdict)
    entries = [e for e in known.entries if e.requirement in requirements and e.test in ("", *names)]
    if result.verdict == model.BROKEN:
        judgement.problems.append(problems.broken(result, requirements))
    elif result.verdict == model.PASS and entries:
        judgement.matched.update(e.scope.line for e in entries if e.sometimes)
        contradicted = [e for e in entries if not e.sometimes]
        if contradicted:
            judgement.verdict = model.UNEXPECTED_PASS
        judgement.blamed.update(e.scope.line for e in contradicted)
        judgement.problems.extend(
            problems.unexpected_pass(result, requirements, e, known.path) for e in contradicted
        )
    elif result.verdict in model.FAILING:
        _judge_failing(judgement, entries, known.path)
    _judge_leaks(judgement, known)
    return judgement
