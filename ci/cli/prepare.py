# SPDX-License-Identifier: Apache-2.0
"""Finds out quickly whether anything is missing, and calls ci/setup only then."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess

from ci.cli import progress
from ci.cli.errors import InfrastructureError
from ci.cli.paths import TOP

# What reading the specification and printing tables needs.
MODULES = ("yaml", "rich", "packaging", "markdown_it")


def _wanted_packages() -> list[str]:
    lines = (TOP / "ci" / "packages.txt").read_text(encoding="utf-8").splitlines()
    names = (line.split("#", 1)[0].strip() for line in lines)
    return [name for name in names if name]


def _missing_packages() -> bool:
    """Whether dpkg lacks a package; True as well where there is no dpkg to ask."""
    wanted = _wanted_packages()
    if not shutil.which("dpkg-query"):
        return True
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    have = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return not set(wanted) <= have


def _set_up() -> None:
    setup = TOP / "ci" / "setup"
    progress.say("Something that the project needs is missing: running ci/setup.")
    try:
        code = subprocess.run([str(setup)], check=False).returncode
    except OSError as error:
        raise InfrastructureError(f"cannot run {setup}: {error.strerror}") from error
    if code:
        raise InfrastructureError(f"ci/setup ended with {code}; see its message above")
    importlib.invalidate_caches()


def for_reading() -> None:
    """For commands that only read the tree."""
    if any(importlib.util.find_spec(name) is None for name in MODULES):
        _set_up()


def for_building() -> None:
    """For commands that build and run."""
    if _missing_packages() or not shutil.which("bazel"):
        _set_up()
