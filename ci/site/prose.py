# SPDX-License-Identifier: Apache-2.0
"""The chapters' Markdown as HTML, with links where code names something that the site has."""

from __future__ import annotations

from typing import Any, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ci.site.model import Site
from ci.web.markup import Html, clean, join, tag
from ci.web.markup import name as breakable

# The site's own headings are h1 to h3.
_DEEPER = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}


class Prose:
    """Renders Markdown of the specification. HTML in it is shown as text."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        # Not add_render_rule(), which would make them methods of the renderer.
        rules: dict[str, Any] = getattr(self._markdown.renderer, "rules")
        rules["code_inline"] = self._code
        rules["table_open"] = self._table_open
        rules["table_close"] = self._table_close

    def _code(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return self.code(tokens[index].content)

    @staticmethod
    def _table_open(*_: Any) -> str:
        return '<div class="scroll"><table>'

    @staticmethod
    def _table_close(*_: Any) -> str:
        return "</table></div>"

    def code(self, content: str) -> Html:
        """Code that is a link where the site has what it names."""
        shown = tag("code", breakable(content))
        url = self._site.url(content.strip())
        return tag("a", shown, href=url) if url else shown

    def block(self, text: str) -> Html:
        """Paragraphs, lists, tables and code."""
        tokens = self._markdown.parse(clean(text))
        for token in tokens:
            if token.type in ("heading_open", "heading_close"):
                token.tag = _DEEPER[token.tag]
        return Html(self._markdown.renderer.render(tokens, self._markdown.options, {}))

    def line(self, text: str) -> Html:
        """One sentence."""
        return Html(self._markdown.renderInline(clean(text)))

    def source(self, text: str) -> Html:
        """Where a requirement comes from; a decision is a link."""
        url = self._site.url(text.strip())
        return tag("a", text, href=url) if url else self.line(text)

    def needs(self, names: Sequence[str]) -> Html:
        """Names of needs, each a link to what proves it."""
        if not names:
            return Html("none")
        shown: list[Html] = []
        for name in names:
            url = self._site.need_url(name)
            code = tag("code", breakable(name))
            shown += [Html(", ")] if shown else []
            shown.append(tag("a", code, href=url) if url else code)
        return join(*shown)
