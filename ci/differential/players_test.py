# SPDX-License-Identifier: Apache-2.0
"""Sequences on real shared objects: the reference, and some that do harm."""

from __future__ import annotations

import os
import unittest
from pathlib import Path

from ci.differential.players import Answer, Pair, Played, Player, PlayerError

_PROGRAM = Path("conformance/differential/player").absolute()
_REFERENCE = Path("runtime/liblxc.so.1").absolute()
_HOSTILE = Path("conformance/faults/hostile").absolute()


class PlayersTest(unittest.TestCase):
    def play(self, testee: Path, *steps: tuple[str, ...], seconds: int = 10) -> Played:
        os.environ["LXCSPEC_REAL_TESTEE"] = str(_REFERENCE)
        with Player("it", _PROGRAM, testee, seconds) as player:
            player.send(steps)
            return player.receive()

    def test_every_step_is_answered(self) -> None:
        played = self.play(
            _REFERENCE,
            ("load", "lxc.uts.name = a\n"),
            ("get", "lxc.uts.name"),
            ("set", "lxc.no.such", "x"),
            ("save",),
            ("clear", "lxc.uts.name"),
            ("reopen",),
            ("get", "lxc.uts.name"),
            ("keys", "lxc.time.offset"),
            ("supported", "lxc.arch"),
            ("extension", "lxc_log"),
            ("defined",),
            ("running",),
            ("state",),
            ("config_file",),
        )
        self.assertEqual(
            [(answer.ok, answer.value) for answer in played.answers],
            [
                (True, ""),
                (True, "a"),
                (False, ""),
                (True, "lxc.uts.name = a\n"),
                (True, ""),
                (True, ""),
                (True, ""),
                (True, "boot\nmonotonic\n"),
                (True, "true"),
                (True, "true"),
                (True, "true"),
                (True, "false"),
                (True, "STOPPED"),
                (True, "$DIR/lxc/c/config"),
            ],
        )
        self.assertEqual((played.answers[2].error, played.end), ("EINVAL", "exit 0"))

    def test_a_sequence_knows_nothing_of_the_one_before(self) -> None:
        with Player("one", _PROGRAM, _REFERENCE) as one:
            with Player("other", _PROGRAM, _REFERENCE) as other:
                pair = Pair(one, other)
                pair.play([("set", "lxc.uts.name", "a"), ("reopen",)])
                mine, theirs = pair.play([("defined",), ("get", "lxc.uts.name")])
        self.assertEqual(mine, theirs)
        self.assertEqual(mine.answers, (Answer(True, "false"), Answer(True, "")))

    def test_a_crash_is_said_and_the_next_sequence_is_played(self) -> None:
        os.environ["LXCSPEC_REAL_TESTEE"] = str(_REFERENCE)
        with Player("it", _PROGRAM, _HOSTILE / "segfaults.so") as player:
            player.send([("supported", "lxc.arch")])
            self.assertEqual(player.receive(), Played((), "signal 11"))
            player.send([("supported", "lxc.arch")])
            self.assertEqual(player.receive().end, "signal 11")

    def test_what_never_answers_is_ended(self) -> None:
        self.assertEqual(
            self.play(_HOSTILE / "hangs.so", ("defined",), seconds=1), Played((), "no end")
        )

    def test_what_exits_is_said(self) -> None:
        self.assertRegex(self.play(_HOSTILE / "exits.so", ("defined",)).end, "^exit")

    def test_no_shared_object_is_an_error_with_its_reason(self) -> None:
        with self.assertRaisesRegex(PlayerError, "nonexistent"):
            self.play(Path("/nonexistent.so"), ("defined",))

    def test_a_step_that_does_not_exist_ends_the_sequence(self) -> None:
        self.assertEqual(self.play(_REFERENCE, ("fly",)), Played((), "exit 2"))


if __name__ == "__main__":
    unittest.main()
