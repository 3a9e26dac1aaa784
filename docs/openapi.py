"""The HTTP API in Markdown, read off its OpenAPI description."""

from collections.abc import Iterator
from typing import Any

from eosdash.service.openapi import document

Schema = dict[str, Any]

OF = {
    "network": "of every network",
    "train": "of a run",
    "explain": "of an explanation",
    "basin": "of a map",
    "sweep": "of a sweep",
    "theory": "of the four statements",
    "": "of streams",
}
"""What parameters are of, by the first part of their names."""


def markdown() -> str:
    """Paths, refusals, parameters and records, below a heading of the second level."""
    made = document()
    return "\n".join([*_paths(made), *_refusals(made), *_parameters(made), *_records(made)])


def _paths(made: Schema) -> Iterator[str]:
    yield f"\n### Paths\n\n{made['info']['description']}"
    for path, methods in made["paths"].items():
        for method, about in methods.items():
            yield f"\n#### {method.upper()} {path}\n\n{about['summary']}\n"
            if body := about.get("requestBody"):
                yield f"- Body: {body['description']}"
            if named := list(_named(made, about.get("parameters", []))):
                yield f"- Parameters: {', '.join(named)}"
            refused = []
            for status, answer in about["responses"].items():
                if "$ref" in answer:
                    refused.append(f"[{status}](#refusals)")
                else:
                    yield f"- {status}: {_answer(answer)}"
            if refused:
                yield f"- Refused: {', '.join(refused)}"


def _named(made: Schema, parameters: list[Schema]) -> Iterator[str]:
    """The parameters of a path: its own with their words, the others by what they are of."""
    groups: dict[str, list[str]] = {}
    for each in parameters:
        if "$ref" in each:
            group, _, name = each["$ref"].rpartition("/")[2].rpartition(".")
            groups.setdefault(group, []).append(name)
        else:
            needed = ", required" if each.get("required") else ""
            yield f"`{each['name']}`{needed} ({each['description'].rstrip('.')})"
    for group, names in groups.items():
        title = OF[group]
        if group:
            yield f"those [{title}](#{_anchor(title)})"
            continue
        for name in names:
            shown = made["components"]["parameters"][name]["name"]
            yield f"[`{shown}`](#{_anchor(title)})"


def _anchor(title: str) -> str:
    return title.replace(" ", "-")


def _answer(answer: Schema) -> str:
    kinds = []
    for kind, content in answer.get("content", {}).items():
        schema = content.get("schema", {})
        records = content.get("x-itemSchema", schema).get("anyOf", [schema] if schema else [])
        of = f": {', '.join(map(_type, records))}" if records else ""
        kinds.append(f"`{kind}`{of}")
    return answer["description"] + (f" {'; '.join(kinds)}" if kinds else "")


def _refusals(made: Schema) -> Iterator[str]:
    yield "\n### Refusals\n"
    statuses = {
        answer["$ref"].rpartition("/")[2]: status
        for methods in made["paths"].values()
        for about in methods.values()
        for status, answer in about["responses"].items()
        if "$ref" in answer
    }
    for name, answer in made["components"]["responses"].items():
        headers = "".join(
            f" Header `{header}`: {about['description']}"
            for header, about in answer.get("headers", {}).items()
        )
        yield f"- {statuses[name]}: {_answer(answer)}{headers}"


def _parameters(made: Schema) -> Iterator[str]:
    yield (
        "\n### Parameters\n\nThey are those of the Python API, by the same names. One that stands "
        "for a map, a sweep or the statements too has the place of that of every network there."
    )
    every = made["components"]["parameters"]
    if unknown := {name.rpartition(".")[0] for name in every} - OF.keys():
        raise ValueError(f"parameters of {', '.join(unknown)} have no heading")
    for group, title in OF.items():
        yield f"\n#### {title.capitalize()} {{ #{_anchor(title)} }}\n"
        for name, each in every.items():
            if name.rpartition(".")[0] != group:
                continue
            schema = each["schema"]
            place = "" if each["in"] == "query" else f" ({each['in']})"
            default = f", by default {_text(schema['default'])}" if "default" in schema else ""
            yield f"- `{each['name']}`{place}, {_type(schema)}{default}: {each['description']}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`{','.join(map(str, value))}`" if value else "none"
    return f"`{value}`" if value != "" else "none"


def _type(schema: Schema) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#record-{name.lower()})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "allOf" in schema:
        return " and ".join(map(_type, schema["allOf"]))
    kinds = schema.get("type", "text" if "pattern" in schema else "")
    if kinds == "array" or (isinstance(kinds, list) and "array" in kinds):
        return f"list of {_type(schema['items'])}" if "items" in schema else "list"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    words = " or ".join(kinds) if isinstance(kinds, list) else kinds
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        words += f" above {schema['exclusiveMinimum']:g}"
    elif low is not None:
        words += f" from {low:g}"
    return (words + (f" to {high:.10g}" if high is not None else "")) or "anything"


def _records(made: Schema) -> Iterator[str]:
    yield "\n### Records\n\nA field in italics may be missing."
    for name, schema in made["components"]["schemas"].items():
        parts = schema.get("allOf", [schema])
        bases = [_type(part) for part in parts if "$ref" in part]
        own = [part for part in parts if "$ref" not in part]
        words = " ".join(part.get("description", "") for part in own)
        beyond = f" As {', '.join(bases)}, and:" if bases else ""
        yield f"\n#### {name} {{ #record-{name.lower()} }}\n\n{words}{beyond}\n"
        for part in own:
            yield from _fields(part)


def _fields(schema: Schema, depth: int = 0) -> Iterator[str]:
    """The fields of a record as a list, and of records within it."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        mark = f"`{name}`" if name in required else f"*`{name}`*"
        words = f": {field['description']}" if field.get("description") else ""
        yield f"{'    ' * depth}- {mark}, {_type(field)}{words}"
        inner = field.get("items", field)
        if isinstance(inner, dict) and inner.get("properties"):
            yield from _fields(inner, depth + 1)
