"""Putting reported figures under the ICCS."""

from pandas import DataFrame

from crimestats.classification.tree import Classification
from crimestats.errors import CallError, ClassificationError
from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

_NO_CATEGORY = (TOTAL, NOT_APPLICABLE, UNKNOWN)


def classify(observations: DataFrame) -> DataFrame:
    """Put reported figures that carry their ICCS code under the ICCS.

    Nothing is lost and nothing is summed: every figure keeps its row. A code
    that the ICCS does not have is `_U` (unknown) in the column `iccs`, and
    what is reported stays in `code`. A figure about several categories
    together (`02043+02044`) stays under all of them, joined by `+`.

    Args:
        observations: Reported figures (`frames.OBSERVATIONS`), of the scheme
            `iccs-1.0`; figures about all crimes (`_T`) or about none (`_Z`)
            may be of any scheme.

    Returns:
        The figures with their category (`frames.CLASSIFIED`): iccs as the
        broad list writes it, iccs_version, share_lower, share, share_upper
        (all 1: no figure is divided) and correspondence (`_Z`).

    Raises:
        CallError: There is no column scheme or code.
        ClassificationError: Figures are of another scheme.
    """
    missing = [name for name in ("scheme", "code") if name not in observations]
    if missing:
        fault = f"lack the column {' and '.join(missing)}."
        raise CallError("observations", fault, "Hand over what `observe` returned.")
    iccs = Classification.load("iccs")
    _refuse_others(observations, iccs.scheme)
    classified = observations.assign(
        iccs=iccs.normalise(observations["code"]).astype("category"),
        iccs_version=iccs.version,
        share_lower=1.0,
        share=1.0,
        share_upper=1.0,
        correspondence=NOT_APPLICABLE,
    )
    return classified.astype({"iccs_version": "category", "correspondence": "category"})


def _refuse_others(observations: DataFrame, scheme: str) -> None:
    is_other = (observations["scheme"] != scheme) & ~observations["code"].isin(_NO_CATEGORY)
    counts = observations.loc[is_other.to_numpy(), "scheme"].astype(object).value_counts(dropna=False)
    if not counts.empty:
        named = ", ".join(f"{name} (figures: {count})" for name, count in counts.items())
        fault = f"holds {named}, and there is no table from it to {scheme}."
        raise ClassificationError("column scheme", fault, f"Give the items their code of {scheme}.")
