"""A few line icons as data URIs: nothing is fetched, and they take the colour of the text."""

from typing import Any
from urllib.parse import quote

from dash import html

PATHS = {
    "play": "<path d='M7 5v14l12-7z' fill='black'/>",
    "pause": "<path d='M8 5v14M16 5v14'/>",
    "first": "<path d='M18 6v12l-9-6zM6 6v12' fill='black'/>",
    "back": "<path d='M15 6l-6 6 6 6'/>",
    "forward": "<path d='M9 6l6 6-6 6'/>",
    "last": "<path d='M6 6v12l9-6zM18 6v12' fill='black'/>",
    "pin": "<path d='M9 4h6l-1 6 3 3H7l3-3zM12 13v7'/>",
    "link": "<path d='M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0"
    " 0 0 6 6l1-1'/>",
    "code": "<path d='M8 8l-4 4 4 4M16 8l4 4-4 4M13 6l-2 12'/>",
    "download": "<path d='M12 4v11M7 11l5 5 5-5M5 20h14'/>",
    "theme": "<path d='M12 3a9 9 0 1 0 0 18z' fill='black'/><circle cx='12' cy='12' r='9'/>",
    "view": "<path d='M4 8h10M18 8h2M4 16h4M12 16h8'/><circle cx='16' cy='8' r='2'/>"
    "<circle cx='10' cy='16' r='2'/>",
    "reset": "<path d='M5 12a7 7 0 1 0 2-5M5 4v4h4'/>",
    "seed": "<rect x='5' y='5' width='14' height='14' rx='3'/><circle cx='9' cy='9' r='.7'/>"
    "<circle cx='15' cy='15' r='.7'/><circle cx='12' cy='12' r='.7'/>",
    "screen": "<rect x='3' y='5' width='18' height='12' rx='2'/><path d='M9 21h6M12 17v4'/>",
    "help": "<circle cx='12' cy='12' r='9'/><path d='M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 "
    "1.7M12 17v.01'/>",
    "undo": "<path d='M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3'/>",
    "redo": "<path d='M16 5l4 4-4 4M20 9H10a6 6 0 0 0 0 12h3'/>",
    "close": "<path d='M6 6l12 12M18 6L6 18'/>",
    "home": "<path d='M4 11l8-7 8 7M6 10v9h12v-9'/>",
    "plus": "<path d='M12 5v14M5 12h14'/>",
    "minus": "<path d='M5 12h14'/>",
    "up": "<path d='M6 15l6-6 6 6'/>",
}


def icon(name: str) -> html.Span:
    """An icon of the size of the text beside it, hidden from screen readers."""
    picture = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' "
        f"stroke-width='2' stroke-linecap='round' stroke-linejoin='round'>{PATHS[name]}</svg>"
    )
    mask = f'url("data:image/svg+xml,{quote(picture)}")'
    return html.Span(
        className="eos-icon",
        style={"maskImage": mask, "WebkitMaskImage": mask},
        **aria(hidden="true"),
    )


def aria(**words: str) -> dict[str, Any]:
    """Attributes for assistive technology, ``aria-label`` from ``label`` and so on."""
    return {f"aria-{name}": value for name, value in words.items()}
