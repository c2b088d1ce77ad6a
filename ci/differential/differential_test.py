# SPDX-License-Identifier: Apache-2.0
"""Sequences, differences, shrinking and the list of known ones: without an implementation."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from ci.differential import known
from ci.differential.difference import Difference, first_difference, same_errno
from ci.differential.generate import Generator, Step
from ci.differential.players import Answer, Played
from ci.differential.shrink import shrink

_KEYS = ("lxc.uts.name", "lxc.arch")
_STEPS: list[Step] = [("set", "lxc.net.3.mtu", "x"), ("get", "lxc.net.3.mtu"), ("save",)]
_OK = Answer(True)
_FAILS = Answer(False, error="EINVAL")


def _differ(one: Played, other: Played) -> Difference:
    found = first_difference(_STEPS, one, other)
    assert found is not None
    return found


class GeneratorTest(unittest.TestCase):
    def test_a_number_has_its_sequence_whatever_came_before(self) -> None:
        one = Generator(7, _KEYS, ("lxc_log",))
        again = [one.sequence(number) for number in range(40)]
        other = Generator(7, tuple(reversed(_KEYS)), ("lxc_log",))
        self.assertEqual(other.sequence(31), again[31])
        self.assertNotEqual(Generator(8, _KEYS, ("lxc_log",)).sequence(31), again[31])

    def test_every_step_survives_the_way_to_the_player(self) -> None:
        generator = Generator(1, _KEYS, ("lxc_log",))
        for number in range(300):
            steps = generator.sequence(number)
            self.assertEqual([tuple(s) for s in json.loads(json.dumps(steps))], steps)
            self.assertTrue(all(isinstance(word, str) for step in steps for word in step))

    def test_every_call_is_made(self) -> None:
        generator = Generator(1, _KEYS, ("lxc_log",))
        words = {step[0] for number in range(600) for step in generator.sequence(number)}
        wanted = (
            "set get clear clear_config keys load save reopen supported extension defined state"
        )
        self.assertEqual(words, set(wanted.split()))


class DifferenceTest(unittest.TestCase):
    def test_alike_is_no_difference(self) -> None:
        played = Played((_OK, _FAILS, _OK))
        self.assertIsNone(first_difference(_STEPS, played, played))

    def test_the_errno_counts_only_when_asked_for(self) -> None:
        one, other = Played((_OK, _FAILS, _OK)), Played((_OK, Answer(False, error="ENOENT"), _OK))
        self.assertIsNone(first_difference(_STEPS, one, other))
        found = first_difference(_STEPS, one, other, same_errno)
        self.assertEqual(found and found.kind, ("get", "lxc.net.N.mtu", "errno"))

    def test_the_first_that_differs_ends_the_sequence(self) -> None:
        found = _differ(Played((_FAILS, _OK, _OK)), Played((_OK, _FAILS, _OK)))
        self.assertEqual(found.steps, tuple(_STEPS[:1]))
        self.assertEqual(found.kind, ("set", "lxc.net.N.mtu", "fails / succeeds"))

    def test_values_differ(self) -> None:
        found = _differ(
            Played((_OK, Answer(True, "1"), _OK)), Played((_OK, Answer(True, "2"), _OK))
        )
        self.assertEqual(found.kind[2], "values")

    def test_a_crash_is_at_the_step_without_an_answer(self) -> None:
        found = _differ(Played((_OK, _OK, _OK)), Played((_OK,), "signal 11"))
        self.assertEqual(found.step, _STEPS[1])
        self.assertEqual(found.kind[2], "exit 0 / signal 11")

    def test_a_crash_after_the_last_answer_is_seen(self) -> None:
        played = (_OK, _OK, _OK)
        self.assertEqual(_differ(Played(played), Played(played, "signal 6")).step, _STEPS[2])

    def test_the_same_crash_in_both_is_no_difference(self) -> None:
        played = Played((_OK,), "signal 11")
        self.assertIsNone(first_difference(_STEPS, played, played))


class ShrinkTest(unittest.TestCase):
    def test_only_what_is_needed_is_left(self) -> None:
        steps: list[Step] = [
            ("save",),
            ("load", "a = 1\nb = 2\nc = 3\n"),
            ("set", "k", "abcdefgh"),
            ("get", "k"),
        ]
        least = shrink(
            steps,
            lambda s: s[-1] == ("get", "k")
            and any(x[0] == "load" and "b = 2" in x[1] for x in s)
            and any(x[0] == "set" and x[2].startswith("ab") for x in s),
        )
        self.assertEqual(least, [("load", "b = 2\n"), ("set", "k", "ab"), ("get", "k")])

    def test_it_ends(self) -> None:
        tried = 0

        def shows(_: object) -> bool:
            nonlocal tried
            tried += 1
            return False

        shrink([("save",)] * 100, shows, most=10)
        self.assertEqual(tried, 10)


class KnownTest(unittest.TestCase):
    def load(self, text: str) -> list[known.Entry]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "known.yaml"
            path.write_text(text, encoding="utf-8")
            return known.load(path, ["console_log.read_empty"])

    def test_an_entry_explains_what_matches_as_a_whole(self) -> None:
        (entry,) = self.load(
            "entries:\n- {call: set, key: 'lxc\\.net\\.\\d+\\.mtu', how: fails / succeeds, "
            "right: reference, because: no number}\n"
        )
        fails = _differ(Played((_FAILS,)), Played((_OK,)))
        self.assertTrue(entry.explains(fails))
        succeeds = _differ(Played((_OK,)), Played((_FAILS,)))
        self.assertFalse(entry.explains(succeeds))
        longer = Difference((("set", "lxc.net.3.mtu.x", ""),), _FAILS, _OK, ("exit 0", "exit 0"))
        self.assertFalse(entry.explains(longer))

    def test_what_is_not_understood_is_refused(self) -> None:
        for record, why in (
            ("{call: set, right: reference}", "who is right"),
            ("{call: set, right: me, because: x}", "who is right"),
            ("{call: set, right: both, because: x, keys: y}", "fields are"),
            ("{call: set, right: both, because: x, requirement: a.b}", "no requirement"),
        ):
            with self.assertRaisesRegex(known.KnownError, why):
                self.load(f"entries:\n- {record}\n")

    def test_what_is_no_list_of_entries_is_refused(self) -> None:
        for text, why in (
            ("entries: [", "is not YAML"),
            ("- call: set\n", "must have a list"),
            ("entries:\n- {call: fly, right: both, because: x}\n", "call is one or more"),
            ("entries:\n- {right: both, because: x}\n", "call is one or more"),
            ("entries:\n- {call: set, key: '(', right: both, because: x}\n", "no regular"),
        ):
            with self.assertRaisesRegex(known.KnownError, why):
                self.load(text)
        with self.assertRaisesRegex(known.KnownError, "cannot be read"):
            known.load(Path("/nonexistent"), ())


if __name__ == "__main__":
    unittest.main()
