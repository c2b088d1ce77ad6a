# SPDX-License-Identifier: Apache-2.0
"""The site of the real specification: whatever a page links to is there, and text stays text."""

from __future__ import annotations

import datetime
import json
import unittest
from html.parser import HTMLParser

from ci.reports import compare, ledger, model, results
from ci.site import build
from ci.site.model import Site, read_decision
from spec.tools import catalogue as source

_HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=y> \x1b[31m \u202e `x`"
_REQUIREMENT = "console_log.read_empty"
_LEDGER = f"""testee: mine
entries:
- requirement: {_REQUIREMENT}
  status: divergent
  because: 'see `console_log` <b>'
  message: 'never'
  link: rfcs/20260102-made-up
- requirement: {_REQUIREMENT}
  status: fail
  test: ConsoleLogTest.ReadEmpty/case
  because: 'second'
  message: 'never'
  versions: '>=5'
claims:
- extension: init_pidfd
  verdict: under-claimed
  because: 'the name is missing'
"""
_RFC = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# What was decided

Date: 2026-01-02.

## The question
What of `pidfd.announced`, and <script>?
"""


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.open: list[str] = []
        self.crossed = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.handlers += [name for name in given if name.startswith("on")]
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.links += [str(given[name]) for name in ("href", "src") if given.get(name)]
        if tag not in ("meta", "link", "br", "wbr", "input", "hr", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.crossed = self.crossed or not self.open or self.open.pop() != tag


def _catalogue(loaded: source.Catalogue) -> model.Catalogue:
    """With a test of each requirement, as the sources have them in a checkout."""
    extensions = {
        e.name: model.Extension(e.name, e.since, e.chapter) for e in loaded.extensions.values()
    }
    requirements = {
        r.id: model.Requirement(r.id, r.level, r.since, r.kind, r.statement)
        for r in loaded.requirements.values()
    }
    tests = {}
    for id_ in requirements:
        name = f"{_pascal(id_.split('.')[0])}Test.{_pascal(id_.split('.')[1])}"
        tests[name] = model.Test(name, "x_conformance_test.cc", 3, (id_,))
    return model.Catalogue(extensions, requirements, tests)


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _comparison(found: model.Catalogue, kernel: str, name: str) -> compare.Comparison:
    run = results.Run(name=name, version="7", kernel=kernel, cgroup="unified", ended=True)
    run.needs = {"pty": results.Need("pty", False, _HOSTILE)}
    for number, test in enumerate(found.tests.values()):
        verdict = model.FAIL if number % 7 == 0 else model.PASS
        extension = test.requirements[0].split(".")[0]
        run.results.append(
            results.Result(
                test.name,
                1,
                extension,
                test.requirements,
                verdict,
                message=_HOSTILE,
                output=_HOSTILE,
            )
        )
    run.planned = len(run.results)
    run.claims = {name: results.Claim(name, True) for name in found.extensions}
    today = datetime.date(2026, 6, 1)
    return compare.compare(run, ledger.parse(_LEDGER, "mine.yaml"), found, today)


class SiteTest(unittest.TestCase):
    site: Site
    files: dict[str, str]
    pages: dict[str, _Page]

    @classmethod
    def setUpClass(cls) -> None:
        loaded = source.load()
        found = _catalogue(loaded)
        comparisons = [_comparison(found, "6.1", "mine"), _comparison(found, "7.3", _HOSTILE)]
        topic = "20260102-made-up"
        cls.site = Site(
            loaded,
            found,
            comparisons,
            [ledger.parse(_LEDGER, "mine.yaml")],
            {topic: read_decision(topic, _RFC)},
        )
        cls.files = build.render(cls.site)
        cls.pages = {n: _Page(t) for n, t in cls.files.items() if n.endswith(".html")}

    def test_there_is_a_page_for_each_extension(self) -> None:
        for name in self.site.source.extensions:
            self.assertIn(f"ext-{name}.html", self.pages)

    def test_every_link_leads_somewhere(self) -> None:
        for name, page in self.pages.items():
            for link in page.links:
                file, _, place = link.partition("#")
                file = file or name
                self.assertIn(file, self.files, f"{name} links to {link}")
                if place:
                    self.assertIn(place, self.pages[file].ids, f"{name} links to {link}")

    def test_pages_are_well_formed_and_ids_unique(self) -> None:
        for name, page in self.pages.items():
            with self.subTest(name):
                self.assertFalse(page.crossed)
                self.assertEqual(page.open, [])
                self.assertEqual(len(page.ids), len(set(page.ids)))

    def test_text_stays_text(self) -> None:
        for name, page in self.pages.items():
            with self.subTest(name):
                # The two of the head.
                self.assertEqual(page.tags.count("script"), 2)
                self.assertEqual(page.handlers, [])
                self.assertNotIn("img", page.tags)
                self.assertNotIn("\x1b", self.files[name])

    def test_a_requirement_leads_to_its_test_its_divergence_and_back(self) -> None:
        chapter = self.files["ext-console_log.html"]
        place = chapter.index(f'id="{_REQUIREMENT}"')
        section = chapter[place : chapter.index("</section>", place)]
        self.assertIn('href="ext-console_log.html#test-ConsoleLogTest.ReadEmpty"', section)
        self.assertIn(f'href="divergences.html#mine-{_REQUIREMENT}-1"', section)
        self.assertIn(f'href="divergences.html#mine-{_REQUIREMENT}-2"', section)
        back = self.files["divergences.html"]
        self.assertIn(f'href="ext-console_log.html#{_REQUIREMENT}"', back)
        self.assertIn('href="ext-console_log.html#test-ConsoleLogTest.ReadEmpty"', back)
        self.assertIn('href="rfc-20260102-made-up.html"', back)
        self.assertIn("mine: known to be under-claimed", self.files["ext-init_pidfd.html"])
        self.assertIn(
            'href="ext-pidfd.html#pidfd.announced"', self.files["rfc-20260102-made-up.html"]
        )

    def test_the_index_finds_everything_where_it_is(self) -> None:
        script = self.files["search-index.js"]
        entries = json.loads(script[script.index("[") : script.rindex("]") + 1])
        self.assertEqual(entries, build.index(self.site))
        kinds = {entry[0] for entry in entries}
        wanted = {"extension", "requirement", "test", "divergence", "decision", "need"}
        self.assertEqual(kinds, wanted)
        for _, name, url, _ in entries:
            file, _, place = url.partition("#")
            self.assertIn(file, self.pages)
            if place:
                self.assertIn(place, self.pages[file].ids, name)

    def test_without_results_and_ledgers_there_is_a_site_too(self) -> None:
        bare = build.render(Site(self.site.source, self.site.catalogue))
        self.assertIn("Made without results", bare["index.html"])
        self.assertIn("No ledger was given", bare["divergences.html"])

    def test_it_is_the_same_each_time(self) -> None:
        self.assertEqual(build.render(self.site), self.files)


if __name__ == "__main__":
    unittest.main()
