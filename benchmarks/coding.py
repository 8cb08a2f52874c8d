"""Honest figures of the text coder: on lists of countries that were left out of training altogether.

    python benchmarks/coding.py FOLDER --out figures.md    published lists, in FOLDER/offences
    python benchmarks/coding.py                            the shipped tables, our own decisions as truth
    python benchmarks/coding.py --only US,PE               some countries; --without phrases: nor the own index

Each country needs a training of its own, about two minutes with the plain
baseline. Caseloads are read from FOLDER/incidents.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import cpu_count
from pandas import DataFrame, Series
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from crimestats import coding
from crimestats.classification import Classification, Correspondence, schemes
from crimestats.coding.coder import Tree
from crimestats.coding.cues import Cues
from crimestats.coding.texts import folded, plain, words

OUT = {"US": ["US"], "GB-EAW": ["GB"], "DE": ["DE"], "PE": [], "FR": ["FR"], "BR": ["BR"],
       "MX": ["MX"], "CA": ["CA"], "IN": ["IN"]}  # fmt: skip
"""What is not learnt from; no list of Peru is shipped."""

RATHER = {"DE": ("BKA PKS Schlüssel", "de-pks")}  # the lists that are coded, where not all
PRINTED = {"02049": "02044"}  # trafficking for other purposes: the published code is a misprint
PROMISES, LEVELS, NEAR = (0.85, 0.90, 0.95, 0.99), (1, 2, 3, 4), 0.8
LOADING = """from time import perf_counter as now; start = now(); from crimestats.coding import load
imported = now(); load({path!r}); first = now(); load({path!r})
print(imported - start, first - imported, now() - first)"""

NOTES = f"""\
Level 1 to 4: share of rows whose best code at that level is the true one, (rows): the true code cut to the level; rows whose
true code ends above it are not counted. A refusal (a sum of offences, no words) is a wrong answer. Top 5: the true code itself,
and its division, among the five candidates (rows with a division). hF: hierarchical F on the sets of a code's ancestors and
itself, of the likeliest candidate, and of the code given at a promise of 0.95. F1: unweighted mean over the divisions that are
true or suggested. ECE: expected calibration error of p_l2, ten equal bins, rows with a true and a suggested division.
Automation: share of rows that get a code: share of these codes that are or contain the true one, a code deeper than the true
one being wrong (the same without rows whose true code is a section only; a deeper code within the true one being right too).
Deduplicated: no row whose words stand among the training examples, each text once in a country. Unlike: of these, none with a
cosine of {NEAR} or more (runs of characters) to a training example. A country's lists are left out, the project's own index is
not, and it has words of many laws. The baseline is TF-IDF on words and pairs with a linear support vector machine for each
category, taught by the same examples. People agree among themselves on about .89 to .95 at level 1."""


def published(folder: Path) -> DataFrame:
    """Rows of the published lists, with caseloads where there are any."""
    table = pd.read_csv(folder / "offences" / "labelled_offences.csv", dtype=str, keep_default_na=False)
    table = table.rename(columns={"description": "text", "iccs_code": "truth", "national_code": "place"})
    table["truth"], cases = table["truth"].replace(PRINTED), caseloads(folder / "incidents")
    keys = table[["source", "place"]]
    same = keys.groupby(["source", "place"])["place"].transform("size")  # a code of two rows counts once
    return table.assign(cases=cases.reindex(pd.MultiIndex.from_frame(keys)).to_numpy() / same)


def caseloads(folder: Path) -> "Series[float]":
    """Recorded offences by list and code: Chicago (violent offences of 2012), and Arizona 2016."""
    found = {}
    if (folder / "chicago_crimes_10000.csv").is_file():
        chicago = pd.read_csv(folder / "chicago_crimes_10000.csv", dtype=str, keep_default_na=False)
        found["Illinois IUCR"] = chicago["iucr"].value_counts()
    if (folder / "AZ-2016.zip").is_file():
        with zipfile.ZipFile(folder / "AZ-2016.zip") as archive:
            named = {Path(name).name: name for name in archive.namelist()}
            offences, kinds = (pd.read_csv(archive.open(named[f"nibrs_{name}.csv"]), dtype=str)
                               for name in ("offense", "offense_type"))  # fmt: skip
        found["FBI NIBRS"] = offences.merge(kinds, on="offense_type_id")["offense_code"].value_counts()
    return pd.concat(found or {"": Series(dtype=float)}).astype(float)


def shipped() -> DataFrame:
    """Rows of the shipped tables; there are no caseloads."""
    tables = [Correspondence.load(scheme) for scheme in schemes()["scheme"]]
    rows = pd.concat(
        DataFrame({"country": table.country or "INT", "source": table.scheme, "language": table.language,
                   "place": table.data["code"], "text": table.data["title"], "truth": table.data["iccs"]})
        for table in tables
    )  # fmt: skip
    rows = rows[rows["truth"].isin(Classification.load("iccs").codes)].assign(cases=np.nan)
    return rows.drop_duplicates(["source", "text", "truth"])


def of_country(rows: DataFrame, name: str) -> DataFrame:
    chosen = rows["country"].str.split("-").str[0] == name.split("-")[0]
    chosen &= rows["source"].isin(RATHER.get(name, set(rows["source"])))
    return rows[chosen].assign(country=name).reset_index(drop=True)


def lines(codes: Any) -> np.ndarray:
    """The code at each level, empty below its own."""
    iccs = Classification.load("iccs")
    ways = {code: [*reversed(iccs.ancestors(code)), code, "", "", ""][:4] for code in iccs.codes}
    return np.array([ways.get(code, [""] * 4) for code in codes], dtype=object).reshape(-1, 4)


def coded(rows: DataFrame, coder: coding.Coder) -> DataFrame:
    """Rows with what the coder says, each language by itself as a user would."""
    parts = []
    for language, part in rows.groupby("language", sort=False):
        each = {promise: coding.suggest(part["text"], language, coder=coder, precision=promise)
                for promise in PROMISES}  # fmt: skip
        found = each[PROMISES[0]][["code_l1", "code_l2", "code_l3", "code_l4", "p_l2", "top5"]]
        given = {f"at_{promise}": table["code"].to_numpy() for promise, table in each.items()}
        parts.append(part.join(found.add_prefix("coder_").set_index(part.index)).assign(**given))
    return pd.concat(parts).sort_index()


def likened(rows: DataFrame, coder: coding.Coder) -> DataFrame:
    """Rows with their plain words, whether a training example has them, and the greatest cosine to one."""
    seen = {*coder.examples["words"], *coder.examples["text"].map(plain)}
    text = rows["text"].map(plain)
    bare = Cues.load().find(folded(rows["text"]))["bare"].map(words)
    runs = coder.features.weigh(coder.features.counts([text])[0])[1]
    blocks = [runs[start : start + 200] @ coder.vectors.T for start in range(0, len(rows), 200)]
    near = np.concatenate([block.max(axis=1).toarray().ravel() for block in blocks])
    return rows.assign(words=text, is_seen=text.isin(seen) | bare.isin(seen), near=near)


def baseline(rows: DataFrame, coder: coding.Coder) -> DataFrame:
    """Rows with what the plain model says, at each level by the same way down the tree."""
    examples = coder.examples[coder.examples["code"] != ""]
    features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode")
    model = LinearSVC(C=0.5, random_state=0).fit(features.fit_transform(examples["text"]), examples["code"])
    margins = model.decision_function(features.transform(rows["text"]))
    shares = np.exp(10 * (margins - margins.max(axis=1, keepdims=True)))
    tree = Tree.of(tuple(model.classes_))
    places, _ = tree.best(shares / shares.sum(axis=1, keepdims=True))
    levels = {f"plain_code_l{level}": np.where(place < 0, "", names[place])
              for level, place, names in zip(LEVELS, places, tree.codes, strict=True)}  # fmt: skip
    top = model.classes_[np.argsort(-margins, axis=1)[:, :5]]
    return rows.assign(**levels, plain_top5=[" ".join(row) for row in top])


def mean(is_right: Any, counts: Any, weight: Any) -> str:
    total = weight[counts].sum()
    return f"{(is_right[counts] * weight[counts]).sum() / total:.3f}" if total else "-"


def hierarchical(truth: np.ndarray, found: np.ndarray, weight: np.ndarray) -> str:
    """F of Kiritchenko et al. (2006): summed over all rows, then divided."""
    sets = ((truth == found) & (truth != ""), truth != "", found != "")
    common, true, said = (float(cells.sum(axis=1) @ weight) for cells in sets)
    return f"{2 * common / (true + said):.3f}"


def figures(rows: DataFrame, of: str, weight: np.ndarray) -> list[str]:
    """One line of the first table: of the coder or the plain model; the last two are never weighted."""
    truth = lines(rows["truth"])
    found = rows[[f"{of}_code_l{level}" for level in LEVELS]].to_numpy(object)
    counts = truth != ""
    cells = [
        f"{mean((truth == found)[:, k], counts[:, k], weight)} ({counts[:, k].sum():,})" for k in range(4)
    ]
    divided = counts[:, 1]
    five = [text.split() for text in rows[f"{of}_top5"]]
    is_among = np.array([code in top for code, top in zip(rows["truth"], five, strict=True)])
    is_near = np.array([code in {c[:4] for c in top} for code, top in zip(truth[:, 1], five, strict=True)])
    cells += [mean(is_among, divided, weight), mean(is_near, divided, weight)]
    cells.append(hierarchical(truth, lines([(*top, "")[0] for top in five]), weight))
    cells.append(hierarchical(truth, lines(rows["at_0.95"]), weight) if of == "coder" else "")
    labels = sorted({*truth[divided, 1], *found[divided, 1]} - {""})
    ends = [list(each[divided, 1]) for each in (truth, found)]
    score = f1_score(*ends, labels=labels, average="macro", zero_division=0)
    cells.append(f"{score:.3f} ({len(labels)})")
    judged = divided & (found[:, 1] != "")
    likely = rows["coder_p_l2"].to_numpy(float)[judged]
    gaps = np.bincount((likely * 10).clip(0, 9).astype(int), (truth == found)[judged, 1] - likely)
    cells.append(f"{np.abs(gaps).sum() / max(1, len(likely)):.3f}" if of == "coder" else "")
    return cells


def automation(rows: DataFrame, promise: float) -> str:
    """How many rows get a code at a promise, and how many of these are right."""
    code, true = rows[f"at_{promise}"].to_numpy(object), rows["truth"].to_numpy(object)
    given, every = code != "", np.ones(len(rows))
    right = np.array([t.startswith(c) for t, c in zip(true, code, strict=True)])
    lenient = right | np.array([c.startswith(t) for t, c in zip(true, code, strict=True)])
    divided = given & np.array([len(t) > 2 for t in true])
    known, largely = mean(right, divided, every), mean(lenient, given, every)
    return f"{given.mean():.3f}: {mean(right, given, every)} ({known}; {largely})"


def groups(rows: DataFrame) -> list[tuple[str, DataFrame]]:
    """Country and language; and a language of several countries as a whole."""
    found = [(" ".join(key), part) for key, part in rows.groupby(["country", "language"], sort=False)]
    several = rows.groupby("language")["country"].nunique()
    return found + [(f"all {name}", rows[rows["language"] == name]) for name in several.index[several > 1]]


def table(head: str, body: list[list[str]]) -> str:
    columns = head.split("|")
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *body])


def report(rows: DataFrame) -> list[str]:
    """The tables of all sets of rows."""
    fresh = rows[~rows["is_seen"]].drop_duplicates(["country", "words"])
    sets = {"All rows": rows, "Deduplicated": fresh, "Unlike": fresh[fresh["near"] < NEAR]}
    head = "left out|model|level 1|level 2|level 3|level 4|top 5|its division|hF|hF at .95"
    parts = []
    for title, some in sets.items():
        body = [[name, label, *figures(part, of, np.ones(len(part)))] for name, part in groups(some)
                for label, of in (("coder", "coder"), ("baseline", "plain")) if f"{of}_top5" in part]  # fmt: skip
        parts += [f"### {title}", table(f"{head}|F1 level 2 (divisions)|ECE", body)]
        body = [[name, f"{len(part):,}", *(automation(part, promise) for promise in PROMISES)]
                for name, part in groups(some)]  # fmt: skip
        names = "|".join(f"promised {promise:.2f}" for promise in PROMISES)
        parts += [f"#### {title}: precision against automation", table(f"left out|rows|{names}", body)]
    body = []
    for (country, source), part in rows[rows["cases"] > 0].groupby(["country", "source"], sort=False):
        counted = f"{len(part)} codes, {part['cases'].sum():,.0f} cases"
        body.append([country, source, counted, *figures(part, "coder", part["cases"].to_numpy())[:8]])
    none = sorted(set(rows["country"]) - {line[0] for line in body})
    weighted = table(head.replace("model", "list|counted"), body) if body else ""
    return [*parts, "### Weighted by caseload", weighted, f"No counts: {', '.join(none)}." if none else ""]


def seconds(texts: list[str], coder: coding.Coder, clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    coding.suggest(texts, "en", coder=coder)
    return clock() - start


def costs(coder: coding.Coder, trained: list[list[float]]) -> str:
    """Speed, loading time, size and training time, measured now."""
    draw = np.random.default_rng(0)
    vocabulary = np.unique(" ".join(coder.examples["words"]).split())
    many = [f"{text} {one} {two}" for text, one, two in zip(
        draw.choice(coder.examples["text"].unique(), 120_000), *draw.choice(vocabulary, (2, 120_000)), strict=True)]  # fmt: skip
    many = list(dict.fromkeys(many))[:100_000]
    walls = [seconds(many, coder) for _ in range(4)][1:]  # the processes load the model in the first
    with threadpool_limits(1):
        alone = seconds(many[:8_000], coder, time.process_time)
    command = [sys.executable, "-c", LOADING.format(path=coder.path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    imported, first, again = map(float, printed.split())
    return table("cost|measured", [
        [f"{len(many):,} different texts, {cpu_count()} processes, warm", f"{len(many) / np.median(walls):,.0f} texts a second"],
        ["8,000 different texts, one core", f"{8_000 / alone:,.0f} texts a CPU second"],
        ["importing crimestats.coding; loading the model; the same again", f"{imported:.2f} s; {first:.2f} s; {again:.2f} s"],
        ["model file", f"{Path(coder.path).stat().st_size / 1e6:.1f} MB, {len(coder.examples):,} examples"],
        ["training", "{:.0f} s, {:.0f} CPU seconds".format(*np.median(trained, axis=0)) + f" (median of {len(trained)})"],
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="of the published files")
    parser.add_argument("--only", default=",".join(OUT), help="countries")
    parser.add_argument("--without", choices=("phrases", "index"), help="not learnt from either")
    parser.add_argument("--quick", action="store_true", help="without the plain baseline")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not set(wanted := options.only.split(",")) <= set(OUT):
        parser.error(f"--only takes {', '.join(OUT)}")
    every = published(options.folder) if options.folder else shipped()
    if unknown := set(every["truth"]) - set(Classification.load("iccs").codes):
        sys.exit(f"Codes that the ICCS does not have: {', '.join(sorted(unknown))}")
    judged, trained, start = [], [], time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        for name in wanted:
            rows = of_country(every, name)
            if rows.empty:
                continue
            print(f"{time.perf_counter() - start:4.0f} s  {name}: {len(rows):,} rows", file=sys.stderr)
            path, clocks = Path(place) / f"{name}.skops", (time.perf_counter, time.process_time)
            before = [clock() for clock in clocks]
            coding.save(coding.train(OUT[name] + ([options.without] if options.without else [])), path)
            trained.append([clock() - then for clock, then in zip(clocks, before, strict=True)])
            coder = coding.load(path)
            seen = likened(coded(rows, coder), coder)
            judged.append(seen if options.quick else baseline(seen, coder))
        cost = costs(coder, trained) if judged else parser.error("--only: there are no rows of these")
    given = " --quick" * options.quick + " FOLDER" * bool(options.folder)
    given += f" --without {options.without}" * bool(options.without)
    parts = [f"## Text coder: `python benchmarks/coding.py{given}`", *report(pd.concat(judged, ignore_index=True)),
             "### Costs", cost, NOTES]  # fmt: skip
    text = "\n\n".join(part for part in parts if part) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
