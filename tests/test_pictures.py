"""Pictures of trend tables: what is drawn, what is never drawn, and what is said beside."""

import json
import math
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats import areas, release
from crimestats.cli import pictures as commands
from crimestats.errors import CallError
from crimestats.files import read_csv, shipped
from crimestats.frames import BREAKDOWNS, CHANGES, SERIES, TRENDS
from crimestats.report import pictures
from crimestats.report.pictures import choosing, maps, multiples, slopes, wording

KEYS = {"iccs": "0101", "measure": "victims", "unit": "number", "stage": "recorded", "source": "CJS"}
POPULATION = 1_000_000.0


def row(area, year, value=math.nan, lower=None, upper=None, **more):
    """A figure of a trend table; its rate is per 100,000 of a million residents."""
    lower, upper = value if lower is None else lower, value if upper is None else upper
    blank = {
        name: "_T" if kind == "key" else "" if kind == "text" else math.nan
        for name, kind in TRENDS.columns.items()
    }
    status = "exact" if value == value else "bounded" if lower == lower else "blank"
    return blank | KEYS | {
        "area": area, "year": year, "value": value, "lower": lower, "upper": upper, "population": POPULATION,
        "rate": value / 10, "rate_lower": lower / 10, "rate_upper": upper / 10, "rate_status": status, "segment": 1,
        "grouping": "_Z", "method": "_Z", "basis": "reported", "status": status, "n_areas": 1, "regime": "_U",
        "period": "calendar", "provisional": "no",
    } | more  # fmt: skip


def trends(*rows):
    return TRENDS.cast(pd.DataFrame(list(rows)))


def drawn(chart, mark):
    """Rows of that mark in the data of a chart of small multiples."""
    rows = [entry for data in every(chart.to_dict(), "values") if isinstance(data, list) for entry in data
            if isinstance(entry, dict)]  # fmt: skip
    unique = {json.dumps(entry, sort_keys=True): entry for entry in rows if entry.get("mark") == mark}
    return list(unique.values())


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


SERIES_OF_MEXICO = [
    row("MEX", 2010, 30.0), row("MEX", 2011, 33.0), row("MEX", 2012), row("MEX", 2013, math.nan, 0.0, 4.0),
    row("MEX", 2014, 41.0), row("MEX", 2015, 60.0, segment=2), row("MEX", 2016, 63.0, segment=2, provisional="yes"),
]  # fmt: skip


def test_no_line_crosses_a_gap_a_break_or_a_range():
    lines = pd.DataFrame(drawn(pictures.small_multiples(trends(*SERIES_OF_MEXICO)), "line"))
    assert lines.groupby("run")["year"].agg(list).tolist() == [[2010, 2011], [2015, 2016]]


def test_every_exact_figure_is_a_point_and_every_range_a_bar():
    chart = pictures.small_multiples(trends(*SERIES_OF_MEXICO))
    assert sorted(point["year"] for point in drawn(chart, "point")) == [2010, 2011, 2014, 2015, 2016]
    assert [(bar["year"], bar["low"], bar["high"]) for bar in drawn(chart, "range")] == [(2013, 0.0, 0.4)]
    assert [point["year"] for point in drawn(chart, "point") if point["hollow"]] == [2016]


def test_a_break_stands_between_the_years_that_may_not_be_compared():
    chart = pictures.small_multiples(trends(*SERIES_OF_MEXICO))
    assert [entry["year"] for entry in drawn(chart, "break")] == [2014.5]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_a_run_is_of_one_segment_and_of_successive_years(years):
    rows = [
        row("MEX", 2000 + at, 5.0 if there else math.nan, segment=segment)
        for at, (there, segment) in enumerate(years)
    ]
    figures = choosing.chosen(trends(*rows)).figures("value")
    assert figures["run"].isna().tolist() == [not there for there, _ in years]
    for _, run in figures.groupby("run"):
        assert len(set(run["segment"])) == 1
        assert (run["year"].diff().dropna() == 1).all()


def test_a_range_without_end_stays_in_its_panel():
    chart = pictures.small_multiples(
        trends(row("MEX", 2010, 30.0), row("MEX", 2011, math.nan, 20.0, math.inf))
    )
    (bar,) = drawn(chart, "range")
    assert bar["low"] == 2.0
    assert 3.0 < bar["high"] < 4.0


def test_an_area_without_any_figure_has_a_panel_that_says_so():
    table = trends(*SERIES_OF_MEXICO, row("FJI", 2010))
    chart = pictures.small_multiples(table, areas=["FJI", "MEX"])
    assert [entry["name"] for entry in drawn(chart, "none")] == ["Fiji"]
    assert "Fiji has no figure" in pictures.explain(table, "multiples", areas=["FJI", "MEX"])


def written_texts(chart, path):
    """What stands in the file, text by text."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", pictures.write(chart, path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("shared", [False, True])
def test_a_panel_without_a_figure_has_no_numbers_beside_it(tmp_path, shared):
    table = trends(*SERIES_OF_MEXICO)
    alone = pictures.small_multiples(table, shared=shared)
    both = pictures.small_multiples(trends(*SERIES_OF_MEXICO, row("FJI", 2010)), shared=shared)
    numbers = [
        [text for text in written_texts(chart, tmp_path / "x.svg") if re.fullmatch(r"[−-]?[0-9.]{1,3}", text)]
        for chart in (alone, both)
    ]
    assert numbers[0] == numbers[1] != []
    nothing = written_texts(
        pictures.small_multiples(trends(row("FJI", 2010)), by="value", shared=shared), tmp_path / "x.svg"
    )
    assert [text for text in nothing if re.fullmatch(r"[−-]?[0-9.]{1,3}", text)] == []


def test_an_area_that_was_asked_for_is_shown_without_a_row():
    table = trends(*SERIES_OF_MEXICO, row("FJI", 2010, 3.0, measure="held"))
    narrowed = pictures.choose(table, measure="victims")
    assert [entry["name"] for entry in drawn(pictures.small_multiples(narrowed), "none")] == []
    both = choosing.chosen(
        pd.concat([narrowed, table[table["area"] == "FJI"]]).assign(measure="victims"), areas=["FJI"]
    )
    assert dict(both.names) == {"FJI": "Fiji"}


def test_all_missing_is_drawn_too(tmp_path):
    written = pictures.write(
        pictures.small_multiples(trends(row("FJI", 2010)), by="value"), tmp_path / "none.svg"
    )
    assert "no figure" in written.read_text(encoding="utf-8")


GROUPS = [
    row("002", 2010 + at, 100.0 + at, grouping="m49", method=method, coverage_population=0.5 + at / 10,
        segment=1 + (method == "reported") * (at // 2))
    for method in ("reported", "panel", "estimated") for at in range(4)
]  # fmt: skip


def test_methods_are_told_apart_and_coverage_is_drawn():
    chart = pictures.small_multiples(trends(*GROUPS), grouping="m49")
    assert {point["method"] for point in drawn(chart, "point")} == {"reported", "panel", "estimated"}
    assert [strip["share"] for strip in drawn(chart, "coverage")] == [0.5, 0.6, 0.7, 0.8]
    assert len(drawn(chart, "break")) == 1
    said = pictures.explain(trends(*GROUPS), "multiples", grouping="m49")
    assert "hold 50 to 80 per cent of the residents" in said


def test_the_strip_is_of_areas_that_reported_and_not_of_those_that_were_filled():
    rows = [
        entry | {"coverage_reported": 0.1, "coverage_population": 0.9}
        for entry in GROUPS
        if entry["method"] == "estimated"
    ]
    chart = pictures.small_multiples(trends(*rows), grouping="m49")
    assert {strip["share"] for strip in drawn(chart, "coverage")} == {0.1}


def test_a_figure_below_the_floor_is_not_drawn_and_told():
    table = trends(row("002", 2010, grouping="m49", method="reported", status="below_floor", coverage_population=0.2),
                   *GROUPS[1:2])  # fmt: skip
    chart = pictures.small_multiples(table, grouping="m49")
    assert [point["year"] for point in drawn(chart, "point")] == [2011]
    assert "One figure of a group is not given" in " ".join(map(str, every(chart.to_dict(), "text")))


@pytest.mark.parametrize(
    ("asked", "place", "words"),
    [
        ({}, "measure", "held, victims"),
        ({"measure": "offences"}, "measure 'offences'", "held, victims"),
        ({"measure": "victims", "areas": ["ZZZ"]}, "area 'ZZZ'", "MEX"),
        ({"measure": "victims", "grouping": "m49"}, "grouping 'm49'", "none"),
        ({"measure": "victims", "first": 2030}, "first, last", "2010 to 2016"),
        ({"measure": "victims", "breakdowns": {"gender": "F"}}, "gender", "sex"),
        ({"measure": "victims", "breakdowns": {"sex": "F"}}, "sex 'F'", "_T"),
    ],
)
def test_what_is_not_one_indicator_is_refused_with_its_choices(asked, place, words):
    table = trends(*SERIES_OF_MEXICO, row("MEX", 2010, 3.0, measure="held"))
    with pytest.raises(CallError) as refused:
        pictures.choose(table, **asked)
    assert refused.value.place == place
    assert words in str(refused.value)


def test_the_total_is_meant_where_no_breakdown_is_named():
    table = trends(*SERIES_OF_MEXICO, row("MEX", 2010, 3.0, sex="F"))
    assert set(pictures.choose(table)["sex"]) == {"_T"}
    assert len(pictures.choose(table, breakdowns={"sex": "F"})) == 1
    again = pictures.choose(pictures.choose(table, breakdowns={"sex": "F"}))
    assert len(again) == 1


def test_a_rate_that_nobody_has_is_refused():
    rows = [
        entry | {"rate": math.nan, "rate_lower": math.nan, "rate_upper": math.nan}
        for entry in SERIES_OF_MEXICO
    ]
    with pytest.raises(CallError, match="no rate"):
        pictures.small_multiples(trends(*rows))
    assert drawn(pictures.small_multiples(trends(*rows), by="value"), "point")


def lines_of(chart):
    spec = chart.to_dict()
    return [
        data
        for data in every(spec, "values")
        if data
        and isinstance(data, list)
        and isinstance(data[0], dict)
        and "left" in data[0]
        and "fill" not in data[0]
    ]


def test_no_slope_crosses_a_break():
    table = trends(*SERIES_OF_MEXICO, row("FJI", 2010, 2.0), row("FJI", 2016, 4.0))
    lines = lines_of(pictures.slope(table, 2010, 2016))
    assert [len(data) for data in lines] == [1]
    said = pictures.explain(table, "slope")
    assert "break" in said


def test_a_break_in_a_year_between_hides_the_line_too():
    rows = [row("MEX", 2010, 30.0), row("MEX", 2012, 30.0, segment=2), row("MEX", 2014, 30.0)]
    assert lines_of(pictures.slope(trends(*rows), 2010, 2014)) == []


def test_slopes_have_the_colour_of_a_tested_verdict_and_of_no_other():
    table = trends(*(row(area, year, 9.0) for area in ("MEX", "FJI", "COL") for year in (2010, 2016)))
    change = {
        name: "_T" if kind == "key" else "" if kind == "text" else 0.0
        for name, kind in CHANGES.columns.items()
    }
    change |= KEYS | {"grouping": "_Z", "method": "_Z", "first_year": 2010, "last_year": 2016}
    changes = CHANGES.cast(pd.DataFrame([
        change | {"area": "MEX", "verdict": "rising"},
        change | {"area": "FJI", "verdict": "falling", "first_year": 2012},
        change | {"area": "COL", "verdict": "falling", "measure": "held"},
    ]))  # fmt: skip
    (lines,) = lines_of(pictures.slope(table, 2010, 2016, changes=changes))
    assert sorted(entry["key"] for entry in lines) == ["rising", "untested", "untested"]


def test_verdicts_have_a_colour_and_a_word():
    for verdict in (*slopes.VERDICTS, slopes.UNTESTED):
        assert wording.has_text(f"key.{verdict}")
        assert slopes._COLOURS[verdict].startswith("#")


@pytest.mark.parametrize(("first", "last"), [(2016, 2010), (2011, 2012), (2010, 2013)])
def test_a_slope_needs_two_exact_figures_in_order(first, last):
    with pytest.raises(CallError):
        pictures.slope(trends(*SERIES_OF_MEXICO), first, last)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
@settings(deadline=None)
def test_labels_are_moved_apart_and_keep_their_order(places):
    moved = slopes.apart(pd.Series(places), 5, 200)
    order = pd.Series(places).sort_values(kind="stable").index
    assert (moved.loc[order].diff().dropna() >= 5 - 1e-9).all()
    assert moved.max() <= 200


def test_several_methods_are_no_slope_and_no_dots():
    for draw in (lambda: pictures.slope(trends(*GROUPS), 2010, 2013, grouping="m49"),
                 lambda: pictures.dots(trends(*GROUPS), 2010, grouping="m49")):  # fmt: skip
        with pytest.raises(CallError, match="panel"):
            draw()


def test_dots_stand_by_region_from_the_highest_and_below_the_figure_of_their_region():
    table = trends(
        row("MEX", 2010, 30.0), row("COL", 2010, 50.0), row("FJI", 2010, math.nan, 0.0, 4.0),
        row("019", 2010, 400.0, grouping="m49", method="reported", coverage_population=0.4),
    )  # fmt: skip
    spec = pictures.dots(table, 2010).to_dict()
    assert next(sort for sort in every(spec, "sort") if sort) == ["Colombia", "Mexico"]
    assert [
        data[0]["mean"]
        for data in every(spec, "values")
        if data and isinstance(data[0], dict) and "mean" in data[0]
    ] == [40.0]
    assert "hold 40 to 40 per cent" in json.dumps(spec)


def headings(chart):
    return [
        entry["text"]
        for entry in every(chart.to_dict(), "title")
        if isinstance(entry, dict) and entry.get("offset") == 6
    ]


def test_groups_stand_by_level_and_not_in_one_order():
    rows = [row(code, 2010, 10.0 * at, grouping="m49", method="reported", coverage_population=0.6)
            for at, code in enumerate(("005", "419", "021", "019", "150", "001"), 1)]  # fmt: skip
    chart = pictures.dots(trends(*rows), 2010, grouping="m49")
    assert headings(chart) == ["The world", "Regions", "Subregions", "Parts of subregions"]
    orders = [sort for sort in every(chart.to_dict(), "sort") if sort]
    assert orders[::len(orders) // 4] == [
        ["World"], ["Europe", "Americas"], ["Northern America", "Latin America and the Caribbean"], ["South America"]
    ]  # fmt: skip
    mine = [entry | {"grouping": "mine"} for entry in rows[:2]]
    assert headings(pictures.dots(trends(*mine), 2010, grouping="mine")) == ["Groups"]


@pytest.mark.parametrize("grouping", ["m49", "ldc", "lldc", "sids", "glotip"])
def test_every_level_of_a_shipped_grouping_has_a_heading(grouping):
    assert all(wording.has_text(f"level.{level}") for level in areas.groupings(grouping)["level"].unique())


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("MEX", 2010, 30.0)], set()),
        ([row("MEX", 2010, 30.0, 20.0, 40.0)], {"figure within its bounds"}),
        ([row("MEX", 2010, 30.0), row("FJI", 2010, math.nan, 0.0, 4.0)], {"only bounds are known"}),
        ([row("MEX", 2010, 30.0, 20.0, 40.0), row("FJI", 2010, math.nan, 0.0, 4.0)],
         {"figure within its bounds", "only bounds are known"}),
    ],
    ids=["exact", "within bounds", "bounds alone", "both"],
)  # fmt: skip
def test_the_key_tells_bounds_around_a_dot_from_bounds_alone(tmp_path, rows, words):
    said = written_texts(pictures.dots(trends(*rows), 2010), tmp_path / "x.svg")
    assert {text for text in said if "bounds" in text and len(text) < 30} == words


def test_a_region_below_the_floor_has_no_rule():
    table = trends(
        row("MEX", 2010, 30.0),
        row("019", 2010, grouping="m49", method="reported", status="below_floor", coverage_population=0.4),
    )  # fmt: skip
    assert '"mean"' not in json.dumps(pictures.dots(table, 2010).to_dict())


def test_the_map_shades_what_has_a_figure_and_leaves_the_others_grey():
    table = trends(row("MEX", 2010, 30.0), row("SGP", 2010, 2.0), row("SMP", 2010, 5.0), row("COL", 2010))
    spec = pictures.map_of(table, 2010).to_dict()
    (shapes,) = every(spec, "geometries")
    shades = {entry["properties"]["area"]: entry["properties"]["shade"] for entry in shapes}
    assert shades["MEX"] in maps.SHADES
    assert shades["COL"] == shades["USA"] == "#d5dae0"
    said = json.dumps(spec)
    assert "One area with a figure has no place on the map" in said
    assert "Samplonia" in said


def test_counts_make_no_map():
    with pytest.raises(CallError, match="size of countries"):
        pictures.map_of(trends(row("MEX", 2010, 30.0)), 2010, by="value")


def test_a_range_over_several_classes_has_a_shade_of_its_own():
    rows = trends(*(row(area, 2010, float(n)) for n, area in enumerate(("MEX", "COL", "PER", "CHL"))),
                  row("FRA", 2010, math.nan, 0.0, 3.0), row("ESP", 2010, math.nan, 0.0, 0.5))  # fmt: skip
    figures = choosing.chosen(rows).figures("value")
    shades = dict(zip(figures["area"], maps._shades(figures, [1.5]), strict=True))
    assert shades["FRA"] == maps._RANGE
    assert shades["ESP"] == shades["MEX"] == maps.SHADES[0]


def test_every_area_but_the_invented_and_the_uninhabited_has_a_place():
    lacking = set(areas.areas()["area"]) - maps._places()
    assert lacking == {"SMP", "ATA", "BVT"}
    assert maps._places() <= set(areas.areas()["area"])
    assert not maps._shapes() & set(maps._points()["area"])


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_pictures_are_written_with_their_letters_and_the_same_each_time(tmp_path, ending):
    for name in ("one", "two"):
        pictures.write(pictures.small_multiples(trends(*SERIES_OF_MEXICO)), tmp_path / f"{name}.{ending}")
    first, second = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert first == second
    if ending == "svg":
        text = first.decode()
        assert "Intentional homicide: victims" in text
        assert re.search(r'<svg role="img" aria-label="Small line charts', text)
        assert not re.search(r'(?:href|src)="http|url\(http|@import', text)
    else:
        assert first.startswith(b"\x89PNG")


def test_long_names_and_other_scripts_are_drawn(tmp_path):
    table = trends(
        *SERIES_OF_MEXICO, row("GBR", 2010, 4.0), row("ليبيا الطويلة جدا", 2010, 4.0), row("<b>&", 2010, 1.0)
    )
    text = pictures.write(pictures.small_multiples(table), tmp_path / "x.svg").read_text(encoding="utf-8")
    assert "ليبيا" in text
    assert "&lt;b&gt;&amp;" in text


def test_no_two_panels_have_one_heading():
    alike = {
        f"X{n}": "A very long name of an area that cannot stand in one panel " + "of many " * n
        for n in range(30)
    }
    picked = choosing.Chosen(pd.DataFrame(), "0101", {}, "_Z", alike)
    assert len(set(multiples._headings(picked, 8).values())) == 30


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(CallError, match="neither PNG nor SVG"):
        pictures.write(pictures.small_multiples(trends(*SERIES_OF_MEXICO)), tmp_path / "x.gif")


def test_the_text_counts_what_there_is():
    said = pictures.explain(trends(*SERIES_OF_MEXICO), "multiples")
    assert "6 figures of one area" in said
    assert "2010–2016" in said
    assert "The dashed line marks a break" in said
    assert "One figure is known within bounds only" in said
    assert "One year between the figures of a series has none" in said
    assert "One figure is a count below 20" in said
    assert said.count("\n\n") == 2


def test_there_is_no_other_kind():
    with pytest.raises(CallError, match="multiples"):
        pictures.explain(trends(*SERIES_OF_MEXICO), "pie")


def test_every_text_can_be_filled_in_and_is_there_once():
    table = read_csv(shipped("questionnaires", "pictures.en.csv"), ("key", "text"))
    assert table["key"].is_unique
    known = {"base", "first", "last", "number", "areas", "title", "unit", "years", "figures", "methods", "year", "low",
             "high", "least", "most", "names", "source", "limit", "stage", "all", "colour", "destination", "drawn",
             "grouping", "left", "listed", "origin", "pairs", "place", "rank", "right", "share", "threshold"}  # fmt: skip
    assert {name for text in table["text"] for name in re.findall(r"{(\w+)}", text)} <= known


def test_pictures_of_the_example_round(example_round, tmp_path):
    picked = pictures.choose(example_round.trends, iccs="0101", measure="victims")
    figures = choosing.chosen(picked).figures("value")
    chart = pictures.small_multiples(picked, by="value")
    assert len(drawn(chart, "point")) == figures["shown"].notna().sum()
    assert set(figures[list(SERIES)].nunique()) == {1}
    assert set(BREAKDOWNS) <= set(picked.columns)
    assert pictures.write(chart, tmp_path / "round.svg").stat().st_size > 10_000


@pytest.fixture
def app():
    import typer

    made = typer.Typer()
    made.command("picture")(commands.picture)
    made.command("table")(commands.table)
    return made


@pytest.fixture
def file(tmp_path):
    rows = [entry | {"figure_id": str(at)} for at, entry in enumerate(
        [*SERIES_OF_MEXICO, *GROUPS, row("COL", 2010, 5.0), row("COL", 2016, 7.0), row("MEX", 2010, 3.0, measure="held")])]  # fmt: skip
    return release.write_parquet(trends(*rows), "Trends", tmp_path / "trends.parquet")


@pytest.mark.parametrize(
    "more",
    [
        (), ("--kind", "slope", "--from", "2010", "--to", "2016"), ("--kind", "dots", "--to", "2016"),
        ("--kind", "map", "--to", "2010"), ("--grouping", "m49", "--method", "estimated"), ("--areas", "COL,MEX"),
        ("--by", "value", "--sex", "_T"), ("--where", "mechanism=_T"),
    ],
)  # fmt: skip
def test_the_command_draws(app, file, tmp_path, more):
    out = tmp_path / "x.svg"
    done = CliRunner().invoke(
        app, ["picture", str(file), "--iccs", "0101", "--measure", "victims", "--out", str(out), *more]
    )
    assert done.exception is None, done.output
    assert "What it cannot say." in done.output
    assert out.read_text(encoding="utf-8").startswith('<svg role="img"')


def test_the_command_names_the_choices(app, file, tmp_path):
    done = CliRunner().invoke(app, ["picture", str(file), "--iccs", "0101", "--out", str(tmp_path / "x.svg")])
    assert "held, victims" in str(done.exception)
    done = CliRunner().invoke(
        app, ["picture", str(file), "--iccs", "0101", "--where", "sex", "--out", str(tmp_path / "x.svg")]
    )
    assert "dimension=code" in str(done.exception)


def test_the_command_says_it_in_json(app, file, tmp_path):
    done = CliRunner().invoke(app, ["table", str(file), "--iccs", "0101", "--measure", "victims", "--json", "-",
                                    "--out", str(tmp_path / "x.html")])  # fmt: skip
    assert json.loads(done.stdout)["out"].endswith("x.html")
    done = CliRunner().invoke(app, ["table", str(file), "--iccs", "0101", "--measure", "victims", "--quiet",
                                    "--out", str(tmp_path / "x.xlsx")])  # fmt: skip
    assert done.stdout == ""
    assert (tmp_path / "x.xlsx").is_file()
    done = CliRunner().invoke(app, ["table", str(file), "--iccs", "0101", "--out", str(tmp_path / "x.docx")])
    assert "neither a page nor a workbook" in str(done.exception)
