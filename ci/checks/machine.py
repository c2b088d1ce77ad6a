# SPDX-License-Identifier: Apache-2.0
"""Asks this machine for what the tree must not name: its package registries and its paths."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterable

from ci.checks.tree import Machine

_URL = re.compile(r"https?://(?:[^/@\s]*@)?\[?([^/\s\]:]+)")
_SYSTEM = frozenset(
    "bin boot dev etc home lib media mnt opt proc run sbin srv sys tmp usr var".split()
)


def _output(*words: str) -> str:
    if not shutil.which(words[0]):
        return ""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def hosts_in(text: str) -> set[str]:
    """The hosts of the URLs in a text, but for this machine itself."""
    hosts = set(_URL.findall(text))
    return {host for host in hosts if "." in host and not host.startswith("127.")}


def _apt_sources() -> str:
    folder = Path("/etc/apt")
    files: Iterable[Path] = [folder / "sources.list", *folder.glob("sources.list.d/*")]
    return "\n".join(path.read_text(errors="replace") for path in files if path.is_file())


def paths_of(top: Path) -> tuple[str, ...]:
    """Where a checkout at `top` is, as beginnings of paths that no other machine need have."""
    paths = {f"{top}/", f"{os.path.expanduser('~')}/"}
    # The folder at the root that the checkout is in, where it is one of this machine's own.
    if len(top.parts) > 2 and top.parts[1] not in _SYSTEM:
        paths.add(f"/{top.parts[1]}/")
    return tuple(sorted(path for path in paths if path != "//"))


def look(top: Path) -> Machine:
    hosts = hosts_in(_apt_sources())
    hosts |= hosts_in(_output("apt-get", "indextargets", "--format", "$(REPO_URI)"))
    hosts |= hosts_in(_output("npm", "config", "get", "registry"))
    return Machine(frozenset(hosts), paths_of(top))
