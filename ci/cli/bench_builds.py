# SPDX-License-Identifier: Apache-2.0
"""Benchmark programs of commits: each is built from the commit's own sources and kept."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci.cli import bazel, progress
from ci.cli.errors import InfrastructureError, UsageError
from ci.cli.paths import TOP, shown

if TYPE_CHECKING:
    from bench.tracking.history import Commit
    from bench.tracking.program import Program

DEFAULT_TARGET = "//bench:console_log_benchmark"
# What the measured program is built with: debug builds measure the compiler's patience.
_FLAGS = ("--compilation_mode=opt",)
WORKING_TREE = "."


@dataclass(frozen=True)
class Recipe:
    """How sources become a program. Without a command, Bazel builds the target."""

    repository: Path
    target: str
    command: str
    program: str
    flags: tuple[str, ...] = ()

    @property
    def build(self) -> str:
        """Names the way of building, for figures that only compare with their like."""
        return f"{self.command}: {self.program}" if self.command else f"{self.target} opt"


class NoSuchBenchmark(InfrastructureError):
    """The commit's sources do not have it."""


def _git(repository: Path, *words: str) -> str:
    answer = subprocess.run(
        ["git", "-C", str(repository), *words], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        said = answer.stderr.strip().removeprefix("fatal: ")
        raise UsageError(f"git {words[0]} in {shown(repository)}: {said}")
    return answer.stdout.strip()


def commit_of(repository: Path, revision: str) -> Commit:
    from bench.tracking.history import Commit

    form = "--format=%H%n%s%n%cd"
    words = ("log", "-1", form, "--date=format-local:%Y-%m-%dT%H:%M:%SZ", revision, "--")
    hash_, subject, time = _git(repository, *words).split("\n")
    return Commit(hash_, subject, time)


def commits_of(repository: Path, revisions: str) -> list[Commit]:
    """The commits of a range such as main~30..main, oldest first."""
    hashes = _git(repository, "rev-list", "--reverse", "--first-parent", revisions, "--").split()
    return [commit_of(repository, hash_) for hash_ in hashes]


def between(repository: Path, first: str, last: str) -> list[Commit]:
    return commits_of(repository, f"{first}..{last}")


def _cache(repository: Path) -> Path:
    """Outside of any source tree, where nobody's build finds what is in it."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    name = hashlib.sha256(str(repository.resolve()).encode()).hexdigest()[:12]
    return Path(base) / "lxcspec" / "bench" / name


class Builder:
    """Builds revisions, one after the other, in one folder of sources."""

    def __init__(self, recipe: Recipe, line: progress.Line) -> None:
        self._recipe = recipe
        self._line = line
        self._folder = _cache(recipe.repository)
        self._used_bazel = False

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, *_: object) -> None:
        # A server with its memory would stay behind, for a folder that nobody works in.
        if self._used_bazel:
            words = bazel.command("shutdown")
            subprocess.run(words, cwd=self._sources, capture_output=True, check=False)

    @property
    def _sources(self) -> Path:
        return self._folder / "tree"

    def program(self, word: str) -> Program:
        """Of a program's path, a commit, or `.` for the working tree."""
        from bench.tracking.program import Program

        if word == WORKING_TREE:
            built = self._build(self._recipe.repository, "the working tree")
            return Program(
                self._kept(built, "working-tree"), "the working tree", self._recipe.flags
            )
        if Path(word).is_file() and os.access(word, os.X_OK):
            return Program(Path(word), word, self._recipe.flags)
        return self.of_commit(commit_of(self._recipe.repository, word))

    def of_commit(self, commit: Commit) -> Program:
        """NoSuchBenchmark where it is not in these sources."""
        from bench.tracking.program import Program

        kept = self._name(commit.hash)
        if not kept.exists():
            self._extract(commit.hash)
            kept = self._kept(self._build(self._sources, str(commit)), commit.hash)
        return Program(kept, str(commit), self._recipe.flags)

    def _name(self, of: str) -> Path:
        """By commit and by how it is built."""
        return self._folder / "programs" / f"{of}-{_digest(self._recipe.build)}"

    def _kept(self, built: Path, of: str) -> Path:
        kept = self._name(of)
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_name(f"{kept.name}.new")
        shutil.copyfile(built, draft)
        draft.chmod(0o755)
        os.replace(draft, kept)
        return kept

    def _extract(self, revision: str) -> None:
        """The commit's files, and nothing that another commit left."""
        shutil.rmtree(self._sources, ignore_errors=True)
        self._sources.mkdir(parents=True)
        with tempfile.TemporaryFile() as archive:
            words = ["git", "-C", str(self._recipe.repository), "archive", revision]
            if subprocess.run(words, stdout=archive, check=False).returncode:
                raise InfrastructureError(f"git archive {revision} failed")
            archive.seek(0)
            with tarfile.open(fileobj=archive) as tar:
                tar.extractall(self._sources)
        own_flags = TOP / "user.bazelrc"
        if not self._recipe.command and own_flags.is_file():
            shutil.copyfile(own_flags, self._sources / "user.bazelrc")

    def _build(self, sources: Path, what: str) -> Path:
        if self._recipe.command:
            return self._by_command(sources, what)
        package, _, name = self._recipe.target.removeprefix("//").partition(":")
        declared = sources / package / "BUILD"
        if not declared.is_file() or not re.search(rf'"{re.escape(name)}"', declared.read_text()):
            raise NoSuchBenchmark(f"{what} has no {self._recipe.target}")
        self._used_bazel = self._used_bazel or sources == self._sources
        flags = (*_FLAGS, "--symlink_prefix=/")
        return bazel.build([self._recipe.target], self._line, flags, sources) / package / name

    def _by_command(self, sources: Path, what: str) -> Path:
        self._line.show(f"building {what} ...")
        words = ["/bin/sh", "-c", self._recipe.command]
        ended = subprocess.run(
            words, cwd=sources, capture_output=True, text=True, errors="replace", check=False
        )
        if ended.returncode:
            said = (ended.stdout + ended.stderr).strip()[-4000:]
            raise InfrastructureError(f"{said}\nthe build of {what} failed")
        built = sources / self._recipe.program
        if not built.is_file():
            raise NoSuchBenchmark(f"{what} has no {self._recipe.program} after its build")
        return built


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
