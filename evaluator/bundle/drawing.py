"""Shapes and words of a diagram: SVG that reads the same on light and on dark ground.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart; nothing is
said by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

NAMESPACE = "http://www.w3.org/2000/svg"
CHARACTER = 0.602
"""Width of a character in units of the font's size, in the fixed-width fonts named below."""
SMALLEST = 9.0
"""Words are made smaller down to this size, in pixels, and then cut."""

STYLE = """\
svg { --ground: #ffffff; --ink: #1a1a1a; --quiet: #5a5a5a; --fill: #f3f5f7; --edge: #8a929a;
  font-family: "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #15181b; --ink: #f0f0f0; --quiet: #b0b6bc; --fill: #23282d; --edge: #7d868e; } }
.ground { fill: var(--ground); }
text { fill: var(--ink); }
.quiet { fill: var(--quiet); }
.strong { font-weight: bold; }
.box { fill: var(--fill); stroke: var(--edge); stroke-width: 1.2; }
.waiting { stroke-dasharray: 5 4; fill: var(--ground); }
.wire { stroke: var(--edge); stroke-width: 1.5; fill: none; }
.badge { fill: #0072b2; }
.badge-text { fill: #ffffff; font-weight: bold; }
.blue { stroke: #0072b2; } .orange { stroke: #e69f00; } .green { stroke: #009e73; }
.purple { stroke: #cc79a7; }
.bar { stroke-width: 4; fill: none; }
.dot { fill: var(--ground); stroke-width: 3; }
.frame { fill: none; stroke: var(--edge); stroke-width: 1.5; }
"""


@dataclass
class Drawing:
    """A canvas of ``width`` pixels; its height is known when everything is on it."""

    title: str
    width: float
    root: etree._Element = field(init=False)

    def __post_init__(self) -> None:
        self.root = etree.Element("svg", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
        self.root.set("role", "img")
        self._put("title").text = self.title
        self._put("style").text = STYLE
        self._put("rect", width="100%", height="100%").set("class", "ground")

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a rectangle."""
        self._put("rect", x=x, y=y, width=width, height=height, rx=5).set("class", kind)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "wire") -> None:
        """Draw a straight line."""
        self._put("line", x1=x1, y1=y1, x2=x2, y2=y2).set("class", kind)

    def dot(self, x: float, y: float, kind: str) -> None:
        """Mark where something is connected."""
        self._put("circle", cx=x, cy=y, r=5).set("class", f"dot {kind}")

    def badge(self, x: float, y: float, number: int) -> None:
        """Draw a number in a disc."""
        self._put("circle", cx=x, cy=y, r=10).set("class", "badge")
        self.text(x, y + 4, str(number), 20, 12, "badge-text", "middle")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        room: float,
        size: float = 13,
        kind: str = "",
        anchor: str = "start",
    ) -> None:
        """Write words within ``room`` pixels: smaller, and then cut, with all of them as a hint."""
        size = max(min(size, room / (CHARACTER * max(len(words), 1))), min(size, SMALLEST))
        most = max(int(room / (CHARACTER * size)), 1)
        element = self._put("text", x=x, y=y)
        element.set("font-size", _number(size))
        element.set("text-anchor", anchor)
        if kind:
            element.set("class", kind)
        element.text = words
        if len(words) > most:
            element.text = f"{words[: most - 1]}…"
            etree.SubElement(element, "title").text = words

    def svg(self, height: float) -> bytes:
        """Finish the drawing."""
        self.root.set("viewBox", f"0 0 {_number(self.width)} {_number(height)}")
        self.root.set("width", _number(self.width))
        self.root.set("height", _number(height))
        etree.indent(self.root)
        return etree.tostring(self.root, xml_declaration=True, encoding="utf-8") + b"\n"

    def _put(self, tag: str, **numbers: float | str) -> etree._Element:
        element = etree.SubElement(self.root, tag)
        for name, value in numbers.items():
            element.set(name, value if isinstance(value, str) else _number(value))
        return element


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
