# SPDX-License-Identifier: Apache-2.0
"""Rules about tests: no skipping, no sleeping, no look at whom they judge."""

from __future__ import annotations

import re
from typing import Iterator

from ci.checks.tree import Finding, Tree, is_cpp, tokens_of

_SKIPS = frozenset({"GTEST_SKIP"})
_PYTHON_SKIP = re.compile(r"\b(unittest\.skip\w*|\.skipTest|pytest\.skip|pytest\.mark\.skip\w*)\b")
_SLEEPS = frozenset({"sleep", "usleep", "nanosleep", "clock_nanosleep", "sleep_for", "sleep_until"})
_PYTHON_SLEEP = re.compile(r"\btime\.sleep\s*\(|\bfrom time import\b.*\bsleep\b")
_WHO = re.compile(r"liblxc", re.IGNORECASE)
_VERSIONS = frozenset({"Version", "lxc_get_version", "uname", "LXC_VERSION", "LXC_VERSION_MAJOR"})


def _is_test(path: str) -> bool:
    in_suite = path.startswith(("conformance/tests/", "conformance/harness/"))
    return path.endswith(("_test.cc", "_test.py", "_test.h")) or (in_suite and is_cpp(path))


def skips(tree: Tree) -> Iterator[Finding]:
    """A test skips only by a need that the harness knows: then the verdict has its reason."""
    for path, text in tree.files.items():
        if is_cpp(path) and not path.startswith("conformance/harness/"):
            for token in tokens_of(text):
                if token.kind == "word" and token.text in _SKIPS:
                    said = f"a bare {token.text}: declare what the test needs in the specification"
                    yield Finding(path, token.line, f"{said}, and the harness does the rest")
    for path, number, line in tree.lines(lambda path: path.endswith("_test.py")):
        match = _PYTHON_SKIP.search(line)
        if match:
            said = f"'{match[1]}': a skipped test proves nothing; leave it out by a tag in BUILD"
            yield Finding(path, number, said)


def sleeps(tree: Tree) -> Iterator[Finding]:
    """A test waits for something, with a deadline, and never just for a while."""
    said = "a sleep in a test: wait for what is to happen (AwaitReadable, AwaitExit, Eventually)"
    for path, text in tree.files.items():
        if not (_is_test(path) and is_cpp(path)):
            continue
        tokens = tokens_of(text)
        for token, following in zip(tokens, tokens[1:]):
            if token.kind == "word" and token.text in _SLEEPS and following.text == "(":
                yield Finding(path, token.line, said)
    for path, number, line in tree.lines(lambda path: path.endswith("_test.py")):
        if _PYTHON_SLEEP.search(line):
            yield Finding(
                path, number, said.replace("(AwaitReadable, AwaitExit, Eventually)", "").strip()
            )


def judges_blindly(tree: Tree) -> Iterator[Finding]:
    """A conformance test neither knows whom it judges nor on which kernel."""
    for path, text in tree.files.items():
        if not (path.startswith("conformance/tests/") and is_cpp(path)):
            continue
        for token in tokens_of(text):
            if token.kind == "directive":
                continue
            who = _WHO.search(token.text)
            if token.kind == "word" and token.text in _VERSIONS:
                what = f"'{token.text}'"
            elif who:
                what = f"'{who[0]}'"
            else:
                continue
            said = f"{what}: a conformance test does not look at whom it judges, or where"
            yield Finding(
                path, token.line, f"{said}; divergences belong into conformance/expectations"
            )
