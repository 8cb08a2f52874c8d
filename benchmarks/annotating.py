"""Annotating a round: what it costs to send every workbook back, against reading the same files with openpyxl.

    python benchmarks/annotating.py                  200 workbooks of about 1,400 input cells, 40 questions each
    python benchmarks/annotating.py --workbooks 20

Both steps run in one process, one after the other, on the same files; openpyxl
is what would be used otherwise, and it reads here without writing. Only the
ratio travels between machines.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import openpyxl
import pandas as pd

import crimestats as cs
from crimestats.frames import FINDINGS
from crimestats.validation.annotating import annotate

sys.path.append(str(Path(__file__).resolve().parent))
from world_round import workbooks


def questions(path: Path, number: int) -> pd.DataFrame:
    """Findings at cells spread over the figures of a workbook, of all severities."""
    definition = cs.Questionnaire.load("un-cts-2024")
    cells = cs.read(path, definition)
    figures = cells[cells["item"].astype(str).isin([item.item for item in definition])]
    chosen = figures.iloc[:: max(1, len(figures) // number)].head(number)
    texts = {name: chosen[name].astype(str) for name in ("return_id", "area", "sheet", "cell", "item")}
    table = pd.DataFrame(texts).assign(year=chosen["year"])
    table["finding_id"] = [f"{row:016x}" for row in range(len(table))]
    table["severity"] = [("error", "query", "note")[row % 3] for row in range(len(table))]
    table["question"] = "total 412, but its parts add to 403. Correct one of them, or explain the difference."
    rest = {name: "CTS24-001" for name in FINDINGS.columns if name not in table}
    return FINDINGS.cast(table.assign(**rest))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workbooks", type=int, default=200)
    parser.add_argument("--questions", type=int, default=40)
    chosen = parser.parse_args()
    definition = cs.Questionnaire.load("un-cts-2024")
    with tempfile.TemporaryDirectory() as folder:
        paths = workbooks(Path(folder), chosen.workbooks)
        asked = [questions(path, chosen.questions) for path in paths]
        start = time.perf_counter()
        for path in paths:
            openpyxl.load_workbook(path)
        read = time.perf_counter() - start
        start = time.perf_counter()
        done = [
            annotate(path, path.with_name(f"back_{path.name}"), table, definition=definition)
            for path, table in zip(paths, asked, strict=True)
        ]
        spent = time.perf_counter() - start
    cells = sum(each.cells for each in done)
    print(f"{len(done)} workbooks, {cells:,} cells coloured, on one core")
    print(f"annotating         {spent:7.2f} s  {spent / len(done) * 1000:6.0f} ms a workbook")
    print(f"reading, openpyxl  {read:7.2f} s")
    print(f"ratio              {spent / read:7.2f}")


if __name__ == "__main__":
    main()
