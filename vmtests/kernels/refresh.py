# SPDX-License-Identifier: Apache-2.0
"""Makes the lock file anew from what the mirror has today."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cmp_to_key
from pathlib import Path
from subprocess import run

from vmtests.kernels.apt import Apt, Mirrors, machine_mirrors
from vmtests.kernels.errors import KernelError, NotOnMirror
from vmtests.kernels.lock import Lock, LockedKernel, Package

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

SUITES = {
    "debian": ("bullseye", "bookworm", "bookworm-backports", "trixie-backports"),
    "debian-security": ("bullseye-security", "bookworm-security"),
}

# The packages of a series: the image, which up to 6.18 brings its modules along. The cloud flavour
# is small, and has no drivers that a guest could miss.
SERIES = {
    "5.10": r"linux-image-5\.10\.0-\d+-cloud-amd64",
    "6.1": r"linux-image-6\.1\.0-\d+-cloud-amd64",
    "6.12": r"linux-image-6\.12\.\d+\+deb12(\.\d+)?-cloud-amd64",
    **{
        series: rf"linux-image-{re.escape(series)}\.\d+\+deb13(\.\d+)?-cloud-amd64"
        for series in ("6.16", "6.17", "6.18")
    },
    **{
        series: rf"linux-binary-{re.escape(series)}\.\d+\+deb13(\.\d+)?-cloud-amd64"
        for series in ("6.19", "7.0", "7.1", "7.2", "7.3")
    },
}

_LISTED = "^linux-(image|binary|modules)-[0-9].*-cloud-amd64$"
_SPLIT = "linux-binary-"
_MODULES = "linux-modules-"

# How many of the newest to keep; a mirror drops all but the last of a release before long.
_NEWEST = 3

Say = Callable[[str], None]
# Finds the modules of an image that the index has no modules for; None if there are none.
FindModules = Callable[[Package], Package | None]


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


def listed_packages(stanzas_shown: Iterable[Mapping[str, str]]) -> list[Package]:
    """Return the packages of an index, each once, newest first."""
    found: dict[str, Package] = {}
    for fields in stanzas_shown:
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
    return sorted(found.values(), key=lambda package: order(package.version), reverse=True)


def _no_modules(image: Package) -> Package | None:
    del image
    return None


def modules_name(image: Package) -> str:
    """Return the package that has the modules of an image that comes without."""
    return _MODULES + image.package.removeprefix(_SPLIT)


def choose(
    packages: Sequence[Package], pattern: str, unlisted: FindModules = _no_modules
) -> list[LockedKernel]:
    """Return a series' newest kernels, newest first, and the newest that a release carries.

    `packages` are newest first. An image whose modules the index has dropped gets them from
    `unlisted`, and is left out where that finds none.
    """
    ordered = [package for package in packages if re.fullmatch(pattern, package.package)]
    by_name = {(package.package, package.version): package for package in packages}

    def whole(image: Package) -> LockedKernel | None:
        if not image.package.startswith(_SPLIT):
            return LockedKernel((image,))
        modules = by_name.get((modules_name(image), image.version)) or unlisted(image)
        return LockedKernel((image, modules)) if modules else None

    kept: list[LockedKernel] = []
    for image in ordered:
        if len(kept) == _NEWEST:
            break
        kernel = whole(image)
        if kernel is not None:
            kept.append(kernel)
    # The last one that entered a release stays on the mirrors as long as the release does.
    lasting = next((package for package in ordered if package.archive == "debian"), None)
    if lasting is not None and all(kernel.packages[0] != lasting for kernel in kept):
        kernel = whole(lasting)
        if kernel is not None:
            kept.append(kernel)
    return kept


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


def _series_order(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split("."))


def nearest(packages: Sequence[Package], series: str) -> str:
    """Say which kernel of `packages` (newest first) comes closest to `series`; "" if none does."""
    pattern = SERIES.get(series, "")
    for package in packages:
        if re.fullmatch(pattern, package.package):
            return f"{package.package} {package.version}"
    there = [
        (other, package)
        for other, other_pattern in SERIES.items()
        for package in packages
        if re.fullmatch(other_pattern, package.package)
    ]
    major, minor = _series_order(series)[:2]

    def distance(entry: tuple[str, Package]) -> tuple[int, int]:
        other = _series_order(entry[0])
        return abs(other[0] - major), abs(other[1] - minor)

    if not there:
        return ""
    other, package = min(there, key=distance)
    return f"{package.package} {package.version} (series {other})"


def vanished(old: Lock, packages: Sequence[Package]) -> list[str]:
    """Name each locked file that the index has dropped, and what is nearest to it."""
    there = {package.sha256 for package in packages}
    lines = []
    for series, kernels in old.items():
        for kernel in kernels:
            gone = [p for p in kernel.packages if p.vouched and p.sha256 not in there]
            for package in gone:
                near = nearest(packages, series)
                lines.append(
                    f"kernel {series}: {package.package} {package.version} has vanished from the "
                    f"mirror's index; the nearest there is {near or 'none'}"
                )
    return lines


class Index:
    """What the mirror lists, asked through a private apt."""

    def __init__(self, apt: Apt) -> None:
        self._apt = apt
        self._mirrors = machine_mirrors(apt)

    def packages(self) -> list[Package]:
        """Ask for every kernel package, newest first."""
        private = self._apt.with_sources(sources(self._mirrors))
        private.run("apt-get", "update")
        listing = private.run("apt-cache", "search", "--names-only", _LISTED)
        names = [line.split(" ", 1)[0] for line in listing.splitlines()]
        return listed_packages(stanzas(private.run("apt-cache", "show", *names)))

    def unlisted(self, known: Lock, say: Say) -> FindModules:
        """Return a finder of modules that are in the mirror's pool and in no index any more."""
        locked = {
            (package.package, package.version): package
            for kernels in known.values()
            for kernel in kernels
            for package in kernel.packages
        }

        def find(image: Package) -> Package | None:
            name = modules_name(image)
            before = locked.get((name, image.version))
            if before is not None:
                return replace(before, vouched=False)
            path = f"pool/main/l/linux/{name}_{image.version}_amd64.deb"
            say(f"{name} {image.version} is in no index; taking its SHA-256 from the file")
            with tempfile.TemporaryDirectory(prefix="lxcspec-lock-") as folder:
                target = Path(folder) / "modules.deb"
                try:
                    mirror = self._mirrors.debian[0]
                    self._apt.download(
                        f"{mirror}/{path}", target, image.size, lambda done, of: None
                    )
                except NotOnMirror:
                    say(f"{name} {image.version} has vanished altogether; its kernel is left out")
                    return None
                with target.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = target.stat().st_size
            return Package(name, image.version, image.archive, path, digest, size, vouched=False)

        return find


def refresh(apt: Apt, known: Lock, say: Say) -> dict[str, list[LockedKernel]]:
    """Ask the mirror for every series' kernels; `known` is the lock so far."""
    index = Index(apt)
    packages = index.packages()
    for line in vanished(known, packages):
        say(line)
    unlisted = index.unlisted(known, say)
    lock = {}
    for series, pattern in SERIES.items():
        lock[series] = choose(packages, pattern, unlisted)
        if not lock[series]:
            near = nearest(packages, series)
            raise KernelError(
                f"the mirror has no kernel of series {series}; the nearest is {near or 'none'}"
            )
    return lock
