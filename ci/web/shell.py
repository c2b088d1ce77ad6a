# SPDX-License-Identifier: Apache-2.0
"""The document around a page: what it may load and run is in it, and nothing else may."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from ci.web.markup import Html, Part, join, tag

_HERE = Path(__file__).resolve().parent


def read(name: str) -> str:
    """A style of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")


def _source(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _page(title: str, policy: str, in_head: tuple[Part, ...], body: tuple[Part, ...]) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        *in_head,
    )
    page = tag("html", head, tag("body", *body), lang="en")
    return str(join(Html("<!doctype html>\n"), page, "\n"))


def document(title: str, style: str, script: str, *body: Part) -> str:
    """One file that needs no other. Only `style` and `script` work in it, by their hashes: markup
    that slipped through would still run nothing and load nothing."""
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    own_style, own_script = Html(f"<style>{style}</style>"), Html(f"<script>{script}</script>")
    return _page(title, policy, (own_style,), (*body, own_script))


def linked(title: str, style: str, scripts: tuple[str, ...], root: str, *body: Part) -> str:
    """A page of a site, whose style and scripts are files below `root`, such as `../`."""
    policy = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'"
    links = [tag("link", rel="stylesheet", href=root + style)]
    links += [tag("script", src=root + name, defer=True) for name in scripts]
    return _page(title, policy, tuple(links), body)
