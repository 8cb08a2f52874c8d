"""The trafficking dataset: one schema for figures of returns, published files and other sources."""

from pandas import DataFrame

from crimestats.frames import TOTAL, TRAFFICKING, UNKNOWN

MEASURES = ("victims", "suspected", "prosecuted", "convicted", "offences", "repatriated")
_FORM = "0204"


def dataset(observations: DataFrame) -> DataFrame:
    """Arrange figures on trafficking in persons as one table.

    Args:
        observations: Accepted GLOTIP returns, or a published file (`frames.OBSERVATIONS`).

    Returns:
        The figures (`frames.TRAFFICKING`), none summed and none left out.
    """
    is_of = observations["measure"].isin(MEASURES) & observations["code"].astype("str").str.startswith(_FORM)
    table = observations[is_of].astype({"measure": "str", "code": "str", "country": "str", "citizenship": "str",
                                        "exploitation": "str", "area": "str"})  # fmt: skip
    table = table.assign(iccs=table["code"], dimension=TOTAL, area_label="", label="")
    table["area_label"] = table["note"].str.extract(r"Area: ([^;]*)", expand=False).fillna("")
    table["label"] = table["note"].str.extract(r"Label: ([^;]*)", expand=False).fillna("")
    is_form = (table["iccs"] != _FORM) | (table["exploitation"] != TOTAL)
    is_named = (table["country"] != TOTAL) | (table["citizenship"] != TOTAL)
    table["dimension"] = table["dimension"].mask(is_form, "exploitation")
    table["dimension"] = table["dimension"].mask(is_named, "citizenship")
    table["dimension"] = table["dimension"].mask(table["measure"] == "repatriated", "repatriation")
    is_own = (table["citizenship"] == "NAT") & table["country"].isin([TOTAL, UNKNOWN])
    is_own &= table["dimension"] == "citizenship"
    is_own |= (table["dimension"] == "citizenship") & (table["country"] == table["area"])
    table["country"] = table["country"].mask(is_own, table["area"])
    table["citizenship"] = table["citizenship"].mask(is_own, "NAT")
    table["citizenship"] = table["citizenship"].mask(
        (table["dimension"] == "citizenship") & ~is_own & (table["country"] != UNKNOWN), "FOR"
    )
    places = table["return_id"].astype("str") + "!" + table["sheet"].astype("str") + "!"
    table["figure_id"] = places + table["cell"].astype("str")
    return TRAFFICKING.cast(table.reset_index(drop=True))
