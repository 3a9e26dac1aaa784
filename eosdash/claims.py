"""What is claimed of gradient descent at large learning rates, and what is true where it fails.

One table. Panels, checks, glossary, the words under the slider, scopes and overlays speak from it:
a claim is shown with its assumptions, and where one of them fails with what holds instead.
"""

from collections.abc import Callable
from dataclasses import dataclass

from eosdash.assumptions import ASSUMPTIONS, Setting, manifold_rank
from eosdash.core.theory.bounded import free_layer
from eosdash.marks import unmarked

Instead = str | Callable[[Setting], str]

PAPER = "Crăciun and Ghoshdastidar, arXiv:2402.13108"


@dataclass(frozen=True)
class Claim:
    """Something that is proved.

    Attributes:
        text: the claim in a sentence or two, with marks of terms.
        symbols: the same in TeX, if that helps.
        needs: the names of its assumptions, and for each what is true instead where it fails.
        refuted: what would refute it.
        title: a heading.
        source: where it is proved.
    """

    text: str
    needs: dict[str, Instead]
    title: str = ""
    symbols: tuple[str, ...] = ()
    refuted: str = ""
    source: str = PAPER

    @property
    def words(self) -> str:
        """The claim without marks."""
        return unmarked(self.text)


@dataclass(frozen=True)
class Verdict:
    """Whether an assumption of a claim holds.

    Attributes:
        name: of the assumption.
        words: the assumption.
        holds: None where it is not found out, or not asked as another one fails first.
    """

    name: str
    words: str
    holds: bool | None


NOT_LINEAR = "The theorem is about linear networks."
MOMENTUM = "The theorem is about plain gradient descent: no momentum, all data at once."
DECAYED = (
    "With weight decay the minimizers are not the solutions of W_L ⋯ W_1 = P*, and all of them are "
    "bounded: ‖θ‖² ≤ 2 min L / r."
)
NOTHING_TO_LEARN = "η_C is infinite: some minimizers have no sharpness at all."


def _narrow(setting: Setting) -> str:
    words = "A layer is too narrow to pass on all that the data ask for"
    if setting.target_rank < min(setting.sizes):
        return f"{words}, and the target asks for even less: M may cross itself."
    dimension = setting.objective.network.parameters - manifold_rank(setting)
    return (
        f"{words}: the residual at the minimizers is not zero or J is never of full rank. They "
        f"still form a manifold, of dimension {dimension} if only one map is the best that fits."
    )


def _rank_lost(setting: Setting) -> str:
    if setting.objective.network.is_chain:
        return "For y = 0 the minimizers cross themselves and are no manifold."
    return (
        "The target has not full rank: J loses rank at some minimizers, where M may cross itself. "
        f"At balanced ones its rank is {manifold_rank(setting)} instead of {setting.outputs}."
    )


def _free(setting: Setting) -> str:
    layer = free_layer(setting.objective)
    words = (
        f"Layer {layer} lies between two hidden layers wider than the rank of the target: it can "
        "grow without bound in directions that neither end sees, and neither loss nor sharpness "
        "changes."
    )
    if not setting.target_rank:
        return f"{words} Where there is nothing to learn, nothing of it is bounded."
    return f"{words} Bounded are the products of layers from either end."


def _stable_origin(setting: Setting) -> str:
    formula = setting.rule.threshold_name.replace("η", "r")
    return f"up to η = {formula} = {setting.rule.threshold(1.0) / setting.decay:.4g}"


def _well(setting: Setting) -> str:
    return (
        "Weight decay makes the origin a strict local minimum, stable "
        f"{_stable_origin(setting)}: all starts near it converge to it, and are no null set. "
        "To global minimizers none but a null set converges past η_C."
    )


def _others(setting: Setting) -> str:
    return (
        "Past η_C no global minimizer is stable, but with weight decay the origin is a minimum of "
        f"its own, stable {_stable_origin(setting)}."
    )


def _codimension(setting: Setting) -> str:
    if setting.outputs > 1:
        return (
            f"The minimizers have codimension d_out · rank Σ = {setting.outputs}: in general they "
            "meet a plane in single points at most."
        )
    return "Minimizers are drawn for one input and one output."


CLAIMS = {
    "nonsingular": Claim(
        title="Gradient descent folds, but crushes nothing",
        text="The map G of one step is non-singular: whatever lands in a set of [[measure zero]] "
        "comes from a set of measure zero. G may [[fold]] the plane, along the curve where its "
        "derivative loses rank.",
        symbols=(r"\det DG(\theta) = \det\left(I - \eta \nabla^2 L(\theta)\right) \not\equiv 0",),
        needs={
            "linear": NOT_LINEAR,
            "plain": MOMENTUM,
            "one_layer_rate": "With one layer the Hessian is Σ + rI at every θ, and 1/η is one of "
            "its eigenvalues: det(I − η∇²L) = 0 everywhere, and one step takes all θ to a set of "
            "lower dimension.",
            "decay_rate": "With η r = 1 a step takes to zero whatever the loss does not see: "
            "det(I − η∇²L) = 0 everywhere, and G takes all θ to a set of lower dimension.",
        },
        refuted="an open set of θ on which the determinant vanishes",
    ),
    "manifold": Claim(
        title="The minimizers are a smooth manifold",
        text="The global [[minimizers]] form a smooth manifold, a hyperbola for two weights and a "
        "sheet for three: the Jacobian J of the outputs has the same rank on all of it.",
        symbols=(
            r"M = \{\theta : L(\theta) = \min L\}",
            r"\operatorname{rank} J = d_{out} \operatorname{rank} \Sigma, \quad "
            r"\dim M = P - d_{out} \operatorname{rank} \Sigma",
        ),
        needs={
            "linear": NOT_LINEAR,
            "no_decay": DECAYED,
            "wide": _narrow,
            "full_rank": _rank_lost,
        },
        refuted="a minimizer at which J loses rank",
    ),
    "exact": Claim(
        text="The minimizers are the solutions of W_L ⋯ W_1 = P* on the data.",
        needs={
            "linear": NOT_LINEAR,
            "no_decay": DECAYED,
            "exact": "The narrowest layer cannot pass on all directions of the target: a residual "
            "stays at every minimizer.",
        },
    ),
    "stable": Claim(
        title="The stable minimizers are bounded",
        text="Only a bounded part of the [[minimizers]] is flat enough for the step. It shrinks "
        "as η rises, and past the [[critical learning rate]] it is gone. In a chain with y ≠ 0 and "
        "r = 0 every weight is bounded from both sides.",
        symbols=(
            r"M_\eta = \{\theta \in M : S(\theta) \le 2/\eta\}",
            r"|y| \sqrt{\eta\Sigma/2} \le |w_i| \le "
            r"|y| \left(|y| \sqrt{\eta\Sigma/2}\right)^{-(L-1)}",
        ),
        needs={
            "linear": NOT_LINEAR,
            "seen": "The first layer can grow without bound along inputs that never occur: neither "
            "loss nor sharpness changes.",
            "no_free_layer": _free,
        },
        refuted="a stable minimizer beyond the bounds",
    ),
    "chain": Claim(
        text="Every weight of a stable minimizer is bounded, from below and from above.",
        needs={
            "linear": NOT_LINEAR,
            "chain": "Weights are bounded one by one, and minimizers drawn, for scalar chains "
            "only.",
            "no_decay": "With weight decay the minimizers are not the solutions of w_L ⋯ w_1 = y.",
            "data": "The data are zero, and every θ is a minimizer.",
            "target": "For y = 0 the minimizers cross themselves and are no manifold.",
        },
    ),
    "products": Claim(
        text="At stable minimizers the products of layers from either end are bounded.",
        needs={
            "linear": NOT_LINEAR,
            "no_decay": DECAYED,
            "data": "The data are zero, and every θ is a minimizer.",
            "learned": "Where there is nothing to learn, three layers or more have stable "
            "minimizers with products as large as one likes.",
        },
        source="",
    ),
    "measure_zero": Claim(
        title="Too large a step converges from a null set only",
        text="Past the [[critical learning rate]] the starts from which gradient descent "
        "converges to any critical point have [[measure zero]]: random starts never hit it.",
        symbols=(
            r"\eta > \eta_C = \frac{2}{\min_{\theta \in M} S(\theta)} \;\Rightarrow\; "
            r"\Pr\left[\theta_t \text{ converges}\right] = 0",
        ),
        needs={
            "linear": NOT_LINEAR,
            "plain": MOMENTUM,
            "constant": "The theorem is about a constant learning rate.",
            "finite": NOTHING_TO_LEARN,
            "no_well": _well,
        },
        refuted="a share of random starts that converges past it, however many are drawn",
    ),
    "critical": Claim(
        text="Past η_C no minimizer is stable.",
        needs={"linear": "η_C is known of linear networks only.", "no_well": _others},
        source="",
    ),
    "region": Claim(
        text="Almost every start inside an ellipsoid converges to a global minimizer, and almost "
        "none outside.",
        needs={
            "linear": "The exact region of convergence is known for linear networks only.",
            "plain": "The exact region of convergence is known for plain gradient descent only.",
            "one_in_out": "A closed form of the convergence region is known for one input and one "
            "output.",
            "two_layers": lambda setting: (
                f"No closed form of the convergence region is known for depth {setting.depth}."
            ),
            "no_decay": "With weight decay no closed form of the convergence region is known.",
            "below": "Only below η_C is there a region: above it no start but a null set "
            "converges.",
        },
        source="Liang and Montúfar 2025, arXiv:2509.25351",
    ),
    "curve": Claim(
        text="The minimizers are a level line of the product of all layers.",
        needs={
            "linear": "Of a network that is not linear no form of the minimizers is known.",
            "one_in_out": _codimension,
            "no_decay": "With weight decay the minimizers are no longer a level line of the "
            "product.",
            "target": "For y = 0 the minimizers cross themselves and are no manifold.",
        },
    ),
    "balance": Claim(
        text="Gradient flow keeps the difference W_{l+1}ᵀ W_{l+1} − W_l W_lᵀ of neighbouring "
        "layers.",
        needs={
            "linear": "Balance is conserved by linear networks.",
            "no_decay": "With weight decay the difference shrinks like exp(−2 r t).",
        },
        source="Saxe, McClelland and Ganguli 2014, arXiv:1312.6120",
    ),
    "flattest": Claim(
        text="Balanced minimizers are among the flattest.",
        needs={
            "linear": NOT_LINEAR,
            "whitened": "For Σ ≠ I others may be flatter by far.",
        },
        source="Mulayoff and Michaeli 2020",
    ),
}
"""Every claim by its name; the first assumption of each that fails is the one that is told."""

STATEMENTS = ("nonsingular", "manifold", "stable", "measure_zero")
"""The four statements of the paper."""


def verdicts(name: str, setting: Setting) -> list[Verdict]:
    """Each assumption of a claim, and whether it holds: those after the first that fails are not
    asked."""
    made, failed = [], False
    for need in CLAIMS[name].needs:
        holds = None if failed else ASSUMPTIONS[need].test(setting)
        failed = failed or holds is False
        made.append(Verdict(need, ASSUMPTIONS[need].words, holds))
    return made


def failing(name: str, setting: Setting) -> str | None:
    """The first assumption of a claim that fails, or None."""
    return next((each.name for each in verdicts(name, setting) if each.holds is False), None)


def why_not(name: str, setting: Setting) -> str:
    """What is true instead of a claim whose assumptions fail; an empty text where they hold."""
    need = failing(name, setting)
    if need is None:
        return ""
    instead = CLAIMS[name].needs[need]
    return instead if isinstance(instead, str) else instead(setting)


def sentence(name: str, setting: Setting) -> str:
    """The claim, or what is true instead."""
    return why_not(name, setting) or CLAIMS[name].words


def conditions(name: str) -> str:
    """The assumptions of a claim, one after the other."""
    return "; ".join(ASSUMPTIONS[need].words for need in CLAIMS[name].needs)
