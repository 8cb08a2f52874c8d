"""The example returns carry published figures, and what was published comes out of the trend table."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from crimestats.areas import areas, groupings
from crimestats.files import read_csv, read_toml, shipped
from crimestats.frames import SERIES

EXAMPLES = shipped("questionnaires", "examples")
ORIGINS = read_csv(EXAMPLES / "origins.csv").astype({"year": "int16"})
SOURCES = read_toml(EXAMPLES / "source.toml")


def test_the_round_spans_the_continents_and_the_units_that_are_not_countries():
    units = set(SOURCES["areas"])
    assert len(units) == len(SOURCES["areas"]) >= 24
    assert {path.stem for path in (EXAMPLES / "returns").glob("*.xlsx")} == units
    m49 = groupings("m49")
    regions = m49[m49["area"].isin(units) & (m49["level"] == "region")]
    assert set(regions["code"]) == {"002", "019", "142", "150", "009"}
    assert {"GBR_E_W", "GBR_S", "GBR_NI", "IRQ_C"} <= units <= set(areas()["area"])


def test_homicide_stops_at_2017_and_goes_on_in_2019():
    homicide = ORIGINS[ORIGINS["item"].str.startswith("homicide_victims")]
    assert 2018 not in set(homicide["year"])
    assert set(homicide.loc[homicide["year"] <= 2017, "source"]) == {"unodc-homicide-2017"}
    assert set(homicide.loc[homicide["year"] >= 2019, "source"]) == {"homicide-2023"}


def test_a_figure_has_one_origin():
    assert not ORIGINS.duplicated(["area", "item", "year"]).any()
    assert set(ORIGINS["source"]) == {source["id"] for source in SOURCES["source"]}


def test_every_published_count_comes_out_of_the_trend_table_unchanged(example_round):
    items = example_round.definition.data[["item", "iccs", *SERIES]]
    published = ORIGINS.drop(columns="source").merge(items, on="item", validate="many_to_one")
    keys = ["area", "year", "iccs", *SERIES]
    own = example_round.trends[example_round.trends["grouping"] == "_Z"]
    own = own.astype({name: str for name in keys if name != "year"})
    found = published.merge(own[[*keys, "value", "basis"]], on=keys, how="left", suffixes=("", "_found"))
    assert len(found) == len(ORIGINS)
    assert (found["basis"] == "reported").all()
    assert found.loc[found["value"].astype(float) != found["value_found"]].empty


def test_nothing_comes_out_that_was_not_published(example_round):
    reported = example_round.observations.dropna(subset="value")
    assert len(reported) == len(ORIGINS)


def test_published_rates_rest_on_one_population_an_area_and_year(example_round):
    rates = ORIGINS[(ORIGINS["rate"] != "") & (ORIGINS["value"] != "0")]
    sexes = example_round.definition.data[["item", "sex"]]
    rates = rates.merge(sexes, on="item").astype({"value": float, "rate": float})
    implied = (rates["value"] / rates["rate"]).groupby(
        [rates["area"], rates["year"], rates["sex"], rates["source"]]
    )
    assert len(rates) > 10_000
    assert (implied.max() / implied.min() - 1).max() < 1e-9


def test_the_origins_are_what_the_script_makes_of_the_published_files(shared):
    made = load_script().figures(shared)
    made = made[ORIGINS.columns].astype({"year": "int16", "row": str})
    pd.testing.assert_frame_equal(made.reset_index(drop=True), ORIGINS, check_dtype=False)


def load_script():
    path = Path(__file__).resolve().parents[1] / "scripts" / "make_examples.py"
    if not path.is_file():
        pytest.skip("the script is not in this copy")
    spec = importlib.util.spec_from_file_location("make_examples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
