# SPDX-License-Identifier: Apache-2.0
"""A repository whose commits have a benchmark that takes no time, and how the tests run it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ci.cli import main

# Says that it took as long as its commit says, and up to 2.5 % more, as Google Benchmark does.
_BENCHMARK = """\
#!/bin/sh
for word; do
  case $word in
    --benchmark_out=*) out=${word#*=} ;;
  esac
done
noise=$(od -An -N1 -tu1 /dev/urandom)
row() {
  printf '{"name": "%s", "run_type": "iteration", "iterations": 100000000, ' "$1"
  printf '"cpu_time": %s, "real_time": 1, "time_unit": "ns"}' "$2"
}
{
  printf '{"context": {"host_name": "%s"}, "benchmarks": [' "$(uname -n)"
  row BM_Ring/testee $((TIME + noise * TIME / 10000))
  printf ','
  row BM_Ring/floor 1000
  printf ']}'
} >"$out"
"""
BUILD = ("--build", "cp benchmark built && chmod +x built", "--program", "built")


class BenchTest(unittest.TestCase):
    """Each test has an empty repository."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.repository = self.folder / "repository"
        changed = {
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **{f"GIT_{who}_NAME": "n" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "e" for who in ("AUTHOR", "COMMITTER")},
        }
        environment = mock.patch.dict(os.environ, changed)
        environment.start()
        self.addCleanup(environment.stop)
        subprocess.run(["git", "init", "-q", str(self.repository)], check=True)

    def git(self, *words: str, day: int = 1) -> str:
        environment = {**os.environ, "GIT_COMMITTER_DATE": f"2026-01-{day:02}T00:00:00Z"}
        command = ["git", "-C", str(self.repository), *words]
        answer = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        )
        return answer.stdout.strip()

    def commit(self, subject: str, text: str | None, day: int = 1) -> str:
        """Commits this text as the benchmark, or a commit without one; returns its hash."""
        file = self.repository / "benchmark"
        if text is None:
            (self.repository / "README").write_text(subject)
        else:
            file.write_text(text)
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", subject, day=day)
        return self.git("rev-parse", "HEAD")

    def timed(self, subject: str, time: int, day: int = 1) -> str:
        """Commits a benchmark that takes so many nanoseconds."""
        return self.commit(subject, _BENCHMARK.replace("TIME", str(time)), day)

    def run_bench(self, *words: str) -> tuple[int, str, str]:
        """Exit code and what was printed, of `./lxcspec bench`."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.main(("bench", *words))
        return code, out.getvalue(), err.getvalue()

    def compare(self, *words: str) -> tuple[int, str, str]:
        return self.run_bench("compare", *words, "--repository", str(self.repository), *BUILD)
