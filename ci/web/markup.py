# SPDX-License-Identifier: Apache-2.0
"""Text to HTML. Everything that a report shows may come from a hostile testee: it is made visible,
never interpreted."""

from __future__ import annotations

import re
from html import escape
from typing import Union

# What a page shows of one text; the JSON report has all of it.
LONGEST = 20_000
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f]")
# C1 controls, lone surrogates, what changes the direction of text, and what is no character.
_INVISIBLE = re.compile(
    "[\x80-\x9f\ud800-\udfff\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ufeff\ufffe\uffff]"
)
_CODE = re.compile(r"`([^`]+)`")


def _escaped(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def clean(text: str) -> str:
    """The text with each control character written out, such as \\x1b, and nothing that hides."""
    return _INVISIBLE.sub("\ufffd", _CONTROL.sub(_escaped, text.replace("\r\n", "\n")))


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning and end where it is longer than a person reads."""
    if len(text) <= longest:
        return text
    half = longest // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"


class Html(str):
    """Text that is HTML already. Only this module and literals make it."""

    __slots__ = ()


Part = Union[str, Html, None]


def text(value: str) -> Html:
    """The text as HTML."""
    return Html(escape(clean(value), quote=True))


def join(*parts: Part) -> Html:
    """The parts one after another; what is not HTML yet is escaped."""
    return Html(
        "".join(
            part if isinstance(part, Html) else text(part) for part in parts if part is not None
        )
    )


def tag(name: str, /, *content: Part, **attributes: Union[str, bool, None]) -> Html:
    """An element. An underscore in an attribute's name is a hyphen, one at its end is dropped;
    True is an attribute without a value, False and None are none."""
    words = [name]
    for key, value in attributes.items():
        shown = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(shown)
        elif isinstance(value, str):
            words.append(f'{shown}="{text(value)}"')
    opening = Html(f"<{' '.join(words)}>")
    if name in ("br", "hr", "img", "input", "link", "meta"):
        return opening
    return join(opening, *content, Html(f"</{name}>"))


def name(value: str) -> Html:
    """A name that a narrow page may break after its underscores."""
    return Html(text(value).replace("_", "_<wbr>"))


def prose(value: str) -> Html:
    """A sentence in which `...` is code, as in the specification's statements."""
    parts = _CODE.split(value)
    return join(*(tag("code", part) if n % 2 else part for n, part in enumerate(parts)))


def pre(value: str) -> Html:
    """A block of text as it was written, shortened."""
    return tag("pre", shortened(value.strip("\n")), tabindex="0")


def anchor(value: str) -> str:
    """A name that is fit for an id and a link to it; different texts have different names."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"~{ord(found[0]):x}~", value)
