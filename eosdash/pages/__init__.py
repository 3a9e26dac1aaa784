"""Layouts and thin callbacks, one module a page."""

from eosdash.pages.shell import MISTAKES, create, known

__all__ = ["MISTAKES", "create", "known"]
