"""National codes that may contain one another, and so must not be added."""

from pandas import DataFrame

from crimestats.classification import Correspondence
from crimestats.errors import CallError, FileError
from crimestats.frames import NOT_APPLICABLE, SERIES

_WARNING = "warning"
_NAMED = 3


def refuse(classified: DataFrame) -> None:
    """Refuse figures that would be added although their list says that its codes overlap.

    A list whose record (`source.toml`) carries a warning holds codes that
    contain others. One code under a category is its figure; several under the
    same category and breakdowns would be added.

    Raises:
        CallError: Several codes of such a list are under one category.
    """
    schemes = [name for name in classified["correspondence"].cat.categories if name != NOT_APPLICABLE]
    for scheme in schemes:
        warning = _warning(scheme)
        if not warning:
            continue
        rows = classified[(classified["correspondence"] == scheme).to_numpy() & classified["lower"].notna()]
        keys = ["area", "year", "iccs", *SERIES]
        group = rows.groupby(keys, observed=True, sort=False).ngroup()
        codes = DataFrame(
            {"group": group, "code": rows["code"].astype("str"), "iccs": rows["iccs"].astype("str")}
        )
        codes = codes.drop_duplicates(["group", "code"])
        several = codes[codes.duplicated("group", keep=False)]
        if len(several):
            raise CallError("classified", _fault(several, scheme, warning), _REMEDY)


_REMEDY = "Give only codes of which none contains another, and then say so: tabulate(..., disjoint=True)."


def _warning(scheme: str) -> str:
    try:
        return str(Correspondence.load(scheme).source.get(_WARNING, ""))
    except FileError:  # a table of the user's own, which has no record here
        return ""


def _fault(several: DataFrame, scheme: str, warning: str) -> str:
    pairs = (
        several.groupby("group").agg(iccs=("iccs", "first"), codes=("code", " and ".join)).drop_duplicates()
    )
    named = "; ".join(f"{row.iccs}: {row.codes}" for row in pairs.head(_NAMED).itertuples())
    more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    fault = f"several codes of {scheme} would be added under one category ({named}{more})."
    return f"{fault} Its record says: {warning}"
