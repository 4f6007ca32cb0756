"""Plots as SVG that belongs to the page: drawn by matplotlib, coloured and lettered by the page's own style sheet.

matplotlib writes inline styles and fixed colours; a strict content security policy refuses the first, and dark pages
the second. So each style becomes attributes, each of the palette's colours a variable of the style sheet, and fonts are
inherited. Invariants: text in a plot is text, escaped by the XML writer; a drawing has no id, script, style or link but
its own clip paths. Not here: what is drawn (``figures``).
"""

from __future__ import annotations

import io
import itertools
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, GRID = "#0a0b0c", "#0a0b0d", "#0a0b0e"
FIRST, SECOND, THIRD, BAD = "#0a0b1c", "#0a0b2c", "#0a0b3c", "#0a0b4c"
VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    GRID: "var(--line)",
    FIRST: "var(--plot-1)",
    SECOND: "var(--plot-2)",
    THIRD: "var(--plot-3)",
    BAD: "var(--bad)",
}
"""The palette: colours that stand for variables of the style sheet."""

WIDTH, HEIGHT = 4.4, 2.5
"""Inches of 72 units: small, so that letters stay readable on a phone."""

LETTERS = 9.0

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_KEPT = frozenset(
    (
        *("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap"),
        *("stroke-linejoin", "opacity", "fill-opacity", "stroke-opacity", "text-anchor", "font-size", "font-weight"),
    )
)
_numbers = itertools.count(1)
_drawing = threading.Lock()  # matplotlib's settings are the process's


def draw(paint: Callable[[Axes], None], *, width: float = WIDTH, height: float = HEIGHT) -> str:
    """An ``<svg>`` element.

    Args:
        paint: draws on the axes.
        width: inches.
        height: inches.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with _drawing, matplotlib.rc_context():
        matplotlib.rcParams["svg.fonttype"] = "none"
        matplotlib.rcParams["svg.hashsalt"] = "quickstudy"
        matplotlib.rcParams["font.size"] = LETTERS
        matplotlib.rcParams["text.parse_math"] = False
        figure = Figure(figsize=(width, height), dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        _bare(axes)
        paint(axes)
        written = io.BytesIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return adopted(written.getvalue())


def adopted(svg: bytes) -> str:
    """Matplotlib's SVG as a part of the page."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    prefix = f"plot-{next(_numbers)}-"
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        style = element.attrib.pop("style", "")
        for name, value in _declarations(style):
            if name in _KEPT:
                element.set(name, value)
        for name, value in list(element.attrib.items()):
            if name in ("fill", "stroke"):
                element.set(name, VARIABLES.get(value, value))
            elif name == "id":
                element.set("id", prefix + value)
            elif name in ("clip-path", _LINK):
                element.set(name, re.sub(r"#", f"#{prefix}", value, count=1))
    _without_names(root)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return ElementTree.tostring(root, encoding="unicode")


def _without_names(root: ElementTree.Element) -> None:
    """Drops ids that nothing refers to: matplotlib names every group."""
    text = ElementTree.tostring(root, encoding="unicode")
    used = set(re.findall(r"#([\w-]+)", text))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)


def _declarations(style: str) -> list[tuple[str, str]]:
    found = []
    for part in style.split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if name == "font":
            if size := re.search(r"([\d.]+)px", value):
                found.append(("font-size", size[1]))
        elif name and value:
            found.append((name, value))
    return found


def _bare(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, length=0, labelsize=LETTERS)
    axes.xaxis.label.set_color(SOFT)
    axes.margins(x=0.01)
