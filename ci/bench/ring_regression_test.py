# SPDX-License-Identifier: Apache-2.0
"""A regression put into the real ring buffer makes the gate exit 1 and name its commit."""

from __future__ import annotations

import shutil
import unittest

from ci.bench.fixtures import BenchTest
from ci.cli.paths import TOP

_HEADER = "runtime/kernel/console_ring.h"
_SOURCES = ("bench/console_log_benchmark.cc", "runtime/kernel/console_ring.cc")
_BEFORE = "      memcpy(to, bytes.data(), bytes.size());\n"
# Clears the room first, as somebody careful might: every long write touches its bytes twice.
_AFTER = '      memset(to, 0, bytes.size());\n      asm volatile("" ::: "memory");\n' + _BEFORE
_FLAGS = "-std=c++20 -O2 -DNDEBUG -I. -lbenchmark -lfmt -lpthread"
_COMPILE = f"c++ {' '.join(_SOURCES)} {_FLAGS} -o ring"


class RingTest(BenchTest):
    def test_a_slower_ring_is_found_and_its_commit_named(self) -> None:
        for folder in ("bench", "runtime"):
            shutil.copytree(TOP / folder, self.repository / folder)
        header = self.repository / _HEADER
        text = header.read_text()
        self.assertEqual(text.count(_BEFORE), 1)
        self.git("add", ".")
        self.git("commit", "-q", "-m", "the ring as it is")
        header.write_text(text.replace(_BEFORE, _AFTER))
        self.git("commit", "-q", "-a", "-m", "clear the room before writing")
        slow = self.git("rev-parse", "HEAD")
        where = ("--repository", str(self.repository), "--build", _COMPILE, "--program", "ring")
        effort = ("--filter", "128K/1024/(testee|floor)", "--repetitions", "7", "--rounds", "12")
        kept = ("--rounds-file", str(self.folder / "rounds.jsonl"))
        code, out, err = self.run_bench("compare", *where, *effort, *kept)
        print(out)
        self.assertEqual(code, 1, out + err)
        self.assertRegex(out, rf"slower in {slow[:10]} clear the room before writing")


if __name__ == "__main__":
    unittest.main()
