"""The terminal at which a person decides texts by single keys."""

import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pandas import DataFrame

FOUND = 9
"""Categories that a search offers: one key each."""

_END = ("", "\x03", "\x04")


class Keys:
    """Single keys of a terminal; without one, the characters of standard input."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdin.isatty()

    def key(self) -> str:
        """The next key; empty at the end of the input, and when interrupted."""
        try:
            if self.is_terminal:
                return typer.getchar()
            letter = sys.stdin.read(1)
            while letter and letter.isspace():
                letter = sys.stdin.read(1)
        except (KeyboardInterrupt, EOFError):
            return ""
        return letter

    def line(self, prompt: str) -> str:
        """A line that is typed; empty where it is given up."""
        try:
            if self.is_terminal:
                return input(f"{prompt} ").strip()
            line = sys.stdin.readline()
            if line in ("\n", "\r\n"):  # the end of the line on which the key stands
                line = sys.stdin.readline()
        except (KeyboardInterrupt, EOFError):
            return ""
        return line.strip()


class Desk:
    """A queue worked through by one coder; every decision is on the disk before the next text is shown.

    Args:
        queue: Texts to decide (`coding.review.QUEUE`).
        path: The record of decisions.
        decisions: What it holds.
        coder: Who decides.
        is_blind: Show no suggestion, and the candidates in the order of their codes.
        kind: What the rows of the record are: `decision` or `resolution`.
        keys: Where keys come from.
    """

    def __init__(
        self,
        queue: "DataFrame",
        path: Path,
        decisions: "DataFrame",
        coder: str,
        is_blind: bool = False,
        kind: str = "decision",
        keys: Keys | None = None,
    ) -> None:
        from rich import get_console

        from crimestats.classification import Classification
        from crimestats.coding.decisions import standing

        self.path, self.coder, self.is_blind, self.kind = path, coder, is_blind, kind
        self.keys = keys or Keys()
        self.iccs = Classification.load("iccs")
        self.screen = get_console()
        texts: list[dict[str, Any]] = [
            {str(name): value for name, value in row.items()} for row in queue.to_dict("records")
        ]
        now = standing(decisions)
        mine = now[now["by"] == coder.strip().casefold()]
        order = {unit: place for place, unit in enumerate(mine["unit"])}
        done = [text for text in texts if text["unit"] in order]
        self.done = sorted(done, key=lambda text: order[text["unit"]])
        self.waiting = deque(text for text in texts if text["unit"] not in order)
        self.n_texts, self.n_skipped, self.n_decided, self.why = len(texts), 0, 0, ""

    def run(self) -> None:
        """Show one text after the other until all are decided or the coder quits."""
        if self.done:
            self._say(f"{len(self.done)} of {self.n_texts} are decided already; going on where you stopped.")
        while self.waiting:
            self._show(self.waiting[0])
            if not self._answer(self.waiting[0]):
                break
        left = len(self.waiting) + self.n_skipped
        self._say(f"Decided now: {self.n_decided}. Decided in all: {len(self.done)} of {self.n_texts}.")
        if left:
            self._say(f"{left} are left ({self.n_skipped} skipped): the same command goes on with them.")

    def _answer(self, text: dict[str, Any]) -> bool:
        """Take keys until the text is decided, skipped or left; False to end."""
        actions = {"c": self._code, "n": self._note, "s": self._skip, "u": self._undo, "a": self._accept,
                   "p": self._parent}  # fmt: skip
        while True:
            key = self.keys.key().lower()
            if key == "q" or key in _END:
                return False
            if key == "0":
                moved = self._decide(text, "")
            elif key in set("12345"):
                moved = self._take(text, int(key))
            elif key in actions:
                moved = actions[key](text)
            else:
                moved = self._tell(f"{key!r} is none of the keys below.", is_menu=True)
            if moved:
                return True

    def _take(self, text: dict[str, Any], rank: int) -> bool:
        offered = self._offered(text)
        if rank > len(offered):
            return self._tell(f"There is no candidate {rank}.")
        return self._decide(text, offered[rank - 1][0])

    def _accept(self, text: dict[str, Any]) -> bool:
        if self.is_blind or not text["suggested"]:
            return self._tell("Nothing is suggested here: take a candidate, or type c for a code.")
        return self._decide(text, text["suggested"])

    def _parent(self, text: dict[str, Any]) -> bool:
        parent = self._above(text)
        if parent is None:
            return self._tell("There is no parent to take here: type c for a code.")
        return self._decide(text, parent)

    def _above(self, text: Mapping[str, Any]) -> str | None:
        """Parent of what is suggested, or of the best candidate if nothing is."""
        code = text["suggested"] or text["candidate_1"]
        return None if self.is_blind or not code else self.iccs.parent(code)

    def _code(self, text: dict[str, Any]) -> bool:
        """A code, or words to search for."""
        from crimestats.errors import ClassificationError

        written = self.keys.line("Code or words:")
        if not written:
            return self._tell("Nothing typed.")
        if written in self.iccs:
            return self._decide(text, written)
        try:
            meant = self.iccs.resolve(written)
        except ClassificationError:
            return self._search(text, written)
        self._say(f"{written} is {meant} {self._called(meant, text)}? Type y to take it.")
        return self._decide(text, meant) if self.keys.key().lower() == "y" else self._tell("Not taken.")

    def _search(self, text: dict[str, Any], words: str) -> bool:
        found = self.iccs.search(words, limit=FOUND)
        if found.empty:
            return self._tell(f"Nothing is called like {words[:60]!r}.")
        codes = found["code"].tolist()
        self._list([(code, self._called(code, text), "") for code in codes])
        self._say("Type its number to take one, any other key to leave it.")
        key = self.keys.key()
        if key.isdecimal() and 1 <= int(key) <= len(codes):
            return self._decide(text, codes[int(key) - 1])
        return self._tell("Not taken.")

    def _decide(self, text: dict[str, Any], code: str) -> bool:
        from crimestats.coding.decisions import decision, record

        record(self.path, [decision(text, code, self.coder, self.why, self.is_blind, self.kind)])
        self.why = ""
        self.waiting.popleft()
        self.done.append(text)
        self.n_decided += 1
        self._say(f"= {code} {self._called(code, text)}" if code else "= no category")
        if code and self.iccs.level(code) == 1:
            self._say("That is a whole section; the ICCS wants a division at least. u takes it back.")
        return True

    def _note(self, text: dict[str, Any]) -> bool:
        self.why = self.keys.line("Why:")
        return self._tell(f"Noted: {self.why}" if self.why else "No note.")

    def _skip(self, text: dict[str, Any]) -> bool:
        self.waiting.popleft()
        self.n_skipped += 1
        self.why = ""
        self._say("Skipped.")
        return True

    def _undo(self, text: dict[str, Any]) -> bool:
        from crimestats.coding.decisions import decision, record

        if not self.done:
            return self._tell("Nothing to undo.")
        last = self.done.pop()
        record(self.path, [decision(last, "", self.coder, "", self.is_blind, "withdrawal")])
        self.n_decided, self.why = max(self.n_decided - 1, 0), ""
        self.waiting.appendleft(last)
        self._say("Taken back.")
        return True

    def _offered(self, text: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        ranked = [
            (text[f"candidate_{rank}"], text[f"title_{rank}"], text[f"note_{rank}"]) for rank in range(1, 6)
        ]
        there = [each for each in ranked if each[0]]
        return sorted(there) if self.is_blind else there

    def _called(self, code: str, text: Mapping[str, Any]) -> str:
        category = self.iccs[code]
        return category.titles.get(str(text["language"])) or category.title

    def _show(self, text: Mapping[str, Any]) -> None:
        from rich.panel import Panel
        from rich.text import Text

        head = f"{len(self.done) + self.n_skipped + 1} of {self.n_texts}"
        if text["rows"] != "" and float(text["weight"]) != 1:
            head += f" · {float(text['weight']):,.10g} cases"
        shown = Text(str(text["text"]), style="bold")
        if text["national_code"]:
            shown = Text(f"{text['national_code']}  ") + shown
        if text["tags"]:
            shown += Text(f"\nTags: {text['tags']}", style="cyan")
        if not self.is_blind:
            shown += Text(f"\n{self._because(text)}", style="dim")
        self.screen.print(Panel(shown, title=head, title_align="left"))
        self._list(self._offered(text))
        for key, code in (("a", "" if self.is_blind else text["suggested"]), ("p", self._above(text))):
            if code:
                name = "suggested" if key == "a" else "its parent"
                self._say(f" {key} {code} {self._called(code, text)} ({name})")
        self._menu()

    def _because(self, text: Mapping[str, Any]) -> str:
        from crimestats.coding.review import CAUSES

        cause = CAUSES.get(str(text["cause"]), str(text["cause"]))
        probability = f" ({text['probability']})" if text["probability"] not in ("", None) else ""
        return f"{cause}{probability}. {text['reason']}".strip()

    def _list(self, offered: list[tuple[str, str, str]]) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 1), show_header=False)
        for number, (code, title, note) in enumerate(offered, start=1):
            told = Text(title) + Text(f"\n{note}" if note else "", style="dim")
            table.add_row(Text(str(number), style="bold"), code, told)
        if offered:
            self.screen.print(table)

    def _menu(self) -> None:
        take = "1-5 take" if self.is_blind else "1-5 take, a suggested, p parent"
        keys = f"{take}, 0 no category, c code or words, s skip, u undo, n note why, q quit"
        self.screen.print(keys, style="dim", markup=False, highlight=False)

    def _say(self, what: str) -> None:
        self.screen.print(what, markup=False, highlight=False)

    def _tell(self, what: str, is_menu: bool = False) -> bool:
        self._say(what)
        if is_menu:
            self._menu()
        return False
