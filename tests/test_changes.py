"""Change over a window: the interval of a ratio, the trend, the verdict; three-year averages and means."""

import json

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats.cli import comparing
from crimestats.errors import CallError, FileError
from crimestats.frames import BREAKDOWNS, TRENDS
from crimestats.release import read_parquet, write_parquet
from crimestats.trends import poisson
from crimestats.trends.averages import averages, means
from crimestats.trends.changes import changes, in_words, is_cut

KEYS = {
    "iccs": "0501", "measure": "offences", "unit": "number", "stage": "recorded", "source": "CJS",
    **dict.fromkeys(BREAKDOWNS, "_T"), "grouping": "_Z", "method": "_Z", "rate_status": "exact",
    "segment": 1, "basis": "reported", "status": "exact", "n_areas": 1, "entered": "", "left": "",
    "regime": "_U", "period": "_U", "provisional": "_U", "findings": "", "figure_id": "",
}  # fmt: skip
NUMBERS = [name for name, kind in TRENDS.columns.items() if kind == "number"]


def trends_of(text, **keys):
    """A table from lines of area, year, figure (412, <5, >5 or a range 3..9), residents, and key=code."""
    rows = []
    for line in text.strip().splitlines():
        area, year, figure, residents, *further = line.split()
        value, lower, upper = number(figure)
        base = 100_000 / float(residents)
        rows.append({
            **dict.fromkeys(NUMBERS, np.nan), **KEYS, **keys, "area": area, "year": int(year), "value": value,
            "lower": lower, "upper": upper, "population": float(residents), "rate": value * base,
            "rate_lower": lower * base, "rate_upper": upper * base,
            **dict(pair.split("=") for pair in further),
        })  # fmt: skip
    return TRENDS.cast(pd.DataFrame(rows))


def number(text):
    if text.startswith("<"):
        return np.nan, 0.0, float(text[1:]) - 1
    if text.startswith(">"):
        return np.nan, float(text[1:]) + 1, np.inf
    if ".." in text:
        return np.nan, *map(float, text.split(".."))
    return (np.nan,) * 3 if text == "-" else (float(text),) * 3


def series(*figures, first=2010, residents=1_000_000, area="FJI", further=""):
    return "\n".join(f"{area} {first + at} {each} {residents} {further}" for at, each in enumerate(figures))


def only(table):
    assert len(table) == 1
    return table.iloc[0]


RISING = (100, 108, 118, 125, 139, 149)


@pytest.mark.parametrize(
    ("figures", "verdict", "said"),
    [
        (RISING, "rising", ""),
        (RISING[::-1], "falling", ""),
        ((200_000, 200_400, 199_800, 200_100, 200_300, 200_000), "stable", ""),
        ((100_000, 100_500, 101_000, 101_500, 102_000), "stable", ""),  # a rise that is too small to count
        ((3, 5, 2, 6, 4, 5), "too_few", "too uncertain"),
        (RISING[:4], "too_few", "fewer than 5"),
        ((0, 0, 0, 0, 0), "too_few", "nil"),
        ((0, 0, 0, 0, 9), "too_few", "nil"),
        ((100, 108, 118, 125, 139, ">140"), "too_few", "no upper bound"),
        ((100, 108, 118, "122..127", 139, 149), "rising", ""),
        ((100, 108, 118, "60..200", 139, "80..400"), "too_few", "too uncertain"),
        (("<5",) * 6, "too_few", "too uncertain"),
    ],
)
def test_verdict_and_its_reason(figures, verdict, said):
    change = only(changes(trends_of(series(*figures))))
    assert change["verdict"] == verdict
    assert said in change["note"]
    assert (change["note"] == "") == (said == "")
    assert change["test"] == "quasi_poisson_trend"


def test_a_figure_that_is_bounded_has_no_point_and_a_wider_interval():
    exact = only(changes(trends_of(series(*RISING))))
    bounded = only(changes(trends_of(series(*RISING[:-1], "140..160"))))
    assert np.isnan(bounded["last"])
    assert np.isnan(bounded["ratio"])
    assert np.isnan(bounded["annual"])
    for name in ("ratio", "annual"):
        assert bounded[f"{name}_lower"] < exact[f"{name}_lower"]
        assert bounded[f"{name}_upper"] > exact[f"{name}_upper"]
    assert exact["ratio"] == pytest.approx(1.49)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_figures_within_the_bounds_have_a_steeper_trend_than_the_tilted_ones(data):
    size = data.draw(st.integers(3, 9))
    lower = np.array(data.draw(st.lists(st.integers(0, 60), min_size=size, max_size=size)), dtype=float)
    width = np.array(data.draw(st.lists(st.integers(0, 20), min_size=size, max_size=size)), dtype=float)
    part = np.array(data.draw(st.lists(st.floats(0, 1), min_size=size, max_size=size)))
    year, line = np.arange(float(size)), np.zeros(size, dtype=np.int64)
    within = poisson.trend(lower + part * width, np.ones(size), year, line).slope[0]
    falling, rising = (
        poisson.trend(ends, np.ones(size), year, line).slope[0]
        for ends in poisson.tilted(lower, lower + width, year, line)
    )
    if not np.isnan([within, falling, rising]).any():
        assert falling <= within + 1e-9
        assert within <= rising + 1e-9


def test_the_trend_is_that_of_a_generalised_linear_model():
    models = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(7)
    size, years = 40, 9
    exposure = random.uniform(1, 5, size * years)
    counts = random.poisson(20 * exposure) * random.integers(1, 4, size * years).astype(float)
    year, line = np.tile(np.arange(2010.0, 2010 + years), size), np.repeat(np.arange(size), years)
    found = poisson.trend(counts, exposure, year, line)
    for place in range(size):
        own = line == place
        design = models.add_constant(year[own] - 2014)
        family = models.families.Poisson()
        model = models.GLM(counts[own], design, family=family, exposure=exposure[own]).fit(scale="X2")
        error = model.bse[1] / np.sqrt(min(model.scale, 1))
        assert (found.slope[place], found.error[place]) == pytest.approx((model.params[1], error), rel=1e-6)


@pytest.mark.parametrize("counts", [[1e6, 1, 1e-3, 1], [1, 10, 1e4, 1e7], [0, 0, 1, 1e5], [5, 0, 0, 4]])
def test_the_trend_settles_on_steep_lines(counts):
    counts, year = np.array(counts), np.arange(4.0)
    slope = poisson.trend(counts, np.ones(4), year, np.zeros(4, dtype=np.int64)).slope[0]
    share = np.exp(slope * year) / np.exp(slope * year).sum()
    assert (share * year).sum() == pytest.approx((counts * year).sum() / counts.sum(), abs=1e-9)


def test_the_interval_of_a_ratio_is_that_of_the_binomial_share():
    from scipy.stats import binomtest

    change = only(changes(trends_of("FJI 2010 12 800000\nFJI 2020 25 1000000"), level=0.9))
    share = binomtest(25, 37).proportion_ci(0.9, "exact")
    expected = [end / (1 - end) * 800_000 / 1_000_000 for end in (share.low, share.high)]
    assert [change["ratio_lower"], change["ratio_upper"]] == pytest.approx(expected)
    assert change["ratio"] == pytest.approx((25 / 1e6) / (12 / 8e5))


@pytest.mark.parametrize(
    ("ends", "ratio", "lower", "upper"),
    [((0, 9), None, 1.9, np.inf), ((9, 0), 0, 0, 0.6), ((0, 0), None, 0, np.inf)],
)
def test_a_ratio_with_nil(ends, ratio, lower, upper):
    change = only(changes(trends_of(series(*ends))))
    assert np.isnan(change["ratio"]) if ratio is None else change["ratio"] == ratio
    assert change["ratio_lower"] >= lower
    assert change["ratio_upper"] <= upper


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(0, 500), min_size=4, max_size=4))
def test_a_ratio_of_bounded_counts_spans_those_of_the_counts_within(counts):
    one, two = sorted(counts[:2]), sorted(counts[2:])
    bounded = poisson.ratio_interval(
        *(tuple(np.array([end], dtype=float) for end in ends) for ends in (one, two)), (1.0, 1.0), 0.95
    )
    for first, last in [(first, last) for first in one for last in two]:
        pair = [np.array([float(count)]) for count in (first, last)]
        exact = poisson.ratio_interval((pair[0],) * 2, (pair[1],) * 2, (1.0, 1.0), 0.95)
        assert bounded[0] <= exact[0]
        assert exact[1] <= bounded[1]


def test_nothing_is_compared_across_a_break():
    old, new = (
        series(*RISING, first=first, further=f"segment={number}") for first, number in ((2000, 1), (2006, 2))
    )
    table = trends_of(old + "\n" + new)
    change = only(changes(table))
    assert (change["first_year"], change["last_year"], change["segment"]) == (2006, 2011, 2)
    assert "before a break" in change["note"]
    assert "2000 to 2005" in change["note"]
    assert only(changes(table, 2000, 2005))["note"] == ""
    assert only(changes(table, 2000, 2005))["segment"] == 1


def test_missing_years_are_left_out_and_lines_without_a_rate_too():
    gap = trends_of(series(*RISING[:3], "-", "-", *RISING[3:]))
    change = only(changes(gap))
    assert (change["n_years"], change["first_year"], change["last_year"]) == (6, 2010, 2017)
    assert changes(gap.assign(rate=np.nan, rate_lower=np.nan, rate_upper=np.nan)).empty
    assert len(changes(gap, by="value")) == 1


def test_residents_that_double_take_the_rise_away():
    text = "\n".join(f"FJI {2010 + at} {1000 * 2**at} {1_000_000 * 2**at}" for at in range(6))
    assert only(changes(trends_of(text)))["annual"] == pytest.approx(0, abs=1e-9)
    assert only(changes(trends_of(text), by="value"))["annual"] == pytest.approx(1)


def test_counts_of_a_group_are_those_of_areas_with_residents():
    whole = trends_of(series(*RISING), grouping="m49", method="reported")
    part = whole.assign(value=whole["value"] * 2, lower=whole["lower"] * 2, upper=whole["upper"] * 2)
    assert only(changes(part)).equals(only(changes(whole)))


def test_pooled_rates_are_compared_year_by_year():
    table = trends_of(series(*RISING))
    pooled = table.assign(rate=5.0, rate_lower=5.0, rate_upper=5.0).astype({"rate_status": "str"})
    change = only(changes(TRENDS.cast(pooled.assign(rate_status="pooled"))))
    assert change["annual"] == only(changes(table))["annual"]
    assert "pool" in change["note"]


def test_estimates_are_weighted_by_their_bounds():
    table = trends_of(series(*(10_000 * 1.05**at for at in range(8))), grouping="m49", method="estimated")
    wide = table.assign(rate_lower=table["rate"] / 1.5, rate_upper=table["rate"] * 1.5)
    close = table.assign(rate_lower=table["rate"] / 1.02, rate_upper=table["rate"] * 1.02)
    uncertain, sure = only(changes(wide)), only(changes(close))
    assert (uncertain["verdict"], sure["verdict"]) == ("too_few", "rising")
    assert uncertain["annual"] == pytest.approx(0.05) == sure["annual"]
    assert uncertain["ratio_lower"] < sure["ratio_lower"] < 1.05**7 < sure["ratio_upper"]
    assert sure["test"] == "weighted_log_trend"


def test_a_percentage_is_no_count():
    table = trends_of(series(20, 21, 22, 23.2, 24.3), measure="prevalence", unit="per_cent")
    change = only(changes(table, by="value"))
    assert change["test"] == "log_trend"
    assert change["verdict"] == "rising"
    assert change["ratio"] == pytest.approx(24.3 / 20)
    assert np.isnan(change["ratio_lower"])
    bounded = only(
        changes(
            trends_of(series(20, 21, 22, "10..30", 24), measure="prevalence", unit="per_cent"), by="value"
        )
    )
    assert bounded["verdict"] == "too_few"
    assert bounded["annual_lower"] < 0 < bounded["annual_upper"]


def test_the_last_figure_is_said_to_be_provisional():
    text = series(*RISING[:-1]) + "\n" + series(RISING[-1], first=2015, further="provisional=yes")
    assert only(changes(trends_of(text)))["note"] == "the last figure is provisional"


@pytest.mark.parametrize(
    "call",
    [{"by": "index"}, {"margin": -0.1}, {"level": 95}, {"least_years": 2}],
    ids=lambda call: next(iter(call)),
)
def test_arguments_that_cannot_be_are_refused(call):
    with pytest.raises(CallError):
        changes(trends_of(series(*RISING)), **call)


def test_lines_do_not_touch_each_other():
    one, two = series(*RISING), series(*RISING[::-1], area="AUS")
    both = changes(trends_of(one + "\n" + two))
    apart = [only(changes(trends_of(text))) for text in (one, two)]
    numbers = ["ratio_lower", "annual", "annual_lower", "annual_upper"]
    assert both[numbers].to_numpy() == pytest.approx(
        np.array([row[numbers].to_numpy(float) for row in apart])
    )
    assert changes(trends_of(one).head(0)).empty


def test_averages_leave_missing_years_out_and_stop_at_breaks():
    text = series(10, "-", 20, 30, "<5") + "\n" + series(100, first=2015, further="segment=2")
    table = averages(trends_of(text, rate_status="exact"))
    found = [(row.year, row.n_years, row.value, row.lower, row.upper) for row in table.itertuples()]
    expected = [
        (2010, 1, 10, 10, 10), (2011, 1, 10, 10, 10), (2012, 2, 15, 15, 15), (2013, 2, 25, 25, 25),
        (2014, 3, np.nan, 50 / 3, 54 / 3), (2015, 1, 100, 100, 100),
    ]  # fmt: skip
    assert np.array(found) == pytest.approx(np.array(expected), nan_ok=True)


PEOPLE = pd.DataFrame({
    "area": ["AUS", "NZL", "FJI"], "year": 2020, "sex": "_T", "age": "_T",
    "population": [25e6, 5e6, 1e6], "source": "test",
})  # fmt: skip


def test_means_of_one_group_side_by_side():
    women = trends_of("AUS 2020 250 12500000\nNZL 2020 100 2500000\nFJI 2020 8 400000", sex="F")
    table = means(women, "m49", population=PEOPLE)
    oceania = only(table[table["area"] == "009"])
    assert oceania["n_areas"] == 3
    assert oceania["ratio_of_sums"] == pytest.approx(358 / 15.4e6 * 1e5)
    assert oceania["weighted_mean"] == pytest.approx((2 * 25 + 4 * 5 + 2 * 1) / 31)
    assert oceania["unweighted_mean"] == pytest.approx(8 / 3)
    assert oceania["median"] == 2
    assert only(table[table["area"] == "053"])["n_areas"] == 2


def test_means_carry_bounds_and_keep_to_the_floor():
    table = means(trends_of("AUS 2020 250 25000000\nNZL 2020 <51 5000000"), "m49", 2, population=PEOPLE)
    both = only(table[table["area"] == "053"])
    assert np.isnan(both["ratio_of_sums"])
    assert np.isnan(both["median"])
    assert (both["unweighted_mean_lower"], both["unweighted_mean_upper"]) == pytest.approx((0.5, 1.0))
    alone = means(trends_of("NZL 2020 50 5000000"), "m49", population=PEOPLE)
    assert alone["ratio_of_sums"].isna().all()
    assert (alone["status"] == "below_floor").all()


def test_means_of_a_percentage_have_no_ratio_of_sums():
    table = trends_of("AUS 2020 10 1\nNZL 2020 40 1\nFJI 2020 4 1", measure="prevalence", unit="per_cent")
    table = table.assign(rate=np.nan, rate_lower=np.nan, rate_upper=np.nan)
    oceania = only(means(table, "m49", population=PEOPLE).query("area == '009'"))
    assert np.isnan(oceania["ratio_of_sums"])
    assert oceania["weighted_mean"] == pytest.approx((10 * 25 + 40 * 5 + 4) / 31)
    assert oceania["unweighted_mean"] == pytest.approx(18)


def command(name, *arguments):
    app = typer.Typer()
    app.command()(getattr(comparing, name))
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def parquet(tmp_path):
    proceedings = trends_of("FJI 2020 40 1000000", measure="suspected", stage="formal_contact")
    held = trends_of("FJI 2020 40 1000000", measure="held", stage="imprisonment", iccs="_T")
    quiet = (4000, 4100, 3950, 4050, 4020, 3980)
    tables = [trends_of(series(*RISING)), proceedings, held]
    tables.append(trends_of(series(*quiet, *(2 * each for each in quiet), area="AUS")))
    tables.append(trends_of("FJI 2020 40 1000000", measure="prosecuted", stage="prosecution"))
    return write_parquet(TRENDS.join(*tables), "Trends", tmp_path / "trends.parquet")


def test_commands_print_and_write(parquet, tmp_path):
    shown = command("changes", parquet, "--from", 2010, "--to", 2015, "--out", tmp_path / "changes.csv")
    assert shown.exit_code == 0
    assert "Lines: 2\n  1 rising\n  1 stable\n" in shown.output
    assert "FJI   0501 offences  2010–2015  " in shown.output
    assert pd.read_csv(tmp_path / "changes.csv")["last_year"].tolist() == [2015, 2015]
    assert command("changes", parquet, "--out", tmp_path / "changes.parquet", "--quiet").output == ""
    assert "verdict" in read_parquet(tmp_path / "changes.parquet")
    for name, words in (
        ("jumps", "Questions: "),
        ("attrition", "not one cohort"),
        ("prisons", "prison_rate"),
    ):
        assert words in command(name, parquet).output
        rows = json.loads(command(name, parquet, "--json", "-").output)
        assert command(name, parquet, "--out", tmp_path / f"{name}.csv", "--quiet").output == ""
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(rows) > 0
        assert command(name, parquet, "--out", tmp_path / f"{name}.parquet").exit_code == 0


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (RISING, "rising"), (RISING[:4], "too few to say: too few years"),
        ((3, 5, 2, 6, 4, 5), "too few to say: too uncertain"), ((0, 0, 0, 0, 0), "too few to say: nil figures"),
        ((100, 108, 118, 125, 139, ">140"), "too few to say: no upper bound"),
    ],
)  # fmt: skip
def test_the_verdict_in_words_has_its_reason(figures, words):
    table = changes(trends_of(series(*figures)))
    assert in_words(table).tolist() == [words]
    assert not is_cut(table).any()


def test_too_few_years_since_a_break_say_so():
    text = series(*RISING) + "\n" + series(10, 11, first=2016, further="segment=2")
    table = changes(trends_of(text).astype({"segment": "int64"}))
    assert in_words(table).tolist() == ["too few to say: too few years since a break"]
    assert is_cut(table).tolist() == [True]
    assert in_words(table.iloc[:0]).tolist() == []


def test_printed_tables_fit_a_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    quiet = (4000, 4100, 3950, 4050, 4020, 3980)
    tables = [
        trends_of(series(*quiet, *(9 * each for each in quiet), area="GBR_E_W"), iccs=iccs, sex=sex, method=method)
        for iccs in ("07032+07033", "0501") for sex in ("_T", "F") for method in ("panel", "estimated")
    ]  # fmt: skip
    path = write_parquet(TRENDS.join(*tables), "Trends", tmp_path / "trends.parquet")
    for name in ("changes", "jumps"):
        lines = command(name, path).output.splitlines()
        assert any("GBR_E_W" in line for line in lines)
        assert max(map(len, lines)) <= 80
    shown = command("changes", path).output
    assert (shown.count("panel"), shown.count("estimated")) == (4, 4)


def test_nothing_in_the_window_is_said(parquet):
    assert command("changes", parquet, "--from", 2030).output == "No figure in the window.\n"


@pytest.mark.parametrize("out", ["changes.xls", "nowhere/changes.csv"])
def test_places_that_cannot_be_written_to_are_refused_before_the_work(parquet, tmp_path, out):
    assert isinstance(command("changes", parquet, "--out", tmp_path / out).exception, FileError)
