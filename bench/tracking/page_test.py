# SPDX-License-Identifier: Apache-2.0
"""The page holds every benchmark, marks its alerts, and needs nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import re
import unittest
import xml.etree.ElementTree as ElementTree

from bench.tracking import alerts, history, page, plot
from bench.tracking.acknowledged import Acknowledged
from bench.tracking.fixtures import RING, commit, noisy, point


def _page(levels: list[float], known: list[Acknowledged]) -> str:
    points = [point(n, v) for n, v in enumerate(noisy(levels, 0.01, 1, bursts=0))]
    evil = dataclasses.replace(commit(3), subject="<script>alert('&')</script>")
    points[3] = dataclasses.replace(points[3], commit=evil)
    chosen = history.choose(points)
    analysed = [alerts.analyse(series, known) for series in history.series_of(chosen)]
    found = alerts.group(analysed, chosen.commits)
    return page.render(chosen, analysed, found, alerts.verdict(analysed, found))


_SHIFTED = [1.0] * 15 + [1.3] * 15


class PageTest(unittest.TestCase):
    def test_it_is_well_formed_and_has_what_was_measured(self) -> None:
        text = _page(_SHIFTED, [])
        # As XML, with the two elements that HTML leaves open closed.
        body = re.sub(r"<meta[^>]*>", "", text.replace("<!doctype html>", ""))
        ElementTree.fromstring(body)
        self.assertIn(RING.benchmark, text)
        self.assertEqual(text.count('<circle class="point"'), 30)
        self.assertIn(commit(15).hash[:8], text)

    def test_an_alert_is_marked_in_the_plot_and_listed(self) -> None:
        text = _page(_SHIFTED, [])
        self.assertIn('<g class="mark slower">', text)
        self.assertIn('<li class="slower">', text)
        self.assertIn("regression", text)
        self.assertEqual(text.count('<line class="level"'), 2)

    def test_an_acknowledged_one_is_marked_otherwise_with_its_reason(self) -> None:
        text = _page(_SHIFTED, [Acknowledged(commit(15).hash, "*", "slower", "worth it")])
        self.assertIn('<g class="mark known">', text)
        self.assertIn("acknowledged: worth it", text)
        self.assertIn("nothing got slower", text)

    def test_nothing_comes_from_elsewhere(self) -> None:
        text = _page(_SHIFTED, [])
        for wrong in ("http:", "https:", "url(", "@import", "<script", "<link", "src="):
            self.assertNotIn(wrong, text.replace("default-src", ""))

    def test_it_has_colours_for_light_and_dark(self) -> None:
        self.assertIn("prefers-color-scheme: dark", _page([1.0] * 20, []))

    def test_without_shifts_it_says_so(self) -> None:
        self.assertIn("No shift was found", _page([1.0] * 20, []))


class TicksTest(unittest.TestCase):
    def test_they_are_round_and_within(self) -> None:
        for low, high in ((0.98, 1.31), (0.0, 7.0), (1e-9, 2e-9), (900, 1e6)):
            found = plot.ticks(low, high)
            with self.subTest((low, high)):
                self.assertTrue(2 <= len(found) <= 7, found)
                self.assertGreaterEqual(found[0], low)
                self.assertLessEqual(found[-1], high * (1 + 1e-9))


if __name__ == "__main__":
    unittest.main()
