"""Colours: told apart by all eyes, and text that stands out from what it stands on."""

from itertools import combinations, pairwise, product

import pytest
from coloraide import Color as Base
from coloraide.spaces.cam02 import CAM02JMh
from coloraide.spaces.cam02_ucs import CAM02UCS

from eosdash.core.outcome import Outcome
from eosdash.figures.basin import paints
from eosdash.figures.style import MARKS, SCHEMES, TOKENS, style_sheet

LEAST_DISTANCE = 27
LEAST_CONTRAST = 4.5  # WCAG 2, level AA
LEAST_PIN_DISTANCE = 8
LEAST_LINE_CONTRAST = 3  # WCAG 2, 1.4.11: a line has to stand out from what it is drawn on


class Color(Base):
    """With the space in which equal distances look equally different."""


Color.register([CAM02JMh(), CAM02UCS()])

EYES = {
    "normal": lambda color: color,
    "no red cones": lambda color: color.filter("protan", method="machado"),
    "no green cones": lambda color: color.filter("deutan", method="machado"),
    "no blue cones": lambda color: color.filter("tritan", method="machado"),
}

each_scheme = pytest.mark.parametrize("scheme", SCHEMES)
each_eyes = pytest.mark.parametrize("eyes", EYES)


def outcome_colour(scheme, outcome):
    return Color(getattr(TOKENS[scheme], outcome))


@each_scheme
@pytest.mark.parametrize("eyes", EYES)
def test_outcomes_look_different_to_everyone(scheme, eyes):
    seen = {
        outcome: EYES[eyes](outcome_colour(scheme, outcome)).clip("srgb") for outcome in Outcome
    }
    for one, other in combinations(Outcome, 2):
        distance = seen[one].distance(seen[other], space="cam02-ucs")
        assert distance >= LEAST_DISTANCE, f"{one} and {other}"


def test_missing_cones_do_change_what_is_seen():
    red, green = Color("#C13829"), Color("#51A0E2")
    distances = [
        round(eyes(red).distance(eyes(green), space="cam02-ucs"), 2) for eyes in EYES.values()
    ]
    assert len(set(distances)) == len(EYES)


def test_distances_are_those_of_the_model():
    """Between white and black there is the whole range of lightness, 100."""
    white, black = Color("white"), Color("black")
    assert white.distance(black, space="cam02-ucs") == pytest.approx(100, abs=0.5)


@each_scheme
@pytest.mark.parametrize(
    ("text", "ground"), list(product(["ink", "muted", "accent"], ["paper", "raised"]))
)
def test_text_stands_out_from_its_ground(scheme, text, ground):
    tokens = TOKENS[scheme]
    pair = Color(getattr(tokens, text)), Color(getattr(tokens, ground))
    assert pair[0].contrast(pair[1], method="wcag21") >= LEAST_CONTRAST


def test_every_outcome_has_a_mark_of_its_own():
    assert MARKS.keys() == set(Outcome)
    assert len(set(MARKS.values())) == len(MARKS)


@each_scheme
def test_pins_have_colours_of_their_own(scheme):
    pins = TOKENS[scheme].pins
    assert len(set(pins)) == len(pins)


@each_scheme
def test_the_style_sheet_has_every_token(scheme):
    sheet = style_sheet()
    rule = sheet.split(f':root[data-mantine-color-scheme="{scheme}"]')[1].split("}")[0]
    tokens = TOKENS[scheme]._asdict()
    for i, colour in enumerate(tokens.pop("pins")):
        assert f"--eos-pin-{i + 1}:{colour};" in rule
    for name, colour in tokens.items():
        assert f"--eos-{name.replace('_', '-')}:{colour};" in rule


def seen(colour, eyes):
    return EYES[eyes](Color(colour)).clip("srgb")


def lightness(colour):
    """J' of CAM02-UCS, from 0 for black to 100 for white."""
    return colour.convert("cam02-ucs")["j"]


def ramp(scheme):
    return [Color("srgb", [part / 255 for part in colour]) for colour in paints(scheme)["ramp"]]


@each_scheme
@each_eyes
def test_pins_look_different_to_everyone(scheme, eyes):
    pins = [seen(pin, eyes) for pin in TOKENS[scheme].pins]
    distances = {
        (i + 1, k + 1): pins[i].distance(pins[k], space="cam02-ucs")
        for i, k in combinations(range(len(pins)), 2)
    }
    closest = min(distances, key=distances.get)
    assert distances[closest] >= LEAST_PIN_DISTANCE, f"{closest}: {distances[closest]:.2f}"


@each_scheme
def test_pins_stand_out_from_the_page(scheme):
    tokens = TOKENS[scheme]
    for pin in tokens.pins:
        assert Color(pin).contrast(Color(tokens.paper), method="wcag21") >= LEAST_LINE_CONTRAST


@each_scheme
@each_eyes
def test_pins_are_not_taken_for_the_learning_rate(scheme, eyes):
    """The accent is η and nothing else."""
    accent = seen(TOKENS[scheme].accent, eyes)
    for pin in TOKENS[scheme].pins:
        assert accent.distance(seen(pin, eyes), space="cam02-ucs") >= LEAST_PIN_DISTANCE


@each_scheme
@each_eyes
def test_the_ramp_gets_lighter_from_low_to_high(scheme, eyes):
    values = [lightness(seen(colour, eyes)) for colour in ramp(scheme)]
    assert len(values) == 256
    # Rounded to whole parts of 255, neighbours may be as light as each other, not darker.
    assert all(after - before > -0.1 for before, after in pairwise(values))
    assert all(after > before for before, after in zip(values, values[8:], strict=False))
    assert values[-1] - values[0] > 50


@each_scheme
@each_eyes
def test_equal_steps_on_the_ramp_look_alike(scheme, eyes):
    """No step stands out as an edge that the values do not have."""
    colours = [seen(colour, eyes) for colour in ramp(scheme)[::15]]
    steps = [one.distance(other, space="cam02-ucs") for one, other in pairwise(colours)]
    assert min(steps) > 1
    assert max(steps) < 4 * min(steps)
