# SPDX-License-Identifier: Apache-2.0
"""The gate of a change: exit codes, and the commit that is named."""

from __future__ import annotations

import json
import unittest

from ci.bench.fixtures import BenchTest

_CRASHING = "#!/bin/sh\necho 'no ring here' >&2\nexit 7\n"
_TRUNCATED = """#!/bin/sh
for word; do case $word in --benchmark_out=*) echo '{"benchmarks": [' >"${word#*=}" ;; esac; done
"""


class CompareTest(BenchTest):
    def gate(self, *words: str) -> tuple[int, str, str]:
        return self.compare("--rounds", "10", "--rounds-file", str(self.rounds), *words)

    def setUp(self) -> None:
        super().setUp()
        self.rounds = self.folder / "rounds.jsonl"

    def test_a_slower_commit_fails_the_gate_and_is_named(self) -> None:
        self.timed("a ring", 1000)
        slow = self.timed("check every byte", 1100)
        code, out, _ = self.gate()
        self.assertEqual(code, 1)
        self.assertRegex(out, rf"BM_Ring \(ratio to floor\) is \+\d+\.\d% slower in {slow[:10]} ")
        self.assertIn("check every byte", out)

    def test_a_commit_that_is_not_slower_passes(self) -> None:
        self.timed("a ring", 1000)
        self.timed("a faster ring", 900)
        code, out, _ = self.gate()
        self.assertEqual((code, "none: 10 rounds of 1 benchmarks" in out), (0, True))

    def test_the_same_program_needs_no_measuring(self) -> None:
        self.timed("a ring", 1000)
        self.commit("words", None)
        code, out, _ = self.gate()
        self.assertEqual(code, 0)
        self.assertIn("the same program", out)
        self.assertFalse(self.rounds.exists())

    def test_rounds_are_kept_and_gone_on_with(self) -> None:
        self.timed("a ring", 1000)
        self.timed("another", 1001)
        self.assertEqual(self.gate()[0], 0)
        before = self.rounds.read_bytes()
        file = self.folder / "judged.json"
        code, out, _ = self.gate("--rounds", "12", "--json", str(file))
        self.assertEqual(code, 0)
        self.assertTrue(self.rounds.read_bytes().startswith(before))
        judged = json.loads(file.read_text())
        self.assertEqual((judged["rounds"], judged["verdict"]), (12, "none"))

    def test_too_few_rounds_are_not_enough(self) -> None:
        self.timed("a ring", 1000)
        self.timed("another", 2000)
        code, _, err = self.gate("--rounds", "3")
        self.assertEqual(code, 3)
        self.assertIn("need 8 rounds", err)

    def test_rounds_of_another_machine_are_not_comparable(self) -> None:
        self.timed("a ring", 1000)
        self.timed("another", 1001)
        self.gate()
        head, *rest = self.rounds.read_text().splitlines()
        changed = json.loads(head)
        changed["machine"]["microcode"] = "0xdead"
        self.rounds.write_text("\n".join([json.dumps(changed), *rest]) + "\n")
        code, _, err = self.gate()
        self.assertEqual(code, 2)
        self.assertIn("microcode: '0xdead'", err)

    def test_rounds_of_other_programs_are_not_comparable(self) -> None:
        self.timed("a ring", 1000)
        self.timed("another", 1001)
        self.gate()
        self.timed("a third", 1002)
        self.assertEqual(self.gate()[0], 2)

    def test_a_program_that_fails_is_no_data(self) -> None:
        good = self.timed("a ring", 1000)
        for text, wanted in (
            (_CRASHING, "ended with 7: no ring here"),
            (_TRUNCATED, "no whole JSON"),
        ):
            self.commit("broken", text)
            self.rounds.unlink(missing_ok=True)
            code, _, err = self.gate(good, "HEAD")
            self.assertEqual(code, 3)
            self.assertIn(wanted, err)

    def test_a_build_that_fails_is_no_data(self) -> None:
        self.commit("nothing", None)
        self.timed("a ring", 1000)
        code, _, err = self.gate()
        self.assertEqual(code, 3)
        self.assertIn("the build of", err)

    def test_what_is_no_commit_is_bad_usage(self) -> None:
        self.timed("a ring", 1000)
        self.assertEqual(self.gate("HEAD", "nowhere")[0], 2)


if __name__ == "__main__":
    unittest.main()
