# SPDX-License-Identifier: Apache-2.0
"""The words that the parts of a report share: verdicts, requirements, extensions, tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable

PASS = "pass"
FAIL = "fail"
UNSUPPORTED = "unsupported"
BROKEN = "broken"
TIMEOUT = "timeout"
CRASH = "crash"
EXPECTED_FAIL = "expected_fail"
UNEXPECTED_PASS = "unexpected_pass"
NOT_RUN = "not_run"

RAW_VERDICTS = (PASS, FAIL, UNSUPPORTED, BROKEN, TIMEOUT, CRASH)
# What a test can end with that the ledger may explain.
FAILING = (FAIL, TIMEOUT, CRASH)
# Best first; a requirement has the last of its tests' verdicts.
SEVERITY = (
    NOT_RUN,
    PASS,
    UNSUPPORTED,
    EXPECTED_FAIL,
    UNEXPECTED_PASS,
    BROKEN,
    FAIL,
    TIMEOUT,
    CRASH,
)
# Verdicts after comparison that say "as expected".
EXPECTED = (NOT_RUN, PASS, UNSUPPORTED, EXPECTED_FAIL)

CONFIRMED = "confirmed"
OVER_CLAIMED = "over-claimed"
UNDER_CLAIMED = "under-claimed"
KERNEL_GATED = "kernel-gated"
WRONGLY_GATED = "wrongly-gated"
NOT_CLAIMED = "not claimed"
UNVERIFIED = "unverified"
CLAIM_VERDICTS = (
    CONFIRMED,
    OVER_CLAIMED,
    UNDER_CLAIMED,
    KERNEL_GATED,
    WRONGLY_GATED,
    NOT_CLAIMED,
    UNVERIFIED,
)


def worst(verdicts: Iterable[str]) -> str:
    """The most severe of the verdicts; `not_run` when there is none."""
    return max(verdicts, key=SEVERITY.index, default=NOT_RUN)


@dataclass(frozen=True)
class Requirement:
    """One statement of the specification."""

    id: str
    level: str
    since: str
    kind: str
    statement: str
    observable: str = ""
    needs: tuple[str, ...] = ()
    left_open: str = ""
    source: str = ""
    retired: bool = False

    @property
    def extension(self) -> str:
        return self.id.split(".", 1)[0]

    @property
    def mandatory(self) -> bool:
        return self.level in ("MUST", "MUST NOT")


@dataclass(frozen=True)
class Extension:
    """One name that lxc_has_api_extension() may be asked for."""

    name: str
    since: str
    chapter: bool = False
    bench: str = ""
    needs: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True)
class Test:
    """Where a conformance test is, and what it covers."""

    name: str
    file: str = ""
    line: int = 0
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """The specification and the tests that cover it. Without a build `tests` may be empty."""

    extensions: dict[str, Extension] = field(default_factory=dict)
    requirements: dict[str, Requirement] = field(default_factory=dict)
    tests: dict[str, Test] = field(default_factory=dict)

    def of_extension(self, extension: str) -> list[Requirement]:
        return [r for r in self.requirements.values() if r.extension == extension]

    def test_of(self, name: str) -> Test | None:
        """The test in the sources that a name in the results stands for: a case of a parameterised
        test, All/Suite.Name/case, is Suite.Name there."""
        if name in self.tests:
            return self.tests[name]
        suite, _, test = name.partition(".")
        plain = test.split("/")[0]
        candidates = (f"{part}.{plain}" for part in suite.split("/"))
        return next((self.tests[c] for c in candidates if c in self.tests), None)

    def tests_of(self, requirement: str) -> list[Test]:
        return [t for t in self.tests.values() if requirement in t.requirements]
