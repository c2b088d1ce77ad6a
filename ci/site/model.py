# SPDX-License-Identifier: Apache-2.0
"""What the site is made of, and where on it everything is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Iterator, Mapping, Sequence

from ci.reports import columns as sheet
from ci.reports import ledger, model
from ci.reports.columns import Column
from ci.reports.compare import Comparison
from ci.web.markup import anchor
from spec.tools.catalogue import Catalogue

_RFC = re.compile(r"(?:spec/)?rfcs/(\d{8}-[a-z0-9-]+?)(?:\.md)?")
# Pages that are no extension.
FRONT, DIVERGENCES, DECISIONS, NEEDS, LEVELS, WHOLE = (
    "index.html",
    "divergences.html",
    "decisions.html",
    "needs.html",
    "levels.html",
    "all.html",
)


@dataclass(frozen=True)
class Decision:
    """One RFC: its Markdown without title and licence."""

    topic: str
    title: str
    text: str


def read_decision(topic: str, text: str) -> Decision:
    """From the file's text; its form is checked elsewhere."""
    lines = text.split("\n")
    place = next((n for n, line in enumerate(lines) if line.startswith("# ")), 0)
    following = lines[place + 1 :]
    return Decision(topic, lines[place].removeprefix("# ").strip(), "\n".join(following).strip())


@dataclass(frozen=True)
class Divergence:
    """An entry of a ledger on a requirement."""

    testee: str
    entry: ledger.Entry
    # Counts the entries of this ledger on this requirement.
    number: int

    @property
    def id(self) -> str:
        return anchor(f"{self.testee}-{self.entry.requirement}-{self.number}")


@dataclass(frozen=True)
class Site:
    """Everything that is shown. `catalogue` knows the tests, `source` the prose."""

    source: Catalogue
    catalogue: model.Catalogue
    comparisons: Sequence[Comparison] = ()
    ledgers: Sequence[ledger.Ledger] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    # Versions of LXC's own library that can be fetched and verified by name, oldest first.
    releases: Sequence[str] = ()

    @cached_property
    def columns(self) -> list[Column]:
        return sheet.of(self.comparisons)

    @cached_property
    def divergences(self) -> dict[str, list[Divergence]]:
        """By requirement, in the ledgers' order."""
        found: dict[str, list[Divergence]] = {}
        for book in self.ledgers:
            counts: dict[str, int] = {}
            for entry in book.entries:
                number = counts[entry.requirement] = counts.get(entry.requirement, 0) + 1
                one = Divergence(book.testee, entry, number)
                found.setdefault(entry.requirement, []).append(one)
        return found

    def claims(self, extension: str) -> Iterator[tuple[str, ledger.ClaimEntry]]:
        """What the ledgers know of the claim, with the testee."""
        for book in self.ledgers:
            for entry in book.claims:
                if entry.extension == extension:
                    yield book.testee, entry

    def tests_of(self, extension: str) -> list[model.Test]:
        prefix = f"{extension}."
        tests = self.catalogue.tests.values()
        return [test for test in tests if any(r.startswith(prefix) for r in test.requirements)]

    def url(self, name: str) -> str:
        """Where a requirement, extension, decision or need is; empty where it is nowhere."""
        if name in self.source.requirements:
            return f"{extension_page(name.split('.')[0])}#{anchor(name)}"
        if name in self.source.extensions:
            return extension_page(name)
        decision = _RFC.fullmatch(name)
        if decision and decision[1] in self.decisions:
            return decision_page(decision[1])
        return ""

    def test_url(self, name: str) -> str:
        test = self.catalogue.tests.get(name)
        if test is None or not test.requirements:
            return ""
        return f"{extension_page(test.requirements[0].split('.')[0])}#{test_id(name)}"

    def need_url(self, name: str) -> str:
        return f"{NEEDS}#{anchor(name)}" if name in self.source.needs else ""


def extension_page(name: str) -> str:
    """The file of an extension's page."""
    return f"ext-{name}.html"


def decision_page(topic: str) -> str:
    return f"rfc-{topic}.html"


def test_id(name: str) -> str:
    return f"test-{anchor(name)}"
