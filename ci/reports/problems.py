# SPDX-License-Identifier: Apache-2.0
"""What a run reports as unexpected: one sentence on what happened and one on what to do."""

from __future__ import annotations

from dataclasses import dataclass

from ci.reports import ledger, model, results

FAILURE = "failure"
CHANGED_MESSAGE = "changed_message"
UNEXPECTED_PASS = "unexpected_pass"
LEAK = "leak"
STALE_ENTRY = "stale_entry"
EXPIRED_ENTRY = "expired_entry"
UNEXPLAINED_ENTRY = "unexplained_entry"
CLAIM = "claim"
STALE_CLAIM = "stale_claim"
BROKEN = "broken"
INCOMPLETE = "incomplete"
NOTHING_RAN = "nothing_ran"

# These say that the run is no evidence, not that the testee is wrong.
INFRASTRUCTURE = (BROKEN, INCOMPLETE, NOTHING_RAN)

_WHAT_HAPPENED = {model.FAIL: "failed", model.CRASH: "crashed", model.TIMEOUT: "timed out"}


@dataclass(frozen=True)
class Problem:
    """`line` is the ledger's, 0 where no entry is concerned."""

    kind: str
    what: str
    todo: str
    requirements: tuple[str, ...] = ()
    test: str = ""
    extension: str = ""
    message: str = ""
    line: int = 0
    leaks: tuple[results.Leak, ...] = ()

    @property
    def infrastructure(self) -> bool:
        return self.kind in INFRASTRUCTURE


def _explain(requirements: tuple[str, ...]) -> str:
    return f"./lxcspec explain {requirements[0]}" if requirements else "./lxcspec list"


def failure(result: results.Result, requirements: tuple[str, ...], path: str) -> Problem:
    happened = _WHAT_HAPPENED[result.verdict]
    todo = f"{_explain(requirements)}; a difference that is known belongs in {path}"
    return Problem(
        FAILURE,
        f"{result.test} {happened}, and no ledger entry explains it",
        todo,
        requirements=requirements,
        test=result.test,
        extension=result.extension,
        message=result.message or result.reason,
    )


def changed_message(
    result: results.Result, requirements: tuple[str, ...], entry: ledger.Entry, path: str
) -> Problem:
    line = entry.scope.line
    if result.verdict != entry.verdict:
        what = (
            f"{result.test} {_WHAT_HAPPENED[result.verdict]}, "
            f"but the entry on line {line} expects the verdict {entry.verdict}"
        )
    else:
        what = (
            f"{result.test} failed with another message than the entry on line {line} expects: "
            f"/{entry.message.pattern}/"
        )
    return Problem(
        CHANGED_MESSAGE,
        what,
        f"find out what changed ({_explain(requirements)}), then correct {path}:{line}",
        requirements=requirements,
        test=result.test,
        extension=result.extension,
        message=result.message or result.reason,
        line=line,
    )


def unexpected_pass(
    result: results.Result, requirements: tuple[str, ...], entry: ledger.Entry, path: str
) -> Problem:
    line = entry.scope.line
    if entry.test:
        todo = f"delete the entry at {path}:{line}, or limit its versions and kernels"
    else:
        todo = f"delete the entry at {path}:{line}, or name in it the test that fails (test: ...)"
    return Problem(
        UNEXPECTED_PASS,
        f"{result.test} passed, but the entry on line {line} says that it fails",
        todo,
        requirements=(entry.requirement,),
        test=result.test,
        extension=result.extension,
        line=line,
    )


def leak(
    result: results.Result,
    requirements: tuple[str, ...],
    leaks: list[results.Leak],
    path: str,
) -> Problem:
    left = ", ".join(str(leak) for leak in leaks)
    return Problem(
        LEAK,
        f"{result.test} left behind: {left}",
        f"free what was taken; a leak that is known belongs under 'leaks' in {path}",
        requirements=requirements,
        test=result.test,
        extension=result.extension,
        leaks=tuple(leaks),
    )


def broken(result: results.Result, requirements: tuple[str, ...]) -> Problem:
    return Problem(
        BROKEN,
        f"{result.test} could not be set up",
        "mend the machine or the kit and run again; this says nothing about the testee",
        requirements=requirements,
        test=result.test,
        extension=result.extension,
        message=result.reason or result.message,
    )


def stale_entry(entry: ledger.Entry | ledger.LeakEntry, path: str, why: str) -> Problem:
    line = entry.scope.line
    requirements = (entry.requirement,) if isinstance(entry, ledger.Entry) else ()
    return Problem(
        STALE_ENTRY,
        f"the entry on line {line}, {entry.title}, matched nothing: {why}",
        f"correct or delete the entry at {path}:{line}, or limit its versions and kernels",
        requirements=requirements,
        test=entry.test,
        line=line,
    )


def expired_entry(entry: ledger.Entry | ledger.LeakEntry | ledger.ClaimEntry, path: str) -> Problem:
    line = entry.scope.line
    requirements = (entry.requirement,) if isinstance(entry, ledger.Entry) else ()
    return Problem(
        EXPIRED_ENTRY,
        f"the entry on line {line}, {entry.title}, has expired on {entry.scope.until}",
        f"see whether it is fixed; if not, decide on a new date at {path}:{line}",
        requirements=requirements,
        line=line,
    )


def unexplained_entry(
    entry: ledger.Entry | ledger.LeakEntry | ledger.ClaimEntry, path: str
) -> Problem:
    line = entry.scope.line
    requirements = (entry.requirement,) if isinstance(entry, ledger.Entry) else ()
    return Problem(
        UNEXPLAINED_ENTRY,
        f"the entry on line {line}, {entry.title}, gives no reason yet",
        f"find out why it differs and write it as 'because' at {path}:{line}",
        requirements=requirements,
        line=line,
    )
