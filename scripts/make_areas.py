"""Write classification/areas from the published files.

    python scripts/make_areas.py FOLDER

FOLDER holds the files named in `source.toml`. Rows and notes of our own are
kept as they stand: in areas.csv the units that M49 does not list, names, kinds
and notes; in labels.csv the rows of the source `project`. The rest is written
anew, in the same order and rounding each time. How the population is made is
told in the README beside the tables.
"""

import hashlib
import sys
import tomllib
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

TARGET = Path(__file__).resolve().parents[1] / "classification" / "areas"
SOURCES = tomllib.loads((TARGET / "source.toml").read_text(encoding="utf-8"))["source"]
YEARS = range(1990, 2025)
AGE_YEARS = range(2013, 2025)
LAST_ESTIMATE = 2020  # WPP 2019: estimates to mid-2020, the medium projection after it
AS_ONE = {"area": ["CHI"], "Region Name": ["Europe"], "Sub-region Name": ["Northern Europe"]}
NO_POPULATION = ("CHI",)  # Guernsey and Jersey, who have rows of their own
NOT_IN_M49 = ("TWN",)  # the copy of M49 lists it, the United Nations do not
SEXES = {"Total": "_T", "Female": "F", "Male": "M"}
BANDS = {
    "Y0T9": (0, 9), "Y10T14": (10, 14), "Y20T24": (20, 24), "Y25T29": (25, 29),
    "Y30T44": (30, 44), "Y45T59": (45, 59), "Y_GE60": (60, 200),
}  # fmt: skip
KEY = ["area", "year"]
ROW = ["area", "year", "sex", "age", "population", "source"]


def files(folder: Path, key: str) -> list[Path]:
    (source,) = [entry for entry in SOURCES if entry["key"] == key]
    return [folder / file["name"] for file in source["files"]]


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def write(table: pd.DataFrame, name: str) -> None:
    table.to_csv(TARGET / name, index=False, encoding="utf-8", lineterminator="\n")
    print(f"{TARGET / name}: {len(table)} rows")


def warn_of_other_files(folder: Path) -> None:
    for file in [file for source in SOURCES for file in source["files"]]:
        found = hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest()
        if found != file["sha256"]:
            message = f"{file['name']} is not the file of source.toml: write its sha256 there, {found}"
            print(message, file=sys.stderr)


def m49(folder: Path) -> pd.DataFrame:
    table = read(*files(folder, "m49"))
    return table.rename(columns={"ISO-alpha3 Code": "area", "M49 Code": "m49", "ISO-alpha2 Code": "iso2"})


def areas(folder: Path) -> pd.DataFrame:
    """The table as it stands, with the codes of M49 and its new areas."""
    kept = read(TARGET / "areas.csv").set_index("area")
    listed = m49(folder).set_index("area")
    new = listed.index.difference(kept.index)
    added = pd.DataFrame({"name": listed.loc[new, "Country or Area"], "kind": "territory"}, index=new)
    table = pd.concat([kept, added]).fillna("")
    for code in ("m49", "iso2"):
        table[code] = listed[code].reindex(table.index).fillna(table[code])
    return table.sort_index().rename_axis("area").reset_index()


def groupings(folder: Path) -> pd.DataFrame:
    listed = m49(folder)
    placed = pd.concat([listed.assign(source="m49"), placed_by_unodc(folder, listed)])
    placed.loc[placed["area"].isin(NOT_IN_M49), "source"] = "unodc"
    levels = {
        "world": "Global",
        "region": "Region",
        "subregion": "Sub-region",
        "intermediate": "Intermediate Region",
    }
    parts = [
        pd.DataFrame({
            "grouping": "m49", "code": placed[f"{title} Code"], "name": placed[f"{title} Name"],
            "level": level, "area": placed["area"], "source": placed["source"],
        })
        for level, title in levels.items()
    ]  # fmt: skip
    parts += [development(listed, *group) for group in DEVELOPMENT]
    table = pd.concat([*parts, trafficking(folder, listed)])
    named = ["m49", "ldc", "lldc", "sids", "glotip", *levels, "group"]
    order = {name: place for place, name in enumerate(named)}
    table = table[table["code"] != ""].sort_values(
        ["grouping", "level", "code", "area"],
        key=lambda column: column.map(order) if column.name in ("grouping", "level") else column,
    )
    return table.reset_index(drop=True)


DEVELOPMENT = [
    ("ldc", "199", "Least Developed Countries (LDC)"),
    ("lldc", "432", "Land Locked Developing Countries (LLDC)"),
    ("sids", "722", "Small Island Developing States (SIDS)"),
]


def development(listed: pd.DataFrame, grouping: str, code: str, title: str) -> pd.DataFrame:
    members = listed.loc[listed[title] == "x", ["area"]]
    name = title.rsplit(" (", 1)[0]
    return members.assign(grouping=grouping, code=code, name=name, level="group", source="m49")


# Subregions of the trafficking report: code, name, name in the list of members from memory, M49 code
# whose countries fill it. Ten make four regions (2018 edition); the last two are parts of G12.
TRAFFICKING = [
    ("G11", "Sub-Saharan Africa", "Sub-Saharan Africa", "202"),
    ("G12", "North Africa and the Middle East", "North Africa|Middle East", ""),
    ("G21", "North America", "North America", ""),
    ("G22", "Central America and the Caribbean", "Central America and the Caribbean", ""),
    ("G23", "South America", "South America", ""),
    ("G31", "South Asia", "South Asia", ""),
    ("G32", "East Asia and the Pacific", "East Asia and the Pacific", "009"),
    ("G41", "Western and Southern Europe", "Western and Southern Europe", ""),
    ("G42", "Central and South-Eastern Europe", "Central and South-Eastern Europe", ""),
    ("G43", "Eastern Europe and Central Asia", "Eastern Europe and Central Asia", ""),
    ("G121", "North Africa", "North Africa", ""),
    ("G122", "Middle East", "Middle East", ""),
]
TRAFFICKING_REGIONS = {
    "G1": "Africa and the Middle East", "G2": "Americas",
    "G3": "South, East Asia and the Pacific", "G4": "Europe and Central Asia",
}  # fmt: skip
PRINTED = {  # members that an edition names: 2016, chapter III, note 111; 2009, regional overview
    "G41": "AND AUT BEL CHE DEU DNK ESP FIN FRA GBR GRC IRL ITA MLT NLD NOR PRT SWE TUR",
    "G43": "ARM AZE BLR GEO KAZ KGZ MDA RUS TJK TKM UKR UZB",
}


def trafficking(folder: Path, listed: pd.DataFrame) -> pd.DataFrame:
    """The trafficking report's own regions; the source of each membership says how sure it is."""
    recalled = read(*files(folder, "glotip_recalled"))
    kinds = read(TARGET / "areas.csv").set_index("area")["kind"]
    rows = []
    for code, name, kept_as, m49_code in TRAFFICKING:
        members = recalled[recalled["glotip_subregion"].str.contains(rf"^(?:{kept_as})\b")]["members_iso3"]
        known = (
            members.str.extractall(r"\b([A-Z]{3})\b(\??)")
            .set_axis(["area", "doubt"], axis="columns")
            .fillna("")
        )
        source = known["doubt"].map({"": "glotip_recalled", "?": "glotip_doubtful"})
        own = dict(zip(known["area"], source, strict=True))
        codes = listed[["Region Code", "Sub-region Code"]].eq(m49_code).any(axis="columns") & (m49_code != "")
        filled = [area for area in listed.loc[codes, "area"] if kinds[area] == "country"]
        own = dict.fromkeys(filled, "glotip_m49") | own
        own |= dict.fromkeys(PRINTED.get(code, "").split(), "glotip")
        level = "subregion" if len(code) == 3 else "intermediate"
        rows += [(code, name, level, area, source) for area, source in own.items()]
        if level == "subregion":
            region = code[:2]
            rows += [(region, TRAFFICKING_REGIONS[region], "region", area, own[area]) for area in own]
    return pd.DataFrame(rows, columns=["code", "name", "level", "area", "source"]).assign(grouping="glotip")


def placed_by_unodc(folder: Path, listed: pd.DataFrame) -> pd.DataFrame:
    """What UNODC reports on and M49 does not list (XKX, CHI), where UNODC puts it."""
    table = read(*files(folder, "unodc")).rename(
        columns={"iso3_code": "area", "region": "Region Name", "subregion": "Sub-region Name"}
    )
    table = table[table["area"].str.fullmatch("[A-Z]{3}") & ~table["area"].isin(listed["area"])]
    table = pd.concat([table, pd.DataFrame(AS_ONE)])
    codes = listed.drop_duplicates("Sub-region Name").drop(columns=["area", "Country or Area"])
    placed = table.merge(codes, on=["Region Name", "Sub-region Name"], validate="m:1")
    return placed.assign(source="unodc", **{"Intermediate Region Code": "", "Intermediate Region Name": ""})


def labels(folder: Path) -> pd.DataFrame:
    listed, codes, unodc = m49(folder), read(*files(folder, "country_codes")), read(*files(folder, "unodc"))
    bank = read(*files(folder, "wb")).drop_duplicates("Country Code")
    columns = [
        (unodc["country_as_published"], unodc["iso3_code"], "en", "unodc"),
        (listed["Country or Area"], listed["area"], "en", "m49"),
        (bank["Country Name"], bank["Country Code"], "en", "wb"),
        (codes["CLDR display name"], codes["ISO3166-1-Alpha-3"], "en", "country_codes"),
    ]
    for language, column in {"es": "es", "fr": "fr", "ru": "ru", "ar": "ar", "zh": "cn"}.items():
        columns.append(
            (codes[f"official_name_{column}"], codes["ISO3166-1-Alpha-3"], language, "country_codes")
        )
    found = [
        pd.DataFrame({"label": label.str.strip(), "area": area, "language": language, "source": source})
        for label, area, language, source in columns
    ]
    kept = read(TARGET / "labels.csv") if (TARGET / "labels.csv").exists() else found[0].iloc[:0]
    table = pd.concat([*found, kept[kept["source"] == "project"]])
    known = set(read(TARGET / "areas.csv")["area"])
    words = set(read(TARGET / "words.csv")["label"].str.casefold())
    plain = table["label"].str.replace(".", "").str.casefold()  # a word is of two areas, though a list has it
    table = table[table["area"].isin(known) & (table["label"] != "") & ~plain.isin(words)]
    return table.drop_duplicates(["label", "area"]).sort_values(["area", "label"])


def vintage(year: pd.Series) -> pd.Series:
    return pd.Series("wpp2019", index=year.index).where(year <= LAST_ESTIMATE, "wpp2019p")


def wpp2019(folder: Path) -> pd.DataFrame:
    """Women and men by age band, persons: area, year, sex, age, population, source."""
    table = pd.read_parquet(*files(folder, "wpp2019")).rename(columns={"iso3": "area"})
    table = table[table["year"].isin(YEARS)]
    start = table["age5"].str.extract(r"^(\d+)", expand=False).astype(int)
    table = table.assign(age="_O", sex=table["sex"].map(SEXES), population=table["population"] * 1000)
    for band, (low, high) in BANDS.items():
        table["age"] = table["age"].mask(start.between(low, high), band)
    return (
        table.groupby([*KEY, "sex", "age"], as_index=False)["population"].sum()
        .assign(source=lambda frame: vintage(frame["year"]))
    )  # fmt: skip


def wpp2024(folder: Path) -> pd.DataFrame:
    """Women and men under 18 and from 18, persons, in the columns of `wpp2019`."""
    both, male = [
        read(path).rename(columns={"ISO3 Alpha-code": "area", "Year": "year"}).query("area != ''")
        .astype({"year": int}).set_index(KEY)[["0-17", "18+"]].astype(float)
        for path in files(folder, "wpp2024")
    ]  # fmt: skip
    sexes = pd.concat({"M": male, "F": both - male}, names=["sex"]).rename(
        columns={"0-17": "Y0T17", "18+": "Y_GE18"}
    )
    table = sexes.reset_index().melt([*KEY, "sex"], var_name="age", value_name="population")
    return table.assign(population=table["population"] * 1000, source="wpp2024")


def bank(folder: Path) -> pd.DataFrame:
    table = read(*files(folder, "wb")).set_axis(["name", "area", "year", "population"], axis="columns")
    table = table.astype({"year": int, "population": float}).query("year in @YEARS")
    return table[[*KEY, "population"]].assign(source="wb")


def implied(folder: Path) -> pd.DataFrame:
    """Population that the published counts and rates rest on: area, year, sex, population."""
    pairs = pd.concat([pairs_of(path) for path in files(folder, "unodc_implied")])
    pairs["implied"] = pairs["count"] / pairs["rate"] * 100_000
    found = pairs.groupby([*KEY, "sex"])["implied"].agg(["min", "max"])
    if (found["max"] / found["min"] - 1).max() > 1e-6:
        sys.exit("Counts and rates of one area, year and sex imply different populations.")
    best = pairs.sort_values("count", ascending=False, kind="stable").drop_duplicates([*KEY, "sex"])
    return best[[*KEY, "sex"]].assign(population=best["implied"])


def pairs_of(path: Path) -> pd.DataFrame:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    table = pd.DataFrame(rows[3:], columns=rows[2]).rename(columns={"Iso3_code": "area", "Year": "year"})
    table = table[table["Age"] == "Total"].astype({"year": int, "VALUE": float}).query("year in @YEARS")
    table["sex"] = table["Sex"].map(SEXES)
    key = [*KEY, "sex", "Indicator", "Dimension", "Category"]
    values = {
        unit: table[table["Unit of measurement"] == title].drop_duplicates(key).set_index(key)["VALUE"]
        for unit, title in {"count": "Counts", "rate": "Rate per 100,000 population"}.items()
    }
    return pd.DataFrame(values).dropna().query("count > 0 and rate > 0").reset_index()


def totals(folder: Path, by_age: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """One total an area and year, one source an area: World Bank, else WPP 2019, else WPP 2024."""
    table = bank(folder)
    for age_table in (by_age, wpp2024(folder)):
        summed = age_table.groupby([*KEY, "source"], as_index=False)["population"].sum()
        table = pd.concat([table, summed[~summed["area"].isin(table["area"])]])
    return table[table["area"].isin(known) & ~table["area"].isin(NO_POPULATION)]


def by_sex(total: pd.DataFrame, *age_tables: pd.DataFrame) -> pd.DataFrame:
    """Women and men who add to the total, by the share of the first table that has the area."""
    shares = pd.DataFrame(columns=[*KEY, "women", "share_source"])
    for table in age_tables:
        wide = table.pivot_table(index=[*KEY, "source"], columns="sex", values="population", aggfunc="sum")
        share = (wide["F"] / (wide["F"] + wide["M"])).rename("women").reset_index()
        share = share.rename(columns={"source": "share_source"})
        new = share[~share["area"].isin(shares["area"])]
        shares = pd.concat([shares, new]) if len(shares) else new
    joined = total.merge(shares, on=KEY, validate="1:1")
    women = (joined["population"] * joined["women"]).round()
    source = joined_source(joined["source"], joined["share_source"])
    return pd.concat([
        joined[KEY].assign(sex="F", population=women, source=source),
        joined[KEY].assign(sex="M", population=joined["population"] - women, source=source),
    ])  # fmt: skip


def joined_source(first: pd.Series, second: pd.Series) -> pd.Series:
    return first.where([b in a.split("+") for a, b in zip(first, second, strict=True)], first + "+" + second)


def by_age(sexes: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Each sex divided over the age bands of the table; both sexes are their sum."""
    share = table["population"] / table.groupby([*KEY, "sex"])["population"].transform("sum")
    shares = table[[*KEY, "sex", "age"]].assign(share=share, share_source=table["source"])
    joined = sexes.merge(shares, on=[*KEY, "sex"])
    joined["population"] = (joined["population"] * joined["share"]).round()
    joined["source"] = joined_source(joined["source"], joined["share_source"])
    both = joined.groupby([*KEY, "age", "source"], as_index=False)["population"].sum().assign(sex="_T")
    return pd.concat([joined[ROW], both[ROW]])


def implied_rows(folder: Path, chosen: set[str]) -> pd.DataFrame:
    """Totals of the chosen areas, and the sexes where both are implied and add to the total."""
    wide = implied(folder).query("area in @chosen").set_index([*KEY, "sex"])
    wide = wide["population"].unstack("sex").dropna(subset="_T")  # noqa: PD010
    apart = (wide["F"] + wide["M"]) / wide["_T"] - 1
    rounded = wide.round().assign(M=wide["_T"].round() - wide["F"].round())
    rounded.loc[~(apart.abs() < 1e-6), ["F", "M"]] = float("nan")
    rows = rounded.reset_index().melt(KEY, var_name="sex", value_name="population")
    return rows.dropna().assign(source="unodc_implied")


def population(folder: Path, units: pd.DataFrame) -> pd.DataFrame:
    five_year, select = wpp2019(folder), wpp2024(folder)
    countries = set(units.loc[~units["kind"].isin(["part", "invented"]), "area"])
    lacking = countries - set(bank(folder)["area"]) - set(five_year["area"])
    parts = implied_rows(folder, set(units.loc[units["kind"] == "part", "area"]) | lacking)
    total = totals(folder, five_year, countries - set(parts["area"]))
    sexes = by_sex(total, five_year, select)
    bands = by_age(sexes[sexes["year"].isin(AGE_YEARS)], five_year).query("age != '_O'")
    table = pd.concat([
        total.assign(sex="_T", age="_T"), sexes.assign(age="_T"), parts.assign(age="_T"),
        bands, by_age(sexes, select),
    ])[ROW]  # fmt: skip
    order = {"_T": 0, "F": 1, "M": 2}
    table = table.astype({"population": int}).sort_values(
        [*KEY, "sex", "age"], key=lambda column: column.map(order) if column.name == "sex" else column
    )
    return table[table["population"] > 0]


def main(folder: Path) -> None:
    warn_of_other_files(folder)
    units = areas(folder)
    write(units, "areas.csv")
    write(groupings(folder), "groupings.csv")
    write(labels(folder), "labels.csv")
    write(population(folder, units), "population.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
