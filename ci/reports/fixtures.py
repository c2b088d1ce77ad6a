# SPDX-License-Identifier: Apache-2.0
"""A small specification and runs against it, for the tests of this folder."""

from __future__ import annotations

import datetime
import json
import os
import unittest
from pathlib import Path
from typing import Any

from ci.reports import ledger, model, results
from ci.reports.compare import Comparison, compare

TODAY = datetime.date(2026, 6, 1)
_TESTDATA = Path(__file__).resolve().parent / "testdata"

_REQUIREMENTS = (
    ("console_log.announced", "MUST", "announces", (), "The extension is announced by its name."),
    ("console_log.read_returns_data", "MUST", "does", ("pty",), "A read returns what was written."),
    ("console_log.clear_empties", "MUST", "does", ("pty",), "After a clear a read finds nothing."),
    ("console_log.null_refused", "MUST NOT", "refuses", (), "A null request is not accepted."),
    ("console_log.stopped_container", "MUST", "lacks", (), "On a stopped container it fails."),
    ("console_log.is_quick", "SHOULD", "does", ("pty",), "A read does not wait for more output."),
    ("pidfd.announced", "MUST", "announces", (), "The extension is announced by its name."),
    ("pidfd.signals", "MUST", "does", ("pidfd",), "A signal sent by the pidfd arrives."),
    ("pidfd.lacking", "MUST", "lacks", (), "Where the kernel has no pidfd the call fails."),
)

# Test name, line and what it covers.
_TESTS = (
    ("ConsoleLogTest.IsAnnounced", 10, ("console_log.announced",)),
    ("ConsoleLogTest.ReadReturnsData", 20, ("console_log.read_returns_data",)),
    ("ConsoleLogTest.ReadReturnsDataTwice", 30, ("console_log.read_returns_data",)),
    ("ConsoleLogTest.ClearEmpties", 40, ("console_log.clear_empties",)),
    ("ConsoleLogTest.NullIsRefused", 50, ("console_log.null_refused",)),
    ("ConsoleLogTest.FailsWhenStopped", 60, ("console_log.stopped_container",)),
    ("ConsoleLogTest.ReadIsQuick", 70, ("console_log.is_quick",)),
    ("PidfdTest.IsAnnounced", 10, ("pidfd.announced",)),
    ("PidfdTest.SignalArrives", 20, ("pidfd.signals",)),
    ("PidfdTest.FailsWhereLacking", 30, ("pidfd.lacking",)),
)


def catalogue() -> model.Catalogue:
    """Two extensions with a chapter, one without."""
    requirements = [
        model.Requirement(id_, level, "4.0", kind, statement, needs=needs)
        for id_, level, kind, needs, statement in _REQUIREMENTS
    ]
    tests = [
        model.Test(name, f"{name.split('Test')[0].lower()}_test.cc", line, covered)
        for name, line, covered in _TESTS
    ]
    return model.Catalogue(
        extensions={
            "console_log": model.Extension("console_log", "3.1.0", chapter=True, bench="console"),
            "pidfd": model.Extension("pidfd", "4.0.3", chapter=True, needs=("pidfd",)),
            "time_namespace": model.Extension("time_namespace", "5.0.0"),
        },
        requirements={r.id: r for r in requirements},
        tests={t.name: t for t in tests},
    )


def record(test: str, verdict: str = "pass", iteration: int = 1, **fields: Any) -> dict[str, Any]:
    """A result record of one of the fixture's tests."""
    covered = next(covers for name, _, covers in _TESTS if name == test)
    return {
        "record": "result",
        "test": test,
        "iteration": iteration,
        "extension": covered[0].split(".")[0],
        "requirements": list(covered),
        "verdict": verdict,
        "reason": "",
        "message": "",
        "leaks": [],
        "output": "",
        "ms": 5,
        **fields,
    }


def text_of(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(each) + "\n" for each in records)


def records(
    *different: dict[str, Any],
    unclaimed: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    iterations: int = 1,
    version: str = "5.0.2",
    kernel: str = "6.1.0-47-cloud-amd64",
) -> list[dict[str, Any]]:
    """A run in which everything passes but for the records given."""
    names = [name for name, _, _ in _TESTS if not only or name in only]
    found: list[dict[str, Any]] = [
        {
            "record": "run",
            "schema": 1,
            "testee": {"name": "liblxc", "path": "/l.so", "sha256": "ab12", "version": version},
            "suite": {"sha256": "cd34"},
            "machine": {"kernel": kernel, "arch": "x86_64", "cgroup": "hybrid", "speed": 1.0},
            "planned": len(names) * iterations,
            "repeat": iterations,
            "seed": None,
        }
    ]
    for need in ("pty", "pidfd"):
        evidence = "ENOSYS" if need in absent else "done"
        present = need not in absent
        found.append({"record": "need", "name": need, "present": present, "evidence": evidence})
    for extension in ("console_log", "pidfd", "time_namespace"):
        claimed = extension not in unclaimed
        found.append({"record": "claim", "extension": extension, "claimed": claimed, "reason": ""})
    by_key = {(each["test"], each["iteration"]): each for each in different}
    for iteration in range(1, iterations + 1):
        for name in names:
            found.append({"record": "start", "test": name, "iteration": iteration})
            plain = record(name, iteration=iteration)
            found.append(by_key.get((name, iteration), plain))
    planned = len(names) * iterations
    found.append({"record": "end", "planned": planned, "executed": planned})
    return found


def run(*different: dict[str, Any], **how: Any) -> results.Run:
    return results.parse(text_of(records(*different, **how)).splitlines())


def judge(found: results.Run, book: str = "") -> Comparison:
    """Compares with a ledger given as the text below its `testee:` line."""
    parsed = ledger.parse(f"testee: liblxc\n{book}", "liblxc.yaml")
    return compare(found, parsed, catalogue(), TODAY)


_MIXED_LEDGER = """entries:
- {requirement: console_log.clear_empties, status: fail, because: known to stay, message: '5 bytes'}
- {requirement: pidfd.lacking, status: fail, because: was so once, message: 'x'}
claims:
- {extension: pidfd, verdict: over-claimed, because: signals get lost}
"""


def mixed() -> Comparison:
    """One of everything."""
    found = run(
        record("ConsoleLogTest.ClearEmpties", "fail", message="Actual: 5 bytes"),
        record("ConsoleLogTest.NullIsRefused", "broken", reason="no cgroup can be made"),
        record("ConsoleLogTest.ReadIsQuick", "unsupported", reason="need pty is absent"),
        record(
            "ConsoleLogTest.FailsWhenStopped",
            "fail",
            message="text with \x1b[31m, \x00 and <&> in it\n" + "line\n" * 20,
            output="its \x07 output",
        ),
        record("PidfdTest.SignalArrives", "timeout", reason="no end after 10 s"),
    )
    return judge(found, _MIXED_LEDGER)


class GoldenTest(unittest.TestCase):
    """Compares texts with files in testdata/."""

    maxDiff = None

    def assert_golden(self, name: str, text: str) -> None:
        """LXCSPEC_UPDATE_GOLDEN=1 in a test started from the source tree rewrites the file."""
        path = _TESTDATA / name
        if os.environ.get("LXCSPEC_UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        self.assertEqual(path.read_text(encoding="utf-8"), text, f"differs from {path.name}")
