# SPDX-License-Identifier: Apache-2.0
"""Whatever a text holds, it stays text; and colours can be read."""

from __future__ import annotations

import base64
import hashlib
import re
import unittest
from html.parser import HTMLParser

from ci.web import markup, shell

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover=alert(1) x="',
    "' onfocus='alert(1)",
    "<!-- --> ]]> &lt;b&gt; &#x3c;b&#x3e;",
    "</pre></details></main><style>*{display:none}</style>",
    "javascript:alert(1)",
    "\x1b[31m\x00\x07\x08\x7f\x9b",
    "a\u202eb\u2066c\ufeff\ud800",
)


class _Reader(HTMLParser):
    """Collects what a browser would see: elements, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _seen(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else float(((p + 0.055) / 1.055) ** 2.4) for p in parts]
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class MarkupTest(unittest.TestCase):
    def test_hostile_text_is_text_in_elements_and_in_attributes(self) -> None:
        for hostile in HOSTILE:
            with self.subTest(hostile):
                seen = _seen(markup.tag("p", hostile, title=hostile))
                self.assertEqual((seen.tags, seen.attributes), (["p"], ["title"]))
                self.assertEqual("".join(seen.words), markup.clean(hostile))

    def test_nothing_invisible_is_left(self) -> None:
        for hostile in HOSTILE:
            cleaned = markup.clean(hostile)
            self.assertTrue(all(c.isprintable() or c in "\n\t\ufffd" for c in cleaned), cleaned)
            cleaned.encode("utf-8")

    def test_control_characters_are_written_out(self) -> None:
        self.assertEqual(markup.clean("\x1b[31m \x00\r\nnext"), "\\x1b[31m \\x00\nnext")

    def test_a_megabyte_is_shortened_and_says_so(self) -> None:
        block = markup.pre("<" * 2**20)
        self.assertLess(len(block), 90_000)
        self.assertIn(f"{2**20 - markup.LONGEST} characters left out", block)

    def test_different_texts_have_different_anchors(self) -> None:
        texts = ["a.b", "a/b", "a b", "a~2f~b", 'a"b', "A.b", "\u00e4"]
        anchors = [markup.anchor(text) for text in texts]
        self.assertEqual(len(set(anchors)), len(texts))
        for anchor in anchors:
            self.assertRegex(anchor, r"^[\w.~-]+$")

    def test_prose_knows_code_and_nothing_else(self) -> None:
        self.assertEqual(markup.prose("`a<b` & *c*"), "<code>a&lt;b</code> &amp; *c*")

    def test_a_document_lets_only_its_own_style_and_script_work(self) -> None:
        page = shell.document("<t>", "p{}", "void 0;", markup.tag("p", "x"))
        for content in ("p{}", "void 0;"):
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            self.assertIn(f"sha256-{digest}", page)
        self.assertIn("default-src &#x27;none&#x27;", page)
        self.assertNotIn("unsafe", page)
        self.assertIn("<title>&lt;t&gt;</title>", page)


class ColoursTest(unittest.TestCase):
    def test_every_pair_can_be_read(self) -> None:
        style = shell.read("base.css")
        schemes = re.findall(r":root \{([^}]*--page[^}]*)\}", style)
        self.assertEqual(len(schemes), 2)
        for scheme in schemes:
            colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
            pairs = [(ink, "page") for ink in ("ink", "faint", "link")]
            pairs += [(ink, "raised") for ink in ("ink", "faint", "link")]
            pairs += [(kind, f"{kind}-back") for kind in ("good", "known", "bad", "none")]
            for ink, back in pairs:
                with self.subTest(ink=ink, back=back, page=colours["page"]):
                    self.assertGreaterEqual(_contrast(colours[ink], colours[back]), 4.5)


if __name__ == "__main__":
    unittest.main()
