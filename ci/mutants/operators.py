# SPDX-License-Identifier: Apache-2.0
"""What a mutant changes: finds the places in clang's tree of a source, and what is to be written
around each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Sequence

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


@dataclass(frozen=True)
class Wrap:
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
class Place:
    """What the walk knows of where it is."""

    function: str = ""
    status: bool = False
    truth: bool = False
    statement: bool = False
    # The condition of the parent is negated there already.
    negated: bool = False


@dataclass
class Walk:
    """A source, its tokens by offset, and the wraps that were found so far."""

    text: str
    file: str
    tokens: list[tuple[int, str]]
    wraps: list[Wrap] = field(default_factory=list)
    seen: set[tuple[int, int, str]] = field(default_factory=set)

    def wrap(
        self,
        place: Place,
        span: tuple[int, int],
        before: str,
        after: str,
        *operators: str,
        token: tuple[int, int, str] | None = None,
    ) -> None:
        key = (*span, operators[0])
        if span[0] < span[1] and key not in self.seen:
            self.seen.add(key)
            self.wraps.append(Wrap(*span, before, after, operators, place.function, token))

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


def _operator(walk: Walk, left: Any, right: Any) -> tuple[int, int, str] | None:
    """The token between two operands; None where a macro hides it."""
    start, end = _span(left)[1], _span(right)[0]
    found = walk.text[start:end]
    word = found.strip()
    # Brackets around an operand belong to it and not to clang's extent of what a macro makes.
    if not word or not re.fullmatch(r"[-+*/%<>=!&|^]+", word):
        return None
    at = start + found.index(word)
    return at, at + len(word), word


def _is_logical(walk: Walk, node: Any) -> bool:
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


def _negation(walk: Walk, place: Place, span: tuple[int, int]) -> None:
    walk.wrap(place, span, f"({_SPACE}On(%0) != static_cast<bool>(", "))", "negated")


def _binary(walk: Walk, node: Any, place: Place) -> None:
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


def _removal(walk: Walk, place: Place, node: Any, what: str) -> None:
    span = _span(node)
    text = walk.says(*span)
    if text.startswith("TRY("):
        before, after = f"do {{ if (!{_SPACE}On(%0)) ", "; } while (false)"
    else:
        before, after = f"({_SPACE}On(%0) ? static_cast<void>(0) : static_cast<void>(", "))"
    walk.wrap(place, span, before, after, what)


def _statement(walk: Walk, node: Any, place: Place) -> None:
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


def _returned(walk: Walk, node: Any, place: Place) -> None:
    values = list(node.get_children())
    if not values:
        return
    text = walk.says(*_span(values[0])).strip()
    if place.status and not text.startswith("{"):
        before = f"do {{ if ({_SPACE}On(%0)) return {{}}; "
        walk.wrap(place, _span(node), before, "; } while (false)", "error swallowed")
    elif place.truth and not _is_logical(walk, values[0]) and text not in ("true", "false"):
        _negation(walk, place, _span(values[0]))


def _condition(walk: Walk, node: Any, place: Place, children: Sequence[Any]) -> None:
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


def _bodies(walk: Walk, node: Any, children: Sequence[Any]) -> set[int]:
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


def _into_function(node: Any, place: Place) -> Place:
    result = node.result_type.get_canonical()
    # The function that is returned from, not one inside of it.
    name = str(node.spelling) or "lambda"
    return replace(
        place,
        function=name,
        status=bool(re.match(r"(class )?tl::expected<void,", str(result.spelling))),
        truth=str(result.kind.name) == "BOOL",
    )


def _is_constant(walk: Walk, node: Any) -> bool:
    kind = _kind(node)
    # A constant may be made of a member's default.
    if kind in ("ENUM_DECL", "FIELD_DECL", "STATIC_ASSERT", "CXX_UNARY_EXPR", "TYPE_REF"):
        return True
    if kind in ("VAR_DECL", *_FUNCTIONS, "FUNCTION_TEMPLATE"):
        head = walk.says(_span(node)[0], max(_span(node)[0], node.location.offset))
        return bool(_CONSTANT.search(head)) or walk.says(*_span(node)).endswith("= default")
    return False


def visit(walk: Walk, node: Any, place: Place) -> None:
    """Adds to the walk the wraps of a node and of what is below it."""
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
        visit(walk, child, replace(place, statement=number in bodies))
