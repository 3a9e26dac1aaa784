"""Layouts and thin callbacks, one module a page."""

from eosdash.pages.shell import create

__all__ = ["create"]
