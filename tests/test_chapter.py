"""The chapter on trafficking: every figure traced, nothing said that the figures do not carry."""

import math
import re
from functools import cache
from zipfile import ZipFile

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from python_calamine import CalamineWorkbook

from crimestats import release
from crimestats.errors import CallError, FileError
from crimestats.files import read_csv, shipped
from crimestats.frames import FINDINGS, LINEAGE, SOURCES, TRAFFICKING
from crimestats.report.chapter import annex, chapter, completed, detected, write_chapter
from crimestats.report.chapter import figures as shown
from crimestats.report.chapter.page import METHODS
from crimestats.report.chapter.texts import has_text, look, looks, text
from crimestats.trafficking.flows import flow_lineage, flows
from crimestats.trafficking.profiles import profile_lineage, profiles

DEFAULTS = {
    "dimension": "_T", "iccs": "0204", "measure": "victims", "unit": "number", "stage": "detected", "source": "CJS",
    "sex": "_T", "age": "_T", "exploitation": "_T", "citizenship": "_T", "country": "_T",
}  # fmt: skip
GROUPS = {("F", "Y_GE18"): 40, ("F", "Y0T17"): 20, ("M", "Y_GE18"): 30, ("M", "Y0T17"): 10}
FORMS = {"02041": 50, "02042": 30, "02043+02044": 20}
AREAS = ("PRT", "ESP", "ITA", "POL", "ROU", "ARG", "BRA", "PER")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def frame(rows):
    """Figures as a dataset; a value `<5` is bounded, None withheld."""
    table = []
    for at, (area, year, value, more) in enumerate(rows):
        number = float(value) if isinstance(value, int | float) else math.nan
        low, high = (0.0, 4.0) if value == "<5" else (number, number)
        status = "bounded" if value == "<5" else "withheld" if value is None else "exact"
        blank = {name: "" if kind == "text" else "_U" for name, kind in TRAFFICKING.columns.items()}
        place = {
            "return_id": "file.csv",
            "sheet": "s",
            "cell": f"H{at + 2}",
            "figure_id": f"file.csv!s!H{at + 2}",
        }
        values = {"value": number, "lower": low, "upper": high, "status": status, "area": area, "year": year}
        table.append(blank | DEFAULTS | place | values | more)
    return TRAFFICKING.cast(pd.DataFrame(table, columns=list(TRAFFICKING.columns)))


def country(area, year, times=1, boys=None):
    """All that a country tells of a year: total, sex by age, forms, citizenship, offenders."""
    yield area, year, 100 * times, {}
    for (sex, age), number in GROUPS.items():
        is_boys = boys is not None and (sex, age) == ("M", "Y0T17")
        yield area, year, boys if is_boys else number * times, {"sex": sex, "age": age}
    for iccs, number in FORMS.items():
        yield area, year, number * times, {"dimension": "exploitation", "iccs": iccs}
    named = {"dimension": "citizenship"}
    yield area, year, 60 * times, named | {"citizenship": "NAT", "country": area}
    yield area, year, 30 * times, named | {"citizenship": "FOR", "country": "BOL"}
    yield area, year, "<5", named | {"citizenship": "FOR", "country": "NGA"}
    for measure, stage in (("suspected", "formal_contact"), ("convicted", "conviction")):
        of = {"measure": measure, "stage": stage}
        yield area, year, 20, of
        yield area, year, 8, of | {"sex": "F"}
        yield area, year, 12, of | {"sex": "M"}


def everything():
    for place, area in enumerate(AREAS):
        for year in range(2016, 2021):
            yield from country(area, year, 1 + place % 3, boys="<5" if area == "PRT" else None)
    for area in AREAS[:2]:  # a thin year
        yield from country(area, 2021)


def built(dataset, **more):
    """What a build makes of a dataset."""
    shares, pairs = profiles(dataset), flows(dataset)
    lineage = LINEAGE.join(profile_lineage(dataset, shares), flow_lineage(dataset, pairs))
    made = {"dataset": dataset, "profiles": shares, "flows": pairs, "lineage": lineage, **more}
    return completed(made)


@cache
def _tables():
    return built(frame(everything()))


@pytest.fixture
def tables():
    return dict(_tables())


@cache
def _page():
    return chapter(_tables(), source="an inline table")


def tree(text):
    return html.fromstring(text)


def said(page):
    """The text of a page without drawings and style."""
    page = tree(page)
    for element in page.xpath("//svg | //style"):
        element.drop_tree()
    return " ".join(page.text_content().split())


def section(page, name):
    return " ".join(tree(page).get_element_by_id(name).text_content().split())


# Traced


def test_every_figure_is_in_the_tables_and_leads_to_cells(tables):
    ids = {element.get("data-figure") for element in tree(_page()).xpath("//*[@data-figure]")}
    known = set(tables["profiles"]["figure_id"]) | set(tables["flows"]["figure_id"])
    assert len(ids) > 100
    assert ids <= known
    edges = tables["lineage"][tables["lineage"]["figure_id"].isin(ids)]
    assert set(edges["figure_id"]) == ids
    assert set(edges["part_kind"]) == {"cell"}
    assert set(edges["part_id"]) <= set(tables["dataset"]["figure_id"])


def test_every_number_of_text_and_tables_has_a_figure():
    page = tree(_page())
    for element in page.xpath("//*[@data-figure or @data-about]"):
        element.text = ""
        for child in element:
            child.drop_tree()
    cells = page.xpath("//main//td") + page.xpath("//main//*[@class='said']/p")
    shown = [cell for cell in cells if not cell.xpath("ancestor::*[@id='methods' or @id='reading']")]
    loose = [YEAR.sub("", cell.text_content().replace("100,000", "")) for cell in shown]
    assert len(loose) > 200
    assert [text for text in loose if re.search(r"\d", text)] == []


def test_ids_are_unique_and_the_same_on_every_run(tables):
    again = built(tables["dataset"].sample(frac=1, random_state=3).reset_index(drop=True))
    for name in ("profiles", "flows"):
        assert not tables[name]["figure_id"].duplicated().any()
        assert set(tables[name]["figure_id"]) == set(again[name]["figure_id"])


def test_completing_twice_adds_nothing(tables):
    again = completed(tables)
    assert {name: len(table) for name, table in again.items()} == {
        name: len(table) for name, table in tables.items()
    }


# Said


def test_the_headline_is_of_the_latest_year_that_is_not_thin():
    text = section(_page(), "headlines")
    assert "1,500 victims were detected in 8 countries in 2020." in text
    assert "2021" not in text


def test_a_share_stands_with_its_base_bounds_and_countries():
    text = section(_page(), "headlines")
    # boys of Portugal, 0 to 4 in place of 10: 90 to 94 of 100, and 1,400 of the others
    assert (
        "Of 1,492 (1,490–1,494) whose sex and age are known, in 8 countries (2020), 40 % were women" in text
    )
    assert "The share of" in text


def test_a_year_below_the_floor_has_no_shares():
    rows = tree(_page()).xpath("//*[@id='sex_age_years']//tr/th[@scope='row']/text()")
    assert rows == ["2020", "2019", "2018", "2017", "2016"]


def test_years_with_half_of_the_countries_are_thin():
    rows = [*everything(), *(row for area in AREAS[2:5] for row in country(area, 2021))]
    more = rows + [row for area in ("CHL", "COL", "MEX", "URY") for row in country(area, 2020)]
    page = chapter(built(frame(more)))
    assert tree(page).xpath("//*[@id='sex_age_years']//tr[@class='thin']/th/text()") == ["2021"]
    assert "Pale bars" in section(page, "reading")
    assert "in 2020" in section(page, "headlines")


def test_a_region_below_the_floor_is_named_and_not_shown():
    text = section(_page(), "sex_age_regions")
    assert "Not shown, since fewer than 5 countries tell it: Americas" in text
    assert "Europe" in text


def test_a_share_known_too_loosely_has_only_bounds():
    row = {"share": 0.5, "share_lower": 0.2, "share_upper": 0.8, "base": 5.0, "n_areas": 6, "year": 2020,
           "first_year": 2020, "figure_id": "x", "status": "bounded"}  # fmt: skip
    cell = tree(str(shown.share(row)))
    assert cell.text_content() == "20–80"
    assert (
        tree(str(shown.share(row | {"share_lower": 0.45, "share_upper": 0.55}))).text_content()
        == "50.0 (45.0–55.0)"
    )


def loosely(women):
    """A page on a country of which only the number of women is known closely."""
    small = [("PRT", 2020, women if sex == "F" and age == "Y_GE18" else "<5", {"sex": sex, "age": age})
             for sex, age in GROUPS]  # fmt: skip
    return chapter(built(frame([*small, ("PRT", 2020, women + 6, {})])))


def test_a_loose_row_is_not_drawn_and_has_no_headline():
    page = loosely(20)  # 20 of 20 to 32: 62 to 100 per cent
    assert "Not drawn" in said(page)
    assert "Of 2" not in section(page, "headlines")
    assert "Nothing is said here of sex and age of victims" in section(page, "headlines")


def test_a_row_whose_shares_are_open_is_left_out_and_named():
    page = loosely(5)  # 5 of 5 to 17
    assert "more than 50 points between the bounds of a share: 2020" in section(page, "sex_age_years")
    assert tree(page).xpath("//*[@id='sex_age_years']//tbody/tr") == []


def test_a_row_that_rests_on_few_of_the_persons_reported_is_left_out_and_named(tables):
    shares = tables["profiles"]
    is_few = (shares["profile"] == "victims_sex_age") & (shares["year"] == 2018)
    few = shares.assign(coverage_volume=shares["coverage_volume"].mask(is_few, 0.19))
    page = chapter(tables | {"profiles": few})
    assert "hold less than 20 % of the persons reported: 2018" in section(page, "sex_age_years")
    rows = [row.text for row in tree(page).xpath("//*[@id='sex_age_years']//tbody/tr/*[1]")]
    assert "2018" not in rows
    assert "2019" in rows


# A trend


def test_a_trend_is_of_the_same_countries():
    text = section(_page(), "trend")
    assert "In 8 countries with a figure for every year from 2016 to 2020" in text
    assert "2016 = 100" in text


def test_no_trend_is_stated_of_changing_countries():
    rows = [row for place, area in enumerate(AREAS) for row in country(area, 2016 + place % 5)]
    rows += [row for area in AREAS[:6] for row in country(area, 2020)]
    page = chapter(built(frame(rows)))
    text = section(page, "trend")
    assert "No trend is stated" in text
    assert "went from" not in text


def test_counts_are_the_sums_of_totals_with_their_bounds():
    rows = [
        (area, 2020, value, {}) for area, value in zip(AREAS, [5, 6, "<5", 7, 8, 9, 10, None], strict=True)
    ]
    rows += [("ESP", 2020, 11, {}), ("_U", 2020, 900, {})]  # twice with other values; a sum of a subregion
    table, lineage = detected(frame(rows), panel_years=2)
    world = table[(table["area"] == "001") & (table["variant"] == "pooled")].iloc[0]
    assert (world["lower"], world["upper"], world["n_areas"]) == (45, 54, 7)
    assert world["value"] == 49.5
    assert len(lineage[lineage["figure_id"] == world["figure_id"]]) == 8


def test_a_panel_holds_the_countries_with_every_year_and_its_rate_their_residents():
    people = pd.DataFrame([(area, year, "_T", "_T", 1_000_000.0) for area in AREAS for year in (2019, 2020)],
                          columns=["area", "year", "sex", "age", "population"])  # fmt: skip
    rows = [(area, year, 10, {}) for area in AREAS for year in (2019, 2020)]
    rows = [row for row in rows if row[:2] != ("PER", 2019)]
    table, _ = detected(frame(rows), people, panel_years=2)
    world = table[(table["area"] == "001") & (table["variant"] == "panel")]
    assert world["n_areas"].tolist() == [7, 7]
    assert world["share"].tolist() == [70 / 7_000_000] * 2
    assert world["influence"].tolist() == [0, 0]


def test_influence_of_a_rate_is_the_rate_without_less_the_rate():
    people = pd.DataFrame([(area, year, "_T", "_T", 100.0) for area in AREAS for year in (2019, 2020)],
                          columns=["area", "year", "sex", "age", "population"])  # fmt: skip
    rows = [(area, year, 80 if area == "ITA" else 10, {}) for area in AREAS for year in (2019, 2020)]
    table, _ = detected(frame(rows), people, panel_years=2)
    world = table[(table["area"] == "001") & (table["variant"] == "panel")].iloc[0]
    assert world["influence_area"] == "ITA"
    assert world["influence"] == pytest.approx(70 / 700 - 150 / 800)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.integers(5, 500), st.just("<5")), min_size=5, max_size=8), st.data())
def test_bounds_of_a_count_hold_whatever_was_hidden(values, data):
    hidden = [data.draw(st.integers(0, 4)) if value == "<5" else value for value in values]
    table, _ = detected(
        frame([(AREAS[at], 2020, value, {}) for at, value in enumerate(values)]), panel_years=2
    )
    world = table[(table["area"] == "001") & (table["variant"] == "pooled")].iloc[0]
    assert world["lower"] <= sum(hidden) <= world["upper"]
    assert world["upper"] - world["lower"] == 4 * values.count("<5")


def test_a_panel_of_one_year_is_refused():
    with pytest.raises(CallError, match="is no panel"):
        detected(frame([]), panel_years=1)


# Years, thresholds, sources


@cache
def _windowed():
    dataset = frame(everything())
    shares, pairs = profiles(dataset, window=3), flows(dataset, window=3)
    lineage = LINEAGE.join(profile_lineage(dataset, shares), flow_lineage(dataset, pairs))
    return completed({"dataset": dataset, "profiles": shares, "flows": pairs, "lineage": lineage})


def test_a_window_is_said_of_every_share_table_and_sheet(tmp_path):
    page = chapter(_windowed())
    assert "or of each country the most recent year from" in section(page, "headlines")
    rows = tree(page).xpath("//*[@id='sex_age_years']//tr/th[@scope='row']/text()")
    assert rows
    assert all(row.endswith(", latest") for row in rows)
    assert "added up" in section(page, "ranked")
    path = annex(_windowed(), tmp_path / "a.xlsx")
    for name in ("World", "Countries", "Flows ranked", "Persons counted"):
        row = listed(path, name)[0]
        assert {"From", "Year", "Window"} <= set(row), name


def test_the_threshold_in_force_is_said(tmp_path):
    dataset = frame(everything())
    small = dataset["status"] == "bounded"
    dataset = dataset.assign(upper=dataset["upper"].mask(small, 9.0))
    page = said(chapter(built(dataset)))
    assert "counts below 10 are shown as “<10”, which is 0 to 9" in page
    assert "<5" not in page
    boys = [row for row in listed(annex(built(dataset), tmp_path / "t.xlsx"), "Countries")
            if row["Code"] == "PRT" and row["Category"] == "Boys" and row["Profile code"] == "victims_sex_age"]  # fmt: skip
    assert {row["Persons of the category"] for row in boys if row["Year"] != 2021} == {"<10"}


def test_flows_that_are_counted_cross_a_border(tables):
    count = tables["flows"][(tables["flows"]["level"] == "flows") & (tables["flows"]["year"] == 2020)]
    count = count[(count["grouping"] == "m49") & (count["basis"] == "citizenship")]
    assert count["value"].tolist() == [8]  # Bolivia to each of the eight; not the eight of own citizens
    assert "8 pairs of origin and destination across borders" in section(_page(), "headlines")


def test_what_is_true_of_many_countries_is_not_said_of_one():
    page = said(chapter(built(frame([row for year in (2019, 2020) for row in country("PER", year)]))))
    assert "countries are not the same" not in page
    assert "rows for subregions" not in page
    assert "1 countries" not in page
    assert "countries are not the same" in said(_page())


def sides(tables):
    """Two sources on two totals of Portugal, of which one fills a gap."""
    blank = {name: "" if kind == "text" else "_Z" if kind == "key" else math.nan if kind == "number" else 0
             for name, kind in SOURCES.columns.items()}  # fmt: skip
    ids = tables["dataset"]["figure_id"]
    rows = [
        {"figure_id": ids[0], "source_id": "rapporteur", "source_title": "Rapporteur", "source_type": "national_report",
         "value": 100, "used": "yes", "gap_filled": "yes", "rank": 2},
        {"figure_id": "x", "source_id": "shelter", "source_title": "Shelter", "value": 90, "rank": 3,
         "source_type": "non_governmental_organisation", "difference": -10, "used": "no", "gap_filled": "no"},
        {"figure_id": "y", "source_id": "shelter", "source_title": "Shelter", "value": 7, "rank": 5,
         "source_type": "non_governmental_organisation", "used": "yes", "gap_filled": "no", "year": 2019},
    ]  # fmt: skip
    made = [blank | DEFAULTS | {"area": "PRT", "year": 2020, "status": "exact"} | row for row in rows]
    table = pd.DataFrame(made, columns=list(SOURCES.columns))
    return SOURCES.cast(table.assign(lower=table["value"], upper=table["value"]))


def test_sources_stand_side_by_side_with_their_titles(tables):
    page = chapter({**tables, "sources": sides(tables)}, source="returns")
    lines = [
        [cell.text_content() for cell in row] for row in tree(page).xpath("//*[@id='side_by_side']//tbody/tr")
    ]
    assert lines == [
        ["Portugal 2020: Victims", "Rapporteur", "National report", "100", "used, fills a gap", "–"],
        ["Portugal 2020: Victims", "Shelter", "Non-governmental organisation", "90", "–", "−10"],
    ]
    names = tree(page).xpath("//*[@id='by_source']//tbody/tr/th/text()")
    assert names == ["Rapporteur", "Shelter"]
    assert "fill gaps from other sources: Rapporteur (1)" in tree(page).xpath("//header")[0].text_content()


def test_a_headline_that_rests_on_a_gap_filled_says_so(tables):
    total = tables["dataset"].loc[tables["dataset"]["year"] == 2020, "figure_id"].iloc[0]
    table = sides(tables).assign(figure_id=[total, "x", "y"])
    first = section(chapter({**tables, "sources": table}), "headlines").split("Of ")[0]
    assert "1 of the figures that this rests on fill gaps from other sources: Rapporteur (1)." in first


def test_a_total_that_stands_twice_weighs_once():
    rows = [(area, 2020, 10, {}) for area in AREAS] + [("ESP", 2020, 10, {})]
    table, lineage = detected(frame(rows), panel_years=2)
    world = table[(table["area"] == "001") & (table["variant"] == "pooled")].iloc[0]
    parts = lineage[lineage["figure_id"] == world["figure_id"]]
    assert world["value"] == 80
    assert (parts["weight"] * 10).sum() == pytest.approx(80)


def test_an_estimate_that_is_not_carried_is_for_study_only(tables):
    made = {"estimable": True, "estimate": 1034.0, "lower": 700.0, "upper": 2100.0, "model": "main", "observed": 185,
            "sensitivity": {"carries": False, "verdict": "Too wide to carry a figure."}}  # fmt: skip
    assert "No figure is carried by these data. Too wide" in section(
        chapter({**tables, "hidden_population": made}), "hidden"
    )


# The page


def test_the_page_asks_for_nothing_from_outside():
    page = tree(_page())
    links = page.xpath("//@href | //@src | //@*[name()='xlink:href']")
    assert [link for link in links if not link.startswith(("#", "data:"))] == []
    assert "url(http" not in _page()


def test_every_drawing_is_told_in_words_and_refers_to_itself_only():
    page = tree(_page())
    drawings = page.xpath("//figure")
    assert len(drawings) > 8
    assert all(len(drawing.get("aria-label")) > 30 for drawing in drawings)
    ids = page.xpath("//*[@id]/@id")
    assert len(ids) == len(set(ids))


def test_texts_of_files_are_escaped(tables):
    nasty = "<script>alert(1)</script>"
    row = {name: nasty for name, kind in FINDINGS.columns.items() if kind in ("key", "text")} | {"year": 2020}
    page = chapter({**tables, "findings": FINDINGS.cast(pd.DataFrame([row]))}, title=nasty, source=nasty)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_findings_are_counted_by_rule(tables):
    names = {name: "" if kind == "text" else "_Z" for name, kind in FINDINGS.columns.items()}
    rows = [names | {"finding_id": str(at), "rule": rule, "severity": severity, "message": f"{rule} said", "year": 2020}
            for at, (rule, severity) in enumerate([("TIP-01", "note"), ("TIP-02", "error"), ("TIP-01", "note")])]  # fmt: skip
    page = tree(chapter({**tables, "findings": rows}))
    lines = [
        [cell.text_content().strip() for cell in row] for row in page.xpath("//*[@id='rules']//tbody/tr")
    ]
    assert lines == [["TIP-02", "error", "1", "TIP-02 said"], ["TIP-01", "note", "2", "TIP-01 said"]]


def test_an_estimate_that_the_lists_do_not_carry_is_no_number(tables):
    refused = {"estimable": False, "estimate": None, "reason": "no overlap of A and B."}
    made = {
        "estimable": True,
        "estimate": 997.2,
        "lower": 644.0,
        "upper": 1618.0,
        "model": "main",
        "observed": 185,
    }
    text = section(chapter({**tables, "hidden_population": [refused, made]}), "hidden")
    assert "The lists do not carry an estimate: no overlap of A and B." in text
    assert "997 persons (644–1,618)" in text


def test_withheld_figures_are_told():
    rows = [*everything(), ("CHL", 2020, None, {})]
    assert "stay hidden: 1." in section(chapter(built(frame(rows))), "methods")
    assert "No figure was hidden" in section(_page(), "methods")


def test_one_country_alone_has_a_chapter_of_its_own():
    page = chapter(built(frame([row for year in (2019, 2020) for row in country("PER", year)])))
    assert "Trafficking in persons: Peru" in said(page)
    assert "No trend is stated" in said(page)
    assert tree(page).xpath("//*[@id='sex_age_years']//tbody/tr/th/text()") == ["2020", "2019"]


def test_a_dataset_without_figures_has_a_page():
    text = said(chapter(built(frame([]))))
    assert "There is no figure for a headline" in text


def test_tables_that_are_missing_are_named(tables):
    with pytest.raises(CallError, match="have no profiles, flows"):
        chapter({"dataset": tables["dataset"]})
    with pytest.raises(CallError, match="year 1990: has no figure"):
        chapter(tables, year=1990)


def test_the_page_of_a_folder_is_that_of_its_tables(tables, tmp_path):
    for name, kind in (
        ("dataset", "Trafficking"),
        ("profiles", "Profiles"),
        ("flows", "Flows"),
        ("lineage", "Lineage"),
    ):
        release.write_parquet(tables[name], kind, tmp_path / f"{name}.parquet")
    (tmp_path / "findings.json").write_text("[]", encoding="utf-8")
    page = write_chapter(tmp_path, source="an inline table").read_text(encoding="utf-8")
    assert said(page) == said(_page())
    (tmp_path / "flows.parquet").write_bytes(b"no table")
    with pytest.raises(FileError, match=r"flows\.parquet"):
        write_chapter(tmp_path)


# The annex


@cache
def _sheets(path):
    return {name: CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
            for name in CalamineWorkbook.from_path(path).sheet_names}  # fmt: skip


def listed(path, name):
    """Rows of a sheet by the names of its columns."""
    rows = _sheets(str(path))[name]
    head = next(at for at, row in enumerate(rows) if "Year" in row or "Rule" in row)
    return [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    return annex(_tables(), tmp_path_factory.mktemp("annex") / "annex.xlsx", source="an inline table")


def test_sheets_of_the_annex(workbook):
    assert list(_sheets(str(workbook))) == [
        "Read me", "World", "Regions", "Subregions", "Countries", "Persons counted", "Flows ranked",
        "Flows matrix", "Flows by subregion", "Findings",
    ]  # fmt: skip


def test_numbers_are_numbers_and_small_counts_are_texts(workbook, tables):
    boys = [
        row for row in listed(workbook, "Countries") if row["Code"] == "PRT" and row["Category"] == "Boys"
    ]
    boys = [row for row in boys if row["Profile code"] == "victims_sex_age"]
    assert {row["Persons of the category"] for row in boys if row["Year"] != 2021} == {"<5"}
    assert {(row["Lower"], row["Upper"]) for row in boys if row["Year"] == 2020} == {(0.0, 4.0)}
    women = next(row for row in listed(workbook, "World") if row["Category"] == "Women" and row["Year"] == 2020
                 and row["Variant code"] == "pooled" and row["Profile code"] == "victims_sex_age")  # fmt: skip
    of = tables["profiles"].set_index("figure_id").loc[women["Figure"]]
    assert women["Share"] == pytest.approx(of["share"])  # a workbook keeps fifteen digits
    assert (women["Base"], women["Countries"]) == (of["base"], of["n_areas"])


def test_a_group_below_the_floor_says_so(workbook):
    americas = [
        row
        for row in listed(workbook, "Regions")
        if row["Area"] == "Americas" and row["Variant code"] == "pooled"
    ]
    assert {row["Share"] for row in americas} == {"below floor"}
    assert all(row["Base"] > 0 for row in americas if row["Profile code"] == "victims_sex_age")


def test_bounded_flows_are_texts(workbook):
    nigeria = [row for row in listed(workbook, "Flows ranked") if row["Origin"] == "Nigeria"]
    assert {row["Victims"] for row in nigeria} == {"<5"}
    assert {row["Flow"] for row in nigeria} == {"no"}


def test_what_is_withheld_is_marked_and_formulas_are_texts(tmp_path, tables):
    from crimestats.report.chapter.annex import _said

    rows = pd.DataFrame({"value": [math.nan, 3.0], "lower": [math.nan, 3.0], "upper": [math.nan, 3.0],
                         "status": ["withheld", "exact"]})  # fmt: skip
    assert _said(rows, "value", 5).tolist() == ["withheld", ""]
    names = {name: "=1+1" if kind in ("text", "key") else 2020 for name, kind in FINDINGS.columns.items()}
    path = annex({**tables, "findings": [names]}, tmp_path / "a.xlsx")
    assert b"<f>" not in b"".join(ZipFile(path).read(name) for name in ZipFile(path).namelist())


def test_equal_tables_give_equal_bytes(workbook, tmp_path):
    again = annex(_tables(), tmp_path / "again.xlsx", source="an inline table")
    assert again.read_bytes() == workbook.read_bytes()


# Wording is data


def test_every_part_and_method_has_its_words():
    parts = read_csv(shipped("questionnaires", "trafficking", "chapter_parts.csv"))
    assert [part for part in parts["part"] if not has_text(f"part.{part}")] == []
    assert [section for section in parts["section"] if not has_text(f"section.{section}")] == []
    assert [name for name in METHODS if not has_text(f"method.{name}.title")] == []
    declared = set(read_csv(shipped("questionnaires", "trafficking", "profiles.csv"))["profile"])
    assert {name for joined in parts["profiles"] for name in joined.split("+")} <= declared


def test_every_category_has_a_label_and_a_colour_that_is_read():
    categories = set(read_csv(shipped("questionnaires", "trafficking", "profiles.csv"))["category"])
    levels = set(read_csv(shipped("questionnaires", "trafficking", "flow_levels.csv"))["level"])
    assert (categories | levels) - {"_T"} <= set(looks())
    for code in looks():
        assert _contrast(look(code).colour, look(code).ink) >= 4.5, code


def _contrast(first, second):
    """Ratio of luminances (WCAG 2.2)."""
    light = sorted((_luminance(first), _luminance(second)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_columns_of_the_annex_are_in_their_tables():
    columns = read_csv(shipped("questionnaires", "trafficking", "annex_columns.csv"))
    assert set(columns["kind"]) <= {
        "code",
        "look",
        "text",
        "wrapped",
        "year",
        "share",
        "count",
        "whole",
        "points",
        "rate",
    }
    assert not columns.duplicated(["table", "column"]).any()
    assert text("annex.title")
