# SPDX-License-Identifier: Apache-2.0
"""The whole specification, read from its sources: for tools and the front end, without a build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spec.tools import chapter, registry
from spec.tools.errors import Problem, Problems, SpecError, did_you_mean
from spec.tools.model import (
    LXC_LEVELS,
    Chapter,
    Extension,
    Level,
    Need,
    Requirement,
    release_key,
)

ROOT = Path(__file__).resolve().parent.parent  # the folder spec/


class UnknownName(LookupError):
    """A name that is not there, with the nearest one that is."""


@dataclass(frozen=True)
class Catalogue:
    """Everything in the registry's order; requirements in their chapters' order."""

    extensions: dict[str, Extension]
    needs: dict[str, Need]
    levels: dict[str, Level]
    chapters: dict[str, Chapter]

    @property
    def requirements(self) -> dict[str, Requirement]:
        return {r.id: r for each in self.chapters.values() for r in each.requirements}

    def extension(self, name: str) -> Extension:
        """Raises UnknownName."""
        if name in self.extensions:
            return self.extensions[name]
        raise UnknownName(f"no extension '{name}'{did_you_mean(name, self.extensions)}")

    def requirement(self, id_: str) -> Requirement:
        """Takes an id, or the constant's name as a test cites it. Raises UnknownName."""
        requirements = self.requirements
        if id_ in requirements:
            return requirements[id_]
        for requirement in requirements.values():
            if id_ in (requirement.constant, requirement.constant.removeprefix("spec::")):
                return requirement
        if id_ in self.extensions and not self.extensions[id_].chapter:
            raise UnknownName(f"'{id_}' has no chapter yet, and so no requirements")
        if id_ in self.extensions:
            raise UnknownName(f"'{id_}' is an extension, not one of its requirements")
        slugs = {r.slug: r.id for r in requirements.values()}
        if id_ in slugs:
            raise UnknownName(f"no requirement '{id_}'; did you mean '{slugs[id_]}'?")
        raise UnknownName(f"no requirement '{id_}'{did_you_mean(id_, requirements)}")

    def of_extension(self, name: str) -> tuple[Requirement, ...]:
        """The extension's requirements; none where it has no chapter. Raises UnknownName."""
        self.extension(name)
        return self.chapters[name].requirements if name in self.chapters else ()

    def at_level(self, level: str) -> list[Requirement]:
        """What an implementation of that LXC level must meet. Raises UnknownName."""
        if level not in self.levels:
            raise UnknownName(f"no level '{level}'; there are {', '.join(self.levels)}")
        stated = self.levels[level]
        return [
            requirement
            for requirement in self.requirements.values()
            if requirement.extension in stated.extensions
            and release_key(requirement.since) <= release_key(level)
            and requirement.id not in stated.exceptions
            and not requirement.retired
        ]


class _Loader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []

    def text(self, file: str, problems: Problems) -> str | None:
        try:
            return (self.root / file).read_text(encoding="utf-8")
        except FileNotFoundError:
            problems.add(1, "the file is missing")
        except UnicodeDecodeError as error:
            problems.add(1, f"the file is not UTF-8 at byte {error.start}")
        return None

    def load(self) -> Catalogue:
        needs = self._needs()
        levels = self._levels()
        extensions = self._registry(
            needs, {name: level.release for name, (level, _) in levels.items()}
        )
        registry_is_right = not any(p.file == "registry.yaml" for p in self.problems)
        chapters, complete = self._chapters(extensions, needs)
        requirements = {r.id: r for each in chapters.values() for r in each.requirements}
        for level, lines in levels.values():
            problems = Problems(level.file)
            if registry_is_right:
                registry.check_level(
                    level, lines, extensions, requirements if complete else None, problems
                )
            self.problems += problems.found
        if self.problems:
            raise SpecError(self.problems)
        stated = {name: level for name, (level, _) in levels.items()}
        return Catalogue(extensions, needs, stated, chapters)

    def _needs(self) -> dict[str, Need]:
        problems = Problems("needs.yaml")
        text = self.text(problems.file, problems)
        needs = registry.read_needs(text, problems) if text is not None else {}
        self.problems += problems.found
        return needs

    def _registry(self, needs: dict[str, Need], releases: dict[str, str]) -> dict[str, Extension]:
        problems = Problems("registry.yaml")
        text = self.text(problems.file, problems)
        found = registry.read_registry(text, needs, releases, problems) if text is not None else {}
        self.problems += problems.found
        return found

    def _levels(self) -> dict[str, tuple[Level, list[int]]]:
        found: dict[str, tuple[Level, list[int]]] = {}
        for name in LXC_LEVELS:
            problems = Problems(f"levels/lxc-{name}.yaml")
            text = self.text(problems.file, problems)
            if text is not None:
                level, lines = registry.read_level(text, name, problems)
                if level is not None:
                    found[name] = (level, lines)
            self.problems += problems.found
        known = {f"lxc-{name}.yaml" for name in LXC_LEVELS}
        for path in sorted(self.root.glob("levels/*")):
            if path.name not in known:
                self.problems.append(
                    Problem(f"levels/{path.name}", 1, f"no level's file; there are {sorted(known)}")
                )
        return found

    def _chapters(
        self, extensions: dict[str, Extension], needs: dict[str, Need]
    ) -> tuple[dict[str, Chapter], bool]:
        """The chapters that could be read, and whether that is all of them."""
        found: dict[str, Chapter] = {}
        before = len(self.problems)
        files = {path.stem: path for path in sorted(self.root.glob("extensions/*.md"))}
        for name, extension in extensions.items():
            if extension.chapter and name not in files:
                self.problems.append(
                    Problem(
                        "registry.yaml",
                        extension.line,
                        f"'{name}' has 'chapter: true', but there is no extensions/{name}.md",
                    )
                )
        for name in sorted(
            files, key=lambda name: list(extensions).index(name) if name in extensions else -1
        ):
            file = f"extensions/{name}.md"
            problems = Problems(file)
            if name not in extensions:
                if extensions:
                    problems.add(
                        1, f"registry.yaml has no '{name}'{did_you_mean(name, extensions)}"
                    )
            elif not extensions[name].chapter:
                problems.add(1, f"registry.yaml says 'chapter: false' of '{name}': make it true")
            text = self.text(file, problems)
            if text is not None:
                level = extensions[name].level if name in extensions else ""
                try:
                    found[name] = chapter.parse(text, file, chapter.Context(name, level, needs))
                except SpecError as error:
                    problems.found += error.problems
            self.problems += problems.found
        return found, len(self.problems) == before


def load(root: Path = ROOT) -> Catalogue:
    """Reads and checks everything; raises SpecError with all that is wrong."""
    return _Loader(root).load()
