import re
import shutil
import subprocess
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crimestats import areas, frames, report
from crimestats.errors import FileError
from crimestats.questionnaire import Questionnaire
from crimestats.report import chart
from crimestats.report.display import shown, shown_between
from crimestats.report.indicators import indicators
from crimestats.report.sparkline import sparklines
from crimestats.trends import tabulate

UNITS = [
    "MEX", "BRA", "COL", "CHL", "USA", "CAN", "GBR_E_W", "GBR_S", "GBR_NI", "FRA", "DEU", "ESP", "PRT", "ITA",
    "SWE", "ROU", "JPN", "IND", "KOR", "THA", "MNG", "IRQ_C", "JOR", "TUR", "KEN", "ZAF", "GHA", "MAR", "NGA",
    "MUS", "AUS", "NZL", "FJI",
]  # fmt: skip
KINDS = [
    ("0101", "victims", "recorded", 4.0),
    ("020111", "offences", "recorded", 60.0),
    ("0301", "offences", "recorded", 30.0),
    ("0401", "offences", "recorded", 80.0),
    ("0501", "offences", "recorded", 250.0),
    ("07032+07033", "offences", "recorded", 3.0),
    ("07041", "offences", "recorded", 0.4),
    ("_T", "held", "imprisonment", 120.0),
    ("_Z", "deaths", "imprisonment", 1.0),
]
YEARS = range(2013, 2023)


def classified(units=UNITS, kinds=KINDS, seed=7):
    """Invented figures that move as reported ones do, with gaps, breaks and ranges among them."""
    draw = np.random.default_rng(seed)
    people = areas.population().query("sex == '_T' and age == '_T'").set_index(["area", "year"])["population"]
    rows = []
    for iccs, measure, stage, middle in kinds:
        for unit in units:
            level, drift, is_gone = (
                middle * draw.lognormal(0, 1.1),
                draw.normal(-0.02, 0.03),
                draw.random() < 0.15,
            )
            break_year = draw.choice(YEARS) if draw.random() < 0.12 else 9999
            for year in YEARS:
                level *= np.exp(drift + draw.normal(0, 0.05)) * (1.6 if year == break_year else 1)
                count = draw.poisson(level * people.get((unit, year), 3e5) / 1e5)
                is_missing = is_gone or draw.random() < 0.06 or (iccs == "0101" and year == 2018)
                text = "" if is_missing else "<5" if count < 5 else str(count)
                findings = "ab12" if draw.random() < 0.05 else ""
                rows.append((unit, year, iccs, measure, stage, text, 1 + (year >= break_year), findings))
    return as_classified(rows)


def as_classified(rows):
    """Rows of area, year, ICCS code, measure, stage, text (`12`, `<5` or nothing), segment and findings."""
    columns = ["area", "year", "iccs", "measure", "stage", "text", "segment", "findings"]
    table = pd.DataFrame(rows, columns=columns)
    value, is_range = pd.to_numeric(table["text"], errors="coerce"), table["text"].str.startswith("<")
    below = pd.to_numeric(table["text"].where(is_range).str[1:]) - 1
    table = table.assign(
        value=value, lower=value.mask(is_range, 0), upper=value.mask(is_range, below),
        status=np.select([is_range, value.notna()], ["bounded", "exact"], "not_available"),
        code=table["iccs"], iccs_version="1.0", unit="number", source="CJS", share=1.0,
        return_id=table["area"] + "_2024.xlsx",
    )  # fmt: skip
    others = {name: "_T" if name in frames.BREAKDOWNS else 1.0 if kind == "number" else "_Z"
              for name, kind in frames.CLASSIFIED.columns.items() if name not in table}  # fmt: skip
    table = table.assign(**others)
    return frames.CLASSIFIED.cast(table).assign(segment=table["segment"])


@pytest.fixture(scope="module")
def trends():
    return tabulate(classified())


COLUMNS = ["rule", "kind", "severity", "verdict", "item", "sheet", "cell", "year", "value", "expected"]
FAULTS = {
    ("CTS24-001", "required", "error", "fail", "homicide_victims", "Homicide", "E12", 2013, "", "a figure"):
        "blank, but the item is required. Enter the figure, or why there is none.",
    ("CTS24-114", "parts", "error", "fail", "homicide_victims", "Homicide", "F12", 2014, "412", "403"):
        "total 412, but its parts F13:F15 add to 403. A total equals the sum of its parts.",
    ("CTS24-203", "change", "query", "fail", "theft_offences", "Other", "J7", 2018, "120,455", "to 61,070"):
        "120,455 after 31,002 in 2017. Check the figure; if recording changed, say so on the sheet Metadata.",
    ("CTS24-201", "number", "error", "fail", "robbery_offences", "Violent", "K3", 2019, "circa 300", ""):
        "`circa 300` is not a figure. Enter digits only, and put remarks into the note column.",
    ("CTS24-301", "repeat", "note", "fail", "held", "Prisons", "L5", 2020, "8,001", ""):
        "8,001 stands in 2019 and in 2020. If that is so, say it in the note column.",
    ("CTS24-114", "parts", "error", "undecided", "held", "Prisons", "M5", 2021, "7,650", ""):
        "cannot be judged: M7 is blank.",
}  # fmt: skip


def findings(units=UNITS, seed=3):
    """Findings as `validate` gives them: some faults for each return, and a file that cannot be read."""
    draw, rows = np.random.default_rng(seed), []
    for unit in units:
        chosen = draw.permutation(len(FAULTS))[: draw.integers(0, len(FAULTS) + 1)]
        for keys, says in (list(FAULTS.items())[n] for n in chosen):
            row = {**dict(zip(COLUMNS, keys, strict=True)), "area": unit, "return_id": f"{unit}_2024.xlsx"}
            place = f"{row['rule']} at '{row['sheet']}'!{row['cell']} ({unit} {row['year']})"
            rows.append({**row, "message": f"{place}: {says}"})
    message = "CTS24-902 at Atlantis.xlsx (_U): the file is encrypted. Save it without a password."
    keys = ("CTS24-902", "readable", "error", "fail", "_fault.encrypted", "_Z", "_Z", None, "", "")
    file = {"area": "_U", "return_id": "Atlantis.xlsx", "message": message}
    table = pd.DataFrame([*rows, {**dict(zip(COLUMNS, keys, strict=True)), **file}])
    ids = [f"{n:016x}" for n in range(len(table))]
    texts = dict.fromkeys(("previous", "others", "culprit", "fitting", "question"), "")
    table = table.assign(questionnaire="un-cts-2024", state="open", **texts)
    return frames.FINDINGS.cast(table.assign(finding_id=ids, year=table["year"].astype("Int16")))


def returns(units=UNITS):
    rows = [{"return_id": f"{unit}_2024.xlsx", "area": unit, "status": "read"} for unit in units]
    table = pd.DataFrame([*rows, {"return_id": "Atlantis.xlsx", "area": "_U", "status": "unreadable"}])
    table = table.assign(file="returns/" + table["return_id"], sha256="0" * 64, questionnaire="un-cts-2024")
    return frames.RETURNS.cast(table.assign(agency="National Statistical Office", language="en"))


@dataclass
class Report:
    data: pd.DataFrame
    returns: pd.DataFrame
    definition: Questionnaire


@pytest.fixture(scope="module")
def definition():
    return Questionnaire.load("un-cts-2024")


@pytest.fixture(scope="module")
def findings_html(definition):
    return report.findings_page(findings(), returns(), definition)


@pytest.fixture(scope="module")
def release_html(trends, definition):
    return report.release_page(trends, definition, parts=["findings.html", "trends.parquet"])


class Page(HTMLParser):
    """Ids, links, and the rows of tables with the text of their cells."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.rows, self.tags = [], [], [], []
        self._cell = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def row(self, *starts):
        """The first row whose cells begin so."""
        return next(row for row in self.rows if tuple(row[: len(starts)]) == starts)


# Both pages


@pytest.fixture(params=["findings_html", "release_html"])
def html(request):
    return request.getfixturevalue(request.param)


def test_no_request_leaves_the_page(html):
    page = Page(html)
    assert "default-src 'none'" in html
    assert not [
        tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "embed", "base", "form", "video")
    ]
    assert not [
        given for tag, given in page.tags if "src" in given or (tag == "link" and given["href"] != "data:,")
    ]
    assert not [link for link in page.links if ":" in link.removeprefix("data:,")]
    assert "url(" not in html
    assert "@import" not in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")


def test_links_within_a_page_lead_somewhere(html):
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_nothing_tells_when_or_where_a_page_was_made(html):
    assert str(Path.cwd()) not in html
    assert not re.search(r"20\d\d-\d\d-\d\dT", html)


def test_every_control_has_a_label(html):
    controls = re.findall(r"<(?:select|input)[^>]*>", html)
    labelled = re.findall(r"<label>[^<]*<(?:select|input)[^>]*>", html)
    assert len(controls) == len(labelled) > 0


def chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(chromium() is None, reason="needs a browser")
@pytest.mark.parametrize(
    ("fixture", "script", "shown"),
    [
        ("findings_html", "", "of {n} findings"),
        (
            "findings_html",
            "by('area').value = 'FJI'; by('text').value = 'nothing'; filter();",
            "0 of {n} findings",
        ),
        ("release_html", "pick.value = 'Japan'; pick.dispatchEvent(new Event('change'));", 'class="hit"'),
    ],
)
def test_scripts_run_in_a_browser(request, tmp_path, fixture, script, shown):
    html = request.getfixturevalue(fixture).replace("</script>", f"{script}</script>")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
        (tmp_path / "page.html").as_uri(),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert shown.format(n=len(findings())) in run.stdout
    assert 'id="controls" hidden' not in run.stdout


# The validation report


def test_counts_by_severity(findings_html):
    table = findings()
    mark = table["severity"].astype(str).where(table["verdict"] == "fail", "undecided")
    for name, n in mark.value_counts().items():
        assert re.search(rf'<li class="{name}"><b>{n}</b>', findings_html)
    assert "<b>34</b><strong>returns</strong><span>1 could not be read</span>" in findings_html


def test_counts_by_return_and_rule(findings_html):
    table, page = findings(), Page(findings_html)
    of_mexico = table[(table["area"] == "MEX") & (table["verdict"] == "fail")]["severity"].value_counts()
    counts = [str(of_mexico.get(severity, 0)) for severity in ("error", "query", "note")]
    assert page.row("Mexico", "MEX_2024.xlsx")[3:6] == counts
    of_rule = table[table["rule"] == "CTS24-114"]
    undecided = int((of_rule["verdict"] == "undecided").sum())
    assert page.row("CTS24-114", "error")[4:] == [
        str(len(of_rule) - undecided), str(undecided), str(of_rule["return_id"].nunique())
    ]  # fmt: skip


def test_a_finding_tells_place_item_fault_and_what_was_expected(definition):
    one = findings().query("rule == 'CTS24-114' and verdict == 'fail'").head(1)
    row = Page(report.findings_page(one, None, definition)).row("error", "CTS24-114")
    says = "total 412, but its parts F13:F15 add to 403. A total equals the sum of its parts."
    item = definition["homicide_victims"]
    assert row[2:5] == ["Homicide!F12", f"{item.number} {item.label}", "2014"]
    assert row[5].startswith(says)
    assert row[6:] == ["412", "403"]


def test_findings_stand_in_the_order_of_severity_and_place():
    cells = [("note", "A1"), ("error", "B10"), ("error", "AA2"), ("error", "B2")]
    one = findings().head(1)
    table = pd.concat(
        [one.astype(str).assign(severity=severity, cell=cell, verdict="fail") for severity, cell in cells]
    )
    table = frames.FINDINGS.cast(table.assign(year=pd.array([2014] * 4, dtype="Int16")))
    page = Page(report.findings_page(table))
    places = [row[2] for row in page.rows if row[0] in ("error", "note") and len(row) == 8]
    sheet = one["sheet"].iloc[0]
    assert places == [f"{sheet}!{cell}" for cell in ("B2", "AA2", "B10", "A1")]


def test_a_file_that_cannot_be_read_is_named_first(findings_html):
    assert 'id="files">Files with a fault' in findings_html
    assert (
        Page(findings_html).row("error", "Atlantis.xlsx")[3]
        == "the file is encrypted. Save it without a password."
    )
    assert "Area not known" in findings_html


def test_a_finding_without_year_or_cell_shows_neither():
    one = findings().tail(1)
    row = next(row for row in Page(report.findings_page(one)).rows if len(row) == 8 and row[1] == "CTS24-902")
    assert (row[2], row[4]) == ("", "")


def test_a_clean_round_has_a_page_too(definition):
    html = report.findings_page(frames.FINDINGS.empty(), returns(["MEX"]), definition)
    assert "MEX_2024.xlsx, National Statistical Office: nothing found." in html
    assert 'id="files"' not in html


EVIL = "<script>alert('x')</script>\"'&{{ 7 * 7 }}"


def test_what_comes_from_workbooks_is_escaped(definition):
    one = findings().query("verdict == 'fail'").head(1).astype(str)
    fields = ("area", "sheet", "cell", "item", "value", "expected", "message", "return_id", "rule")
    table = one.assign(**dict.fromkeys(fields, EVIL), year=pd.array([2014], dtype="Int16"))
    files = (
        returns(["MEX"])
        .head(1)
        .astype(str)
        .assign(**dict.fromkeys(("return_id", "file", "area", "agency"), EVIL))
    )
    html = report.findings_page(frames.FINDINGS.cast(table), frames.RETURNS.cast(files), definition)
    assert "alert(&#39;x&#39;)" in html
    assert_harmless(html)


def test_what_comes_from_workbooks_is_escaped_in_charts():
    rows = [
        (unit, year, "0101", "victims", "recorded", "12", 1, "") for unit in ("MEX", EVIL) for year in YEARS
    ]
    table = tabulate(as_classified(rows))
    people = pd.DataFrame({"source": [EVIL]})
    one = (
        table[table["area"] == EVIL]
        .astype({"area": "str"})
        .assign(rate=7.0, rate_lower=7.0, rate_upper=7.0, population=9e9)
    )
    html = report.release_page(
        frames.TRENDS.cast(pd.concat([table.astype({"area": "str"}), one.assign(year=2030)])),
        population=people, title=EVIL, parts=[EVIL],
    )  # fmt: skip
    assert "&lt;script&gt;" in html
    assert_harmless(html)


def assert_harmless(html):
    assert [tag for tag, _ in Page(html).tags].count("script") == 1
    assert "<script>alert" not in html
    assert "49" not in re.findall(r"alert\(.{0,40}", html)[0]
    assert not [name for _, given in Page(html).tags for name in given if name.startswith("on")]


# The summary of a release


def test_one_chart_for_each_indicator(release_html):
    assert release_html.count('<section class="indicator"') == len(KINDS)
    assert release_html.count("<figure role") == len(KINDS)
    assert "9 indicators, 34 reporting areas, 2013–2022" in release_html


def test_a_page_is_the_same_for_the_same_figures(trends, definition, release_html):
    again = report.release_page(trends, definition, parts=["findings.html", "trends.parquet"])
    assert again == release_html


def test_a_page_stays_small(release_html):
    assert len(release_html.encode()) / len(KINDS) < 32_000  # 60 indicators of 34 areas stay below 2 MB


def test_sections_go_by_stage_and_measure_and_all_crimes_first():
    kinds = [("03", "held", "imprisonment"), ("_T", "held", "imprisonment"), ("0101", "victims", "recorded"),
             ("0102", "offences", "recorded"), ("0101", "offences", "recorded")]  # fmt: skip
    rows = [("MEX", 2020, iccs, measure, stage, "3", 1, "") for iccs, measure, stage in kinds]
    titles = [found.title for found in indicators(tabulate(as_classified(rows)))]
    assert titles == [
        "Intentional homicide: victims",
        "Intentional homicide: offences",
        "Attempted intentional homicide: offences",
        "Persons held",
        "Injurious acts of a sexual nature: persons held",
    ]


def victims(texts, first=2013, area="MEX", breaks=()):
    """Rows of homicide victims, a text for each year; breaks are years that begin a segment."""
    return [
        (
            area,
            first + n,
            "0101",
            "victims",
            "recorded",
            text,
            1 + sum(year <= first + n for year in breaks),
            "",
        )
        for n, text in enumerate(texts)
    ]


def indicator(rows):
    return next(iter(indicators(tabulate(as_classified(rows)))))


def drawn(rows, named=("MEX",)):
    """Paths and bars of the first named area in the chart of some rows."""
    found = indicator(rows)
    svg = chart.line_chart(found.reported, dict.fromkeys(named, "#123456"), *found.median())
    return re.findall(r'<path aria-label="Mexico" (?:transform="[^"]*" )?d="([^"]*)"', svg), svg


def test_a_line_through_all_years():
    (path,), _ = drawn(victims(["5", "6", "7"]))
    assert path.count("L") == 2


def test_no_line_crosses_a_year_without_a_figure():
    paths, _ = drawn(victims(["5", "6", "", "7", "8"]))
    assert [path.count("L") for path in paths] == [1, 1]


def test_no_line_crosses_a_break():
    paths, _ = drawn(victims(["5", "6", "7", "8"], breaks=[2015]))
    assert [path.count("L") for path in paths] == [1, 1]


def test_a_year_that_stands_alone_is_a_point():
    paths, _ = drawn(victims(["5", "", "7", "8"]))
    assert len(paths) == 2
    assert sorted(("A" in path, path.count("L")) for path in paths) == [(False, 1), (True, 0)]


def test_a_range_is_a_bar_and_never_part_of_a_line():
    paths, svg = drawn(victims(["5", "6", "<5", "7", "8"]))
    assert [path.count("L") for path in paths] == [1, 1]
    (bar,) = re.findall(r'<line aria-label="Mexico"[^>]*>', svg)
    assert 'y2="0"' not in bar


def test_what_has_no_figure_is_not_drawn():
    found = indicator(victims(["5", "6", ""]))
    assert found.years == (2013, 2014)
    assert list(indicators(tabulate(as_classified(victims(["", "", ""]))))) == []


@pytest.mark.parametrize("texts", [["0", "0"], ["0", "5", "90000"], ["1e300", "1"], ["0.000001", "3"], ["7"]])
def test_odd_figures_are_drawn_all_the_same(texts):
    _, svg = drawn(victims(texts))
    assert "NaN" not in svg
    assert "Infinity" not in svg
    assert "Mexico</text>" in svg


def test_names_at_the_ends_do_not_stand_upon_another():
    rows = [row for area in UNITS[:5] for row in victims(["500", "500"], area=area)]
    found = indicator(rows)
    svg = chart.line_chart(found.reported, dict(zip(UNITS[:5], chart.COLOURS, strict=True)), *found.median())
    heights = sorted(
        float(y) for y in re.findall(r'translate\(448,([\d.]+)\)" font-size="11px" font-weight', svg)
    )
    assert len(heights) == 6  # the median too
    assert min(np.diff(heights)) >= 13
    assert heights[0] > 0
    assert heights[-1] <= chart.HEIGHT + 14


def test_a_series_that_ends_early_says_when():
    assert "Mexico, 2014</text>" in drawn([*victims(["5", "6"]), *victims(["5"], 2016, "FRA")])[1]


def test_the_median_is_of_areas_that_report_every_full_year_without_a_break():
    rows = [
        row for area in ("MEX", "FRA", "DEU", "ESP", "ITA") for row in victims(["10", "20", "30"], area=area)
    ]
    median, panel = indicator([*rows, *victims(["10", "", "9000"], area="JPN"),
                               *victims(["1", "1", "9000"], area="KOR", breaks=[2015])]).median()  # fmt: skip
    assert (panel, list(median.index)) == (5, [2013, 2014, 2015])
    alone, _ = indicator(rows).median()
    assert list(median) == list(alone)
    few, panel = indicator(rows[:12]).median()
    assert (len(few), panel) == (0, 4)


def test_a_year_of_which_few_report_does_not_empty_the_panel():
    areas_of = ("MEX", "FRA", "DEU", "ESP", "ITA")
    rows = [row for area in areas_of for row in victims(["10", "20"], area=area)]
    found = indicator([*rows, *victims(["7"], 2015, "MEX")])
    assert (found.year, found.years) == (2014, (2013, 2014, 2015))
    assert list(found.median()[0].index) == [2013, 2014]


def test_parts_and_their_whole_count_once(trends):
    found = next(found for found in indicators(trends) if "GBR" in set(found.reported["area"]))
    assert {"GBR", "GBR_S"} <= set(found.reported["area"])
    whole = found.counted[found.counted["area"] == "GBR"]["year"]
    part = found.counted[found.counted["area"] == "GBR_S"]["year"]
    assert set(whole) & set(part) == set()


def test_latest_figures_with_ranges_flags_and_change(definition):
    rows = [*victims(["100", "150"]), *victims(["90", "<5"], area="FJI"), *victims(["9"], area="FRA"),
            *victims(["5", "5"], area="JPN", breaks=[2014])]  # fmt: skip
    rows[1] = (*rows[1][:-1], "ab12")
    table = tabulate(as_classified(rows))
    page = Page(report.release_page(table, definition, parts=["findings.html"]))
    mexico, fiji, france, japan = (page.row(name, "") for name in ("Mexico", "Fiji", "France", "Japan"))
    assert mexico[2:4] == ["2014", "150"]
    assert mexico[5:] == ["+50 %", "q"]
    assert fiji[2:4] == ["2014", "<5"]
    assert re.fullmatch(r"0\.00–0\.\d\d", fiji[4])
    assert (france[2], japan[5:]) == ("2013", ["–", "b"])
    assert "findings.html#MEX" in page.links


OCEANIA = ("AUS", "FJI", "NZL", "PNG", "SLB")  # nine in ten of its residents
AMERICAS = ("MEX", "CAN", "COL")  # two in ten


def reported_by(*units, texts=("900",)):
    return tabulate(as_classified([row for unit in units for row in victims(texts, 2022, unit)]))


def sums_of(html):
    """Rows of the tables of regions, and what is said of those that are not shown."""
    tables = re.findall(r'<table class="regions">.*?</table>', html, re.DOTALL)
    return [row for each in tables for row in Page(each).rows], re.findall(r'withheld">([^<]*)<', html)


def test_regions_with_their_coverage():
    table = reported_by(*OCEANIA, *AMERICAS)
    found = (
        table[(table["year"] == 2022) & (table["grouping"] == "m49")]
        .astype({"area": "str"})
        .set_index("area")
    )
    oceania, americas = found.loc["009"], found.loc["019"]
    rows, (said,) = sums_of(report.release_page(table))
    expected = [
        "Oceania", shown_between(oceania["value"], oceania["lower"], oceania["upper"]),
        shown_between(oceania["rate"], oceania["rate_lower"], oceania["rate_upper"], 2), "5",
        f"{shown(oceania['coverage_areas'] * 100)} %", f"{shown(oceania['coverage_population'] * 100)} %",
    ]  # fmt: skip
    assert rows[1:] == [expected]
    assert oceania["coverage_population"] > 0.5 > americas["coverage_population"]
    assert said.startswith("Not shown for 2022: the areas that report hold too few of the residents")
    assert f"Americas: {shown(americas['coverage_population'] * 100)} % of residents, 3 areas" in said
    assert "The world is not shown either where one of its regions is not." in said
    assert "Oceania" not in said


def test_without_any_region_the_page_says_why():
    table = reported_by(*AMERICAS)
    assert table.loc[table["grouping"] == "m49", "lower"].isna().all()
    rows, (said,) = sums_of(report.release_page(table))
    assert rows == []
    assert said.startswith("No sum of the world or of a region is shown for 2022: the areas that report hold")
    covered = table.loc[table["area"] == "019", "coverage_population"].item()
    assert f"Americas: {shown(covered * 100)} % of residents, 3 areas" in said


def test_every_region_of_a_release_has_a_figure_or_is_named_without(trends, release_html):
    levels = areas.groupings("m49").query("level in ('world', 'region')")["code"].unique()
    rows, said = sums_of(release_html)
    of_year = [
        found.regions[(found.regions["year"] == found.year) & found.regions["area"].isin(levels)]
        for found in indicators(trends)
    ]
    given = sum(int(each["lower"].notna().sum()) for each in of_year)
    below = sum(int((each["lower"].isna() & (each["n_areas"] > 0)).sum()) for each in of_year)
    assert len([row for row in rows if row[0] != "Region"]) == given > 0
    assert sum(text.count(" % of residents, ") for text in said) == below > 0


def test_where_no_region_was_tabulated_nothing_is_said_of_any():
    html = report.release_page(tabulate(as_classified(victims(["9"], 2022)), groupings=()))
    assert sums_of(html) == ([], [])


def test_a_regional_rate_of_fewer_areas_says_so():
    mark = r'<abbr title="the rate rests on fewer areas[^"]*">p</abbr>'
    table = reported_by(*OCEANIA, "NFK")  # of which the population is not known
    assert len(re.findall(mark, report.release_page(table))) == 1
    assert "fewer areas" not in report.release_page(reported_by(*OCEANIA))
    alone = report.release_page(reported_by("AUS", "NFK"))
    assert re.findall(mark, alone) == []
    assert len(sums_of(alone)[1]) == 1


def test_a_measure_without_a_rate_shows_the_figures_themselves():
    found = indicator([("MEX", 2020, "_Z", "deaths", "imprisonment", "12", 1, "")])
    assert (found.base, found.title, found.code) == (None, "Deaths in prison", "")
    html = report.release_page(
        tabulate(as_classified([("MEX", 2020, "_Z", "deaths", "imprisonment", "12", 1, "")]))
    )
    assert "<figcaption>Number</figcaption>" in html
    assert "Per 100,000" not in html


def test_an_area_without_population_is_listed_though_not_drawn():
    found = indicator([*victims(["5"], 1950, "MEX"), *victims(["5"], 2020, "FRA")])
    assert set(found.latest["area"]) == {"MEX", "FRA"}
    html = report.release_page(tabulate(as_classified(victims(["5"], 1950))))
    assert "12" not in found.latest["drawn"].astype(str)
    assert "<figcaption>Number</figcaption>" in html


def test_a_table_without_figures_has_a_page_too():
    assert "0 indicators" in report.release_page(frames.TRENDS.empty())


def test_the_sentence_of_an_indicator():
    rows = [row for n, area in enumerate(UNITS[:4]) for row in victims(["100", str(90 + 10 * n)], area=area)]
    html = report.release_page(tabulate(as_classified(rows)))
    assert re.search(r"2014: 4 areas; half of them have \d+\.\d\d per 100,000 population or less", html)
    assert "Of the 4 areas that have 2013 too, without a break since," in html


def test_pages_are_written_whole_or_not_at_all(tmp_path, definition, trends):
    told = Report(findings(), returns(), definition)
    assert report.render(told, tmp_path / "findings.html").read_text(encoding="utf-8").endswith("</html>")
    report.render_release(trends, tmp_path / "index.html", definition)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["findings.html", "index.html"]
    for path in (tmp_path, tmp_path / "nowhere" / "page.html"):
        with pytest.raises(FileError, match="cannot be written"):
            report.write("<p>", path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["findings.html", "index.html"]


# How figures are shown


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.5, 0, "0"), (1.5, 0, "2"), (2.5, 0, "2"), (2.675, 2, "2.68"), (1.005, 2, "1.00"),
     (-1234.5, 0, "-1,234"), (1e14, 0, "100,000,000,000,000"), (1e300, 0, "1e+300"), (float("nan"), 1, "–")],
)  # fmt: skip
def test_rounding_is_half_to_even_of_what_is_written(value, digits, text):
    assert shown(value, digits) == text


def test_sparklines_leave_gaps_and_breaks_open():
    rows = [*victims(["5", "10", "", "10", "<5"]), *victims(["0", "0"], area="FRA")]
    found = indicator([(*row[:2], "_Z", "deaths", "imprisonment", *row[5:]) for row in rows])
    paths = sparklines(found.reported, 2013, 2017)
    assert paths["MEX"] == "M2 10.0L25 2.0M71 2.0m-1 0h2M94 18.0V11.6"
    assert paths["FRA"] == "M2 18.0L25 18.0"
