"""The field's terms, each in plain words and in symbols; what the pages link to and show.

Conventions are those of the paper, arXiv:2402.13108, and of the module each term is computed in.
"""

from typing import NamedTuple

from eosdash.claims import CLAIMS, conditions


class Term(NamedTuple):
    """One term.

    Attributes:
        name: as it stands in the glossary.
        words: what it is, for someone who knows calculus.
        formula: the same in TeX; empty where words are enough.
        aliases: how it is written where it is marked in a text, see :mod:`eosdash.marks`.
        claims: what is proved of it, of :data:`eosdash.claims.CLAIMS`.
    """

    name: str
    words: str
    formula: str
    aliases: tuple[str, ...]
    claims: tuple[str, ...] = ()

    @property
    def proved(self) -> list[str]:
        """Each of the claims in a sentence, with what it assumes."""
        return [f"{CLAIMS[name].words} Assumed: {conditions(name)}." for name in self.claims]


GLOSSARY = {
    "gradient-descent": Term(
        "Gradient descent",
        "Walk against the gradient of the loss, over all data at once, with a fixed step.",
        r"\theta_{t+1} = G(\theta_t) = \theta_t - \eta \nabla L(\theta_t)",
        ("gradient descent", "Gradient descent"),
    ),
    "learning-rate": Term(
        "Learning rate η",
        "The size of a step: by how much of the gradient the weights move. Everything that is η "
        "has one colour on all pages.",
        r"\eta > 0",
        ("learning rate", "Learning rate"),
    ),
    "sharpness": Term(
        "Sharpness",
        "How strongly the loss bends upwards in the direction in which it does so most: the "
        "largest eigenvalue of the Hessian, the matrix of second derivatives.",
        r"S(\theta) = \lambda_{\max}\left(\nabla^2 L(\theta)\right)",
        ("sharpness", "Sharpness", "sharpnesses"),
    ),
    "threshold": Term(
        "Stability threshold 2/η",
        "On a quadratic, a step overshoots by more than it corrects as soon as the curvature "
        "exceeds 2/η: then gradient descent moves away from the minimum. Momentum has thresholds "
        "of its own.",
        r"\left|1 - \eta \lambda\right| \le 1 \iff 0 \le \lambda \le 2/\eta",
        ("2/η",),
    ),
    "edge-of-stability": Term(
        "Edge of stability",
        "What networks often do instead of diverging: the sharpness climbs to 2/η and stays about "
        "there, while the loss goes up and down on its way to falling (Cohen et al. 2021, "
        "arXiv:2103.00065).",
        r"S(\theta_t) \approx 2/\eta",
        ("edge of stability", "Edge of stability", "the edge"),
    ),
    "progressive-sharpening": Term(
        "Progressive sharpening",
        "As long as the step is small for the sharpness, training often makes the sharpness rise. "
        "Not always: from weights that are too large it falls.",
        "",
        ("progressive sharpening", "Progressive sharpening"),
    ),
    "self-stabilization": Term(
        "Self-stabilization",
        "In a cubic model of the loss an overshoot in the sharpest direction pushes the weights "
        "towards flatter ground, which ends the overshoot (Damian et al. 2022, arXiv:2209.15594).",
        r"x \leftarrow -(1 + \eta y) x, \quad "
        r"y \leftarrow y + \eta (\alpha - \tfrac{1}{2} \beta x^2)",
        ("self-stabilization", "Self-stabilization"),
    ),
    "minimizer": Term(
        "Minimizers M",
        "All weights at which the loss is as small as it can be. Of a linear network without "
        "weight decay they form a smooth manifold if the target has full rank: a hyperbola for two "
        "weights, a sheet for three.",
        r"M = \{\theta : L(\theta) = \min L\}",
        ("minimizers", "minimizer", "Minimizers"),
        ("manifold",),
    ),
    "stable-minimizer": Term(
        "Stable minimizers",
        "The minimizers that are flat enough for the step. Near any other one almost every start "
        "is pushed away. The larger η is, the fewer there are.",
        r"M_\eta = \{\theta \in M : S(\theta) \le 2/\eta\}",
        ("stable minimizers", "stable ones", "stable part"),
        ("stable", "products"),
    ),
    "critical-learning-rate": Term(
        "Critical learning rate η_C",
        "The step at which even the flattest global minimizer of a linear network stops being "
        "stable. Without weight decay gradient descent converges above it from a null set of "
        "starts only. A formula on whitened data or one input, else found numerically.",
        r"\eta_C = \frac{2}{\min_{\theta \in M} S(\theta)}",
        ("η_C", "critical learning rate"),
        ("measure_zero",),
    ),
    "null-set": Term(
        "Null set",
        "A set of volume zero, like a curve in the plane: a random point lies on it with "
        "probability zero.",
        "",
        ("measure zero", "null set"),
    ),
    "basin": Term(
        "Basin of convergence",
        "All starts from which gradient descent reaches a minimum.",
        "",
        ("basin", "Basin", "basins", "Basins"),
    ),
    "fold": Term(
        "Fold",
        "Where the derivative of one step loses rank. As a rule the map folds the space of weights "
        "there: points on the two sides land on the same side.",
        r"\det\left(I - \eta \nabla^2 L(\theta)\right) = 0",
        ("fold",),
        ("nonsingular",),
    ),
    "outcome": Term(
        "Outcome",
        "What becomes of a run: a minimum, a saddle, a periodic orbit, a bounded one without "
        "period, divergence, or undecided when the steps ran out before it was clear.",
        "",
        ("outcome", "outcomes", "Fates", "fates", "fate"),
    ),
    "saddle": Term(
        "Saddle",
        "A point where the gradient is zero and that is no minimum: as near to it as one likes the "
        "loss is smaller. As a rule the Hessian shows it, λ_min < 0; at a degenerate one only "
        "higher derivatives do.",
        r"\nabla L(\theta) = 0, \quad \lambda_{\min}\left(\nabla^2 L(\theta)\right) < 0",
        ("saddle",),
    ),
    "period": Term(
        "Periodic orbit",
        "A run that returns to itself after p steps, and so for ever: period two is a swing "
        "between two points.",
        r"\theta_{t+p} = \theta_t",
        ("periodic", "period"),
    ),
    "lyapunov": Term(
        "Lyapunov exponent",
        "How fast two neighbouring starts grow apart, per step, on a logarithmic scale. Above zero "
        "a bounded orbit is chaotic.",
        r"\lim_{t\to\infty} \frac{1}{t} \log \left\| DG^t(\theta) v \right\|",
        ("Lyapunov exponent",),
    ),
    "gradient-flow": Term(
        "Gradient flow",
        "Gradient descent with infinitely small steps. The gradient-flow solution of a point is "
        "the minimum that flow reaches from it, unless it ends at a saddle.",
        r"\dot\theta = -\nabla L(\theta)",
        ("gradient flow", "Gradient flow"),
    ),
    "central-flow": Term(
        "Central flow",
        "A prediction of where gradient descent goes on average while it oscillates: gradient flow "
        "that is held at 2/η by the variance Σ of the oscillation (Cohen et al. 2024, "
        "arXiv:2410.24206).",
        r"\dot w = -\nabla L(w) - \tfrac{1}{2} \nabla "
        r"\left\langle \Sigma, \nabla^2 L(w) \right\rangle",
        ("central flow", "Central flow"),
    ),
    "relative-progress": Term(
        "Relative progress",
        "How much the loss changes in a step, in units of what a tiny step would bring: −1 for "
        "one, about 0 at the edge of stability (Ahn et al. 2022, arXiv:2204.01050).",
        r"\left(L(\theta - \eta \nabla L) - L(\theta)\right) / \left(\eta \|\nabla L\|^2\right)",
        ("relative progress", "Relative progress"),
    ),
    "directional-smoothness": Term(
        "Directional smoothness",
        "How strongly the loss bends along a step, from the gradients at its two ends: about 2/η "
        "at the edge of stability (Ahn et al. 2022, arXiv:2204.01050).",
        r"\langle \nabla L(\theta) - \nabla L(\theta - \eta \nabla L), \nabla L(\theta) \rangle"
        r" / \left(\eta \|\nabla L\|^2\right)",
        ("directional smoothness", "Directional smoothness"),
    ),
    "spectral-density": Term(
        "Spectral density",
        "How many eigenvalues of the Hessian lie where. Estimated from random probes, without "
        "computing each of them (Ghorbani et al. 2019, arXiv:1901.10159).",
        r"\tfrac{1}{P} \sum_i \delta(\lambda - \lambda_i)",
        ("spectral density", "Density of the eigenvalues"),
    ),
    "balanced": Term(
        "Balanced",
        "Neighbouring layers of a linear network are equally large. Without weight decay gradient "
        "flow keeps their difference; on whitened data balanced minimizers are among the "
        "flattest.",
        r"W_{l+1}^\top W_{l+1} = W_l W_l^\top",
        ("balanced", "Balanced", "Imbalance"),
        ("balance", "flattest"),
    ),
    "weight-decay": Term(
        "Weight decay r",
        "A pull towards zero, added to the loss. In a linear network of three layers or more it "
        "makes the origin a minimum of its own.",
        r"L(\theta) + \tfrac{1}{2} r \|\theta\|^2",
        ("weight decay", "Weight decay"),
    ),
    "whitened": Term(
        "Whitened data",
        "Data whose inputs are uncorrelated and equally large, so that only the matrix to be "
        "learned matters.",
        r"\Sigma = \tfrac{1}{n} X X^\top = I",
        ("whitened data", "whitened"),
    ),
    "confidence": Term(
        "Confidence interval",
        "Where the true share may lie, given that many random starts: Wilson's interval, which is "
        "right for shares near 0 and 1 as well.",
        "",
        ("Wilson interval", "95 % confidence"),
    ),
    "dimension": Term(
        "Box-counting dimension",
        "How the number of boxes that a boundary touches grows as they get smaller: 1 for a smooth "
        "curve, more for a fractal one.",
        r"N(\varepsilon) \sim \varepsilon^{-D}",
        ("box-counting dimension", "dimension"),
    ),
}


def aliases() -> dict[str, tuple[str, str]]:
    """For every way a term is written: its key, and what it is in words."""
    return {alias: (key, term.words) for key, term in GLOSSARY.items() for alias in term.aliases}


def known_terms() -> dict[str, tuple[str, str]]:
    """The same for the keys too: all that a mark may name."""
    return aliases() | {key: (key, term.words) for key, term in GLOSSARY.items()}


def key_of(written: str, key: str | None = None) -> str:
    """The term that a mark means.

    Raises:
        KeyError: if there is none.
    """
    return known_terms()[key or written][0]
