"""Colours and type, defined once for figures and style sheets, in light and dark."""

from typing import Any, Literal, NamedTuple

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


class Tokens(NamedTuple):
    """Colours of one scheme. ``accent`` is the learning rate and nothing else: the slider, 2/η
    and η_C. The outcomes' colours keep a distance of at least 27 (CAM02-UCS) from each other,
    with normal vision and with each of three deficiencies; the pins' of at least 25."""

    paper: str
    raised: str
    ink: str
    muted: str
    line: str
    accent: str
    accent_soft: str
    minimum: str
    undecided: str
    saddle: str
    periodic: str
    bounded: str
    diverged: str
    pins: tuple[str, str, str, str]


TOKENS: dict[Scheme, Tokens] = {
    "light": Tokens(
        paper="#FFFFFF",
        raised="#F6F7F9",
        ink="#14181D",
        muted="#59616C",
        line="#DDE1E6",
        accent="#A5216C",
        accent_soft="#F7E6F0",
        minimum="#254893",
        undecided="#51A0E2",
        saddle="#111111",
        periodic="#FFAC00",
        bounded="#C13829",
        diverged="#E4E7EB",
        pins=("#4841AF", "#449D2E", "#5C2A17", "#A77395"),
    ),
    "dark": Tokens(
        paper="#14181D",
        raised="#1C2229",
        ink="#EEF1F4",
        muted="#A3ADB8",
        line="#333B45",
        accent="#FF85C0",
        accent_soft="#3D2333",
        minimum="#3D61EF",
        undecided="#958C98",
        saddle="#FFFFFF",
        periodic="#FCA422",
        bounded="#D6172D",
        diverged="#20262D",
        pins=("#9BD2FA", "#E5CC1C", "#9163D5", "#C25C5F"),
    ),
}


def sky(scheme: Scheme) -> str:
    """The colour of what is predicted or learned, beside a run in ink."""
    return TOKENS[scheme].undecided if scheme == "light" else TOKENS[scheme].pins[0]


SHARE_TICKS: dict[str, Any] = {
    "tickmode": "array",
    "tickvals": [0, 0.25, 0.5, 0.75, 1],
    "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
}
"""The ends and quarters of an axis of shares, in the words of :func:`eosdash.shares.percent`."""

MARKS = {
    "minimum": "●",
    "saddle": "✕",
    "periodic": "≈",
    "bounded": "✳",
    "diverged": "↗",
    "undecided": "…",
}
"""A sign beside every outcome's colour, for whoever does not see the colour."""


def style_sheet() -> str:
    """The tokens as CSS variables, ``--eos-accent`` and so on, for both schemes."""
    rules = []
    for scheme, tokens in TOKENS.items():
        colours = tokens._asdict()
        pins = colours.pop("pins")
        colours |= {f"pin-{i + 1}": colour for i, colour in enumerate(pins)}
        body = "".join(
            f"--eos-{name.replace('_', '-')}:{value};" for name, value in colours.items()
        )
        rules.append(f':root[data-mantine-color-scheme="{scheme}"]{{{body}}}')
    # Until the theme is known, the first paint follows the system.
    light, dark = (rule[rule.index("{") :] for rule in rules)
    first = f":root{light}@media (prefers-color-scheme:dark){{:root{dark}}}"
    return first + "".join(rules)
