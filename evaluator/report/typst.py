"""The printed writer: the document tree goes to Typst as data, never as markup.

``report.typ`` is a fixed template; the tree reaches it as JSON in ``sys.inputs``.  A name in the
data is a string there and stays one, whatever Typst syntax it contains.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files

import typst

from evaluator.report.document import Tree

LONGEST_WORD = 22
"""Characters after which a word without a break gets one, so that no table cell overflows."""

_LONG = re.compile(rf"\S{{{LONGEST_WORD},}}")
_NO_BREAKS = {"svg", "label", "url", "kind"}


def render_pdf(tree: Tree) -> bytes:
    """The report as PDF.

    Only fonts that are part of Typst are used, and the date comes from the tree, so the same tree
    gives the same bytes.
    """
    template = files("evaluator.report").joinpath("report.typ").read_bytes()
    data = json.dumps(_breakable(tree), ensure_ascii=False)
    pdf = typst.compile(template, sys_inputs={"document": data}, ignore_system_fonts=True)
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__} where bytes were expected")
    return pdf


def _breakable(value: object, key: str = "") -> object:
    """Long words get zero-width spaces; drawings, labels and addresses stay as they are."""
    if isinstance(value, dict):
        return {k: _breakable(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_breakable(v, key) for v in value]
    if isinstance(value, str) and key not in _NO_BREAKS:
        return _LONG.sub(_broken, value)
    return value


def _broken(match: re.Match[str]) -> str:
    word = re.sub(r"([/._:@=-])", "\\1\u200b", match[0])
    return re.sub(r"([^\u200b]{12})(?=[^\u200b]{4})", "\\1\u200b", word)
