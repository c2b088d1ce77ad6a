# SPDX-License-Identifier: Apache-2.0
"""From a C++ source to one that holds all of its mutants, each behind a switch (switch.h).

Every mutant is written *around* what it changes (`a < b` becomes `Less(17, a, b)`), so that nothing
is copied and mutants nest. Positions come from clang's tree of the source."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Iterable, Iterator, Sequence

# A mutant of these would be in what the compiler computes, not in what the program does.
_CONSTANT = re.compile(r"\b(constexpr|consteval|static_assert)\b")
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
# And not what C++20 makes of `a != b`: its negation begins in the middle.
_NOT = re.compile(r"!(?!=)")
_NAMED = {
    "<": "Less",
    "<=": "LessEqual",
    ">": "Greater",
    ">=": "GreaterEqual",
    "+": "Plus",
    "-": "Minus",
    "*": "Times",
    "/": "Divided",
    "%": "Remainder",
    "<<": "ShiftLeft",
    ">>": "ShiftRight",
}
_RELATIONS = ("<", "<=", ">", ">=")
_SPACE = "::lxcspec_mutants::"
_SHOWN = 64
_FIRST = "static constexpr unsigned kFirstMutant = "
_INCLUDE = re.compile(r"^#include [^\n]*\n", re.MULTILINE)
# CXTranslationUnit_PrecompiledPreamble, _CreatePreambleOnFirstParse, and _SkipFunctionBodies with
# _LimitSkipFunctionBodiesToPreamble of clang-c/Index.h.
_KEEP_HEADERS = 0x04 | 0x100 | 0x40 | 0x800


@dataclass(frozen=True)
class Mutant:
    """`name` stays the same while nothing around it is edited; `id` counts in one file or build."""

    id: int
    name: str
    file: str
    line: int
    operator: str
    text: str


@dataclass(frozen=True)
class _Wrap:
    """Text before and after [start, end) of the source; `%0`, `%1` stand for the mutants."""

    start: int
    end: int
    before: str
    after: str
    operators: tuple[str, ...]
    function: str
    # A token inside that gives way to another, such as an operator to a comma.
    token: tuple[int, int, str] | None = None


@dataclass(frozen=True)
class _Place:
    """What the walk knows of where it is."""

    function: str = ""
    status: bool = False
    truth: bool = False
    statement: bool = False
    # The condition of the parent is negated there already.
    negated: bool = False


@dataclass
class Instrumented:
    """A source with its mutants, numbered from 0, and how many could not be compiled."""

    text: str
    mutants: list[Mutant]
    stillborn: int = 0

    def numbered(self, first: int) -> str:
        """The text for a build in which this file's mutants begin with `first`."""
        return self.text.replace(f"{_FIRST}0;", f"{_FIRST}{first};", 1)


@dataclass
class _Walk:
    text: str
    file: str
    tokens: list[tuple[int, str]]
    wraps: list[_Wrap] = field(default_factory=list)
    seen: set[tuple[int, int, str]] = field(default_factory=set)

    def wrap(
        self,
        place: _Place,
        span: tuple[int, int],
        before: str,
        after: str,
        *operators: str,
        token: tuple[int, int, str] | None = None,
    ) -> None:
        key = (*span, operators[0])
        if span[0] < span[1] and key not in self.seen:
            self.seen.add(key)
            self.wraps.append(_Wrap(*span, before, after, operators, place.function, token))

    def closing(self, start: int) -> int:
        """Where the parenthesis closes that opens first at or after `start`."""
        depth = 0
        for offset, spelling in self.tokens:
            if offset < start:
                continue
            if spelling == "(":
                depth += 1
            elif spelling == ")":
                depth -= 1
                if depth == 0:
                    return offset
        return len(self.text)

    def says(self, start: int, end: int) -> str:
        return self.text[start:end]


def _span(node: Any) -> tuple[int, int]:
    return node.extent.start.offset, node.extent.end.offset


def _kind(node: Any) -> str:
    return str(node.kind.name)


def _peel(node: Any) -> Any:
    """Without the conversions that the compiler put around an expression."""
    while _kind(node) == "UNEXPOSED_EXPR":
        inner = list(node.get_children())
        if len(inner) != 1 or _span(inner[0]) != _span(node):
            break
        node = inner[0]
    return node


def _canonical(node: Any) -> str:
    return str(node.type.get_canonical().kind.name)


_INTEGERS = ("CHAR_S", "SCHAR", "UCHAR", "SHORT", "USHORT", "INT", "UINT", "LONG", "ULONG")
_WHOLE = (*_INTEGERS, "LONGLONG", "ULONGLONG", "CHAR_U")


def _is_whole(node: Any) -> bool:
    return _canonical(node) in _WHOLE


def _operator(walk: _Walk, left: Any, right: Any) -> tuple[int, int, str] | None:
    """The token between two operands; None where a macro hides it."""
    start, end = _span(left)[1], _span(right)[0]
    found = walk.text[start:end]
    word = found.strip()
    # Brackets around an operand belong to it and not to clang's extent of what a macro makes.
    if not word or not re.fullmatch(r"[-+*/%<>=!&|^]+", word):
        return None
    at = start + found.index(word)
    return at, at + len(word), word


def _is_logical(walk: _Walk, node: Any) -> bool:
    """Whether the walk negates this expression where it comes to it."""
    node = _peel(node)
    if _kind(node) == "PAREN_EXPR":
        return any(_is_logical(walk, inner) for inner in node.get_children())
    inner = list(node.get_children())
    if _kind(node) == "UNARY_OPERATOR":
        return bool(_NOT.match(walk.says(*_span(node))))
    if _kind(node) == "CALL_EXPR":
        return str(node.spelling) in ("operator==", "operator!=")
    if _kind(node) != "BINARY_OPERATOR" or len(inner) != 2:
        return False
    token = _operator(walk, *inner)
    return token is not None and token[2] in (*_RELATIONS, "==", "!=", "&&", "||")


def _negation(walk: _Walk, place: _Place, span: tuple[int, int]) -> None:
    walk.wrap(place, span, f"({_SPACE}On(%0) != static_cast<bool>(", "))", "negated")


def _binary(walk: _Walk, node: Any, place: _Place) -> None:
    left, right = list(node.get_children())
    token = _operator(walk, left, right)
    if token is None:
        return
    sign, span = token[2], _span(node)
    if sign in (*_RELATIONS, "==", "!="):
        _negation(walk, place, span)
    if sign in _RELATIONS or (sign in _NAMED and _is_whole(left) and _is_whole(right)):
        kind = "boundary" if sign in _RELATIONS else "arithmetic"
        before = f"{_SPACE}{_NAMED[sign]}(%0, "
        walk.wrap(place, span, before, ")", f"{kind} {sign}", token=(token[0], token[1], ","))
    if sign in ("&&", "||"):
        for side, operand in (("left", left), ("right", right)):
            on = f"{_SPACE}On(%0) || " if sign == "&&" else f"!{_SPACE}On(%0) && "
            walk.wrap(place, _span(operand), f"({on}(", "))", f"{sign} without its {side}")
    if sign == "|":
        for operand in (left, right):
            if "|" not in walk.says(*_span(operand)):
                before = f"{_SPACE}WithoutBits(%0, "
                walk.wrap(place, _span(operand), before, ")", "dropped bits")
    if sign == "&":
        walk.wrap(place, _span(right), f"{_SPACE}AllBits(%0, ", ")", "no mask")


def _removal(walk: _Walk, place: _Place, node: Any, what: str) -> None:
    span = _span(node)
    text = walk.says(*span)
    if text.startswith("TRY("):
        before, after = f"do {{ if (!{_SPACE}On(%0)) ", "; } while (false)"
    else:
        before, after = f"({_SPACE}On(%0) ? static_cast<void>(0) : static_cast<void>(", "))"
    walk.wrap(place, span, before, after, what)


def _statement(walk: _Walk, node: Any, place: _Place) -> None:
    """What can be left out as a whole."""
    inner = _peel(node)
    kind = _kind(inner)
    text = walk.says(*_span(inner))
    if kind in ("CALL_EXPR", "CXX_STATIC_CAST_EXPR", "CXX_MEMBER_CALL_EXPR"):
        _removal(walk, place, inner, "removed call")
    elif kind == "COMPOUND_ASSIGNMENT_OPERATOR":
        _removal(walk, place, inner, "removed assignment")
    elif kind == "BINARY_OPERATOR":
        operands = list(inner.get_children())
        token = _operator(walk, *operands) if len(operands) == 2 else None
        if token and token[2] == "=":
            _removal(walk, place, inner, "removed assignment")
    elif kind == "UNARY_OPERATOR" and ("++" in text or "--" in text):
        _removal(walk, place, inner, "removed assignment")
    elif kind in ("BREAK_STMT", "CONTINUE_STMT"):
        walk.wrap(place, _span(inner), f"if ({_SPACE}On(%0)) {{}} else ", "", f"removed {text}")


def _returned(walk: _Walk, node: Any, place: _Place) -> None:
    values = list(node.get_children())
    if not values:
        return
    text = walk.says(*_span(values[0])).strip()
    if place.status and not text.startswith("{"):
        before = f"do {{ if ({_SPACE}On(%0)) return {{}}; "
        walk.wrap(place, _span(node), before, "; } while (false)", "error swallowed")
    elif place.truth and not _is_logical(walk, values[0]) and text not in ("true", "false"):
        _negation(walk, place, _span(values[0]))


def _condition(walk: _Walk, node: Any, place: _Place, children: Sequence[Any]) -> None:
    """Negates what decides, unless the walk does so anyway where it comes to it."""
    kind = _kind(node)
    if kind == "CONDITIONAL_OPERATOR":
        deciding = children[:1]
    else:
        close = walk.closing(_span(node)[0])
        deciding = [child for child in children if _span(child)[1] <= close][-1:]
    for child in deciding:
        # `if (auto x = ...)`: what decides is the variable, where it is declared.
        is_declared = any(
            _kind(other) in ("VAR_DECL", "DECL_STMT")
            and _span(other)[0] <= _span(child)[0] < _span(other)[1]
            for other in children
        )
        if not is_declared and not _is_logical(walk, child):
            _negation(walk, place, _span(child))


def _bodies(walk: _Walk, node: Any, children: Sequence[Any]) -> set[int]:
    """Which of the children are statements."""
    kind = _kind(node)
    if kind == "COMPOUND_STMT":
        return set(range(len(children)))
    if kind == "IF_STMT":
        close = walk.closing(_span(node)[0])
        return {i for i, child in enumerate(children) if _span(child)[0] > close}
    if kind in ("FOR_STMT", "CXX_FOR_RANGE_STMT", "WHILE_STMT", "CASE_STMT", "DEFAULT_STMT"):
        return {len(children) - 1}
    return {0} if kind == "DO_STMT" else set()


_FUNCTIONS = ("FUNCTION_DECL", "CXX_METHOD", "CONSTRUCTOR", "DESTRUCTOR", "CONVERSION_FUNCTION")


def _into_function(node: Any, place: _Place) -> _Place:
    result = node.result_type.get_canonical()
    # The function that is returned from, not one inside of it.
    name = str(node.spelling) or "lambda"
    return replace(
        place,
        function=name,
        status=bool(re.match(r"(class )?tl::expected<void,", str(result.spelling))),
        truth=str(result.kind.name) == "BOOL",
    )


def _is_constant(walk: _Walk, node: Any) -> bool:
    kind = _kind(node)
    # A constant may be made of a member's default.
    if kind in ("ENUM_DECL", "FIELD_DECL", "STATIC_ASSERT", "CXX_UNARY_EXPR", "TYPE_REF"):
        return True
    if kind in ("VAR_DECL", *_FUNCTIONS, "FUNCTION_TEMPLATE"):
        head = walk.says(_span(node)[0], max(_span(node)[0], node.location.offset))
        return bool(_CONSTANT.search(head)) or walk.says(*_span(node)).endswith("= default")
    return False


def _visit(walk: _Walk, node: Any, place: _Place) -> None:
    kind, span = _kind(node), _span(node)
    if _is_constant(walk, node):
        return
    children = list(node.get_children())
    text = walk.says(*span)
    if kind in (*_FUNCTIONS, "FUNCTION_TEMPLATE"):
        place = _into_function(node, place)
    elif kind == "LAMBDA_EXPR":
        place = replace(place, status=False, truth=False)
    if place.statement:
        _statement(walk, node, place)
    place = replace(place, statement=False)

    if kind == "BINARY_OPERATOR" and len(children) == 2:
        _binary(walk, node, place)
    elif kind == "UNARY_OPERATOR" and _NOT.match(text):
        _negation(walk, place, span)
    elif kind == "CALL_EXPR" and str(node.spelling) in ("operator==", "operator!="):
        _negation(walk, place, span)
    elif kind == "CALL_EXPR" and text.startswith("TRY(") and children:
        argument = children[-1]
        walk.wrap(place, _span(argument), f"{_SPACE}Swallowed(%0, ", ")", "error swallowed")
    elif kind == "INTEGER_LITERAL" and _NUMBER.fullmatch(text):
        walk.wrap(place, span, f"{_SPACE}Integer(%0, %1, ", ")", "constant + 1", "constant - 1")
    elif kind == "CXX_BOOL_LITERAL_EXPR" and text in ("true", "false"):
        walk.wrap(place, span, f"({_SPACE}On(%0) != ", ")", "negated")
    elif kind == "RETURN_STMT":
        _returned(walk, node, place)
    elif kind in ("IF_STMT", "WHILE_STMT", "CONDITIONAL_OPERATOR"):
        if not re.match(r"if\s+constexpr", text):
            _condition(walk, node, place, children)

    bodies = _bodies(walk, node, children)
    for number, child in enumerate(children):
        if kind == "CASE_STMT" and number == 0:
            continue
        # An array's size, a template's argument: parts of a type stand before the name.
        if kind == "VAR_DECL" and _span(child)[0] < node.location.offset:
            continue
        if kind == "VAR_DECL" and walk.text[_span(child)[1] :].startswith("]"):
            continue
        if kind == "PARM_DECL" or (kind == "IF_STMT" and re.match(r"if\s+constexpr", text)):
            if number not in bodies:
                continue
        _visit(walk, child, replace(place, statement=number in bodies))


def _render(walk: _Walk, wraps: Sequence[_Wrap]) -> tuple[str, list[list[int]]]:
    """The text with the wraps in it, and the numbers of each wrap's mutants."""
    numbers: list[list[int]] = []
    id_ = 0
    for wrap in wraps:
        numbers.append(list(range(id_, id_ + len(wrap.operators))))
        id_ += len(wrap.operators)
    # At one offset: first what ends there (inner before outer), then what begins (outer first).
    edits: list[tuple[int, int, int, int, int, str]] = []
    for at, wrap in enumerate(wraps):
        before = wrap.before
        for index, number in enumerate(numbers[at]):
            before = before.replace(f"%{index}", f"kFirstMutant + {number}")
        length = wrap.end - wrap.start
        edits.append((wrap.start, 1, -length, at, wrap.start, before))
        edits.append((wrap.end, 0, length, -at, wrap.end, wrap.after))
        if wrap.token:
            edits.append((wrap.token[0], 2, 0, 0, wrap.token[1], wrap.token[2]))
    edits.sort()
    out: list[str] = []
    position = 0
    for offset, _, _, _, until, text in edits:
        out += [walk.text[position:offset], text]
        position = max(position, until)
    return "".join([*out, walk.text[position:]]), numbers


def _named(walk: _Walk, wraps: Sequence[_Wrap], numbers: Sequence[Sequence[int]]) -> list[Mutant]:
    met: Counter[str] = Counter()
    found = []
    for wrap, ids in zip(wraps, numbers):
        text = " ".join(walk.says(wrap.start, wrap.end).split())
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        line = walk.text.count("\n", 0, wrap.start) + 1
        for operator, number in zip(wrap.operators, ids):
            name = f"{walk.file}: {wrap.function}: {operator}: {shown}"
            met[name] += 1
            if met[name] > 1:
                name = f"{name} #{met[name]}"
            found.append(Mutant(number, name, walk.file, line, operator, text))
    return found


def _errors(unit: Any) -> list[Any]:
    return [each for each in unit.diagnostics if each.severity >= each.Error]


class Mutator:
    """Knows how the sources are compiled. `top` is the tree, `includes` further folders."""

    # TRY as a function: clang's tree has no positions inside of a macro's arguments.
    _RESULT = "runtime/base/result.h"

    def __init__(self, top: Path, includes: Iterable[Path]) -> None:
        from clang.cindex import Index

        self._top = top
        self._index = Index.create()
        self._arguments = ["-std=c++20", "-D_GNU_SOURCE", "-w", "-Wno-c++11-narrowing"]
        self._arguments += ["-ferror-limit=0", *(f"-I{folder}" for folder in (top, *includes))]
        self._prelude = (Path(__file__).parent / "switch.h").read_text(encoding="utf-8")

    def _overlay(self) -> list[tuple[str, str]]:
        path = self._top / self._RESULT
        if not path.is_file():
            return []
        text = path.read_text(encoding="utf-8")
        macro = re.compile(r"^#define TRY\(.*?while \(false\)\n", re.DOTALL | re.MULTILINE)
        function = "template <typename T>\ninline void TRY(const T&) {}\n"
        return [(str(path), macro.sub(function, text))]

    def instrument(self, file: str) -> Instrumented:
        """The source `file` of the tree with its mutants."""
        path = str(self._top / file)
        # clang counts bytes; what is not ASCII stands in comments and strings only.
        source = Path(path).read_bytes().decode("latin-1")
        overlay = self._overlay()
        # What the headers say is kept from one parse to the next.
        unit = self._index.parse(path, self._arguments, [(path, source), *overlay], _KEEP_HEADERS)
        # What this clang does not know of the library is no mutant's fault.
        foreign = {str(each.spelling) for each in _errors(unit)}
        tokens = [
            (int(token.extent.start.offset), str(token.spelling))
            for token in unit.get_tokens(extent=unit.cursor.extent)
        ]
        walk = _Walk(source, file, tokens)
        for child in unit.cursor.get_children():
            if child.location.file and child.location.file.name == path:
                _visit(walk, child, _Place())
        wraps = sorted(walk.wraps, key=lambda wrap: (wrap.start, -wrap.end))
        all_mutants = sum(len(wrap.operators) for wrap in wraps)
        # Behind the includes, so that they stay what they were.
        includes = [match.end() for match in _INCLUDE.finditer(source)]
        behind = includes[-1] if includes else 0
        line = source.count("\n", 0, behind) + 1
        head = f'{self._prelude}{_FIRST}0;\n#line {line} "{file}"\n'
        for _ in range(8):
            body, numbers = _render(walk, wraps)
            text = body[:behind] + head + body[behind:]
            unit.reparse([(path, text), *overlay], _KEEP_HEADERS)
            errors = [each.location for each in _errors(unit) if each.spelling not in foreign]
            if not errors:
                break
            at = [int(error.offset) - len(head) for error in errors]
            bad = set(_guilty(walk, wraps, at))
            if not bad:
                said = [str(each) for each in _errors(unit)]
                raise ValueError(f"{file}: no mutant is to blame for {said[0]}")
            wraps = [wrap for at, wrap in enumerate(wraps) if at not in bad]
        else:
            raise ValueError(f"{file}: mutants that do not compile keep coming")
        mutants = _named(walk, wraps, numbers)
        return Instrumented(text, mutants, all_mutants - len(mutants))


def _guilty(walk: _Walk, wraps: Sequence[_Wrap], offsets: Sequence[int]) -> Iterator[int]:
    """The innermost wraps in whose text these offsets are; where none is, the one that follows."""
    marked = [
        replace(wrap, before=f"\x01{at}\x02{wrap.before}", after=f"{wrap.after}\x03")
        for at, wrap in enumerate(wraps)
    ]
    text, _ = _render(walk, marked)
    open_: list[int] = []
    orphaned = False
    at = position = 0
    wanted = sorted(offsets)
    while at < len(text) and (wanted or orphaned):
        if text[at] == "\x01":
            end = text.index("\x02", at)
            open_.append(int(text[at + 1 : end]))
            if orphaned:
                yield open_[-1]
            orphaned = False
            at = end + 1
        elif text[at] == "\x03":
            open_.pop()
            at += 1
        else:
            while wanted and wanted[0] <= position:
                wanted.pop(0)
                if open_:
                    yield open_[-1]
                orphaned = orphaned or not open_
            at += 1
            position += 1
