"""What the Dockerfile says, read with nothing but Python."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Copy:
    """A COPY line: sources, a destination, and the stage they come from, if not the context."""

    sources: tuple[str, ...]
    destination: str
    stage: str | None


@dataclass(frozen=True)
class Stage:
    """A stage: what it starts from, its name, and its instructions with their arguments."""

    base: str
    name: str | None
    instructions: tuple[tuple[str, str], ...]

    def arguments(self, instruction: str) -> list[str]:
        """Of each instruction of a kind."""
        return [argument for name, argument in self.instructions if name == instruction]

    @property
    def environ(self) -> dict[str, str]:
        """What it sets, with the names of other variables as they stand there."""
        return dict(pair.split("=", 1) for pair in shlex.split(" ".join(self.arguments("ENV"))))

    @property
    def copies(self) -> list[Copy]:
        """Its COPY lines."""
        return [_copy(argument) for argument in self.arguments("COPY")]


def _copy(argument: str) -> Copy:
    words = shlex.split(argument)
    stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
    assert not words[0].startswith("--"), argument
    return Copy(tuple(words[:-1]), words[-1], stage)


def stages() -> list[Stage]:
    """All stages, in their order; continued lines are joined."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    words = (line.split(maxsplit=1) for line in lines if line.strip() and line[0] != "#")
    found: list[tuple[str, str | None, list[tuple[str, str]]]] = []
    for name, argument in words:
        if name == "FROM":
            base, _, stage = argument.partition(" AS ")
            found.append((base.strip(), stage.strip() or None, []))
        elif found:  # before the first stand only ARG lines
            found[-1][2].append((name, argument.strip()))
    return [Stage(base, name, tuple(instructions)) for base, name, instructions in found]


def lineage(stage: Stage) -> list[Stage]:
    """A stage, and before it those that it starts from."""
    before = [other for other in stages() if other.name == stage.base]
    return [*(lineage(before[0]) if before else []), stage]


def image() -> list[Stage]:
    """The last stage, which becomes the image, and before it those that it starts from."""
    return lineage(stages()[-1])


def arguments(instruction: str) -> list[str]:
    """Of each instruction of a kind that the image is made of."""
    return [argument for stage in image() for argument in stage.arguments(instruction)]


def environ() -> dict[str, str]:
    """What the image sets."""
    return {name: value for stage in image() for name, value in stage.environ.items()}


def command() -> list[str]:
    """What the image runs."""
    (found,) = map(json.loads, arguments("CMD"))
    return found


def health() -> list[str]:
    """What asks the image for its health."""
    (found,) = (json.loads(line.partition("CMD ")[2]) for line in arguments("HEALTHCHECK"))
    return found


def user() -> str:
    """Who runs it."""
    return arguments("USER")[-1]
