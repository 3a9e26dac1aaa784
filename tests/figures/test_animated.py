"""Animated pictures: colours, places, times and texts of their frames."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from eosdash.core.outcome import OUTCOMES
from eosdash.figures.animation import SPELLED, animated, ends_words, plain
from eosdash.figures.style import SCHEMES, TOKENS

FORMATS = ("gif", "webp")
SIDE, MARGIN = 512, 64
RATES = (0.05, 0.3, 0.5, 0.575)
SETTING = {
    "rates": RATES,
    "unit": (0.5, "critical"),
    "extent": (-2, 2, -1, 3),
    "names": ("w<sub>1</sub>", "w<sub>2</sub>"),
    "caption": "A chain of 4 weights learns y = 1. At most 500 steps from every pixel.",
    "scheme": "light",
    "format": "gif",
}

each_format = pytest.mark.parametrize("format", FORMATS)
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def corners(n=128):
    """Maps of one outcome with a block of another in each corner: left and low, right and low,
    left and high; the last is the base's own."""
    codes = np.full((n, n), 4, dtype=np.uint8)
    codes[:8, :8], codes[:8, -8:], codes[-8:, :8] = 0, 1, 2
    return codes


def made(outcomes=None, **changes):
    outcomes = [corners()] * len(RATES) if outcomes is None else outcomes
    return animated(outcomes, **SETTING | changes)


def decoded(body):
    """Every frame as colours (height, width, 3), and its time in milliseconds."""
    frames, times = [], []
    with Image.open(io.BytesIO(body)) as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            frames.append(np.asarray(picture.convert("RGB")))
            times.append(picture.info["duration"])
    return frames, times


def colour(scheme, name):
    return tuple(bytes.fromhex(getattr(TOKENS[scheme], name)[1:]))


def is_of(frame, scheme, name):
    return (frame == colour(scheme, name)).all(axis=2)


def bar_of(frame, scheme="light"):
    """How far the bar has filled: the longest row of the accent's colour."""
    return is_of(frame, scheme, "accent").sum(axis=1).max()


# Maps.


@each_format
@each_scheme
def test_outcomes_have_their_exact_colours_in_their_places(format, scheme):
    for frame in decoded(made(format=format, scheme=scheme))[0]:
        # Pictures have rows from the top.
        placed = {(0, 0): 2, (0, -1): 4, (-1, 0): 0, (-1, -1): 1}
        field = frame[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
        for (row, column), code in placed.items():
            found = tuple(field[row, column].tolist())
            assert found == colour(scheme, OUTCOMES[code]), (row, column)


@each_format
def test_every_pixel_of_a_map_is_a_square_of_its_colour(format):
    rng = np.random.default_rng(0)
    maps = [rng.integers(0, len(OUTCOMES), (32, 32), dtype=np.uint8) for _ in RATES]
    colours = np.array([colour("dark", name) for name in OUTCOMES])
    frames, _ = decoded(made(maps, format=format, scheme="dark"))
    for frame, codes in zip(frames, maps, strict=True):
        large = colours[np.kron(codes[::-1], np.ones((16, 16), dtype=int))]
        np.testing.assert_array_equal(frame[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE], large)


@pytest.mark.parametrize("resolution", [16, 65, 86, 100, 128, 700])
def test_pictures_are_about_as_wide_whatever_the_resolution(resolution):
    maps = [np.zeros((resolution, resolution), dtype=np.uint8)] * len(RATES)
    width = decoded(made(maps))[0][0].shape[1]
    assert (width - 2 * MARGIN) % resolution == 0
    assert 580 <= width <= 700 or resolution > 512


@each_format
def test_both_formats_show_the_same(format):
    for one, other in zip(decoded(made())[0], decoded(made(format=format))[0], strict=True):
        np.testing.assert_array_equal(one, other)


@each_scheme
def test_frames_share_a_small_palette(scheme):
    frames, _ = decoded(made(scheme=scheme))
    colours = {
        tuple(found) for frame in frames for found in np.unique(frame.reshape(-1, 3), axis=0)
    }
    assert len(colours) <= 3 + len(OUTCOMES) + 2 * 15


def test_a_picture_of_full_resolution_is_small():
    """Half of the pixels change their colours from frame to frame, in shapes as of a map."""
    y, x = np.mgrid[-2:2:128j, -2:2:128j]
    rates = tuple(np.linspace(0.05, 0.575, 40))
    bands = (np.hypot(x, y) * (1 + 4 * rate) + np.sin(9 * x * y) for rate in rates)
    maps = [(band * 2 % len(OUTCOMES)).astype(np.uint8) for band in bands]
    assert len(made(maps, rates=rates)) <= 2_000_000


# Times.


@each_format
@pytest.mark.parametrize("number", [2, 40])
def test_frames_stay_for_a_moment_and_the_last_one_for_longer(format, number):
    rates = tuple(np.linspace(0.05, 0.575, number))
    body = made([corners()] * number, rates=rates, format=format)
    assert decoded(body)[1] == [110] * (number - 1) + [1200]
    with Image.open(io.BytesIO(body)) as picture:
        assert picture.info["loop"] == 0


# The bar.


@each_scheme
def test_the_bar_fills_as_the_learning_rate_rises(scheme):
    frames, _ = decoded(made(scheme=scheme))
    lengths = [bar_of(frame, scheme) for frame in frames]
    assert lengths[-1] == SIDE
    mark = 2  # the critical one, beyond the bar
    for length, rate in zip(lengths, RATES, strict=True):
        assert length == pytest.approx(SIDE * rate / RATES[-1], abs=mark + 1)
    assert np.all(np.diff(lengths) > 0)


def test_the_critical_learning_rate_is_marked():
    marked = is_of(decoded(made())[0][0], "light", "accent")
    rows = np.flatnonzero(marked.any(axis=1))
    above = np.flatnonzero(marked[rows[0]])
    assert above.mean() == pytest.approx(MARGIN + SIDE * 0.5 / 0.575, abs=1)
    assert rows[-1] - rows[0] == 15
    unmarked = is_of(decoded(made(unit=(0.6, "critical")))[0][0], "light", "accent")
    assert np.ptp(np.flatnonzero(unmarked.any(axis=1))) == 7


# Texts.


def test_the_title_changes_and_the_rest_stays():
    first, last = (frame.astype(int) for frame in np.array(decoded(made())[0])[[0, -1]])
    changed = np.flatnonzero((first != last).any(axis=(1, 2)))
    title, bar = changed[changed < MARGIN], changed[changed >= MARGIN + SIDE]
    assert title.size
    assert np.ptp(bar) == 7


def test_the_legend_names_the_outcomes_that_occur():
    frame = decoded(made())[0][0][MARGIN + SIDE + 1 :]
    for code, name in enumerate(OUTCOMES):
        swatch = is_of(frame, "light", name).sum()
        assert (swatch >= 100) == (code in (0, 1, 2, 4)), name


LONG = "Of networks and their starts, θ and η_C are unpronounceable words. " * 9


@each_scheme
@pytest.mark.parametrize(
    "changes",
    [
        {"caption": LONG},
        {"caption": ""},
        {"extent": (-1.2345678912345, -1.2345678912344, -123456.7, 1e6)},
        {"names": ("second random direction", "towards the minimizer")},
        {"rates": (1e-7, 2e-7, 3e-7, 4.4e-6), "unit": (4.4e-6, "critical")},
        {"rates": (10, 50, 80, 99.9), "unit": (91.2345, "critical")},
    ],
    ids=str,
)
def test_texts_stay_inside(scheme, changes):
    for codes in (corners(), corners(100), np.arange(256, dtype=np.uint8).reshape(16, 16) % 6):
        frame = decoded(made([codes] * 4, scheme=scheme, **changes))[0][-1]
        paper = is_of(frame, scheme, "paper")
        assert paper[:12].all()
        assert paper[-12:].all()
        assert paper[:, :24].all()
        assert paper[:, -24:].all()
        words = paper[MARGIN + len(codes) * round(SIDE / len(codes)) + 1 :]
        assert words[:, : MARGIN - 1].all()
        assert words[:, 1 - MARGIN :].all()


def test_a_longer_caption_makes_a_taller_picture():
    heights = [len(decoded(made(caption=words))[0][0]) for words in ("Short.", LONG[:90], LONG)]
    assert heights[0] < heights[1] < heights[2]


def test_axes_are_named_where_they_are():
    """The name of the second axis stands left of the map, that of the first below it."""
    named, bare = (
        decoded(made(names=names))[0][0].astype(int) for names in (("x", "y" * 20), ("", ""))
    )
    rows, columns = np.nonzero((named != bare).any(axis=2))
    left = columns < MARGIN - 1
    assert np.ptp(rows[left]) > 5 * np.ptp(columns[left])
    assert rows[left].mean() == pytest.approx(MARGIN + SIDE / 2, abs=5)
    assert columns[~left].mean() == pytest.approx(MARGIN + SIDE / 2, abs=5)
    assert np.all(rows[~left] >= MARGIN + SIDE)


def test_ends_of_axes_stand_where_they_are():
    usual = decoded(made())[0][0]
    for side, (y, x) in enumerate([(1, 0), (1, 1), (1, 0), (0, 0)]):
        extent = [*SETTING["extent"]]
        extent[side] += 0.5
        changed = (decoded(made(extent=extent))[0][0] != usual).any(axis=2)
        rows, columns = (np.unique(places) for places in np.nonzero(changed))
        assert np.all((rows > MARGIN + SIDE / 2) == y)
        assert np.all((columns > MARGIN + SIDE / 2) == x)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((-2, 2), ("-2", "2")),
        ((-1 / 3, 1 / 3), ("-0.333", "0.333")),
        ((0.12345, 0.12346), ("0.12345", "0.12346")),
        ((0, 1e6), ("0", "1e+06")),
        ((1.2345678912344, 1.2345678912345), ("1.2345678912344", "1.2345678912345")),
    ],
)
def test_ends_of_an_axis_have_digits_enough_to_tell_them_apart(ends, words):
    assert ends_words(*ends) == words


def drawn(sign):
    """A sign as the font draws it."""
    picture = Image.new("L", (60, 60))
    ImageDraw.Draw(picture).text((10, 10), sign, fill=255, font=ImageFont.load_default(24))
    return picture.tobytes()


BOX = drawn("\uffff")


def test_the_font_draws_a_box_for_what_it_lacks():
    assert drawn("η") == drawn("₁") == drawn("×") == BOX
    assert drawn("e") != BOX


@pytest.mark.parametrize("words", ["".join(SPELLED), "w₁ ₂ x² ½ … “a” é ≤ ∇ ‖ → 学 \uffff"])
def test_no_text_has_a_sign_that_the_font_lacks(words):
    assert any(drawn(sign) == BOX for sign in words)
    assert not [sign for sign in plain(words) if drawn(sign) == BOX]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("η = 0.5 η_C", "learning rate = 0.5 critical learning rate"),
        ("w<sub>12</sub>", "w12"),
        ("W<sub>2</sub>[1, 3]", "W2[1, 3]"),
        ("w₁", "w1"),
        ("a 2 × 3 matrix", "a 2 x 3 matrix"),
        ("−1 ≤ θ", "-1 <= theta"),
        ("one 学 two", "one  two"),
        ("plain, already (1.5%)", "plain, already (1.5%)"),
    ],
)
def test_texts_are_spelled_out(words, expected):
    assert plain(words) == expected


# Where it comes from.

SOURCE = f"[eosdash.basin(depth=2, lr=lr) for lr in {[0.1 + i / 7 for i in range(40)]}]"


def test_the_source_is_kept_beside_the_picture():
    with Image.open(io.BytesIO(made(source=SOURCE))) as picture:
        assert picture.info["comment"].decode() == SOURCE
    with Image.open(io.BytesIO(made(source=SOURCE, format="webp"))) as picture:
        assert picture.getexif()[0x010E] == SOURCE
