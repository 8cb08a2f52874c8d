"""The model card: what a model learnt from, what it can do, and where it must not be trusted."""

import pandas as pd

from crimestats.classification import Correspondence
from crimestats.coding.calibration import FIRST_LEVEL, PROMISES
from crimestats.coding.coder import LEVELS, Coder
from crimestats.coding.examples import INDEX, PHRASES
from crimestats.errors import CrimestatsError

_LIMITS = """\
## Limits

- A code that a person gave is not at hand for most of what it learnt: the tables are the project's own
  readings of national lists, and the index is the project's own. Where they err, it errs.
- The index names offences as the law of many countries does. A country "left out" below has no coded list in
  training; words of its law may stand in the index.
- A code deeper than the one that a person gave counts as wrong in the thresholds, so that at high promises
  most codes stop at the division.
- Russian, Arabic and Chinese have an index and no coded list: nothing is measured there.
- Hindi, and every language that is not named above, is outside what it knows.
- It reads what is written. A paragraph without words is refused.
- It does not decide. What it refuses or backs off belongs in `crimestats coding review`.
"""


def card(coder: Coder) -> str:
    """The model card, in Markdown: data, figures, limits."""
    about = coder.about
    left = ", ".join(about.get("left_out", [])) or "nothing"
    lines = [
        "# Coder of national offence texts into the ICCS",
        "",
        f"crimestats {about['crimestats']}; {len(coder.categories)} categories; "
        f"{len(coder.examples):,} coded texts; left out of training: {left}.",
        "",
        "A logistic regression for each category on words and runs of characters, multiplied with the"
        " likeness to coded examples; calibrated on lists whose country was left out.",
        "",
        "## Data",
        "",
        "| source | language | texts |",
        "|---|---|---|",
        *(f"| {_named(source)} | {language} | {count:,} |" for source, language, count in about["examples"]),
        "",
        "## Thresholds",
        "",
        "Least probability of a code at a level, for a promised share of right codes.",
        "",
        "| promised | " + " | ".join(f"level {level}" for level in LEVELS[FIRST_LEVEL - 1 :]) + " |",
        "|---" * (len(LEVELS) - FIRST_LEVEL + 2) + "|",
    ]
    for promise, row in zip(PROMISES, coder.calibration.thresholds, strict=True):
        shown = [f"{value:.2f}" if value <= 1 else "none" for value in row[FIRST_LEVEL - 1 :]]
        lines.append(f"| {promise:.3g} | " + " | ".join(shown) + " |")
    return "\n".join([*lines, "", _LIMITS])


def table(coder: Coder) -> pd.DataFrame:
    """What it learnt from: source, language and number of texts."""
    return pd.DataFrame(coder.about["examples"], columns=["source", "language", "texts"])


def _named(source: str) -> str:
    if source == INDEX:
        return "ICCS: titles, inclusions, exclusions, alphabetical index"
    if source == PHRASES:
        return "the project's own index"
    try:
        return f"{Correspondence.load(source).source.get('title', source)} (`{source}`)"
    except CrimestatsError:  # a table of the user's own
        return source
