"""A map that changes with the learning rate, as an animated picture.

A frame is an array of indices into one palette, so that the colours are exact, and the same in
all frames and formats.
"""

import io
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from math import ceil, floor, log10
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from eosdash.core.outcome import OUTCOMES
from eosdash.figures.style import TOKENS, Scheme

Format = Literal["gif", "webp"]
Indices = NDArray[np.uint8]

FRAME_MS, LAST_MS = 110, 1_200
"""How long a frame stays, and the last one."""

SIDE, MARGIN = 512, 64
"""Side of the map, as nearly as whole pixels allow, and what is left and right of it."""

TITLE, TEXT = 22, 14
"""Sizes of type."""

TOP, LINE, BAR, SWATCH = 20, 20, 8, 12
"""Where the title begins; heights of a line of text, of the bar and of a swatch."""

GAP, NEAR, APART = 8, 5, 11
"""Between things, between a swatch and its name, and between the entries of the legend."""

LEVELS = 15
"""Shades of a letter's edge, which blend text into paper."""

PAPER, RULE, ACCENT, FATE = range(4)
INK = FATE + len(OUTCOMES)
MUTED = INK + LEVELS
"""Where colours begin in the palette; the darkest shade of a text is the last of its levels."""

SPELLED = {
    "η_C": "critical learning rate",
    "η": "learning rate",
    "θ": "theta",
    "λ": "lambda",
    "σ": "sigma",
    "κ": "kappa",
    "×": "x",
    "−": "-",
    "≤": "<=",
}
"""What the built-in font has no sign for."""

EXIF_DESCRIPTION = 0x010E


def animated(
    outcomes: Sequence[Indices],
    rates: Sequence[float],
    unit: tuple[float, str],
    extent: Sequence[float],
    names: tuple[str, str],
    caption: str,
    scheme: Scheme,
    format: Format,
    source: str = "",
) -> bytes:
    """The maps one after another, for ever.

    Args:
        outcomes: codes, (n, n) each, with rows from the low end of the second axis.
        rates: learning rate of each.
        unit: a learning rate that others are told in times of, which the bar marks: η_C, or what
            stands in for it; and what it is called.
        extent: ends of the first axis, then of the second.
        names: of the axes.
        caption: what is shown, in words.
        source: how to compute it, kept beside the picture.
    """
    factor = max(1, round(SIDE / len(outcomes[0])))
    side = factor * len(outcomes[0])
    seen = [name for code, name in enumerate(OUTCOMES) if any((o == code).any() for o in outcomes)]
    legend = _rows(seen, side + APART, SWATCH + NEAR + APART)
    sheet, bar = _sheet(side, extent, names, legend, _lines(caption, side))
    _mark(sheet, bar, side, unit, rates[-1])
    decimals = max(0, 1 - floor(log10(rates[0])))
    words = [f"learning rate {rate:.{decimals}f}" for rate in rates]
    beside = MARGIN + max(_width(text, TITLE) for text in words)  # where nothing moves it
    frames = []
    for codes, rate, text in zip(outcomes, rates, words, strict=True):
        frame = _frame(sheet, codes, factor, text)
        write(frame, beside, TOP, f" = {rate / unit[0]:.2f} times {unit[1]}", TITLE, MUTED)
        frame[bar : bar + BAR, MARGIN : MARGIN + round(side * rate / rates[-1])] = ACCENT
        frames.append(frame)
    return _encoded(frames, palette(scheme), format, source)


def _frame(sheet: Indices, codes: Indices, factor: int, words: str) -> Indices:
    """The sheet with a map on it, its second axis upwards."""
    frame = sheet.copy()
    large = codes[::-1].repeat(factor, axis=0).repeat(factor, axis=1)
    frame[MARGIN : MARGIN + len(large), MARGIN : MARGIN + len(large)] = FATE + large
    write(frame, MARGIN, TOP, words, TITLE, INK)
    return frame


def palette(scheme: Scheme) -> Indices:
    """Red, green and blue of every index."""
    tokens = TOKENS[scheme]
    exact = (tokens.paper, tokens.line, tokens.accent, *(getattr(tokens, o) for o in OUTCOMES))
    shade = np.arange(1, LEVELS + 1)[:, None] / LEVELS
    ramps = [(1 - shade) * _rgb(tokens.paper) + shade * _rgb(end) for end in tokens[2:4]]
    return np.concatenate([[_rgb(colour) for colour in exact], *ramps]).round().astype(np.uint8)


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array(list(bytes.fromhex(colour[1:])), dtype=float)


# What is the same in all frames.


def _sheet(
    side: int,
    extent: Sequence[float],
    names: tuple[str, str],
    legend: list[list[str]],
    lines: list[str],
) -> tuple[Indices, int]:
    """All that stays, and how far down the bar is."""
    below = MARGIN + side
    bar = below + LINE + 5 * GAP
    rows = bar + BAR + LINE + 3 * GAP
    words = rows + LINE * len(legend) + GAP
    height, width = words + LINE * len(lines) + 3 * GAP, side + 2 * MARGIN
    sheet = np.full((height, width), PAPER, dtype=np.uint8)
    sheet[MARGIN - 1 : below + 1, MARGIN - 1 : below + 1] = RULE
    across, up = (
        _axis(side, ends, name) for ends, name in zip((extent[:2], extent[2:]), names, strict=True)
    )
    sheet[below + GAP : below + GAP + LINE, MARGIN:below] = across
    sheet[MARGIN:below, MARGIN - GAP - LINE : MARGIN - GAP] = np.rot90(up)
    sheet[bar : bar + BAR, MARGIN:below] = RULE
    for i, row in enumerate(legend):
        _legend(sheet, rows + LINE * i, row)
    for i, line in enumerate(lines):
        write(sheet, MARGIN, words + LINE * i, line)
    return sheet, bar


def _axis(side: int, ends: Sequence[float], name: str) -> Indices:
    """An axis from left to right: its ends, and its name between them."""
    strip = np.full((LINE, side), PAPER, dtype=np.uint8)
    first, last = ends_words(*ends)
    write(strip, 0, 0, first)
    write(strip, side - _width(last), 0, last)
    write(strip, (side - _width(plain(name))) // 2, 0, plain(name), ramp=INK)
    return strip


def ends_words(low: float, high: float) -> tuple[str, str]:
    """The ends of an axis, with as many digits as it takes to see its length."""
    for digits in range(3, 17):
        texts = f"{low:.{digits}g}", f"{high:.{digits}g}"
        errors = abs(float(texts[0]) - low), abs(float(texts[1]) - high)
        if max(errors) <= 0.005 * (high - low):
            break
    return texts


def _legend(sheet: Indices, y: int, row: list[str]) -> None:
    x, drop = MARGIN, (LINE - SWATCH) // 2
    for name in row:
        sheet[y + drop : y + drop + SWATCH, x : x + SWATCH] = RULE
        colour = FATE + [str(outcome) for outcome in OUTCOMES].index(name)
        sheet[y + drop + 1 : y + drop + SWATCH - 1, x + 1 : x + SWATCH - 1] = colour
        write(sheet, x + SWATCH + NEAR, y, name, ramp=INK)
        x += SWATCH + NEAR + _width(name) + APART


def _mark(sheet: Indices, bar: int, side: int, unit: tuple[float, str], last: float) -> None:
    """Where the bar reaches the unit of the learning rate, which has no place on a shorter one."""
    value, name = unit
    if value > last:
        return
    at = MARGIN + round(side * value / last)
    sheet[bar - 4 : bar + BAR + 4, at - 1 : at + 1] = ACCENT
    words = f"{name} {value:.3g}"
    left = min(at - _width(words) // 2, MARGIN + side - _width(words))
    write(sheet, left, bar + BAR + GAP, words)


# Text.


def plain(words: str) -> str:
    """A text in signs that the font has: spelled out, without marks, or left out."""
    words = re.sub(r"<[^>]*>", "", words)
    for sign, spelled in SPELLED.items():
        words = words.replace(sign, spelled)
    return "".join(sign for sign in unicodedata.normalize("NFKD", words) if _has(sign))


@cache
def _font(size: int) -> Any:
    return ImageFont.load_default(size)


@cache
def _has(sign: str) -> bool:
    """Whether the font has a sign of its own for it; for all it lacks it draws the same box."""
    box, drawn = (_font(TEXT).getmask(letter) for letter in ("\uffff", sign))
    return bytes(drawn) != bytes(box)


def _width(words: str, size: int = TEXT) -> int:
    return ceil(_font(size).getlength(words))


def _rows(words: Sequence[str], limit: int, beside: int) -> list[list[str]]:
    """As many in a row as fit, with so much beside each."""
    rows: list[list[str]] = [[]]
    left = limit
    for word in words:
        needed = _width(word) + beside
        if needed > left and rows[-1]:
            rows.append([])
            left = limit
        rows[-1].append(word)
        left -= needed
    return rows


def _lines(words: str, limit: int) -> list[str]:
    return [" ".join(row) for row in _rows(plain(words).split(), limit, _width(" "))]


@lru_cache(maxsize=512)
def _letters(words: str, size: int) -> Indices:
    """Shades of a line of text, from 0 on paper to all in a letter."""
    ascent, descent = _font(size).getmetrics()
    picture = Image.new("L", (_width(words, size), ascent + descent))
    ImageDraw.Draw(picture).text((0, 0), words, fill=255, font=_font(size))
    return (np.asarray(picture) * (LEVELS / 255)).round().astype(np.uint8)


def write(sheet: Indices, x: int, y: int, words: str, size: int = TEXT, ramp: int = MUTED) -> None:
    """A line of text, down and to the right from (x, y)."""
    shades = _letters(words, size)
    place = sheet[y : y + shades.shape[0], x : x + shades.shape[1]]
    shades = shades[: place.shape[0], : place.shape[1]]
    place[shades > 0] = (ramp - 1 + shades)[shades > 0]


# Files.


def _encoded(frames: list[Indices], colours: Indices, format: Format, source: str) -> bytes:
    height, width = frames[0].shape
    pictures = [Image.frombytes("P", (width, height), frame.tobytes()) for frame in frames]
    for picture in pictures:
        picture.putpalette(colours.tobytes())
    options: dict[str, Any] = {"comment": source, "optimize": False}
    if format == "webp":
        pictures = [picture.convert("RGB") for picture in pictures]
        exif = Image.Exif()
        exif[EXIF_DESCRIPTION] = source
        options = {"lossless": True, "exif": exif}
    body = io.BytesIO()
    pictures[0].save(
        body, format, save_all=True, append_images=pictures[1:], loop=0,
        duration=[*[FRAME_MS] * (len(frames) - 1), LAST_MS], **options,
    )  # fmt: skip
    return body.getvalue()
