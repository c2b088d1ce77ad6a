# SPDX-License-Identifier: Apache-2.0
"""Makes the lock file anew from what the mirror has today."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cmp_to_key
from pathlib import Path
from subprocess import run

from vmtests.kernels.apt import Apt, Mirrors, machine_mirrors
from vmtests.kernels.errors import KernelError
from vmtests.kernels.lock import LockedKernel, Package

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

SUITES = {
    "debian": ("bullseye", "bookworm", "bookworm-backports"),
    "debian-security": ("bullseye-security", "bookworm-security"),
}

# The packages of a series. The cloud flavour is small, and has no drivers that a guest could miss.
SERIES = {
    "5.10": r"linux-image-5\.10\.0-\d+-cloud-amd64",
    "6.1": r"linux-image-6\.1\.0-\d+-cloud-amd64",
    "6.12": r"linux-image-6\.12\.\d+\+deb12(\.\d+)?-cloud-amd64",
}

# How many of the newest to keep; a mirror drops all but the last of a release before long.
_NEWEST = 3


def compare_versions(left: str, right: str) -> int:
    """Compare Debian versions as dpkg does."""
    if left == right:
        return 0
    older = run(["dpkg", "--compare-versions", left, "lt", right], check=False).returncode == 0
    return -1 if older else 1


def stanzas(text: str) -> Iterator[Mapping[str, str]]:
    """Split `apt-cache show` into packages of single-line fields."""
    for block in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != " "
        )
        if fields:
            yield fields


def choose(packages: Iterable[Mapping[str, str]], pattern: str) -> list[LockedKernel]:
    """Return a series' newest kernels, newest first, and the newest that a release carries."""
    found: dict[str, Package] = {}
    for fields in packages:
        if not re.fullmatch(pattern, fields["Package"]):
            continue
        path = fields["Filename"]
        found[fields["SHA256"]] = Package(
            package=fields["Package"],
            version=fields["Version"],
            archive="debian-security" if path.startswith("pool/updates/") else "debian",
            path=path,
            sha256=fields["SHA256"],
            size=int(fields["Size"]),
        )
    order = cmp_to_key(compare_versions)
    ordered = sorted(
        found.values(),
        key=lambda package: order(package.version),
        reverse=True,
    )
    kept = ordered[:_NEWEST]
    # The last one that entered a release stays on the mirrors as long as the release does.
    lasting = [package for package in ordered if package.archive == "debian"]
    if lasting and lasting[0] not in kept:
        kept.append(lasting[0])
    return [LockedKernel((package,)) for package in kept]


def sources(mirrors: Mirrors) -> str:
    """Return a source list for apt with the suites that have the series' kernels."""
    signed = f" signed-by={KEYRING}" if KEYRING.exists() else ""
    lines = []
    for archive, suites in SUITES.items():
        if not mirrors.of(archive):
            raise KernelError(f"apt's configuration names no mirror of {archive}; add one")
        for suite in suites:
            lines.append(f"deb [arch=amd64{signed}] {mirrors.of(archive)[0]} {suite} main\n")
    return "".join(lines)


def refresh(apt: Apt) -> dict[str, list[LockedKernel]]:
    """Ask the mirror for every series' kernels."""
    mirrors = machine_mirrors(apt)
    private = apt.with_sources(sources(mirrors))
    private.run("apt-get", "update")
    listing = private.run("apt-cache", "search", "--names-only", "^linux-image-.*-cloud-amd64$")
    names = [line.split(" ", 1)[0] for line in listing.splitlines()]
    packages = list(stanzas(private.run("apt-cache", "show", *names)))
    lock = {}
    for series, pattern in SERIES.items():
        lock[series] = choose(packages, pattern)
        if not lock[series]:
            raise KernelError(f"the mirror has no kernel of series {series}")
    return lock
