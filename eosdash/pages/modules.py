"""ES modules as one script: in the order of their imports, each in a function of its own.

A statement of import becomes one that takes members of an object, so a member is what it is when
its module has run: ``export let`` is refused, and so is every form that the scripts do without.
"""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from posixpath import normpath

IMPORT = re.compile(r'^import\s+(?:\{([^}]*)\}\s+from\s+)?"(\.[^"]+)";$', re.M)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) ([\w$]+))", re.M)
COMMENT = re.compile(r"^ */\*(?:(?!\*/).)*\*/\n", re.M | re.S)
"""One with lines of its own, such as those that say types: a sixth of what a visit would load."""

OTHER = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b|\bawait import\(", re.M)
"""What is left of imports and exports when those above are taken out."""


class ModuleError(Exception):
    """Modules that do not join: the files, and what is wrong with them."""


def join(folder: Path) -> str:
    """One script of all modules of a folder, each behind a comment with its name.

    Raises:
        ModuleError: if imports go round in a circle or lead nowhere, or if a module says anything
            that cannot be joined.
    """
    sources = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.js"))
    }
    exports = {name: set(EXPORT.findall(text)) for name, text in sources.items()}
    parts = [_wrapped(name, sources[name], exports) for name in order(sources)]
    return "\n".join(['(() => {\n"use strict";', *parts, "})();\n"])


def order(sources: dict[str, str]) -> list[str]:
    """The names of modules, each after those that it imports; alphabetical where that is free."""
    graph = {name: imported(name, text) for name, text in sources.items()}
    for name, others in graph.items():
        if lost := sorted(others - graph.keys()):
            raise ModuleError(f"{name} imports what is not there: {', '.join(lost)}")
    try:
        return list(TopologicalSorter({name: sorted(graph[name]) for name in graph}).static_order())
    except CycleError as circle:
        raise ModuleError(f"imports go round: {' → '.join(reversed(circle.args[1]))}") from None


def imported(name: str, text: str) -> set[str]:
    """The modules that one imports, by their paths from the folder of all."""
    above = name.rpartition("/")[0] or "."
    return {normpath(f"{above}/{path}") for _, path in IMPORT.findall(text)}


def _wrapped(name: str, text: str, exports: dict[str, set[str]]) -> str:
    """A module as a constant that holds its exports."""
    above = name.rpartition("/")[0] or "."

    def taken(found: re.Match[str]) -> str:
        source = normpath(f"{above}/{found[2]}")
        members = [each.split(" as ") for each in re.split(r",\s*", (found[1] or "").strip(", \n"))]
        if lost := {member for member, *_ in members if member} - exports[source]:
            raise ModuleError(f"{name} imports what {source} does not export: {', '.join(lost)}")
        return f"const {{ {', '.join(': '.join(each) for each in members)} }} = {_held(source)};"

    body = EXPORT.sub("", IMPORT.sub(taken, COMMENT.sub("", text)))
    if other := OTHER.search(body):
        raise ModuleError(f"{name} cannot be joined: {other[0]}")
    function = f"(() => {{\n{body}return {{ {', '.join(sorted(exports[name]))} }};\n}})();"
    return f"/* {name} */\nconst {_held(name)} = {function}"


def _held(name: str) -> str:
    """The constant that holds the exports of a module."""
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))
