#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that Bazel refuses what the dependency rules forbid.

Copies the sources, breaks one rule at a time in the copy, and looks at why Bazel says no. Where the
unbroken copy does not build either, nothing is proved, so that is tried first. Not a Bazel test: it
runs a Bazel server of its own, with an output folder that goes when it ends.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[0] = str(TOP)

from ci.checks import tree  # noqa: E402

_LIBRARY = """
cc_library(
    name = "proof",
    srcs = ["proof.cc"],
    deps = [{deps}],
)
"""


@dataclass(frozen=True)
class Case:
    """`text` goes to the end of `file`, `source` into proof.cc beside it; Bazel must refuse
    `target` with a message that `refusal` is found in. An empty `refusal`: it must build."""

    what: str
    file: str
    target: str
    refusal: str
    text: str = ""
    source: str = "int proof;\n"


def _uses(what: str, package: str, deps: str, include: str, refusal: str) -> Case:
    return Case(
        what,
        f"{package}/BUILD",
        f"//{package}:proof",
        refusal,
        _LIBRARY.format(deps=f'"{deps}"' if deps else ""),
        f'#include "{include}"\n' if include else "int proof;\n",
    )


_REQUIREMENT = """
### lxc_log.proof_of_coverage
level: MUST   since: 4.0   kind: does   observable: nothing   needs: none
Nothing tests this.
Source: ci/checks/dependency_proof.py
"""
_INVISIBLE = r"target '//{0}' is not visible from\s+target '//{1}:proof'"
_NO_HEADER = r"{0}: No such file|undeclared inclusion"


def _invisible(used: str, package: str) -> str:
    return _INVISIBLE.format(re.escape(used), re.escape(package))


_TESTS, _RUNTIME = "conformance/tests", "runtime/base"
CASES = (
    Case("the sources as they are", "BUILD", "//conformance/tests:coverage", ""),
    _uses(
        "a declared and visible dependency",
        _RUNTIME,
        "//runtime/base:unique_fd",
        "runtime/base/unique_fd.h",
        "",
    ),
    _uses(
        "a conformance test that depends on the reference",
        _TESTS,
        "//runtime/config:keys",
        "",
        _invisible("runtime/config:keys", _TESTS),
    ),
    _uses(
        "the reference depending on the suite",
        _RUNTIME,
        "//conformance/testee:testee",
        "",
        _invisible("conformance/testee:testee", _RUNTIME),
    ),
    _uses(
        "a conformance test that includes the reference without saying so",
        _TESTS,
        "",
        "runtime/base/unique_fd.h",
        _NO_HEADER.format("runtime/base/unique_fd.h"),
    ),
    Case(
        "a requirement without a test",
        "spec/extensions/lxc_log.md",
        "//conformance/tests:coverage",
        r"lxc_log\.proof_of_coverage",
        _REQUIREMENT,
    ),
)


class Copy:
    """The sources in a folder of their own, and a Bazel for it."""

    def __init__(self, folder: Path) -> None:
        self._top = folder / "lxcspec"
        self._output = folder / "output"
        for name in tree.paths_of(TOP, with_untracked=False):
            if not (TOP / name).is_file():
                continue
            (self._top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, self._top / name, follow_symlinks=False)

    def _bazel(self, *words: str) -> subprocess.CompletedProcess[str]:
        # What the machine says of its Bazel holds, but for where the output goes.
        flags = (
            shlex.split(os.environ.get("LXCSPEC_BAZEL_FLAGS", "")) if words[0] == "build" else []
        )
        return subprocess.run(
            [
                "bazel",
                f"--output_base={self._output}",
                "--max_idle_secs=60",
                words[0],
                *flags,
                *words[1:],
            ],
            cwd=self._top,
            capture_output=True,
            text=True,
            check=False,
        )

    def try_case(self, case: Case) -> str:
        """What is wrong, or nothing."""
        changed = self._top / case.file
        source = changed.parent / "proof.cc"
        before = changed.read_text(encoding="utf-8")
        try:
            changed.write_text(before + case.text, encoding="utf-8")
            source.write_text(case.source, encoding="utf-8")
            done = self._bazel("build", "--color=no", "--noshow_progress", case.target)
        finally:
            changed.write_text(before, encoding="utf-8")
            source.unlink()
        if not case.refusal:
            return "" if done.returncode == 0 else f"does not build:\n{done.stderr}"
        if done.returncode == 0:
            return "was built"
        return (
            ""
            if re.search(case.refusal, done.stderr)
            else f"was refused for another reason:\n{done.stderr}"
        )

    def shut_down(self) -> None:
        self._bazel("shutdown")
        # Bazel makes its outputs read-only.
        subprocess.run(["chmod", "-R", "u+w", str(self._output)], check=False)


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory(prefix="lxcspec-proof-", ignore_cleanup_errors=True) as folder:
        copy = Copy(Path(folder))
        try:
            for case in CASES:
                wrong = copy.try_case(case)
                wanted = "is refused" if case.refusal else "builds"
                print(f"{'FAILED' if wrong else 'ok':6} {case.what} {wanted}", flush=True)
                if wrong:
                    failed += 1
                    print(f"       it {wrong}")
        finally:
            copy.shut_down()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
