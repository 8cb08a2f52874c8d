"""Pages: templates filled in, and files written whole."""

import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crimestats.errors import FileError

if TYPE_CHECKING:
    from jinja2 import Environment


def fill(template: str, **content: Any) -> str:
    """A page from its template; everything put into it is escaped.

    Args:
        template: Its name without the ending (e.g. `findings`).
        content: What the template shows.
    """
    return _environment().get_template(f"{template}.html.j2").render(**content)


def write(html: str, path: str | Path) -> Path:
    """Write a page beside its place and rename it when it is whole.

    Returns:
        The path.

    Raises:
        FileError: The path cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(html, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        remedy = "Give a file in a folder that is there and may be written."
        raise FileError(str(path), f"cannot be written ({error.strerror}).", remedy) from error
    finally:
        with suppress(OSError):  # a name too long to write is too long to remove
            part.unlink(missing_ok=True)
    return path


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("crimestats.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
