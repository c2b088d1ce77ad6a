# SPDX-License-Identifier: Apache-2.0
"""Uses the machine's apt (mirrors, proxies, methods) without touching its state, as any user."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vmtests.kernels.errors import KernelError, NotOnMirror

APT_HELPER = "/usr/lib/apt/apt-helper"

# The releases whose mirrors have what lock.yaml names.
_DEBIAN = re.compile(
    r"(oldoldstable|oldstable|stable|testing|unstable|sid"
    r"|bullseye|bookworm|trixie|forky)"
    r"(-updates|-security|-backports|-backports-sloppy|-proposed-updates|/updates)?"
)

_NO_APT = (
    "{} is not on this machine: kernels come from a Debian mirror by way of apt; elsewhere give a "
    "kernel of your own with --kernel PATH"
)

# done, total
Progress = Callable[[int, int], None]

_TARGET_FORMAT = "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)"


@dataclass(frozen=True)
class Mirrors:
    """Base URIs by archive, in the order in which apt's configuration names them."""

    debian: tuple[str, ...]
    debian_security: tuple[str, ...]

    def of(self, archive: str) -> tuple[str, ...]:
        """Return the mirrors of an archive that the lock file names."""
        return self.debian_security if archive == "debian-security" else self.debian


def parse_targets(listing: str) -> Mirrors:
    """Read `apt-get indextargets --format _TARGET_FORMAT`."""
    debian: list[str] = []
    security: list[str] = []
    for line in listing.splitlines():
        uri, release, component = line.split("\t")
        if component != "main" or _DEBIAN.fullmatch(release) is None:
            continue
        kind = security if re.search(r"[-/](security|updates)$", release) else debian
        if release.endswith("-updates"):
            kind = debian
        uri = uri.rstrip("/")
        if uri not in kind:
            kind.append(uri)
    if not security:
        # Mirrors carry the two archives side by side.
        security = [f"{uri}-security" for uri in debian if uri.endswith("/debian")]
    return Mirrors(tuple(debian), tuple(security))


class Apt:
    """A private apt: its own lists, caches and status below `state`, and `options` on top."""

    def __init__(self, state: Path, options: Sequence[str] = ()) -> None:
        self._state = state
        self._options = tuple(options)

    def _private(self) -> list[str]:
        for part in ("lists/partial", "cache/archives/partial"):
            (self._state / part).mkdir(parents=True, exist_ok=True)
        return [
            "-o",
            f"Dir::State::Lists={self._state}/lists",
            "-o",
            f"Dir::Cache={self._state}/cache",
            "-o",
            "Dir::State::Status=/dev/null",
            # The cache is the user's: apt's own user could not write there.
            "-o",
            "APT::Sandbox::User=",
            *self._options,
        ]

    def with_sources(self, sources: str) -> Apt:
        """Return an apt that knows only the given source list."""
        self._state.mkdir(parents=True, exist_ok=True)
        path = self._state / "sources.list"
        path.write_text(sources, encoding="utf-8")
        own = ["-o", f"Dir::Etc::SourceList={path}", "-o", "Dir::Etc::SourceParts=/dev/null"]
        return Apt(self._state, [*self._options, *own])

    def run(self, program: str, *arguments: str) -> str:
        """Run an apt program with the private state and return what it prints."""
        try:
            result = subprocess.run(
                [program, *self._private(), *arguments],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError as error:
            raise KernelError(_NO_APT.format(program)) from error
        if result.returncode != 0:
            raise explain(result.stderr, f"{program} {arguments[0]}")
        return result.stdout

    def download(self, uri: str, target: Path, size: int, progress: Progress) -> None:
        """Download a file; NotOnMirror if the mirror does not have it."""
        command = [APT_HELPER, *self._private(), "download-file", uri, str(target)]
        environment = {**os.environ, "LC_ALL": "C"}
        with (self._state / "download.log").open("w+", encoding="utf-8", errors="replace") as log:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
                )
            except FileNotFoundError as error:
                raise KernelError(_NO_APT.format(APT_HELPER)) from error
            try:
                while process.poll() is None:
                    time.sleep(0.1)
                    if target.exists():
                        progress(min(target.stat().st_size, size), size)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            log.seek(0)
            text = log.read()
        if process.returncode != 0:
            raise explain(text, uri)
        progress(size, size)


def explain(output: str, what: str) -> KernelError:
    """Turn apt's complaint into an error that says what to do."""
    complaints = [line.strip() for line in output.splitlines() if line.startswith("E: ")]
    last = complaints[0][3:] if complaints else (output.strip().splitlines() or ["no message"])[-1]
    if re.search(r"\b404\b", output):
        return NotOnMirror(f"{what}: not on the mirror (404)")
    if "No space left on device" in output:
        return KernelError(f"{what}: the disk is full; free space or set XDG_CACHE_HOME: {last}")
    if re.search(r"resolv|connect|timed out|unreachable|refused|failure in name", output, re.I):
        return KernelError(
            f"{what}: the mirror cannot be reached; check the network and apt's proxy settings, "
            f"or give a kernel of your own with --kernel PATH: {last}"
        )
    return KernelError(f"{what}: {last}")


def machine_mirrors(apt: Apt) -> Mirrors:
    """Return the Debian mirrors of this machine's apt configuration, whatever its format."""
    # Without release information it answers from the configuration alone, before any update.
    listing = apt.run(
        "apt-get",
        "indextargets",
        "--no-release-info",
        "--format",
        _TARGET_FORMAT,
        "Identifier: Packages",
    )
    mirrors = parse_targets(listing)
    if not mirrors.debian:
        raise KernelError(
            "apt's configuration names no Debian mirror: add one to /etc/apt/sources.list.d, or "
            "give a kernel of your own with --kernel PATH"
        )
    return mirrors
