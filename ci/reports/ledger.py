# SPDX-License-Identifier: Apache-2.0
"""The ledger: what is known to differ in one implementation, and why (conformance/README.md).

Loading is strict. A mistake in the ledger must never explain a failure by accident."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Collection, Pattern

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from ci.reports import model, yaml_nodes
from ci.reports.yaml_nodes import Fields, YamlError

# `--update-expectations` begins a reason with this; such an entry explains nothing until a person
# has replaced it.
UNEXPLAINED = "UNEXPLAINED"

LEAK_CLASSES = ("process", "zombie", "fd", "mount", "cgroup", "netdev", "file")
CGROUP_LAYOUTS = ("unified", "hybrid", "legacy")
_WHERE = ("because", "link", "versions", "kernels", "cgroup", "until")


class LedgerError(Exception):
    """The ledger cannot be read; the message names file and line."""


def _version(text: str) -> Version:
    """The first dotted number: 6.1 of 6.1.0-47-cloud-amd64, 5.0.2 of 5.0.2-lxcspec."""
    found = re.search(r"\d+(\.\d+)*", text)
    return Version(found.group() if found else "0")


@dataclass(frozen=True)
class Scope:
    """Where an entry applies, why it is there, and until when."""

    line: int
    because: str
    link: str = ""
    versions: SpecifierSet = field(default_factory=SpecifierSet)
    kernels: SpecifierSet = field(default_factory=SpecifierSet)
    cgroup: str = ""
    until: datetime.date | None = None

    def applies(self, version: str, kernel: str, cgroup: str) -> bool:
        return (
            self.versions.contains(_version(version), prereleases=True)
            and self.kernels.contains(_version(kernel), prereleases=True)
            and self.cgroup in ("", cgroup)
        )

    def expired(self, today: datetime.date) -> bool:
        return self.until is not None and self.until < today

    @property
    def unexplained(self) -> bool:
        return self.because.startswith(UNEXPLAINED)


@dataclass(frozen=True)
class Entry:
    """A requirement that is known not to hold."""

    scope: Scope
    requirement: str
    status: str
    test: str
    verdict: str
    message: Pattern[str]
    # A race, lost now and then: a pass is no surprise.
    sometimes: bool = False

    @property
    def title(self) -> str:
        return f"{self.requirement} ({self.test})" if self.test else self.requirement


@dataclass(frozen=True)
class LeakEntry:
    """A residue that is known."""

    scope: Scope
    cls: str
    what: Pattern[str]
    test: str

    @property
    def title(self) -> str:
        return f"leak of {self.cls} /{self.what.pattern}/"


@dataclass(frozen=True)
class ClaimEntry:
    """A claim verdict that is known."""

    scope: Scope
    extension: str
    verdict: str

    @property
    def title(self) -> str:
        return f"claim of {self.extension}"


@dataclass(frozen=True)
class Ledger:
    """One implementation's ledger; `path` is what errors and reports call it."""

    testee: str = ""
    path: str = ""
    entries: tuple[Entry, ...] = ()
    leaks: tuple[LeakEntry, ...] = ()
    claims: tuple[ClaimEntry, ...] = ()


def _regex(fields: Fields, key: str) -> Pattern[str]:
    try:
        return re.compile(fields.text(key), re.DOTALL)
    except re.error as error:
        raise YamlError(
            fields.line_of(key), f"'{key}' is not a regular expression: {error}"
        ) from error


def _specifiers(fields: Fields, key: str) -> SpecifierSet:
    try:
        return SpecifierSet(fields.text(key, default=""))
    except InvalidSpecifier as error:
        problem = f"'{key}' is not a version specifier such as '>=4.0.6,<6'"
        raise YamlError(fields.line_of(key), problem) from error


def _scope(fields: Fields) -> Scope:
    return Scope(
        line=fields.line,
        because=fields.text("because"),
        link=fields.text("link", default=""),
        versions=_specifiers(fields, "versions"),
        kernels=_specifiers(fields, "kernels"),
        cgroup=fields.choice("cgroup", CGROUP_LAYOUTS, default=""),
        until=fields.date("until"),
    )


def _entry(node: yaml.Node) -> Entry:
    known = (*_WHERE, "requirement", "status", "test", "verdict", "message", "how_often")
    fields = Fields(node, "an entry", known)
    requirement = fields.text("requirement")
    if not re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", requirement):
        raise YamlError(fields.line_of("requirement"), f"'{requirement}' is not <ext>.<slug>")
    verdict = fields.choice("verdict", model.FAILING, default=model.FAIL)
    # A crash or a timeout has no message of its own.
    message_needed = verdict == model.FAIL or fields.has("message")
    sometimes = fields.choice("how_often", ("always", "sometimes"), default="always") == "sometimes"
    if sometimes and not fields.has("test"):
        raise YamlError(fields.line_of("how_often"), "what fails sometimes must name its test")
    return Entry(
        scope=_scope(fields),
        requirement=requirement,
        status=fields.choice("status", ("fail", "divergent")),
        test=fields.text("test", default=""),
        verdict=verdict,
        message=_regex(fields, "message") if message_needed else re.compile(""),
        sometimes=sometimes,
    )


def _leak(node: yaml.Node) -> LeakEntry:
    fields = Fields(node, "a leak", (*_WHERE, "class", "what", "test"))
    return LeakEntry(
        scope=_scope(fields),
        cls=fields.choice("class", LEAK_CLASSES),
        what=_regex(fields, "what"),
        test=fields.text("test", default=""),
    )


def _claim(node: yaml.Node) -> ClaimEntry:
    fields = Fields(node, "a claim", (*_WHERE, "extension", "verdict"))
    known = [v for v in model.CLAIM_VERDICTS if v not in (model.CONFIRMED, model.UNVERIFIED)]
    return ClaimEntry(
        scope=_scope(fields),
        extension=fields.text("extension"),
        verdict=fields.choice("verdict", known),
    )


def parse(text: str, path: str = "ledger") -> Ledger:
    """Reads a ledger; LedgerError names `path` and the line."""
    try:
        root = yaml_nodes.compose(text)
        if root is None:
            raise YamlError(1, "the file is empty")
        fields = Fields(root, "the ledger", ("testee", "entries", "leaks", "claims"))
        ledger = Ledger(
            testee=fields.text("testee"),
            path=path,
            entries=tuple(_entry(node) for node in fields.items("entries")),
            leaks=tuple(_leak(node) for node in fields.items("leaks")),
            claims=tuple(_claim(node) for node in fields.items("claims")),
        )
    except YamlError as error:
        raise LedgerError(f"{path}:{error.line}: {error.problem}") from error
    return ledger


def check_names(ledger: Ledger, requirements: Collection[str], extensions: Collection[str]) -> None:
    """Refuses entries for what the specification does not have."""
    for entry in ledger.entries:
        if entry.requirement not in requirements:
            problem = f"there is no requirement {entry.requirement}"
            raise LedgerError(f"{ledger.path}:{entry.scope.line}: {problem}")
    for claim in ledger.claims:
        if claim.extension not in extensions:
            problem = f"there is no extension {claim.extension}"
            raise LedgerError(f"{ledger.path}:{claim.scope.line}: {problem}")


def load(path: Path, shown_as: str = "") -> Ledger:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: {error}") from error
    return parse(text, shown_as or str(path))
