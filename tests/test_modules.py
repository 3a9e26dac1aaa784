"""Modules joined into one script, run by a JavaScript engine; circles and the like are named."""

import subprocess
from pathlib import Path

import pytest
from deno import find_deno_bin

from eosdash.pages import modules


def written(folder: Path, **files: str) -> Path:
    """A folder of modules; ``a__b`` stands for ``a/b.js``."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def run(script: str) -> str:
    """What a script prints."""
    done = subprocess.run(
        [find_deno_bin(), "run", "-"], input=script, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


TOYS = {
    "main": 'import { greet as hail } from "./app/greeting.js";\nimport "./app/late.js";\n'
    'console.log(hail("you"), globalThis.late);\n',
    "app__greeting": 'import {\n  HELLO,\n  Loud,\n} from "../base/words.js";\n'
    "const secret = 1;\n"
    "export const greet = (name) => new Loud(`${HELLO} ${name}`).words + secret;\n",
    "app__late": "const secret = 2;\nglobalThis.late = secret;\n",
    "base__words": 'export const HELLO = "hello";\nexport class Loud {\n  constructor(words) {\n'
    "    this.words = words.toUpperCase();\n  }\n}\nexport async function never() {}\n",
}


def test_modules_run_in_the_order_of_their_imports(tmp_path: Path) -> None:
    assert run(modules.join(written(tmp_path, **TOYS))) == "HELLO YOU1 2"


def test_the_order_is_that_of_the_imports_and_always_the_same(tmp_path: Path) -> None:
    folder = written(tmp_path, **TOYS)
    script = modules.join(folder)
    names = ["base/words", "app/greeting", "app/late", "main"]
    places = [script.index(f"/* {name}.js */") for name in names]
    assert places[0] < places[1] < places[3] > places[2]
    assert modules.join(folder) == script


def test_names_of_modules_stay_theirs(tmp_path: Path) -> None:
    script = modules.join(written(tmp_path, a="const mine = 1;\n", b="const mine = 2;\n"))
    assert run(script + "console.log(typeof mine, typeof $a);") == "undefined undefined"


def test_modules_are_strict(tmp_path: Path) -> None:
    text = "try { undeclared = 1; } catch ({ name }) { console.log(name); }\n"
    assert run(modules.join(written(tmp_path, a=text))) == "ReferenceError"


def test_comments_stay_behind(tmp_path: Path) -> None:
    text = "/** Nothing.\n * @type {1} */\nconst a = 1; // one\n"
    text += '/* a cast */ console.log(a, "/* kept */");\n/* last */\n'
    script = modules.join(written(tmp_path, a=text))
    assert "@type" not in script
    assert run(script) == "1 /* kept */"


def test_a_circle_is_named(tmp_path: Path) -> None:
    folder = written(
        tmp_path, a='import { b } from "./b.js";\n', b='import "./c.js";\n', c='import "./a.js";\n'
    )
    with pytest.raises(modules.ModuleError, match=r"imports go round: (?=.*a\.js → b\.js)"):
        modules.join(folder)


def test_an_import_of_nothing_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path, app__a='import { x } from "../base/b.js";\n')
    with pytest.raises(modules.ModuleError, match=r"app/a\.js .* base/b\.js"):
        modules.join(folder)


def test_an_import_of_what_is_not_exported_is_named(tmp_path: Path) -> None:
    files = {"a": 'import { x, y as z } from "./b.js";\n', "b": "export const x = 1;\n"}
    with pytest.raises(modules.ModuleError, match=r"a\.js .* b\.js does not export: y"):
        modules.join(written(tmp_path, **files))


@pytest.mark.parametrize(
    "statement",
    [
        "export let count = 0;",
        "export var count = 0;",
        "export default 1;",
        "export { a };",
        'export * from "./b.js";',
        'import * as b from "./b.js";',
        'import b from "./b.js";',
        'import { join } from "npm:path";',
        "const b = await import('./b.js');",
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, statement: str) -> None:
    folder = written(tmp_path, a=f"const a = 1;\n{statement}\n", b="export const c = 1;\n")
    with pytest.raises(modules.ModuleError, match=r"a\.js cannot be joined"):
        modules.join(folder)
