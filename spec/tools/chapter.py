# SPDX-License-Identifier: Apache-2.0
"""Reads one chapter (spec/README.md, "A chapter"). Strict: what it does not know is a problem."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token

from spec.tools import requirement_block
from spec.tools.errors import Problems, SpecError, one_of
from spec.tools.model import (
    ANNOUNCED,
    NAME,
    SECTIONS,
    SLUG,
    Chapter,
    Need,
    Requirement,
    pascal_case,
    release_key,
)

SPDX = "<!-- SPDX-License-Identifier: Apache-2.0 -->"
_ID_LIKE = re.compile(r"[A-Za-z0-9_]+\.[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Context:
    """What the rest of the specification says about this chapter's extension."""

    extension: str  # the file's stem
    first_level: str  # the first LXC level that has the extension; empty when not registered
    needs: Mapping[str, Need]


@dataclass
class _Block:
    """A top-level piece of Markdown: lines `begin` (from 0) to before `end`."""

    kind: str
    begin: int
    end: int
    level: int = 0
    title: str = ""


@dataclass
class _Section:
    title: str
    line: int
    blocks: list[_Block] = field(default_factory=list)


def _lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _heading_level(token: Token) -> int:
    return int(token.tag[1:])


def _blocks(text: str, problems: Problems) -> list[_Block]:
    found: list[_Block] = []
    tokens = MarkdownIt("commonmark").parse(text)
    for index, token in enumerate(tokens):
        if token.level != 0 or token.map is None or token.nesting < 0:
            continue
        begin, end = token.map
        if token.type != "heading_open":
            found.append(_Block(token.type.removesuffix("_open"), begin, end))
            continue
        if not token.markup.startswith("#"):
            problems.add(begin + 1, "a heading is written with #, not underlined")
        title = tokens[index + 1].content.strip()
        found.append(_Block("heading", begin, end, _heading_level(token), title))
    return found


def _is_comment(lines: list[str], block: _Block) -> bool:
    return block.kind == "html_block" and lines[block.begin].lstrip().startswith("<!--")


class _Reader:
    def __init__(self, text: str, file: str, context: Context) -> None:
        self.problems = Problems(file)
        self.context = context
        self.text = text
        self.lines = _lines_of(text)
        self.all_read = True  # else what the chapter lacks cannot be told
        self.headed: set[str] = set()  # every id that stands in a heading, well-formed below or not

    def read(self) -> Chapter:
        if self.lines[0] != SPDX:
            self.problems.add(
                1, "the first line must be the comment SPDX-License-Identifier: Apache-2.0"
            )
        sections = self._sections(_blocks(self.text, self.problems))
        self._check_order(sections)
        prose: dict[str, str] = {}
        requirements: list[Requirement] = []
        for section in sections:
            if section.title == "Requirements":
                requirements += self._requirements(section)
            elif section.title in SECTIONS:
                prose[section.title] = self._prose(section)
        line = next((s.line for s in sections if s.title == "Requirements"), 1)
        if any(section.title == "Requirements" for section in sections):
            self._check_whole(requirements, line)
        if self.problems.found:
            raise SpecError(self.problems.found)
        return Chapter(self.context.extension, prose, tuple(requirements), self.problems.file)

    def _sections(self, blocks: list[_Block]) -> list[_Section]:
        """Splits at `##`, and checks what stands before the first of them."""
        sections: list[_Section] = []
        titled = False
        for block in blocks:
            line = block.begin + 1
            if block.kind == "heading" and block.level == 1:
                self._check_title(block, line, titled)
                titled = True
            elif block.kind == "heading" and block.level == 2:
                sections.append(_Section(block.title, line))
            elif _is_comment(self.lines, block):
                continue
            elif sections:
                sections[-1].blocks.append(block)
            else:
                self.problems.add(line, "nothing may stand before '## Purpose' but the title")
        if not titled:
            self.problems.add(1, f"the title '# {self.context.extension}' is missing")
        return sections

    def _check_title(self, block: _Block, line: int, titled: bool) -> None:
        expected = self.context.extension
        if titled:
            self.problems.add(line, f"a second title '# {block.title}': a chapter has one")
        elif block.title != expected:
            self.problems.add(line, f"the title must be '# {expected}', as the file is named")

    def _check_order(self, sections: list[_Section]) -> None:
        seen: list[str] = []
        for section in sections:
            if section.title not in SECTIONS:
                self.problems.add(
                    section.line,
                    f"unknown section '{section.title}'; a chapter has {', '.join(SECTIONS)}",
                )
            elif section.title in seen:
                self.problems.add(section.line, f"section '{section.title}' comes twice")
            else:
                later = [s for s in seen if SECTIONS.index(s) > SECTIONS.index(section.title)]
                if later:
                    self.problems.add(
                        section.line, f"section '{section.title}' must come before '{later[0]}'"
                    )
                seen.append(section.title)
        end = len(self.lines)
        for title in SECTIONS:
            if title not in seen:
                position = SECTIONS.index(title)
                following = [s for s in sections if s.title in SECTIONS[position:]]
                line = following[0].line if following else end
                self.problems.add(line, f"section '## {title}' is missing")

    def _prose(self, section: _Section) -> str:
        if not section.blocks:
            self.problems.add(
                section.line, f"section '{section.title}' is empty; if there is nothing, say so"
            )
            return ""
        for block in section.blocks:
            if block.kind == "heading" and _ID_LIKE.fullmatch(block.title):
                self.problems.add(
                    block.begin + 1, f"requirement '{block.title}' must stand in '## Requirements'"
                )
        begin, end = section.blocks[0].begin, section.blocks[-1].end
        return "\n".join(self.lines[begin:end]).strip()

    def _requirements(self, section: _Section) -> list[Requirement]:
        found: list[Requirement] = []
        heading: _Block | None = None
        body: list[_Block] = []
        for block in [*section.blocks, None]:
            starts = block is not None and block.kind == "heading"
            if block is not None and starts and block.level != 3:
                self.problems.add(block.begin + 1, "the heading of a requirement begins with ###")
            if block is None or starts:
                if heading is not None:
                    self._requirement(heading, body, found)
                heading, body = block, []
            elif heading is None:
                self.problems.add(
                    block.begin + 1, "text before the first requirement; move it to another section"
                )
            else:
                body.append(block)
        return found

    def _requirement(self, heading: _Block, body: list[_Block], found: list[Requirement]) -> None:
        line = heading.begin + 1
        self.headed.add(heading.title)
        usable = self._check_id(heading.title, line, found)
        paragraphs: list[list[requirement_block.Line]] = []
        for block in body:
            if block.kind != "paragraph":
                what = block.kind.replace("_", " ")
                self.problems.add(
                    block.begin + 1, f"a requirement has paragraphs only, and this is a {what}"
                )
                continue
            begin, end = block.begin, block.end
            texts = self.lines[begin:end]
            paragraphs.append(
                [requirement_block.Line(begin + 1 + n, t) for n, t in enumerate(texts)]
            )
        parsed = requirement_block.parse(heading.title, line, paragraphs, self.problems)
        if parsed is None or not usable:
            self.all_read = False
            return
        self._check_needs(parsed)
        self._check_since(parsed)
        found.append(parsed)

    def _check_id(self, id_: str, line: int, found: list[Requirement]) -> bool:
        expected = self.context.extension
        extension, dot, slug = id_.partition(".")
        if not dot or not NAME.fullmatch(extension) or not SLUG.fullmatch(slug):
            self.problems.add(
                line,
                f"'{id_}' is no requirement id: it must be {expected}.<slug>, "
                "a slug being lower-case letters and digits in words joined by _",
            )
            return False
        if extension != expected:
            self.problems.add(
                line, f"'{id_}' is a requirement of '{extension}' in the chapter of '{expected}'"
            )
            return False
        for earlier in found:
            if earlier.id == id_:
                self.problems.add(line, f"'{id_}' is already used on line {earlier.line}")
                return False
            if pascal_case(earlier.slug) == pascal_case(slug):
                self.problems.add(
                    line,
                    f"'{id_}' and '{earlier.id}' would both be the constant {earlier.constant}",
                )
                return False
        return True

    def _check_needs(self, requirement: Requirement) -> None:
        known = self.context.needs
        if not known:  # needs.yaml could not be read, and that is reported
            return
        for name in requirement.needs:
            if name not in known:
                self.problems.add(
                    requirement.line + 1,
                    f"unknown need '{name}'; spec/needs.yaml has {one_of(known)}",
                )
            elif not known[name].probe:
                self.problems.add(
                    requirement.line + 1,
                    f"need '{name}' has no probe yet: give it one and say so in spec/needs.yaml",
                )

    def _check_since(self, requirement: Requirement) -> None:
        first = self.context.first_level
        if first and release_key(requirement.since) < release_key(first):
            self.problems.add(
                requirement.line + 1,
                f"since {requirement.since} is earlier than the extension's first level, {first}",
            )

    def _check_whole(self, requirements: list[Requirement], line: int) -> None:
        extension = self.context.extension
        alive = [r for r in requirements if not r.retired]
        if f"{extension}.{ANNOUNCED}" not in self.headed:
            self.problems.add(line, f"requirement '{extension}.{ANNOUNCED}' is missing")
        for requirement in requirements:
            announces, named = requirement.kind == "announces", requirement.slug == ANNOUNCED
            if announces and not named:
                self.problems.add(
                    requirement.line + 1,
                    f"kind announces is for '{extension}.{ANNOUNCED}' alone",
                )
                self.all_read = False
            elif named and not announces:
                self.problems.add(
                    requirement.line + 1, f"'{requirement.id}' must be of kind announces"
                )
            if named and requirement.retired:
                self.problems.add(requirement.line + 1, f"'{requirement.id}' cannot be retired")
        for kind in ("does", "refuses", "lacks"):
            if self.all_read and not any(r.kind == kind for r in alive):
                self.problems.add(
                    line, f"no requirement of kind {kind}; a chapter has at least one"
                )


def parse(text: str, file: str, context: Context) -> Chapter:
    """The chapter; raises SpecError with everything that is wrong."""
    return _Reader(text, file, context).read()
