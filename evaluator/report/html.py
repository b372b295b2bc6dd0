"""The web writer: one self-contained page that needs no network and reads without scripts."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from evaluator.report.document import Tree
from evaluator.report.figures.canvas import INK, MUTED, PANEL, RULE

_THEME = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    PANEL: "var(--panel)",
}
_IDENTIFIER = re.compile(r'(\bid="|href="#|url\(#)')


def render_html(tree: Tree) -> bytes:
    """The report as one HTML file."""
    style, script = _resource("page.css"), _resource("page.js")
    page = _template().render(
        doc=tree,
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=_hash(script),
    )
    return page.encode("utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"inline_svg": inline_svg, "formula": _formula}
    return environment.get_template("page.html.j2")


def _resource(name: str) -> str:
    return files("evaluator.report").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return base64.b64encode(digest).decode("ascii")


def inline_svg(svg: str, label: str, alt: str) -> Markup:
    """Our own drawing as part of the page, with a text alternative.

    Identifiers become unique in the page, and ink follows the reader's light or dark theme.
    """
    svg = _IDENTIFIER.sub(rf"\g<1>{label}-", svg)
    for fixed, themed in _THEME.items():
        svg = svg.replace(fixed, themed)
    start, rest = svg.split(">", 1)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', start)
    box = f"0 0 {size[1]} {size[2]}" if size else "0 0 1 1"
    head = Markup(
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{}" role="img" aria-label="{}">'
    ).format(box, alt)
    return head + Markup(rest)  # noqa: S704 - drawn by us; every name in it is an outline


def _formula(tree: Tree) -> Markup:
    """MathML of a formula tree."""
    match tree["kind"]:
        case "variable":
            tag = "mn" if re.fullmatch(r"[\d.]+", tree["text"]) else "mi"
            return _element(tag, escape(tree["text"]))
        case "sign":
            return _element("mo", escape(tree["text"]))
        case "word":
            return _element("mtext", escape(tree["text"]))
        case "fraction":
            return _element("mfrac", _formula(tree["over"]) + _formula(tree["under"]))
        case "root":
            return _element("msqrt", _formula(tree["inside"]))
        case "brackets":
            inside = Markup("<mo>(</mo>") + _formula(tree["inside"]) + Markup("<mo>)</mo>")
            return _element("mrow", inside)
        case "row":
            return _element("mrow", Markup("").join(_formula(part) for part in tree["parts"]))
        case _:
            return _scripts(tree)


def _scripts(tree: Tree) -> Markup:
    low, high = ("munder", "mover") if tree["big"] else ("msub", "msup")
    both = "munderover" if tree["big"] else "msubsup"
    inside = _formula(tree["base"])
    if tree["below"]:
        inside += _formula(tree["below"])
    if tree["above"]:
        inside += _formula(tree["above"])
    return _element(
        both if tree["below"] and tree["above"] else low if tree["below"] else high, inside
    )


def _element(tag: str, inside: Markup) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(tag, inside)  # tag is one of ours
