# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Iterator, Sequence

from ci.mutants import campaign, reasons, score
from ci.mutants.campaign import Book, Reach, Verdict
from ci.mutants.mutator import Mutant
from ci.mutants.witnesses import CONFORMANCE, UNIT, Environment, Test


def mutant(number: int, file: str = "runtime/extensions/one.cc") -> Mutant:
    return Mutant(number, f"m{number}", file, 1, "negated", "x")


class Fake:
    """Fails these tests when mutant 1 is on; `once` only the first time."""

    def __init__(self, failing: Sequence[str], once: bool = False) -> None:
        self.failing = list(failing)
        self.once = once
        self.ran: list[str] = []

    def run(
        self, tests: Sequence[Test], environment: Environment
    ) -> Iterator[tuple[str, bool, float]]:
        for test in tests:
            self.ran.append(test.name)
            fails = environment.words.get("LXCSPEC_MUTANT") == "1" and test.name in self.failing
            if fails and self.once:
                self.failing.remove(test.name)
            yield test.name, not fails, 0.1


TESTS = {
    "//u": Test("//u", UNIT, 2.0),
    "One.A": Test("One.A", CONFORMANCE, 3.0, "one"),
    "Two.A": Test("Two.A", CONFORMANCE, 0.1, "two"),
    "Two.B": Test("Two.B", CONFORMANCE, 0.2, "two"),
    "Three.A": Test("Three.A", CONFORMANCE, 0.3, "three"),
}
REACH = Reach(TESTS, {1: list(TESTS), 2: ["Two.A"]})


class CampaignTest(unittest.TestCase):
    def judge(self, number: int, runner: Fake, most: int = 60) -> Verdict:
        return campaign.judge(mutant(number), REACH, {UNIT: runner, CONFORMANCE: runner}, most)

    def test_the_likeliest_test_comes_first(self) -> None:
        names = [test.name for test in campaign.in_order(mutant(1), REACH, 60)]
        self.assertEqual(names, ["//u", "One.A", "Two.A", "Three.A", "Two.B"])

    def test_no_more_tests_than_asked_for_but_all_of_its_own_extension(self) -> None:
        names = [test.name for test in campaign.in_order(mutant(1), REACH, 1)]
        self.assertEqual(names, ["//u", "One.A"])

    def test_the_first_kill_ends_it(self) -> None:
        runner = Fake(["One.A", "Two.B"])
        self.assertEqual(self.judge(1, runner).by, "One.A")
        self.assertNotIn("Two.B", runner.ran)

    def test_a_failure_that_does_not_repeat_kills_nothing(self) -> None:
        self.assertFalse(self.judge(1, Fake(["One.A"], once=True)).killed)

    def test_a_mutant_that_no_test_comes_to_survives(self) -> None:
        found = campaign.judge(mutant(3), REACH, {}, 60)
        self.assertEqual((found.killed, found.reaching), (False, 0))

    def test_survivors_meet_new_tests_and_the_killed_stay_so(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "verdicts"
            keys = {"m1": "a", "m2": "a"}
            book = Book(file, keys, "old")
            book.note(Verdict("m1", True, "One.A"))
            book.note(Verdict("m2", False))
            self.assertEqual(set(Book(file, keys, "old").known), {"m1", "m2"})
            self.assertEqual(set(Book(file, keys, "new").known), {"m1"})
            self.assertEqual(set(Book(file, {"m1": "b", "m2": "a"}, "old").known), {"m2"})


class ReasonsTest(unittest.TestCase):
    VERDICTS = (Verdict("m1", True, "One.A"), Verdict("m2", False), Verdict("m3", False))

    def load(self, text: str) -> dict[str, reasons.Reason]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "survivors.yaml"
            file.write_text(text, encoding="utf-8")
            return reasons.load(file)

    def entry(self, name: str, kind: str = "equivalent") -> str:
        return f"survivors:\n- kind: {kind}\n  because: it is\n  mutants: [{name}]\n"

    def test_a_survivor_needs_a_reason(self) -> None:
        found = reasons.wrong(self.load(self.entry("m2")), {"m1", "m2", "m3"}, self.VERDICTS)
        self.assertEqual(found, ["nothing kills 'm3', and it has no reason"])

    def test_a_reason_for_the_killed_or_the_gone_is_wrong(self) -> None:
        self.assertIn(
            "One.A kills 'm1'", reasons.wrong(self.load(self.entry("m1")), {"m1"}, self.VERDICTS)[0]
        )
        self.assertIn("no mutant 'm9'", reasons.wrong(self.load(self.entry("m9")), {"m1"}, ())[0])

    def test_what_is_not_understood_is_refused(self) -> None:
        for text in ("", "other: []", self.entry("m1", "whim"), self.entry("m1, m1")):
            with self.assertRaises(reasons.ReasonsError):
                self.load(text)


class ScoreTest(unittest.TestCase):
    def test_equivalent_mutants_are_not_viable(self) -> None:
        excused = {"m2": reasons.Reason("equivalent", "it is")}
        found = score.score(100, ReasonsTest.VERDICTS, excused)
        self.assertEqual(
            (found.judged, found.killed, found.viable, found.unexplained), (3, 1, 2, 1)
        )

    def test_a_sample_leaves_doubt_and_everything_none(self) -> None:
        # Wilson's interval of 90 out of 100 is 0.826 to 0.945, as textbooks have it.
        low, high = score.interval(90, 100, 10**9)
        self.assertAlmostEqual(low, 0.826, 3)
        self.assertAlmostEqual(high, 0.945, 3)
        self.assertEqual(score.interval(90, 100, 100), (0.9, 0.9))


if __name__ == "__main__":
    unittest.main()
