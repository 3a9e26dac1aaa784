"""The glossary: complete, in plain words, and each way of writing a term leads to one of them."""

import re
from collections import Counter

import numpy as np
import pytest

import eosdash
from eosdash.assumptions import ASSUMPTIONS
from eosdash.claims import CLAIMS, STATEMENTS
from eosdash.core.networks.tasks import scalar_objective
from eosdash.core.outcome import OUTCOMES
from eosdash.glossary import GLOSSARY, aliases

LONGEST = 260
PAIRS = {"}": "{", ")": "(", "]": "["}

EXPECTED = {
    "gradient descent": "gradient-descent",
    "learning rate": "learning-rate",
    "sharpness": "sharpness",
    "2/η": "threshold",
    "edge of stability": "edge-of-stability",
    "progressive sharpening": "progressive-sharpening",
    "minimizers": "minimizer",
    "stable minimizers": "stable-minimizer",
    "η_C": "critical-learning-rate",
    "critical learning rate": "critical-learning-rate",
    "measure zero": "null-set",
    "null set": "null-set",
    "basin": "basin",
    "fold": "fold",
    "outcome": "outcome",
    "saddle": "saddle",
    "periodic": "period",
    "gradient flow": "gradient-flow",
    "central flow": "central-flow",
    "self-stabilization": "self-stabilization",
    "relative progress": "relative-progress",
    "directional smoothness": "directional-smoothness",
    "spectral density": "spectral-density",
    "weight decay": "weight-decay",
    "balanced": "balanced",
    "whitened": "whitened",
}
"""How a term stands in running text, and the entry that it has to lead to."""

each_term = pytest.mark.parametrize("key", GLOSSARY)


def balanced(formula: str, opening: str = "{([") -> bool:
    """Whether braces are closed in the order in which they were opened."""
    open_ = []
    for sign in formula:
        if sign in opening:
            open_.append(sign)
        elif PAIRS.get(sign, "") in opening and sign in PAIRS and open_[-1:] != [PAIRS[sign]]:
            return False
        elif sign in PAIRS:
            open_.pop()
    return not open_


def test_every_alias_is_that_of_one_term_only() -> None:
    written = Counter(alias for term in GLOSSARY.values() for alias in term.aliases)
    assert [alias for alias, count in written.items() if count > 1] == []
    assert aliases().keys() == written.keys()


def test_aliases_tell_the_key_and_the_words() -> None:
    for alias, (key, words) in aliases().items():
        assert alias in GLOSSARY[key].aliases
        assert words == GLOSSARY[key].words


@pytest.mark.parametrize(("alias", "key"), EXPECTED.items())
def test_the_terms_of_the_field_are_there(alias: str, key: str) -> None:
    assert aliases()[alias][0] == key


@each_term
def test_keys_can_be_ids_of_elements(key: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", key)


@each_term
def test_words_are_short_sentences(key: str) -> None:
    words = GLOSSARY[key].words
    assert 20 <= len(words) <= LONGEST
    assert words.endswith(".")
    assert words == " ".join(words.split())
    assert words[0].isupper()
    assert "\\" not in words
    assert "$" not in words


@each_term
def test_names_and_aliases_are_written_out(key: str) -> None:
    term = GLOSSARY[key]
    assert term.name[0].isupper()
    assert term.aliases
    assert all(alias and alias == alias.strip() for alias in term.aliases)


def test_names_are_different() -> None:
    assert len({term.name for term in GLOSSARY.values()}) == len(GLOSSARY)


@each_term
def test_formulas_are_closed(key: str) -> None:
    formula = GLOSSARY[key].formula
    plain = re.sub(r"\\[{}|]", "", formula)  # a set's braces, and norms, are signs
    assert balanced(plain)
    left, right = (re.findall(rf"\\{side}(?![a-z])", formula) for side in ("left", "right"))
    assert len(left) == len(right)
    assert len(re.findall(r"(?<!\\left|right)\\\|", formula)) % 2 == 0
    assert "$" not in formula
    assert formula == formula.strip()


@pytest.mark.parametrize("formula", ["{", "}", "{(})", r"\frac{1}{2", "(()"])
def test_what_is_open_is_found(formula: str) -> None:
    assert not balanced(formula)


def test_formulas_use_commands_that_are_known() -> None:
    """Each is in the base or the AMS commands of TeX; a misspelt one would be printed in red."""
    known = {
        *("theta", "eta", "lambda", "Sigma", "varepsilon", "nabla", "frac", "tfrac", "left"),
        *("right", "le", "ge", "iff", "in", "min", "max", "det", "lim", "log", "to", "infty"),
        *("sim", "approx", "quad", "dot", "top", "times", "cdot", "sum", "partial", "ell"),
        *("alpha", "beta", "delta", "langle", "rangle", "leftarrow"),
    }
    used = {
        name for term in GLOSSARY.values() for name in re.findall(r"\\([a-zA-Z]+)", term.formula)
    }
    assert used - known == set()


@pytest.mark.parametrize("key", [key for key, term in GLOSSARY.items() if term.claims])
def test_what_is_proved_is_said_with_all_that_is_assumed(key: str) -> None:
    term = GLOSSARY[key]
    for name, words in zip(term.claims, term.proved, strict=True):
        assert words.startswith(CLAIMS[name].words)
        for need in CLAIMS[name].needs:
            assert ASSUMPTIONS[need].words in words


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_is_in_the_glossary(statement: str) -> None:
    assert any(statement in term.claims for term in GLOSSARY.values())


def test_sharpness_does_not_always_rise() -> None:
    """From weights that are too large it falls, although the step is small for it."""
    assert "Not always" in GLOSSARY["progressive-sharpening"].words
    run = eosdash.train(depth=3, weights=[1.3, 1.4, 1.5], target=0.8, lr=0.03, steps=400)
    assert run.sharpness.max() < run.threshold
    assert np.all(np.diff(run.sharpness) <= 1e-12)
    assert run.sharpness[-1] < 0.5 * run.sharpness[0]


def test_the_hessian_does_not_show_every_saddle() -> None:
    assert "degenerate" in GLOSSARY["saddle"].words
    objective = scalar_objective((1, 1, 1, 1), -0.7)
    assert not objective.hessian(np.zeros(3)).any()
    near = 1e-2 * np.array([-1.0, 1.0, 1.0])
    assert objective.loss(near) < objective.loss(np.zeros(3))


def test_most_terms_have_a_formula() -> None:
    assert sum(bool(term.formula) for term in GLOSSARY.values()) > len(GLOSSARY) / 2


def test_the_outcomes_are_those_that_runs_have() -> None:
    said = GLOSSARY["outcome"].words
    stems = {"diverged": "diverge", "minimum": "minimum", "bounded": "bounded"}
    for outcome in OUTCOMES:
        assert stems.get(str(outcome), str(outcome)) in said
