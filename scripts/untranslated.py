"""The English texts that have no translation yet, one a line, as CSV for `questionnaires/translations/<language>.csv`.

    python scripts/untranslated.py fr > new.csv      columns english, text (empty), where
    python scripts/untranslated.py                   how many are lacking in each language

Labels of items are composed of segments (`Males: 0-9 years`), each translated once.
"""

import csv
import sys
from collections.abc import Iterator

from crimestats.files import read_csv, read_toml, shipped
from crimestats.questionnaire.languages import LANGUAGES, is_translated

FOLDER = shipped("questionnaires")
LISTS = ("agency", "choice", "state", "severity")


def texts() -> dict[str, str]:
    """Every English text that a sender may read, and where it stands first."""
    found: dict[str, str] = {}
    for text, where in (*labels(), *messages(), *lists()):
        if text:
            found.setdefault(text, where)
    return found


def labels() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob("**/labels.en.csv")):
        for key, text in read_csv(path, ("key", "text")).itertuples(index=False):
            for part in text.split(": ") if key.startswith("item.") else [text]:
                yield part, f"{path.parent.name} {key}"


def messages() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob("**/rules.toml")):
        rules = read_toml(path).get("rule", ()) if path.parent.name != "published" else ()
        for rule in rules:
            yield rule["message"], f"{path.parent.name} {rule['id']}"
            yield rule.get("undecided", ""), f"{path.parent.name} {rule['id']}"


def lists() -> Iterator[tuple[str, str]]:
    codes = read_csv(FOLDER / "codelists.csv", ("dimension", "code", "label"))
    for row in codes[codes["dimension"].isin(LISTS)].itertuples():
        yield row.label, f"codelist {row.dimension}"
    for path in sorted((FOLDER / "texts").glob("*.csv")):
        for text in read_csv(path, ("english",))["english"]:
            yield text, f"texts {path.stem}"


def main() -> None:
    if len(sys.argv) < 2:
        for language in LANGUAGES[1:]:
            lacking = sum(not is_translated(text, language) for text in texts())
            print(f"{language}: {lacking} of {len(texts())} lacking")
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["english", "text", "where"])
    for text, where in texts().items():
        if not is_translated(text, sys.argv[1]):
            writer.writerow([text, "", where])


if __name__ == "__main__":
    main()
