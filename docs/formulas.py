"""A Python-Markdown extension: formulas in TeX become MathML, which browsers set by themselves.

``$…$`` stands in a line, ``$$`` on lines of their own around a formula that stands alone: as code
hosts read them too. In docstrings it takes the roles of reStructuredText off what they mark.
"""

import re
from re import Match
from typing import Any
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor

LINE = r"(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?![\w$])"
ALONE = re.compile(r"\$\$\n(.+?)\n\$\$", re.DOTALL)
ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`([^`]+)`")


def mathml(formula: str, display: str = "inline") -> str:
    """A formula in TeX as MathML.

    Raises:
        ValueError: for braces that do not match, and for commands that are not known.
    """
    made = convert(formula, display=display)
    if formula.count("{") != formula.count("}") or "\\" in made:
        raise ValueError(f"this is no formula: {formula}")
    return made


class _InLine(InlineProcessor):
    def handleMatch(self, m: Match[str], data: str) -> tuple[Any, int, int]:  # noqa: ARG002
        return self.md.htmlStash.store(mathml(m[1])), m.start(0), m.end(0)


class _Alone(BlockProcessor):
    def test(self, parent: Element, block: str) -> bool:  # noqa: ARG002
        return bool(ALONE.fullmatch(block.strip()))

    def run(self, parent: Element, blocks: list[str]) -> None:
        formula = mathml(blocks.pop(0).strip().removeprefix("$$").removesuffix("$$"), "block")
        html = f'<div class="formula" tabindex="0">{formula}</div>'
        parent.append(Element("p"))
        parent[-1].text = self.parser.md.htmlStash.store(html)


class _Roles(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return ROLE.sub(r"`\1`", "\n".join(lines)).split("\n")


class Formulas(Extension):
    """Formulas, and the words of docstrings."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: D102
        md.inlinePatterns.register(_InLine(LINE, md), "formula", 185)  # after code, before escapes
        md.parser.blockprocessors.register(_Alone(md.parser), "formula", 105)
        md.preprocessors.register(_Roles(md), "roles", 15)  # after blocks of code


def makeExtension(**options: Any) -> Formulas:
    """What Python-Markdown asks for."""
    return Formulas(**options)
