# SPDX-License-Identifier: Apache-2.0
"""What libFuzzer's output is read as, and which targets there are."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from ci.cli.fuzz import Fuzzed, Target, read_log, targets

_QUIET = """INFO: Seed: 1
#1024\tpulse  cov: 20 ft: 31 corp: 5/9b exec/s: 512 rss: 40Mb
#4096\tDONE   cov: 20 ft: 31 corp: 5/9b exec/s: 512 rss: 40Mb
stat::number_of_executed_units: 4096
"""
_CRASH = """#512\tpulse  cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 30Mb
==77==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60 at pc 0x4
artifact_prefix='/x/'; Test unit written to /x/crash-0a1b
"""
_UNDEFINED = """#2\tINITED cov: 3
runtime/config/codecs.cc:20:7: runtime error: signed integer overflow: 1 + 2
Test unit written to /x/crash-9
"""


class FuzzTest(unittest.TestCase):
    def test_a_run_without_a_finding(self) -> None:
        self.assertEqual(read_log(_QUIET), Fuzzed(4096))

    def test_an_interrupted_run_counts_what_was_said_last(self) -> None:
        self.assertEqual(read_log(_QUIET.rsplit("stat::", 1)[0]), Fuzzed(4096))

    def test_a_crash_names_its_input_and_its_reason(self) -> None:
        found = read_log(_CRASH)
        self.assertEqual((found.executions, found.found), (512, "/x/crash-0a1b"))
        self.assertRegex(found.why, "^AddressSanitizer: heap-buffer-overflow")

    def test_undefined_behaviour_is_a_finding(self) -> None:
        self.assertIn("signed integer overflow", read_log(_UNDEFINED).why)

    def test_what_never_ran_says_so(self) -> None:
        self.assertEqual(read_log("clang++: error: no such file\n"), Fuzzed(0))

    def test_targets_are_found_by_their_names(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            top = Path(folder)
            for file in ("runtime/b/z_fuzz.cc", "conformance/a_fuzz.cc", "runtime/b/other.cc"):
                (top / file).parent.mkdir(parents=True, exist_ok=True)
                (top / file).touch()
            self.assertEqual(
                targets(top), [Target("a_fuzz", "conformance"), Target("z_fuzz", "runtime/b")]
            )


if __name__ == "__main__":
    unittest.main()
