#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of counting instructions, with programs that say what they executed."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from bench.tracking import instructions

# As Google Benchmark: a row with the iterations that were asked for, or with ITERATIONS of its own.
_BENCHMARK = """#!/bin/sh
for word; do case $word in --benchmark_out=*) out=${word#*=} ;; esac; done
echo "{\\"benchmarks\\": [{\\"iterations\\": ${OWN:-$LXCSPEC_BENCH_ITERATIONS}}]}" >"$out"
"""
# 5,000 for the program's start, and 17 an iteration.
_PERF = """#!/bin/sh
out=$6; shift 6
echo "$((5000 + 17 * LXCSPEC_BENCH_ITERATIONS)),,instructions:u,1,100.00,," >"$out"
exec "$@"
"""
_VALGRIND = """#!/bin/sh
out=${2#*=}; shift 2
printf 'events: Ir\\ntotals: %d\\n' "$((9000 + 21 * LXCSPEC_BENCH_ITERATIONS))" >"$out"
exec "$@"
"""
_WITHOUT_A_COUNTER = """#!/bin/sh
echo '<not supported>,,instructions:u,0,100.00,,' >"$6"
"""


class InstructionsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        path = mock.patch.dict(os.environ, {"PATH": f"{self.folder}:/usr/bin:/bin"})
        path.start()
        self.addCleanup(path.stop)
        instructions.counter.cache_clear()
        self.addCleanup(instructions.counter.cache_clear)
        self.program = [self.made("benchmark", _BENCHMARK)]

    def made(self, name: str, text: str) -> str:
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o755)
        return str(file)

    def test_perf_counts_where_the_machine_has_a_counter(self) -> None:
        self.made("perf", _PERF)
        by, count = instructions.counter()
        self.assertEqual(by, instructions.PERF)
        assert count is not None
        self.assertEqual(instructions.of_iteration(count, self.program, "BM_A/testee"), 17)

    def test_callgrind_counts_where_perf_cannot(self) -> None:
        self.made("perf", _WITHOUT_A_COUNTER)
        self.made("valgrind", _VALGRIND)
        by, count = instructions.counter()
        self.assertEqual(by, instructions.CALLGRIND)
        assert count is not None
        self.assertEqual(instructions.of_iteration(count, self.program, "BM_A/testee"), 21)

    def test_nobody_counts_without_either(self) -> None:
        self.made("perf", _WITHOUT_A_COUNTER)
        os.environ["PATH"] = str(self.folder)
        self.assertEqual(instructions.counter(), (instructions.NOBODY, None))

    def test_of_a_program_that_does_other_iterations_nothing_is_counted(self) -> None:
        self.made("perf", _PERF)
        os.environ["OWN"] = "123456"
        found = instructions.of_iteration(instructions.by_perf, self.program, "BM_A/testee")
        self.assertIsNone(found)

    def test_of_a_program_that_fails_nothing_is_counted(self) -> None:
        self.made("perf", _PERF)
        failing = [self.made("failing", "#!/bin/sh\nexit 1\n")]
        found = instructions.of_iteration(instructions.by_perf, failing, "BM_A/testee")
        self.assertIsNone(found)


if __name__ == "__main__":
    unittest.main()
