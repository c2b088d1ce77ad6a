# SPDX-License-Identifier: Apache-2.0
"""The HTML report: what is in it, what it lets nobody do, and that its links lead somewhere."""

from __future__ import annotations

import re
import unittest
from html.parser import HTMLParser

from ci.reports import page
from ci.reports.compare import Comparison
from ci.reports.fixtures import GoldenTest, catalogue, judge, mixed, record, run

_HOSTILE = "</script><script>alert(1)</script>\x1b[31m\x00\"'<img src=x onerror=y> \u202e \ud800"
_OWN_TAGS = set(
    "html head meta title style body a h1 h2 h3 p span form div label input select option button "
    "fieldset legend main table caption thead tbody tr th td br wbr code details summary section "
    "ul li b dl dt dd pre script".split()
)


class _Document(HTMLParser):
    """Elements with their attributes, and whether everything is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.crossed = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "wbr", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.crossed = self.crossed or not self.open or self.open.pop() != tag

    def values(self, attribute: str) -> list[str]:
        return [a[attribute] or "" for _, a in self.elements if attribute in a]


def _render(*comparisons: Comparison) -> tuple[str, _Document]:
    text = page.render(comparisons, catalogue())
    return text, _Document(text)


def _hostile() -> Comparison:
    found = run(
        record(
            "PidfdTest.SignalArrives", "fail", message=_HOSTILE, output=_HOSTILE, reason=_HOSTILE
        )
    )
    found.name = found.version = found.kernel = found.cgroup = found.path = _HOSTILE
    found.sha256 = _HOSTILE
    return judge(found)


class PageTest(GoldenTest):
    def test_one_of_everything(self) -> None:
        other = run(kernel="6.12.1")
        text, _ = _render(mixed(), judge(other))
        body = text[text.index("<body>") : text.index("<script>")]
        self.assert_golden("report_body.html", body.replace("><", ">\n<") + "\n")

    def test_it_is_well_formed(self) -> None:
        for comparisons in ((mixed(),), (mixed(), judge(run())), (_hostile(), mixed())):
            _, document = _render(*comparisons)
            self.assertFalse(document.crossed)
            self.assertEqual(document.open, [])
            ids = document.values("id")
            self.assertEqual(len(ids), len(set(ids)))

    def test_links_stay_inside_and_lead_somewhere(self) -> None:
        text, document = _render(mixed(), judge(run(kernel="7.1")), _hostile())
        ids = set(document.values("id"))
        for link in document.values("href"):
            self.assertTrue(link.startswith("#") and link[1:] in ids, link)
        self.assertFalse(document.values("src"))
        self.assertNotIn("http", re.sub(r"http-equiv", "", text))

    def test_hostile_texts_are_text(self) -> None:
        text, document = _render(_hostile(), mixed())
        self.assertLessEqual({tag for tag, _ in document.elements}, _OWN_TAGS)
        self.assertEqual(sum(1 for tag, _ in document.elements if tag == "script"), 1)
        for _, attributes in document.elements:
            self.assertFalse([name for name in attributes if name.startswith("on")])
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\x00", text)
        self.assertNotIn("\u202e", text)
        text.encode("utf-8")

    def test_a_megabyte_of_message_does_not_make_a_megabyte_of_page(self) -> None:
        long = "<&>" * 350_000
        found = run(record("PidfdTest.SignalArrives", "fail", message=long, output=long))
        text, _ = _render(judge(found))
        self.assertLess(len(text), 400_000)
        self.assertIn("characters left out", text)

    def test_what_is_seen_alike_is_said_once(self) -> None:
        failing = record("PidfdTest.SignalArrives", "fail", message="lost it")
        columns = [judge(run(failing, kernel=kernel)) for kernel in ("6.1.1", "6.2.1", "6.3.1")]
        text, _ = _render(*columns)
        inside = text[text.index('<details class="req"') :]
        self.assertEqual(inside.count("lost it"), 1)

    def test_every_state_is_said_in_words(self) -> None:
        _, document = _render(mixed())
        for _, attributes in document.elements:
            if (attributes.get("class") or "").startswith("chip "):
                self.assertTrue(attributes.get("title"))

    def test_a_report_of_a_requirement_that_is_gone_is_shown(self) -> None:
        comparison = mixed()
        empty = type(catalogue())()
        text = page.render([comparison], empty)
        self.assertIn("console_log.stopped_container", text)


if __name__ == "__main__":
    unittest.main()
