"""Areas: every row of the shipped tables, labels, the user's own population."""

import importlib.util
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimestats.areas import (
    areas,
    enough,
    groupings,
    match,
    match_sex,
    name_grouping,
    parts,
    population,
    regions,
)
from crimestats.areas.labels import MATCHED, spelling
from crimestats.errors import CallError, DefinitionError, FileError
from crimestats.files import read_csv, read_toml, shipped

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CRIMESTATS_SHARED", CHECKOUT.parent / "shared"))
TABLES = shipped("classification", "areas", "areas.csv").parent
SOURCES = {entry["key"]: entry for entry in read_toml(TABLES / "source.toml")["source"]}
LABELS = read_csv(TABLES / "labels.csv", ("label", "area", "language", "source"))
NO_POPULATION = {
    "ALA",
    "ATA",
    "ATF",
    "BVT",
    "CCK",
    "CHI",
    "CXR",
    "HMD",
    "IOT",
    "NFK",
    "PCN",
    "SGS",
    "SJM",
    "SMP",
    "UMI",
}
GROUPINGS = ("m49", "ldc", "lldc", "sids")

needs_shared = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the published files are not here")


def by_sex(table: pd.DataFrame) -> pd.DataFrame:
    """Columns _T, F, M; a row an area, year and age that has sexes."""
    wide = table.pivot_table(index=["area", "year", "age"], columns="sex", values="population", observed=True)
    return wide.dropna()


def totals() -> pd.DataFrame:
    table = population()
    return table[(table["sex"] == "_T") & (table["age"] == "_T")]


def test_area_codes_are_unique() -> None:
    table = areas()
    assert table["area"].is_unique
    for code in ("m49", "iso2"):
        assert table.loc[table[code] != "", code].is_unique
    assert table.loc[table["m49"] != "", "m49"].str.fullmatch(r"\d{3}").all()
    assert table.loc[table["iso2"] != "", "iso2"].str.fullmatch("[A-Z]{2}").all()
    assert (table["name"] != "").all()


def test_units_that_are_not_countries() -> None:
    kinds = areas().set_index("area")["kind"]
    assert set(kinds) == {"country", "territory", "part", "invented"}
    assert kinds[kinds == "part"].index.tolist() == ["GBR_E_W", "GBR_NI", "GBR_S", "IRQ_C", "IRQ_KRI"]
    assert kinds[kinds == "invented"].index.tolist() == ["SMP"]
    assert (kinds == "country").sum() == 195
    assert set(parts()["whole"]) == {"GBR", "IRQ"} <= set(kinds.index)
    assert set(areas().query("part_of != ''")["kind"]) == {"part"}


def test_namibia_keeps_its_code() -> None:
    assert areas().set_index("area").loc["NAM", "iso2"] == "NA"


def test_tables_are_handed_out_as_copies() -> None:
    for table in (areas, population):
        first = table()
        first.loc[0, "area"] = "XKX"
        assert table().loc[0, "area"] == "ABW" != first.loc[0, "area"]


@pytest.mark.parametrize("name", [*GROUPINGS, "glotip"])
def test_members_are_countries(name: str) -> None:
    table = groupings(name)
    kinds = areas().set_index("area")["kind"]
    assert set(table["area"]) <= set(kinds[kinds.isin(["country", "territory"])].index)
    assert not table.duplicated(["level", "area"]).any()
    assert table["code"].str.fullmatch(r"G\d+" if name == "glotip" else r"\d{3}").all()
    assert table.groupby("code")["name"].nunique().max() == 1
    assert set(table["source"]) <= set(SOURCES)


def test_number_of_members() -> None:
    assert [len(groupings(name)) for name in GROUPINGS[1:]] == [45, 32, 53]
    levels = groupings().groupby("level", sort=False)["code"].nunique()
    assert levels.to_dict() == {"world": 1, "region": 5, "subregion": 17, "intermediate": 7}


def test_regions_divide_the_world_and_subregions_the_regions() -> None:
    table = groupings()
    level = {name: rows.set_index("area")["code"] for name, rows in table.groupby("level")}
    assert set(level["world"].index) == set(areas().query("kind in ('country', 'territory')")["area"])
    assert set(level["region"].index) == set(level["world"].index) - {"ATA"}
    assert set(level["subregion"].index) == set(level["region"].index)
    for inner, outer in (("subregion", "region"), ("intermediate", "subregion")):
        pairs = pd.DataFrame({"inner": level[inner], "outer": level[outer].reindex(level[inner].index)})
        assert pairs.groupby("inner")["outer"].nunique().max() == 1


def test_places_that_m49_does_not_give_are_marked() -> None:
    table = groupings()
    marked = table[table["source"] != "m49"]
    assert set(marked["area"]) == {"XKX", "TWN", "CHI"}
    assert set(marked.loc[marked["area"] == "XKX", "code"]) == {"001", "150", "039"}
    assert set(marked.loc[marked["area"] == "CHI", "code"]) == {"001", "150", "154"}


@pytest.mark.parametrize(
    ("count", "size", "least", "verdict"),
    [
        (4, 9, 5, True), (3, 9, 5, False), (5, 10, 5, True), (4, 10, 5, False), (1, 1, 5, True), (0, 1, 5, False),
        (1, 3, 5, True), (2, 9, 2, True), (0, 200, 0, True), (0, 2, 0, True), (0, 0, 5, False),
    ],
)  # fmt: skip
def test_how_many_areas_are_enough(count: int, size: int, least: int, verdict: bool) -> None:
    assert enough([count], [size], least).tolist() == [verdict]


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 20))
def test_more_areas_are_never_too_few(count: int, size: int, least: int) -> None:
    assert enough([count + 1], [size], least) >= enough([count], [size], least)
    assert enough([count], [size], least) or count < least


def test_an_unknown_grouping_is_a_wrong_call() -> None:
    with pytest.raises(CallError, match=r"there is no grouping 'oecd'.*m49, ldc, lldc, sids, glotip"):
        groupings("oecd")


def test_every_unit_has_a_subregion_but_antarctica_and_samplonia() -> None:
    table = regions().set_index("area")
    assert table.index.tolist() == areas()["area"].tolist()
    assert table.index[table["subregion"] == "_Z"].tolist() == ["ATA", "SMP"]
    assert table.loc["XKX"].tolist() == table.loc["SRB"].tolist() == ["039", "150"]
    assert table.loc[["GBR_E_W", "GBR_NI", "GBR_S"]].drop_duplicates().to_numpy().tolist() == [["154", "150"]]
    assert table.loc[["TWN", "IRQ_KRI"]].to_numpy().tolist() == [["030", "142"], ["145", "142"]]
    listed = groupings().query("level == 'subregion'").set_index("area")["code"]
    assert table.loc[listed.index, "subregion"].tolist() == listed.tolist()


def test_regions_of_the_trafficking_report() -> None:
    """Four regions and ten subregions (2018 edition), every country but the Holy See in one of each."""
    table = groupings("glotip")
    levels = table.groupby("level")["code"].nunique()
    assert levels.to_dict() == {"region": 4, "subregion": 10, "intermediate": 2}
    countries = set(areas().query("kind == 'country'")["area"]) - {"VAT"} | {"XKX"}
    for level in ("region", "subregion"):
        members = table[table["level"] == level]
        assert members["area"].is_unique
        assert set(members["area"]) == countries
    inner = table[table["level"] == "intermediate"].set_index("area")["code"]
    outer = table[table["level"] == "subregion"].set_index("area")["code"]
    assert set(inner.index) == set(outer.index[outer == "G12"])
    assert set(outer[table.loc[table["code"] == "G1", "area"].unique()]) == {"G11", "G12"}


def test_memberships_from_memory_are_marked() -> None:
    table = groupings("glotip").query("level == 'subregion'").set_index("area")
    assert table.index[table["source"] == "glotip_doubtful"].tolist() == ["AFG", "IRN", "ISR"]
    printed = table[table["source"] == "glotip"]
    assert set(printed["code"]) == {"G41", "G43"}
    assert len(printed) == 31
    assert table.loc[["TUR", "KEN", "WSM", "MEX"], "source"].tolist() == [
        "glotip", "glotip_m49", "glotip_m49", "glotip_recalled",
    ]  # fmt: skip


GROUPS = "code,name,area,level\nN,North,Norway,half\nN,North,swe,half\nS,South,ITA,half\nS,South,NOR,half\n"


def test_a_grouping_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "halves.csv"
    path.write_text(GROUPS, encoding="utf-8")
    table = groupings(path)
    assert table.columns.tolist() == groupings().columns.tolist()
    assert table[["grouping", "code", "level", "area"]].to_numpy().tolist() == [
        ["halves", "N", "half", "NOR"], ["halves", "N", "half", "SWE"],
        ["halves", "S", "half", "ITA"], ["halves", "S", "half", "NOR"],
    ]  # fmt: skip
    assert groupings(str(path)).equals(table)
    assert name_grouping(path) == "halves"
    assert groupings("halves").equals(table)


def test_a_grouping_of_ones_own_has_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "m49.csv"
    path.write_text(GROUPS, encoding="utf-8")
    with pytest.raises(CallError, match="has the name of the grouping m49"):
        name_grouping(path)
    assert "150" in set(groupings("m49")["code"])


@pytest.mark.parametrize(
    ("row", "place", "fault"),
    [
        ("N,North,Norge af,half", "line 6, column area", "'Norge af' is not a reporting unit"),
        ("N,North,GBR_S,half", "line 6, column area", "'GBR_S' is a part of a country"),
        ("N,Nord,DNK,half", "line 6, column name", "'Nord' is the second of its group"),
        ("N,North,DNK,third", "line 6, column level", "'third' is the second of its group"),
        ("N,North,NOR,half", "line 6, column area", "'NOR' stands twice in its group"),
        ("FRA,France,FRA,half", "line 6, column code", "'FRA' is the code of a reporting unit"),
        ("a b,North,DNK,half", "line 6, column code", "'a b' is no code"),
        ("W,,DNK,half", "line 6, column name", "'' is no name"),
    ],
)
def test_faults_of_a_grouping(tmp_path: Path, row: str, place: str, fault: str) -> None:
    path = tmp_path / "halves.csv"
    path.write_text(GROUPS + row + "\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=f"halves.csv, {place}: {fault}"):
        groupings(path)


def test_words_for_sexes() -> None:
    found = match_sex(pd.Series(["_T", "Total", " FEMALE", "m", "Hommes", "", "H", "Both sexes", "_u"]))
    assert found.tolist() == ["_T", "_T", "F", "M", "M", "_T", "", "_T", "_U"]
    table = read_csv(TABLES / "sexes.csv", ("label", "sex"))
    assert table["label"].str.casefold().is_unique
    assert match_sex(table["label"]).tolist() == table["sex"].tolist()


def test_every_label_belongs_to_one_known_area() -> None:
    table = areas()
    pairs = pd.concat([
        LABELS[["label", "area"]],
        table[["name", "area"]].set_axis(["label", "area"], axis="columns"),
        table[["area"]].assign(label=table["area"]),
    ])  # fmt: skip
    assert set(LABELS["area"]) <= set(table["area"])
    assert set(LABELS["source"]) <= set(SOURCES)
    assert not LABELS.duplicated("label").any()
    spelt = pairs["label"].map(spelling)
    assert (spelt != "").all()
    assert pairs.groupby(spelt)["area"].nunique().max() == 1


@pytest.mark.parametrize("column", ["area", "name", "iso2"])
def test_every_area_is_found_by_its_own_codes_and_name(column: str) -> None:
    table = areas().query(f"{column} != ''")
    assert match(table[column])["area"].tolist() == table["area"].tolist()


def test_every_label_is_found() -> None:
    found = match(LABELS["label"])
    assert found["area"].tolist() == LABELS["area"].tolist()
    assert (found["candidates"] == "").all()


@pytest.mark.parametrize(
    ("label", "area"),
    [
        ("MEXICO", "MEX"), ("México", "MEX"), ("mex", "MEX"), ("MX", "MEX"), (" Perú ", "PER"),
        ("NA", "NAM"), ("Cote d'Ivoire", "CIV"), ("CÔTE D’IVOIRE", "CIV"), ("Gambia, The", "GMB"),
        ("the Gambia", "GMB"), ("U.S.A.", "USA"), ("Trinidad & Tobago", "TTO"), ("Turkey", "TUR"),
        ("Türkiye", "TUR"), ("The former Yugoslav Republic of Macedonia", "MKD"), ("Корея", "_U"),
        ("Российская Федерация", "RUS"), ("中国", "CHN"), ("United Kingdom (Scotland)", "GBR_S"),
        ("gbr-e-w", "GBR_E_W"), ("Kosovo under UNSCR 1244", "XKX"), ("Korea, Dem. People's Rep.", "PRK"),
        ("Curacao", "CUW"), ("Great Britain", "GBR"), ("Gran Bretaña", "GBR"), ("Reunion", "REU"), ("Samplonia", "SMP"),
        ("Channel Islands", "CHI"), ("CHI", "CHI"), ("Guernsey", "GGY"), ("Jersey", "JEY"),
    ],
)  # fmt: skip
def test_labels_that_people_write(label: str, area: str) -> None:
    assert match(pd.Series([label]))["area"].tolist() == [area]


@pytest.mark.parametrize(
    "label",
    ["na", "no", "World", "Other", "Korea", "Channel Island", "Sark", "St. Martin", "", " ", "145"],
)
def test_what_is_not_in_the_table_is_refused(label: str) -> None:
    assert match(pd.Series([label]))["area"].tolist() == ["_U"]


@pytest.mark.parametrize(
    ("label", "near"),
    [("Mexcio", "MEX"), ("MXE", "MEX"), ("Nigera", "NGA"), ("Nigera", "NER"), ("GBR_EW", "GBR_E_W")],
)
def test_near_misses_get_candidates(label: str, near: str) -> None:
    row = match(pd.Series([label])).iloc[0]
    assert row["area"] == "_U"
    assert near in row["candidates"].split(", ")


def test_match_keeps_the_index_and_takes_missing_labels() -> None:
    found = match(pd.Series(["Chad", None, float("nan"), 148], index=[7, 3, 3, 1], dtype=object))
    assert found.index.tolist() == [7, 3, 3, 1]
    assert found["area"].tolist() == ["TCD", "_U", "_U", "_U"]
    assert match(pd.Series([], dtype=str)).columns.tolist() == list(MATCHED)


@given(st.sampled_from(LABELS["label"].tolist()), st.sampled_from(["upper", "lower", "title", "casefold"]))
def test_case_does_not_count(label: str, change: str) -> None:
    assert (
        match(pd.Series([getattr(label, change)()]))["area"].iloc[0]
        == match(pd.Series([label]))["area"].iloc[0]
    )


def test_population_rows() -> None:
    table = population()
    assert not table.duplicated(["area", "year", "sex", "age"]).any()
    assert (table["population"] > 0).all()
    assert (table["population"] % 1 == 0).all()
    assert table["year"].between(1990, 2024).all()
    assert set(table["sex"]) == {"_T", "F", "M"}
    bands = {"Y0T9", "Y10T14", "Y20T24", "Y25T29", "Y30T44", "Y45T59", "Y_GE60"}
    assert set(table["age"]) == bands | {"_T", "Y0T17", "Y_GE18"}
    assert set(areas()["area"]) - set(table["area"]) == NO_POPULATION
    assert set(table["area"]) <= set(areas()["area"])
    assert [str(table[name].dtype) for name in ("area", "sex", "age", "source")] == ["category"] * 4


def test_every_source_is_told() -> None:
    keys = {key for source in population()["source"].cat.categories for key in source.split("+")}
    assert keys <= set(SOURCES)
    for entry in SOURCES.values():
        assert {"key", "producer", "title", "citation", "date", "licence", "files"} <= set(entry)


def test_a_projection_says_so() -> None:
    table = population()
    assert not table.loc[table["year"] <= 2020, "source"].str.contains("wpp2019p").any()
    assert not table.loc[table["year"] > 2020, "source"].str.contains(r"wpp2019(?!p)").any()


def test_sexes_add_to_the_total() -> None:
    wide = by_sex(population())
    assert len(wide) > 20_000
    assert (wide["F"] + wide["M"] == wide["_T"]).all()


def test_no_sex_without_the_other_and_the_total() -> None:
    table = population()
    n_sexes = table.groupby(["area", "year", "age"], observed=True)["sex"].nunique()
    assert set(n_sexes) == {1, 3}
    assert set(n_sexes[n_sexes == 1].index.get_level_values("age")) == {"_T"}


def test_minors_and_adults_add_to_the_total() -> None:
    wide = population().pivot_table(
        index=["area", "year", "sex"], columns="age", values="population", observed=True
    )
    ages = wide.dropna(subset=["Y0T17", "Y_GE18"])
    assert ages.index.get_level_values("year").unique().tolist() == [2019, 2020, 2021, 2022, 2023]
    assert ((ages["Y0T17"] + ages["Y_GE18"] - ages["_T"]).abs() <= 1).all()


def test_bands_leave_room_for_the_ages_15_to_19_only() -> None:
    table = population()
    bands = table[table["age"].str.contains("T|GE60") & ~table["age"].isin(["_T", "Y0T17"])]
    summed = bands.groupby(["area", "year", "sex"], observed=True)["population"].agg(["sum", "size"])
    whole = table[table["age"] == "_T"].set_index(["area", "year", "sex"])["population"]
    left = 1 - summed["sum"] / whole.reindex(summed.index)
    assert (summed["size"] == 7).all()
    assert left.between(0.02, 0.15).all()


def test_one_source_an_area() -> None:
    """A seam between two vintages would read as a change in crime."""
    base = population().query("age == '_T'")
    vintage = base["source"].astype(str).str.replace("wpp2019p", "wpp2019")
    assert vintage.groupby([base["area"], base["sex"]], observed=True).nunique().max() == 1


def test_share_of_women_moves_slowly() -> None:
    wide = by_sex(population().query("age == '_T'")).droplevel("age")
    steps = (wide["F"] / wide["_T"]).unstack("year").diff(axis="columns").abs()  # noqa: PD010
    assert (steps.median().dropna() < 0.0004).all()
    assert steps.max().max() < 0.03


def test_parts_add_nearly_to_the_whole() -> None:
    wide = totals().pivot_table(index="year", columns="area", values="population", observed=True)
    for whole, members in parts().groupby("whole")["part"]:
        ratio = (wide[list(members)].sum(axis="columns", min_count=len(members)) / wide[whole]).dropna()
        assert len(ratio) == {"GBR": 20, "IRQ": 5}[whole]
        assert ratio.between(0.99, 1.01).all()


def test_population_of_parts_as_implied() -> None:
    table = population().set_index(["area", "year", "sex", "age"])
    assert set(table.loc[parts()["part"].tolist(), "source"]) == {"unodc_implied"}
    assert table.loc[("GBR_S", 2019), "population"].tolist() == [5463300, 2800297, 2663003]
    assert ("IRQ_C", 2015, "_T", "_T") not in table.index


def test_world_is_near_the_world_banks() -> None:
    """SP.POP.TOTL for WLD 2020: 7,854,748,424."""
    world = totals().query("year == 2020").set_index("area")["population"]
    members = groupings().query("code == '001'")["area"]
    assert world.reindex(members).sum() == pytest.approx(7_854_748_424, rel=0.0005)


GOOD = "area,year,sex,age,population,source\nMEX,2020,_T,_T,126014024,census\nSMP,2020,F,Y0T17,1000.5,own\n"


def own(folder: Path, text: str) -> Path:
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_own_population(tmp_path: Path) -> None:
    table = population(own(tmp_path, GOOD))
    assert table["population"].tolist() == [126014024.0, 1000.5]
    assert table.dtypes.tolist()[1:2] == population().dtypes.tolist()[1:2]
    assert table.columns.tolist() == [*population().columns, "citizenship"]


@pytest.mark.parametrize(
    ("row", "place", "fault"),
    [
        ("MXE,2020,_T,_T,5,x", "line 4, column area", "'MXE' is not a reporting unit.*Near: .*MEX"),
        (",2020,_T,_T,5,x", "line 4, column area", "'' is not a reporting unit"),
        ("PRT,20 20,_T,_T,5,x", "line 4, column year", "'20 20' is not a year"),
        ("PRT,2020.0,_T,_T,5,x", "line 4, column year", "'2020.0' is not a year"),
        ("PRT,2020,H,_T,5,x", "line 4, column sex", "'H' is not a sex"),
        ("PRT,2020,_U,_T,5,x", "line 4, column sex", "'_U' is not a sex"),
        ("Mexico,2020,Total,_T,5,x", "line 4, column area", "'Mexico' stands twice"),
        ("PRT,2020,F,15-17,5,x", "line 4, column age", "'15-17' is not an age band"),
        ('PRT,2020,_T,_T,"1,122",x', "line 4, column population", "'1,122' is not a number"),
        ("PRT,2020,_T,_T,,x", "line 4, column population", "'' is not a number"),
        ("PRT,2020,_T,_T,inf,x", "line 4, column population", "'inf' is not a number"),
        ("PRT,2020,_T,_T,-5,x", "line 4, column population", "'-5' is not above zero"),
        ("PRT,2020,_T,_T,0,x", "line 4, column population", "'0' is not above zero"),
        ("MEX,2020,_T,_T,5,x", "line 4, column area", "'MEX' stands twice"),
    ],
)
def test_faults_of_an_own_table(tmp_path: Path, row: str, place: str, fault: str) -> None:
    with pytest.raises(DefinitionError, match=f"own.csv, {place}: {fault}"):
        population(own(tmp_path, GOOD + row + "\n"))


def test_an_own_table_needs_no_ages_and_takes_names(tmp_path: Path) -> None:
    table = population(
        own(tmp_path, "area,year,sex,population\nPortugal,2020,Total,10500000.5\nPRT,2020,Women,5e6\n")
    )
    assert table[["area", "year", "sex", "age", "population"]].to_numpy().tolist() == [
        ["PRT", 2020, "_T", "_T", 10500000.5], ["PRT", 2020, "F", "_T", 5e6],
    ]  # fmt: skip
    bare = population(own(tmp_path, "area,year,population\nPRT,2020,10000000\n"))
    assert bare[["sex", "age"]].to_numpy().tolist() == [["_T", "_T"]]


def test_the_line_is_that_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="line 7, column population"):
        population(own(tmp_path, GOOD.replace("\n", "\n\n") + "PRT,2020,_T,_T,none,x\n" + "\n"))


def test_an_own_table_may_divide_by_citizenship_and_by_nothing_else(tmp_path: Path) -> None:
    text = "area,year,sex,age,population,citizenship\nMEX,2020,_T,_T,125000000,_T\nMEX,2020,_T,_T,1,FOR\n"
    table = population(own(tmp_path, text))
    assert table[["population", "citizenship", "source"]].to_numpy().tolist() == [
        [125_000_000, "_T", "own"],
        [1, "FOR", "own"],
    ]
    with pytest.raises(DefinitionError, match="line 1: has a column urban that is not known"):
        population(own(tmp_path, text.replace("citizenship", "urban")))


def test_an_own_table_without_a_column_or_a_file(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="has no column population"):
        population(own(tmp_path, "area,year,sex,age\nMEX,2020,_T,_T\n"))
    with pytest.raises(FileError):
        population(tmp_path / "none.csv")


@needs_shared
def test_the_script_writes_the_shipped_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = CHECKOUT / "scripts" / "make_areas.py"
    if not path.exists():
        pytest.skip("the script is not here")
    spec = importlib.util.spec_from_file_location("make_areas", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shutil.copytree(TABLES, tmp_path / "areas")
    monkeypatch.setattr(script, "TARGET", tmp_path / "areas")
    script.main(SHARED / "data")
    for name in ("areas.csv", "groupings.csv", "labels.csv", "population.csv"):
        assert (tmp_path / "areas" / name).read_bytes() == (TABLES / name).read_bytes(), name


@needs_shared
def test_names_that_unodc_publishes_are_known() -> None:
    folder = SHARED / "data"
    listed = read_csv(folder / "population" / "unodc_country_regions_m49.csv")
    files = [("reported_1990_2017", "Country"), ("justice_2003_2017", "Country")]
    files += [("country_estimates_1990_2017", "UNODC_Name"), ("counts_sex_age_2019_2023", "Country")]
    names = {
        name
        for file, column in files
        for name in read_csv(folder / "homicide" / f"homicide_{file}.csv")[column]
    }
    found = match(pd.Series(sorted(names | set(listed["country_as_published"]))))
    assert set(found.loc[found["area"] == "_U", "label"]) == {"Sark", "World"}
    coded = listed[~listed["iso3_code"].isin(["WORLD", "nan"])]
    assert match(coded["country_as_published"])["area"].tolist() == coded["iso3_code"].tolist()


@needs_shared
def test_totals_against_those_that_unodcs_rates_rest_on() -> None:
    from python_calamine import CalamineWorkbook

    (path,) = (SHARED / "data" / "unodc").glob("data_cts_violent_and_sexual_crime_*.xlsx")
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    table = pd.DataFrame(rows[3:], columns=rows[2]).query("Sex == 'Total' and VALUE > 0")
    key = ["Iso3_code", "Year", "Indicator", "Category"]
    counts, rates = (
        table[table["Unit of measurement"].str.startswith(unit)].drop_duplicates(key).set_index(key)["VALUE"]
        for unit in ("Counts", "Rate")
    )
    implied = (counts / rates * 100_000).dropna().groupby(level=["Iso3_code", "Year"]).first()
    ours = totals().astype({"area": str}).set_index(["area", "year"])["population"]
    ratio = (implied / ours.reindex(implied.index)).dropna()
    assert len(ratio) > 2000
    assert ratio.median() == pytest.approx(1, abs=0.002)
    assert ratio.between(0.95, 1.05).mean() > 0.85
    assert ratio["GBR_E_W"].between(0.99999, 1.00001).all()
    assert (ratio["MDA"] > 1.1).all()
