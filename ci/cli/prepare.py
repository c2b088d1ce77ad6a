# SPDX-License-Identifier: Apache-2.0
"""Finds out quickly whether anything is missing, and calls ci/setup only then."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import shutil
import subprocess
import sys
from typing import Mapping

from ci.cli import progress
from ci.cli.errors import InfrastructureError
from ci.cli.paths import TOP, packed

# What reading the specification and printing tables needs, by Debian's names.
MODULES = {
    "yaml": "python3-yaml",
    "rich": "python3-rich",
    "packaging": "python3-packaging",
    "markdown_it": "python3-markdown-it",
    "ruamel.yaml": "python3-ruamel.yaml",
}
# What the programs of the archive load.
_LIBRARIES = {
    "libmnl.so.0": "libmnl0",
    "libseccomp.so.2": "libseccomp2",
    "libstdc++.so.6": "libstdc++6",
}
# The modules by the names that pip has.
_PIP = "PyYAML rich packaging markdown-it-py ruamel.yaml"


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


def _imports(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        # Of a.b, there is no a.
        return False


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _require_of_archive(libraries: Mapping[str, str]) -> None:
    """Names what a machine with an unpacked archive lacks."""
    packages = [package for name, package in MODULES.items() if not _imports(name)]
    by_pip = f"\n  (elsewhere than on Debian: {sys.executable} -m pip install {_PIP})"
    hint = by_pip if packages else ""
    packages += [package for library, package in libraries.items() if not _loads(library)]
    if packages:
        raise InfrastructureError(f"what is missing: apt-get install {' '.join(packages)}{hint}")


def for_reading() -> None:
    """For commands that only read the tree."""
    if packed():
        _require_of_archive({})
    elif not all(map(_imports, MODULES)):
        _set_up()


def for_building() -> None:
    """For commands that build and run."""
    if packed():
        _require_of_archive(_LIBRARIES)
    elif _missing_packages() or not shutil.which("bazel"):
        _set_up()
