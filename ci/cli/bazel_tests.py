# SPDX-License-Identifier: Apache-2.0
"""Runs `bazel test` and counts the test cases of the test.xml files that it names."""

from __future__ import annotations

import json
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Sequence
from urllib.parse import unquote, urlparse

from ci.cli import bazel, progress
from ci.cli.paths import TOP

_LOG_LINES = 60
# Bazel's exit code for "tests were built and some failed".
_TESTS_FAILED = 3


@dataclass
class Tally:
    """Counts of test cases, and what a person must know of those that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def fail(self, what: str) -> None:
        self.failed += 1
        self.failures.append(what)

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.skipped


def count_cases(document: str) -> Tally:
    """Counts a test.xml: GoogleTest's own, or what Bazel writes for a test that writes none."""
    tally = Tally()
    for case in ElementTree.fromstring(document).iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
        if case.find("failure") is not None or case.find("error") is not None:
            tally.fail(name)
        elif (
            case.find("skipped") is not None
            or case.get("result") in ("skipped", "suppressed")
            or case.get("status") == "notrun"
        ):
            tally.skipped += 1
        elif case.get("status") == "run":
            # GoogleTest writes cases without a status for --gtest_list_tests.
            tally.passed += 1
    return tally


def _file(outputs: Sequence[dict[str, Any]], name: str) -> Path | None:
    for output in outputs:
        if output.get("name") == name:
            return Path(unquote(urlparse(str(output.get("uri", ""))).path))
    return None


def _tail(log: Path | None) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-_LOG_LINES:])


def _attempts(events: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The last attempt of every shard and run of every test target."""
    last: dict[str, tuple[str, dict[str, Any]]] = {}
    for text in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(text)
        identity = event.get("id", {}).get("testResult")
        if identity and "testResult" in event:
            key = f"{identity['label']} {identity.get('run', 1)} {identity.get('shard', 1)}"
            last[key] = (identity["label"], event["testResult"])
    yield from last.values()


def count_events(events: Path) -> Tally:
    """Counts what a build event file (--build_event_json_file) says of tests."""
    tally = Tally()
    for label, result in _attempts(events):
        outputs = result.get("testActionOutput", [])
        xml = _file(outputs, "test.xml")
        cases = Tally()
        try:
            if xml is not None:
                cases = count_cases(xml.read_text(encoding="utf-8", errors="replace"))
        except (OSError, ElementTree.ParseError):
            cases = Tally()
        passed = result.get("status") == "PASSED"
        if not passed and not cases.failed:
            # It died before it could write, or outside any case.
            cases.fail(str(result.get("status", "no status")).lower())
        elif passed and not cases.total:
            cases.passed = 1
        if not passed:
            names = ", ".join(cases.failures)
            cases.failures = [f"{label}: {names}\n{_tail(_file(outputs, 'test.log'))}"]
        tally.add(cases)
    return tally


def run(targets: Sequence[str], flags: Sequence[str], line: progress.Line) -> Tally:
    """Builds and runs the tests; a build that fails is a failure of its own."""
    with tempfile.TemporaryDirectory(prefix="lxcspec-") as folder:
        events = Path(folder) / "events.json"
        words = ["test", "--keep_going", f"--build_event_json_file={events}", *flags]
        code, said = bazel.watch(line, "testing", [*words, "--", *targets])
        line.clear()
        tally = count_events(events) if events.exists() else Tally()
        if code not in (0, _TESTS_FAILED):
            tally.fail("\n".join([f"bazel test ended with {code}", *said[-_LOG_LINES:]]))
        elif not tally.total:
            tally.fail("bazel test ran no test")
        return tally


def count_targets(query: str) -> int:
    """How many targets a query finds; -1 where it fails."""
    answer = subprocess.run(
        bazel.command("query", query), cwd=TOP, capture_output=True, text=True, check=False
    )
    return -1 if answer.returncode else len(answer.stdout.split())
