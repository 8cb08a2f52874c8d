"""Pictures of flows: what is drawn is what was counted, and what is not drawn is told."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import FLOWS, TRAFFICKING
from crimestats.report.pictures import flow_map, flow_maps, geography, heat_map, sankey, write
from crimestats.trafficking import flows

SOURCE = "an invented table"


def figure(destination, origin, value, year=2018, **more):
    """Victims detected; `<5` and `…` for bounded and withheld."""
    bounds = {"<5": (math.nan, 0, 4, "bounded"), "…": (math.nan, math.nan, math.nan, "withheld")}
    number, lower, upper, status = bounds.get(value, (value, value, value, "exact"))
    blank = {name: "_U" if kind == "key" else "" for name, kind in TRAFFICKING.columns.items()}
    return blank | {
        "area": destination, "year": year, "dimension": "citizenship", "iccs": "0204", "measure": "victims",
        "sex": "_T", "age": "_T", "exploitation": "_T", "country": origin,
        "citizenship": "NAT" if origin == destination else "FOR", "value": number, "lower": lower,
        "upper": upper, "status": status, "figure_id": f"{destination}{origin}{year}",
    } | more  # fmt: skip


def made(*rows):
    return flows(TRAFFICKING.cast(pd.DataFrame(list(rows))))


FEW = made(
    figure("ITA", "ITA", 60), figure("ITA", "NGA", 40), figure("ITA", "ROU", "<5"), figure("ESP", "ROU", 20),
    figure("USA", "PHL", 30), figure("PHL", "USA", 6), figure("ARG", "_U", 9, citizenship="_U"),
    figure("ITA", "SMP", 25), figure("ESP", "MAR", "…"),
)  # fmt: skip


def every(spec, key):
    """Everything that stands under a key, at whatever depth."""
    if isinstance(spec, dict):
        for name, inner in spec.items():
            if name == key:
                yield inner
            yield from every(inner, key)
    elif isinstance(spec, list):
        for inner in spec:
            yield from every(inner, key)


def rows_with(chart, *columns):
    """The data of the first layer that has all these columns."""
    spec = chart.to_dict()
    texts = [json.loads(held) for held in spec.get("datasets", {}).values() if isinstance(held, str)]
    for values in [*every(spec, "values"), *texts]:
        if isinstance(values, list) and values and set(columns) <= set(values[0]):
            return pd.DataFrame(values)
    raise AssertionError(columns)


def labels(chart):
    """Name and figure of every node of a Sankey diagram."""
    return [
        (entry["name"], entry["figure"])
        for values in every(chart.to_dict(), "values") if isinstance(values, list)
        for entry in values if "figure" in entry and "name" in entry
    ]  # fmt: skip


def words(chart, tmp_path):
    """The picture as SVG, as it is written."""
    return write(chart, tmp_path / "picture.svg").read_text(encoding="utf-8")


def test_nodes_of_a_sankey_have_the_bounds_of_their_sums(tmp_path):
    found = dict(labels(sankey(FEW, source=SOURCE))[:6])
    assert found["Sub-Saharan Africa"] == "40"
    assert found["Central and South-Eastern Europe"] == "20 to 24"
    assert found["Not known, or in no group"] == "34"
    assert found["North America"] == "6"
    text = words(sankey(FEW, source=SOURCE), tmp_path)
    assert "Not drawn: 60 victims detected in the country of their own citizenship" in text
    assert "Source: an invented table." in text
    assert 'role="img"' in text
    assert "http://www.w3.org" in text
    assert text.count("http") == text.count("http://www.w3.org")


def test_a_figure_that_is_withheld_has_no_band_and_its_sum_no_upper_end(tmp_path):
    chart = sankey(FEW)
    assert "North Africa and the Middle East" not in dict(labels(chart))
    assert "One figure is withheld" in words(chart, tmp_path)
    assert "One figure is withheld" in words(flow_map(FEW), tmp_path)
    assert "at least 130 victims" in chart.to_dict()["description"]


def test_bands_are_as_broad_as_their_figures_at_both_ends_and_never_negative():
    chart = sankey(FEW, grouping="m49", by="region", is_domestic=True)
    points = rows_with(chart, "band", "x", "y", "y2")
    assert (points["y2"] > points["y"]).all()
    ends = points.sort_values("x").groupby("band")
    first, last = ends.first(), ends.last()
    assert np.allclose(first["y2"] - first["y"], last["y2"] - last["y"], atol=0.02)
    for side in (first, last):
        stacked = side.sort_values("y")
        assert (stacked["y"].to_numpy()[1:] >= stacked["y2"].to_numpy()[:-1] - 0.03).all()
    assert sum((first["y2"] - first["y"]).round(2)) == pytest.approx(560, abs=1)


MIXED = made(
    figure("ITA", "NGA", 900), *(figure("ITA", code, 5) for code in ("BRA", "PHL", "IND", "MEX", "UZB")),
    *(figure(code, "ROU", 30) for code in ("USA", "ZAF", "JPN", "IND", "BRA", "EGY")),
)  # fmt: skip


def test_a_label_stands_beside_its_node_and_none_upon_another():
    chart = sankey(MIXED, grouping="m49")
    for values in every(chart.to_dict(), "values"):
        if isinstance(values, list) and values and {"at", "top", "name"} <= set(values[0]):
            nodes = pd.DataFrame(values)
            assert nodes["at"].between(nodes["top"], nodes["bottom"]).all()
            assert (nodes["at"].diff().dropna() >= 30 - 1e-6).all()
            assert (nodes["top"].to_numpy()[1:] > nodes["bottom"].to_numpy()[:-1]).all()


def test_small_subregions_stand_together_and_nobody_is_lost(tmp_path):
    chart = sankey(MIXED, grouping="m49")
    found = labels(chart)
    assert ("4 other subregions", "25") in found
    assert sum(int(figure.replace(",", "")) for _, figure in found[:3]) == 900 + 25 + 180
    assert "less than 1 per cent" in words(chart, tmp_path)


def test_pictures_say_what_their_places_and_pairs_are():
    def said(chart):
        return chart.to_dict()["description"]

    assert "by subregion of citizenship and subregion of detection, 2018" in said(sankey(FEW))
    assert "by country of citizenship and country of detection" in said(sankey(FEW, by="area"))
    assert "by region of citizenship and region of detection" in said(heat_map(FEW, by="region"))
    pairs = "5 flows (5 victims or more), one pair with fewer"
    assert f"{pairs}, one pair of which the bounds leave it open, one pair with a country" in said(
        sankey(FEW)
    )
    assert f"{pairs}. The numbers on the lines" in said(flow_map(FEW))
    assert "one country with own citizens" in said(sankey(FEW, is_domestic=True))


def test_a_sankey_of_one_destination_names_countries_and_levels(tmp_path):
    chart = sankey(FEW, destination="ITA", top=1)
    assert ("Nigeria", "40") in labels(chart)
    assert ("2 other countries", "25 to 29") in labels(chart)
    assert "Between regions" in words(chart, tmp_path)
    assert chart.to_dict()["title"]["text"][-1].endswith("Italy")


@pytest.mark.parametrize("how", [{"year": 1990}, {"destination": "FRA"}, {"basis": "repatriation"}])
def test_a_picture_of_nothing_is_refused(how):
    with pytest.raises(CallError):
        sankey(FEW, **how)
    with pytest.raises(CallError):
        flow_map(FEW, **how)


def test_a_picture_of_no_flows_is_refused():
    for draw in (sankey, flow_map, heat_map):
        with pytest.raises(CallError):
            draw(FLOWS.empty())


def test_a_map_lists_what_it_draws_and_what_has_no_place(tmp_path):
    chart = flow_map(FEW, source=SOURCE)
    listed = rows_with(chart, "words")["words"].tolist()
    assert listed == [
        "1  Nigeria – Italy  40", "2  Philippines – United States  30", "3  Samplonia – Italy  25",
        "4  Romania – Spain  20", "5  United States – Philippines  6", "6  Romania – Italy  <5",
    ]  # fmt: skip
    text = words(chart, tmp_path)
    assert "One of the largest pairs has a country without a place on the map" in text
    assert "Not drawn: 60 victims" in text
    assert "Natural Earth" in text
    assert rows_with(chart, "name", "at_x")["name"].is_unique


def test_a_map_draws_no_more_than_is_asked_for():
    chart = flow_map(FEW, top=2)
    assert len(rows_with(chart, "words")) == 2
    assert "the 2 largest of 6 pairs of origin and destination" in chart.to_dict()["description"]


@pytest.mark.parametrize(("origin", "destination"), [("PHL", "USA"), ("CHN", "USA"), ("USA", "JPN")])
def test_lines_between_the_sides_of_the_map_stay_on_it(origin, destination):
    where = geography.places()
    points = geography.arc(where[origin], where[destination], 0.1, 30)
    assert np.abs(np.diff(points[:, 0])).max() < 20
    assert np.abs(points[:, 1]).max() < 78


def test_lines_near_the_edge_go_over_it_and_are_named(tmp_path):
    points = geography.arc(geography.places()["NZL"], geography.places()["WSM"], 0.1, 30)
    steps = (np.diff(points[:, 0]) + 180) % 360 - 180
    assert (steps > 0).all()
    chart = flow_map(made(figure("WSM", "NZL", 9), figure("USA", "CHN", 9)))
    assert "One line runs off one edge of the map and on at the other: New Zealand" in words(chart, tmp_path)


def test_every_line_of_a_map_has_its_number_on_it():
    numbers = rows_with(flow_map(FEW), "rank", "x", "y")
    assert numbers["rank"].tolist() == ["1", "2", "4", "5", "6"]
    spots = numbers[["x", "y"]].to_numpy()
    gaps = np.abs(spots[:, None] - spots[None]).max(axis=2) + np.eye(len(spots)) * 99
    assert gaps.min() >= 16


def test_a_name_without_room_is_left_to_the_list():
    ends = pd.DataFrame({"x": 500.0, "y": 200.0, "name": ["Some long name of a country"] * 40})
    places = flow_maps._label_places(ends)
    boxes = [
        flow_maps._box(500 + dx, 200 + dy, "Some long name of a country", dx)
        for dx, dy in zip(places["dx"], places["dy"], strict=True) if not math.isnan(dx)
    ]  # fmt: skip
    assert 0 < len(boxes) < 40
    assert not any(flow_maps._meets(box, boxes[:at]) for at, box in enumerate(boxes))


def test_large_data_is_handed_over_as_text():
    """Altair copies and checks lists entry by entry, which took half a minute of a chapter."""
    for chart in (flow_map(FEW), sankey(FEW)):
        assert max(map(len, chart.to_dict()["datasets"].values())) > 3000
        assert all(isinstance(held, str) or len(held) < 100 for held in chart.to_dict()["datasets"].values())


@given(
    st.tuples(st.floats(-180, 180), st.floats(-70, 70)), st.tuples(st.floats(-180, 180), st.floats(-70, 70))
)
def test_a_line_begins_and_ends_at_its_countries_and_stays_on_the_map(start, end):
    points = geography.arc(start, end, 0.1, 12)
    for point, place in ((points[0], start), (points[-1], end)):
        assert math.isclose((point[0] - place[0] + 180) % 360, 180, abs_tol=1e-6)
        assert math.isclose(point[1], place[1], abs_tol=1e-6)
    assert np.abs(points[:, 1]).max() <= 78
    assert np.isfinite(points).all()


def test_opposite_lines_do_not_lie_upon_each_other():
    there, back = geography.arc((0, 0), (40, 0), 0.1, 10), geography.arc((40, 0), (0, 0), 0.1, 10)
    assert abs(there[5, 1] - back[5, 1]) > 5


def test_every_inhabited_area_has_a_place_within_its_bounds():
    where = geography.places()
    assert set(areas.areas()["area"]) - set(where) == {"ATA", "BVT", "SMP"}
    near = {
        "USA": (-99, 40),
        "RUS": (100, 62),
        "FRA": (2, 47),
        "IDN": (114, 0),
        "NZL": (171, -44),
        "MLT": (14, 36),
    }
    for area, place in near.items():
        assert np.allclose(where[area], place, atol=1.5), area


def test_the_projection_is_that_of_the_drawn_map():
    """Published points of Equal Earth: the pole is at 1.3173627591574133, its length half the equator's."""
    x, y = geography.projected(np.array([180.0, 180.0, 0.0]), np.array([0.0, 90.0, 0.0]))
    assert np.allclose(y, [0, 1.3173627591574133, 0])
    assert np.allclose(x[0], 2.7066299836960748)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(100, 900), st.integers(60, 440)), min_size=1, max_size=12, unique=True))
def test_names_on_a_map_do_not_lie_upon_each_other(spots):
    ends = pd.DataFrame(spots, columns=["x", "y"]).astype("float64").assign(name="Some country")
    places = flow_maps._label_places(ends)
    boxes = [
        flow_maps._box(x + dx, y + dy, name, dx)
        for x, y, name, dx, dy in zip(
            ends["x"], ends["y"], ends["name"], places["dx"], places["dy"], strict=True
        )
    ]
    spread = ends[["x", "y"]].to_numpy()
    apart = np.abs(spread[:, None] - spread[None]).max(axis=2) + np.eye(len(ends)) * 1e9
    if apart.min() > 60:
        assert not any(flow_maps._meets(box, boxes[:at]) for at, box in enumerate(boxes))


def test_cells_of_a_heat_map_are_written_as_the_figures_are(tmp_path):
    chart = heat_map(FEW)
    cells = rows_with(chart, "origin", "destination", "figure", "heat").set_index(["origin", "destination"])
    assert cells.loc[("Sub-Saharan Africa", "Western and Southern Europe"), "figure"] == "40"
    assert cells.loc[("Central and South-Eastern Europe", "Western and Southern Europe"), "figure"] == "20–24"
    assert cells.loc[("North Africa and the Middle East", "Western and Southern Europe"), "figure"] == "…"
    assert cells["heat"].between(0, 1).all()
    text = words(chart, tmp_path)
    assert "partly from memory" in text
    assert "an empty cell was not reported" in text


def test_a_heat_map_of_too_many_places_is_refused():
    codes = areas.areas()["area"][:30]
    many = made(*(figure("ITA", code, 7) for code in codes))
    with pytest.raises(CallError, match="more than 25"):
        heat_map(many, by="area")


def test_wide_ranges_stand_in_two_lines():
    codes = ("NGA", "ROU", "VNM", "BRA", "CAN", "IND", "EGY", "JPN", "KAZ", "TUR", "SWE", "FRA", "AUS")
    wide = made(
        *(figure("ITA", code, 70) for code in codes), figure("ITA", "ITA", 12345), figure("ESP", "ITA", "<5")
    )
    cells = rows_with(heat_map(wide, grouping="m49"), "figure", "heat")
    assert "12,345–|12,349" in cells["figure"].tolist()


def test_drawing_changes_no_figure():
    before = FEW.copy()
    for draw in (sankey, flow_map, heat_map):
        draw(FEW)
    pd.testing.assert_frame_equal(FEW, before)
