#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes requirements.h, a header for each chapter, and requirements.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Iterable

from spec.tools import catalogue
from spec.tools.errors import SpecError
from spec.tools.model import Extension, Level, Need, Requirement, pascal_case

_TOP = """\
// SPDX-License-Identifier: Apache-2.0
//
// Generated from spec/ by //spec:requirements; edit the chapters instead. One constant for each
// requirement that is not retired: `console_log.read_empty` is `spec::console_log::kReadEmpty`.

"""
_INCLUDES = """\
#include <array>
#include <string_view>

#include "spec/requirement.h"

"""


def _quoted(text: str) -> str:
    """A C++ string literal: what JSON escapes in a text of one line, C++ escapes alike."""
    return json.dumps(text, ensure_ascii=False)


def _array(type_: str, name: str, values: Iterable[str]) -> str:
    listed = list(values)
    body = "".join(f"    {value},\n" for value in listed)
    braces = "{{\n" + body + "}};\n" if listed else "{};\n"
    return f"inline constexpr std::array<{type_}, {len(listed)}> {name}{braces}"


def _needs_name(requirement: Requirement) -> str:
    return f"k{pascal_case(requirement.slug)}Needs"


def _requirement(requirement: Requirement) -> str:
    needs = "{}"
    lines = ""
    if requirement.needs:
        needs = f"internal::{_needs_name(requirement)}"
        names = ", ".join(_quoted(need) for need in requirement.needs)
        lines = (
            "namespace internal {\n"
            f"inline constexpr std::array<std::string_view, {len(requirement.needs)}> "
            f"{_needs_name(requirement)}{{{names}}};\n"
            "}  // namespace internal\n"
        )
    level = pascal_case(requirement.level.lower().replace(" ", "_"))
    return lines + (
        f"inline constexpr Requirement k{pascal_case(requirement.slug)}{{\n"
        f"    .id = {_quoted(requirement.id)},\n"
        f"    .extension = {_quoted(requirement.extension)},\n"
        f"    .level = Level::k{level},\n"
        f"    .kind = Kind::k{pascal_case(requirement.kind)},\n"
        f"    .since = {_quoted(requirement.since)},\n"
        f"    .needs = {needs},\n"
        "};\n"
    )


def _alive(specification: catalogue.Catalogue) -> list[Requirement]:
    return [r for r in specification.requirements.values() if not r.retired]


def _guarded(name: str, body: str) -> str:
    guard = f"LXCSPEC_SPEC_{name.upper()}_H_"
    return f"#ifndef {guard}\n#define {guard}\n\n{body}#endif  // {guard}\n"


def _block(specification: catalogue.Catalogue, extension: str) -> str:
    """The constants of one extension, once a program however often they are included."""
    own = [_requirement(r) for r in _alive(specification) if r.extension == extension]
    space = f"namespace lxcspec::spec::{extension}"
    body = f"{space} {{\n\n" + "\n".join(own) + f"\n}}  // {space}\n\n"
    return _guarded(f"requirements_{extension}", body)


def header_of(specification: catalogue.Catalogue, extension: str) -> str:
    """The text of requirements/<extension>.h."""
    return _TOP + _INCLUDES + _block(specification, extension)


def header(specification: catalogue.Catalogue) -> str:
    """The text of requirements.h, which needs no other generated file."""
    parts = [_INCLUDES]
    parts += [_block(specification, name) + "\n" for name in specification.chapters]
    parts.append("namespace lxcspec::spec {\n\n")
    pointers = [f"&{r.constant.removeprefix('spec::')}" for r in _alive(specification)]
    parts.append(_array("const Requirement*", "kAllRequirements", pointers) + "\n")
    parts.append("// All that lxc_has_api_extension() can name, with a chapter or without.\n")
    names = [_quoted(name) for name in specification.extensions]
    parts.append(_array("std::string_view", "kExtensions", names) + "\n")
    needs = [
        f"NeedInfo{{{_quoted(need.name)},\n             {_quoted(need.proof)}}}"
        for need in specification.needs.values()
        if need.probe
    ]
    parts.append("// Those that have a probe.\n")
    parts.append(_array("NeedInfo", "kNeeds", needs) + "\n")
    parts.append("}  // namespace lxcspec::spec\n\n")
    return _TOP + _guarded("requirements", "".join(parts))


def _extension_json(each: Extension) -> dict[str, Any]:
    return {
        "name": each.name,
        "since": each.since,
        "level": each.level,
        "summary": each.summary,
        "documented": each.documented,
        "needs": list(each.needs),
        "chapter": each.chapter,
        "bench": each.bench or None,
        "no_bench_because": each.no_bench_because or None,
        "guard": each.guard or None,
        "note": each.note or None,
    }


def _need_json(each: Need) -> dict[str, Any]:
    return {"name": each.name, "proof": each.proof, "probe": each.probe}


def _level_json(each: Level, requirements: list[Requirement]) -> dict[str, Any]:
    return {
        "level": each.name,
        "release": each.release,
        "extensions": list(each.extensions),
        "requirements": [requirement.id for requirement in requirements],
    }


def _requirement_json(each: Requirement) -> dict[str, Any]:
    return {
        "id": each.id,
        "extension": each.extension,
        "constant": each.constant,
        "level": each.level,
        "since": each.since,
        "kind": each.kind,
        "observable": each.observable,
        "needs": list(each.needs),
        "statement": each.statement,
        "left_open": each.left_open or None,
        "sources": list(each.sources),
        "retired": each.retired or None,
        "file": f"spec/{each.file}",
        "line": each.line,
    }


def as_json(specification: catalogue.Catalogue) -> dict[str, Any]:
    """The contents of requirements.json."""
    return {
        "schema": 1,
        "extensions": [_extension_json(each) for each in specification.extensions.values()],
        "needs": [_need_json(each) for each in specification.needs.values()],
        "levels": [
            _level_json(each, specification.at_level(each.name))
            for each in specification.levels.values()
        ],
        "requirements": [_requirement_json(each) for each in specification.requirements.values()],
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, help="registry.yaml of the specification to read")
    parser.add_argument("--header", type=Path, help="where requirements.h goes")
    parser.add_argument("--headers", type=Path, help="the folder where each chapter's own goes")
    parser.add_argument("--json", type=Path, help="where requirements.json goes")
    options = parser.parse_args(arguments)
    root = options.registry.parent if options.registry else catalogue.ROOT
    try:
        specification = catalogue.load(root)
    except SpecError as error:
        print("\n".join(f"spec/{problem}" for problem in error.problems), file=sys.stderr)
        return 1
    if options.header:
        options.header.write_text(header(specification), encoding="utf-8")
    if options.headers:
        for name in specification.chapters:
            text = header_of(specification, name)
            (options.headers / f"{name}.h").write_text(text, encoding="utf-8")
    if options.json:
        text = json.dumps(as_json(specification), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
