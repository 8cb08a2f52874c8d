"""Hidden figures: found where they can be found, and not after they are protected."""

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats import release
from crimestats.cli import app
from crimestats.disclosure import attack, equations, group_sums, protect, rounded, year_sum
from crimestats.disclosure.portal import write_rows
from crimestats.errors import CallError, CrimestatsError
from crimestats.frames import FRAMES, HIDDEN, RECOVERABLE

KEYS = (
    "area",
    "year",
    "measure",
    "iccs",
    "sex",
    "age",
    "citizenship",
    "country",
    "exploitation",
    "dimension",
)
SUPPLIED = Path(__file__).parents[2] / "shared" / "data" / "unodc" / "data_glotip_2023-05-30.xlsx"
RELEASE = SUPPLIED.name


def figure(value, status="exact", **keys):
    """A row of the dataset: a number, `<5`, or `c` for a figure withheld."""
    known = {"area": "ARG", "year": 2019, "measure": "victims", "iccs": "0204", "dimension": "_T"}
    row = dict.fromkeys(KEYS, "_T") | known | keys
    if value == "c":
        return row | {"value": np.nan, "lower": np.nan, "upper": np.nan, "status": "withheld"}
    if isinstance(value, str):
        return row | {"value": np.nan, "lower": 0.0, "upper": float(value[1:]) - 1, "status": "bounded"}
    return row | {"value": float(value), "lower": float(value), "upper": float(value), "status": status}


def table_of(rows):
    rows = [
        row
        | {"figure_id": f"file!sheet!L{number}", "return_id": "file", "sheet": "sheet", "cell": f"L{number}"}
        for number, row in enumerate(rows, start=4)
    ]
    return pd.DataFrame(rows).assign(
        unit="number", stage="detected", source="CJS", note="", label="", area_label=""
    )


def argentina():
    return table_of([
        figure(101, age="Y0T17"), figure(70, sex="F", age="Y0T17"), figure(31, sex="M", age="Y0T17"), figure("<5", sex="O", age="Y0T17"),
    ])  # fmt: skip


def found(table, **how):
    return [
        (row.cell, row.found_lower, row.found_upper, row.how) for row in attack(table, **how).itertuples()
    ]


def test_a_figure_that_one_sum_gives_away_is_found_with_the_cells_that_do():
    told = attack(argentina())
    RECOVERABLE.check(told)
    assert told[["cell", "found_lower", "found_upper"]].to_numpy(object).tolist() == [["L7", 0.0, 0.0]]
    assert told["rests_on"].tolist() == ["file!sheet!L4 file!sheet!L5 file!sheet!L6"]
    assert told["message"].tolist() == [
        "ARG 2019 victims 0204 O Y0T17: said to be 0 to 4, is 0 by L4, L5, L6."
    ]


CASES = [
    ("two hidden parts of a total are safe", [figure(12), figure("<5", sex="F"), figure("<5", sex="M"), figure(8, sex="O"), figure("<5", sex="_U")], []),
    ("hidden parts that must all be as many as they can", [figure(8), figure("<5", sex="F"), figure("<5", sex="M")], [("L5", 4.0, 4.0, "sum_likely"), ("L6", 4.0, 4.0, "sum_likely")]),
    ("a part cannot be more than is left of the total", [figure(70, sex="F"), figure(70, sex="F", age="Y0T17"), figure("<5", sex="F", age="Y_GE18")], [("L6", 0.0, 0.0, "sum")]),
    ("a total below its parts is not believed", [figure(60), figure(50, sex="F"), figure(40, sex="M"), figure("<5", sex="O")], []),
    ("a total above its parts says nothing of them", [figure(100), figure(50, sex="F"), figure("<5", sex="M")], []),
    ("a withheld figure is not taken for small", [figure(20), figure("c", sex="F"), figure(10, sex="M"), figure("<5", sex="O"), figure("<5", sex="_U")], []),
    ("a withheld figure is found", [figure(20), figure("c", sex="F"), figure(11, sex="M")], [("L5", 9.0, 9.0, "sum_likely")]),
    ("the unknown of sex and age are one row", [figure(30), figure(10, sex="F"), figure(20, sex="M"), figure("<5", sex="_U", age="_U")], [("L7", 0.0, 0.0, "sum")]),
    ("forms add up if nobody is in two", [figure(30), figure(10, iccs="02041"), figure(18, iccs="02042"), figure("<5", iccs="02043+02044")], [("L7", 2.0, 2.0, "sum_likely")]),
    ("nameless rows of other forms add to one", [figure(30), figure(10, iccs="02041"), figure(12, iccs="02042"), figure(6, iccs="02043+02044", exploitation="OTH_1"), figure("<5", iccs="02043+02044", exploitation="OTH_2")], [("L8", 2.0, 2.0, "sum_likely")]),
    ("own and foreign citizens", [figure(30), figure(28, citizenship="NAT", country="ARG", dimension="citizenship"), figure("<5", citizenship="FOR", country="BOL", dimension="citizenship")], [("L6", 2.0, 2.0, "sum_likely")]),
    ("another measure is another table", [figure(30), figure(30, measure="convicted", sex="F"), figure("<5", measure="convicted", sex="M")], []),
    ("a row that stands twice with other values says nothing", [figure(30), figure(10, sex="F"), figure(12, sex="F"), figure(15, sex="M"), figure("<5", sex="O")], []),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_found(rows, expected):
    assert found(table_of(rows)) == expected


def test_several_sums_together_find_what_none_does_alone():
    """Three sums in a ring, 4 = F + M, 5 = M + O, 5 = F + O: read one after the other they leave three values each."""
    ring = (
        equations().head(3).assign(column="sex", total=["X", "Y", "Z"], parts=["F M", "M O", "F O"], where="")
    )
    rows = [
        figure("<5", sex="F"),
        figure("<5", sex="M"),
        figure("<5", sex="O"),
        figure(4, sex="X"),
        figure(5, sex="Y"),
        figure(5, sex="Z"),
    ]
    told = [
        (cell, low, high)
        for cell, low, high, how in found(table_of(rows), sums=ring)
        if how.startswith("sums")
    ]
    assert told == [("L4", 2.0, 2.0), ("L5", 2.0, 2.0), ("L6", 3.0, 3.0)]


def margins(counts):
    """A table of sex by age with its totals, the small figures hidden."""
    grid = np.array(counts).reshape(2, 2)
    sexes, ages = ("F", "M"), ("Y0T17", "Y_GE18")
    rows = [figure(int(grid[i, j]), sex=sexes[i], age=ages[j]) for i in range(2) for j in range(2)]
    rows += [figure(int(grid[i].sum()), sex=sexes[i]) for i in range(2)]
    rows += [figure(int(grid[:, j].sum()), age=ages[j]) for j in range(2)]
    rows += [figure(int(grid.sum()))]
    return [figure("<5", **{name: row[name] for name in KEYS}) if row["value"] < 5 else row for row in rows]


TWO_BY_TWO = equations().iloc[:2].assign(parts=["F M", "Y0T17 Y_GE18"])


def fillings(rows, most):
    """All whole numbers for the four inner cells that agree with what is shown."""
    shown = [(row["lower"], row["upper"]) for row in rows]
    for cells in itertools.product(range(most + 1), repeat=4):
        a, b, c, d = cells
        whole = (a, b, c, d, a + b, c + d, a + c, b + d, a + b + c + d)
        if all(low <= value <= high for value, (low, high) in zip(whole, shown, strict=True)):
            yield whole


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_the_attack_finds_what_enumeration_finds(counts):
    rows = margins(counts)
    every = np.array(list(fillings(rows, 9 + 4)))
    expected = {
        number: every[0, number]
        for number, row in enumerate(rows)
        if row["status"] == "bounded" and len(np.unique(every[:, number])) == 1
    }
    told = attack(table_of(rows), sums=TWO_BY_TWO)
    assert {int(row.cell[1:]) - 4: row.found_lower for row in told.itertuples()} == expected
    assert (told["found_lower"] == told["found_upper"]).all()


counts_of_places = st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=3)


def places(counts):
    rows = []
    for number, each in enumerate(counts):
        grid = np.array(each).reshape(2, 2)
        sexes, ages = ("F", "M"), ("Y0T17", "Y_GE18")
        one = [figure(int(grid[i, j]), sex=sexes[i], age=ages[j]) for i in range(2) for j in range(2)]
        one += [figure(int(grid[i].sum()), sex=sexes[i]) for i in range(2)]
        one += [figure(int(grid[:, j].sum()), age=ages[j]) for j in range(2)] + [figure(int(grid.sum()))]
        rows += [row | {"year": 2010 + number} for row in one]
    return table_of(rows)


@settings(deadline=None, max_examples=12)
@given(counts_of_places)
def test_after_protect_nothing_is_found_and_what_is_shown_is_true(counts):
    table = places(counts)
    safe, hidden = protect(table)
    HIDDEN.check(hidden)
    assert attack(safe).empty
    shown = safe["value"].notna()
    assert (safe.loc[shown, "value"] == table.loc[shown, "value"]).all()
    assert not (safe["value"] < 5).any()
    bounded = safe["status"].astype(str) == "bounded"
    assert table.loc[bounded, "value"].between(safe.loc[bounded, "lower"], safe.loc[bounded, "upper"]).all()
    assert (
        safe.loc[safe["status"].astype(str) == "withheld", ["value", "lower", "upper"]].isna().all(axis=None)
    )
    assert set(hidden["figure_id"]) == set(table.loc[~shown, "figure_id"])


@settings(deadline=None, max_examples=6)
@given(counts_of_places, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_change_the_pattern(counts, random):
    table = places(counts)
    order = list(range(len(table)))
    random.shuffle(order)
    one, _ = protect(table)
    other, _ = protect(table.iloc[order].reset_index(drop=True))
    hidden = [set(safe.loc[safe["value"].isna(), "figure_id"]) for safe in (one, other)]
    assert hidden[0] == hidden[1]


def test_a_place_is_hidden_alike_whatever_stands_beside_it():
    alone, _ = protect(places([[3, 20, 17, 30]]))
    beside, _ = protect(places([[3, 20, 17, 30], [1, 2, 3, 40], [8, 8, 8, 8]]))
    count = len(alone)
    assert alone["status"].astype(str).tolist() == beside["status"].astype(str).head(count).tolist()


def test_the_log_says_what_each_withheld_figure_protects():
    safe, hidden = protect(argentina())
    second = hidden[hidden["action"].astype(str) == "secondary"]
    assert second["protects"].tolist() == ["file!sheet!L7"]
    assert second["note"].str.contains("file!sheet!L7").all()
    assert safe["status"].astype(str).value_counts().to_dict() == {"exact": 2, "withheld": 1, "bounded": 1}


def test_regions_and_years_are_linked_tables_too():
    """Two countries of a region, two years and their total: one small figure."""
    numbers = {"A": (3, 20), "B": (11, 12), "R": (14, 32)}
    rows = [
        figure(number, area=area, year=year)
        for area, pair in numbers.items()
        for year, number in zip((2018, 2019), pair, strict=True)
    ]
    rows += [figure(sum(pair), area=area, year=9999) for area, pair in numbers.items()]
    sums = pd.DataFrame({
        "equation": ["regions", "years"], "column": ["area", "year"], "total": ["R", "9999"], "parts": ["A B", "2018 2019"],
        "where": "", "reading": "sure", "fewest": "1", "crossed": "no", "words": "",
    })  # fmt: skip
    table = table_of(rows)
    hidden = table.copy()
    small = hidden["value"] < 5
    hidden.loc[small, ["value", "lower", "upper"]] = [np.nan, 0.0, 4.0]
    hidden.loc[small, "status"] = "bounded"
    assert found(hidden, sums=sums) == [("L4", 3.0, 3.0, "sum")]
    safe, log = protect(table, sums=sums)
    assert attack(safe, sums=sums).empty
    assert log["action"].astype(str).value_counts().to_dict() == {"secondary": 3, "primary": 1}


def regional(year=2019):
    """South America and its intermediate region above two countries, whose figures are split by sex."""
    numbers = {"ARG": (3, 20), "BOL": (11, 12), "005": (14, 32), "419": (14, 32)}
    return [
        figure(count, area=area, year=year, sex=sex)
        for area, pair in numbers.items()
        for sex, count in zip("FM", pair, strict=True)
    ]


def test_groups_of_countries_are_sums_where_a_table_has_them(tmp_path):
    table = table_of(regional())
    sums = group_sums(table["area"])
    assert dict(zip(sums["total"], sums["parts"].str.split().str[0], strict=True)).keys() == {"005", "419"}
    assert "005" in sums.loc[sums["total"] == "419", "parts"].iloc[0].split()
    assert group_sums(table_of(regional()[:4])["area"]).empty
    small = table["value"] < 5
    hidden = table.assign(
        value=table["value"].mask(small), lower=table["lower"].mask(small, 0.0), upper=table["upper"].mask(small, 4.0),
        status=table["status"].mask(small, "bounded"),
    )  # fmt: skip
    assert found(hidden)[0] == ("L4", 3.0, 3.0, "sum_likely")
    safe, _ = protect(table)
    assert attack(safe).empty
    assert len(safe[safe["status"].astype(str) == "withheld"]) >= 1
    columns = FRAMES["Trafficking"].columns
    whole = FRAMES["Trafficking"].cast(hidden.assign(**{name: "" for name in columns if name not in hidden}))
    release.write_parquet(whole, "Trafficking", tmp_path / "dataset.parquet")
    assert CliRunner().invoke(app, ["disclosure", "attack", str(tmp_path / "dataset.parquet")]).exit_code == 1


def counted(rows, year, plus, times=1):
    numbers = [(times * row["value"] + plus) for row in rows]
    return [
        row | dict.fromkeys(("value", "lower", "upper"), count) | {"year": year}
        for row, count in zip(rows, numbers, strict=True)
    ]


def test_a_region_over_two_years_and_their_total():
    rows = regional(2018)
    table = table_of([*rows, *counted(rows, 2019, 20), *counted(rows, 9999, 20, times=2)])
    hidden = table.copy()
    hidden.loc[0, ["value", "lower", "upper"]] = [np.nan, 0.0, 4.0]
    hidden.loc[0, "status"] = "bounded"
    assert found(hidden, sums=year_sum("9999")) == [("L4", 3.0, 3.0, "sum_likely")]
    sums = pd.concat([equations(), group_sums(table["area"]), year_sum("9999")])
    safe, _ = protect(table, sums=sums)
    assert attack(safe, sums=sums).empty
    withheld = safe[safe["status"].astype(str) == "withheld"]
    assert {*withheld["year"]} & {2019, 9999}
    assert {*withheld["area"]} & {"005", "419", "BOL"}


THAILAND = [figure(37, sex="F", age="Y0T17"), figure(188, sex="F", age="Y_GE18"), figure(11, sex="M", age="Y0T17"), figure(192, sex="M", age="Y_GE18"), figure("<5", sex="O", age="Y0T17"), figure("<5", sex="O", age="Y_GE18"), figure(48, age="Y0T17"), figure(380, age="Y_GE18"), figure(437), figure(9, sex="_U", age="_U"), figure(225, sex="F"), figure(203, sex="M"), figure("<5", sex="O")]  # fmt: skip


def test_a_row_of_unknown_sex_and_age_leaves_the_ages_of_a_sex_as_they_are():
    rows = [figure(37, sex="F", age="Y0T17"), figure("<5", sex="F", age="Y_GE18"), figure(40, sex="F"), figure(9, sex="_U", age="_U"), figure(49)]  # fmt: skip
    assert found(table_of(rows)) == [("L5", 3.0, 3.0, "sum")]
    assert attack(protect(table_of(rows))[0]).empty
    assert [row[:3] for row in found(table_of(THAILAND))] == [
        ("L8", 0.0, 0.0),
        ("L9", 0.0, 0.0),
        ("L16", 0.0, 0.0),
    ]
    withheld = [row | {"value": np.nan, "lower": np.nan, "upper": np.nan, "status": "withheld"} if row["value"] in (188, 11) else row for row in THAILAND]  # fmt: skip
    assert {("L5", 188.0), ("L6", 11.0)} <= {row[:2] for row in found(table_of(withheld))}
    assert attack(protect(table_of(THAILAND))[0]).empty


def test_unknown_ages_of_a_sex_that_are_published_are_a_part():
    rows = [figure(37, sex="F", age="Y0T17"), figure("<5", sex="F", age="Y_GE18"), figure(40, sex="F"), figure("<5", sex="F", age="_U")]  # fmt: skip
    assert found(table_of(rows)) == []


def test_a_figure_that_another_sum_denies_is_not_called_sure():
    """Trinidad and Tobago 2019, prosecuted: total adults less men is 1, all persons less men is 0."""
    rows = [figure("<5", sex="F", age="Y_GE18"), figure(7, sex="M", age="Y_GE18"), figure(8, age="Y_GE18"), figure(7), figure("<5", sex="F"), figure(7, sex="M")]  # fmt: skip
    assert found(table_of(rows))[0] == ("L4", 0.0, 0.0, "sum_contradicted")


@pytest.mark.parametrize("threshold", [3, 4, 5, 10])
def test_any_threshold_on_a_file_that_hides_below_five(threshold):
    safe, _ = protect(table_of(THAILAND), threshold=threshold)
    assert attack(safe).empty
    upper = safe.loc[safe["status"].astype(str) == "bounded", "upper"]
    assert set(upper) == {max(threshold, 5) - 1}


def test_narrower_bounds_of_a_small_figure_are_widened():
    narrow = figure("<5", sex="M") | {"lower": 2.0, "upper": 3.0}
    safe, log = protect(table_of([figure(30, sex="F"), narrow]))
    assert safe[["lower", "upper"]].iloc[1].tolist() == [0, 4]
    assert log["note"].str.contains("widened").tolist() == [True]


def test_sums_that_contradict_each_other_are_given_up_and_the_rest_is_used():
    rows = [
        figure(101, age="Y0T17"),
        figure(70, sex="F", age="Y0T17"),
        figure(31, sex="M", age="Y0T17"),
        figure("<5", sex="O", age="Y0T17"),
    ]
    rows += [figure(500), figure(900, sex="F"), figure(10, sex="M")]
    assert [cell for cell, *_ in found(table_of(rows))] == ["L7"]


def test_figures_of_which_few_values_are_left():
    rows = [figure(7), figure("<5", sex="F"), figure("<5", sex="M")]
    assert found(table_of(rows)) == []
    assert found(table_of(rows), least_width=2) == [
        ("L5", 3.0, 4.0, "narrowed_likely"),
        ("L6", 3.0, 4.0, "narrowed_likely"),
    ]
    safe, _ = protect(table_of(rows), least_width=2)
    assert attack(safe, least_width=2).empty


def test_nought_can_be_shown():
    safe, _ = protect(table_of([figure(0, sex="F"), figure(3, sex="M"), figure(9, sex="O")]), hide_zero=False)
    assert safe["value"].fillna(-1).tolist() == [0, -1, 9]
    assert safe[["lower", "upper"]].iloc[1].tolist() == [1, 4]


def test_a_higher_threshold_hides_more():
    safe, hidden = protect(
        table_of([figure(7, sex="F"), figure("<5", sex="M"), figure(12, sex="O")]), threshold=10
    )
    assert safe["upper"].tolist() == [9, 9, 12]
    assert hidden["figure_id"].tolist() == ["file!sheet!L4", "file!sheet!L5"]


def test_rounding_keeps_every_figure_within_its_bounds():
    table = table_of([figure(57), figure(23, sex="F"), figure(34, sex="M")])
    safe, log = rounded(table)
    assert safe["value"].tolist() == [55, 25, 35]
    assert (safe["lower"] <= table["value"]).all()
    assert (table["value"] <= safe["upper"]).all()
    assert log["action"].astype(str).tolist() == ["rounded"] * 3


def test_rounding_that_gives_a_small_figure_away_is_refused():
    """14 is shown as 15 (13 to 17), two times 7 as 5 (3 to 7): no; 2 + 2 + 2 + 2 = 8 is shown as 10 and 0."""
    rows = [figure(8), *(figure(2, sex=sex) for sex in ("F", "M", "O", "_U"))]
    with pytest.raises(CallError, match="gives away 4 counts below 5"):
        rounded(table_of(rows))


@pytest.mark.parametrize(
    "call",
    [
        lambda: attack(argentina(), least_width=0), lambda: attack(argentina(), readings=("certain",)), lambda: protect(argentina(), threshold=0),
        lambda: rounded(argentina(), 1), lambda: attack(argentina().drop(columns="sex")), lambda: attack(argentina(), sums=equations().assign(column="colour")),
    ],
)  # fmt: skip
def test_wrong_calls_are_refused(call):
    with pytest.raises(CrimestatsError):
        call()


def test_every_shipped_sum_is_of_a_known_column_and_reading():
    shipped = equations()
    assert shipped["equation"].is_unique
    assert set(shipped["reading"]) <= {"sure", "likely"}
    assert set(shipped["crossed"]) <= {"yes", "no"}
    assert set(shipped["column"]) <= set(KEYS)


def portal_rows():
    """A published file: Argentina 2019, children by sex."""
    lines = [
        ("Total", "0 to 17 years", "101"),
        ("Female", "0 to 17 years", "70"),
        ("Male", "0 to 17 years", "31"),
        ("Other", "0 to 17 years", "<5"),
    ]
    return pd.DataFrame([
        {"iso3": "ARG", "country": "Argentina", "region": "Americas", "subregion": "Latin America and the Caribbean", "indicator": "Detected trafficking victims",
         "dimension": "Total", "category": "Total", "sex": sex, "age": age, "year": "2019", "unit": "Counts", "value": value, "source": "GLOTIP",
         "sheet": "data", "cell": f"L{number}", "row": str(number)} for number, (sex, age, value) in enumerate(lines, start=4)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "out"),
    [(".xlsx", ".xlsx"), (".csv", ".csv"), (".xlsx", ".csv"), (".csv", ".xlsx"), (".xlsx", ".parquet")],
)
def test_commands_read_what_they_write(tmp_path, suffix, out):
    file, safe, log = tmp_path / f"published{suffix}", tmp_path / f"safe{out}", tmp_path / "hidden.csv"
    write_rows(portal_rows(), file)
    run = CliRunner()
    attacked = run.invoke(app, ["disclosure", "attack", str(file), "--json", "-"])
    assert attacked.exit_code == 1
    assert [(row["area"], row["found_upper"]) for row in json.loads(attacked.stdout)] == [("ARG", 0.0)]
    done = run.invoke(
        app, ["disclosure", "protect", str(file), "--out", str(safe), "--threshold", "5", "--log", str(log)]
    )
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(log)) == 1
    again = run.invoke(app, ["disclosure", "attack", str(safe)])
    assert (again.exit_code, again.stdout.splitlines()[0]) == (
        0,
        "0 of 2 hidden figures can be computed from the others.",
    )


def test_a_dataset_is_protected_as_a_dataset(tmp_path):
    file, safe = tmp_path / "dataset.parquet", tmp_path / "safe.parquet"
    columns = FRAMES["Trafficking"].columns
    table = argentina()
    whole = FRAMES["Trafficking"].cast(table.assign(**{name: "" for name in columns if name not in table}))
    release.write_parquet(whole, "Trafficking", file)
    run = CliRunner()
    assert run.invoke(app, ["disclosure", "attack", str(file)]).exit_code == 1
    assert run.invoke(app, ["disclosure", "protect", str(file), "--out", str(safe)]).exit_code == 0
    assert run.invoke(app, ["disclosure", "attack", str(safe)]).exit_code == 0
    refused = run.invoke(app, ["disclosure", "protect", str(file), "--out", str(tmp_path / "safe.xlsx")])
    assert isinstance(refused.exception, CallError)


def test_rounded_counts_are_written_with_their_bounds_or_not_at_all(tmp_path):
    file = tmp_path / "published.csv"
    write_rows(portal_rows().head(3), file)
    command = ["disclosure", "protect", str(file), "--rounding-base", "5", "--out"]
    assert isinstance(CliRunner().invoke(app, [*command, str(tmp_path / "safe.csv")]).exception, CallError)
    safe = tmp_path / "safe.parquet"
    assert CliRunner().invoke(app, [*command, str(safe)]).exit_code == 0
    assert sorted(release.read_parquet(safe)["value"]) == [30.0, 70.0, 100.0]


@pytest.mark.skipif(not SUPPLIED.exists(), reason="the published file is not here")
def test_argentina_2019_of_the_published_file():
    from crimestats.published import read_published
    from crimestats.trafficking import dataset

    table = dataset(read_published(SUPPLIED)[0])
    table = table[(table["area"] == "ARG") & (table["year"] == 2019)].reset_index(drop=True)
    told = attack(table, readings=("sure",))
    items = dict(zip(told["item"], told["found_upper"], strict=True))
    assert items["victims 0204 O Y0T17"] == 0
    safe, hidden = protect(table)
    assert attack(safe).empty
    assert len(hidden) > 0


def test_a_cell_that_is_not_published_but_could_be_is_not_nought():
    """Women and all females are published: there may be girls, and so the other children are found."""
    rows = [figure(30, sex="F", age="Y_GE18"), figure(6, sex="M", age="Y_GE18"), figure("<5", sex="O", age="Y0T17"), figure(30, sex="O", age="Y_GE18"), figure(31, sex="F"), figure(13, sex="M"), figure(9, age="Y0T17"), figure(77), figure("<5", sex="_U", age="_U")]  # fmt: skip
    assert ("L6", 1.0, 1.0) in [row[:3] for row in found(table_of(rows))]
    assert attack(protect(table_of(rows))[0]).empty


def test_other_adults_that_are_not_published():
    """Canada 2020: other sex 5 in all and 5 children leave no other adults, so men are 312 - 304."""
    rows = [figure(56, sex="F", age="Y0T17"), figure(304, sex="F", age="Y_GE18"), figure("<5", sex="M", age="Y0T17"), figure(8, sex="M", age="Y_GE18"), figure(5, sex="O", age="Y0T17"), figure(57, age="Y0T17"), figure(312, age="Y_GE18"), figure(375), figure(6, sex="_U", age="_U"), figure(360, sex="F"), figure(9, sex="M"), figure(5, sex="O")]  # fmt: skip
    shown = [row if row["value"] != 8 else figure("c", sex="M", age="Y_GE18") for row in rows]
    assert ("L7", 8.0, 8.0) in [row[:3] for row in found(table_of(shown))]
    assert attack(protect(table_of(rows))[0]).empty


def test_a_list_of_foreign_citizens_alone_can_be_all_there_are():
    """Lebanon 2010: 8 victims, 5 Syrians, so 3 from Morocco."""
    rows = [figure(8), figure(5, dimension="citizenship", country="SYR"), figure("<5", dimension="citizenship", country="MAR")]  # fmt: skip
    assert [row[1:3] for row in found(table_of(rows))] == [(3.0, 3.0)]
    assert attack(protect(table_of(rows))[0]).empty


def test_the_sum_of_a_published_total_holds_before_one_that_is_guessed():
    """Thailand 2019: women 141 - 4 and men 160 - 2 leave nobody of other sex, though the total contradicts."""
    rows = [figure("<5", sex="F", age="Y0T17"), figure("c", sex="F", age="Y_GE18"), figure("<5", sex="M", age="Y0T17"), figure("c", sex="M", age="Y_GE18"), figure("<5", sex="O", age="Y0T17"), figure("<5", sex="O", age="Y_GE18"), figure(6, age="Y0T17"), figure(295, age="Y_GE18"), figure(319), figure(8, sex="_U", age="_U"), figure(141, sex="F"), figure(160, sex="M"), figure("<5", sex="O")]  # fmt: skip
    told = {row[0]: row[1:3] for row in found(table_of(rows))}
    assert [told.get(place) for place in ("L8", "L9", "L16")] == [(0.0, 0.0)] * 3
    assert attack(protect(table_of(rows))[0]).empty
