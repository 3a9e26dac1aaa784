"""Addresses in the pages: they begin with the path under which whoever asks sees the app.

Dash reads that path from its configuration at every request, and takes it for the same at each.
"""

from typing import Any

import dash
from dash._utils import AttributeDict

from eosdash.service.prefix import prefix


class Dashboard(dash.Dash):  # type: ignore[misc]
    """A Dash app whose pages can be seen under several paths at a time.

    ``{%base%}`` in its index stands for the path, and the addresses of external scripts and styles
    are given without it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.config: Addresses = Addresses(self.config)

    def interpolate_index(self, **parts: str) -> str:
        """The page itself, which Dash puts together from its parts."""
        return super().interpolate_index(**parts).replace("{%base%}", prefix())


class Addresses(AttributeDict):  # type: ignore[misc]
    """A configuration of Dash in which addresses are those of whoever asks."""

    @property
    def requests_pathname_prefix(self) -> str:
        """What lies before every address."""
        return f"{prefix()}/"

    @property
    def external_scripts(self) -> list[str]:
        """Addresses of scripts besides those of Dash."""
        return [prefix() + url for url in self["external_scripts"]]

    @property
    def external_stylesheets(self) -> list[str]:
        """Addresses of styles besides those of Dash."""
        return [prefix() + url for url in self["external_stylesheets"]]
