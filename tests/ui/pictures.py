"""Pictures of the page for docs/images."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from lab.errors import LabError
from lab.report import say
from ui.browsing import Theme

SIZE: Final = (1280, 800)
"""Of the window."""
_BYTES: Final = 170_000


def take(page: Page, folder: Path, name: str, theme: Theme) -> None:
    """Write a picture of a view, as the page shows it now. Raises LabError if it is too large to be committed."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"ui-{name}-{theme}.png"
    page.screenshot(path=target)
    size = target.stat().st_size
    say(f"{target}: {size / 1000:.0f} kB")
    if size > _BYTES:
        raise LabError(f"{target} is larger than {_BYTES / 1000:.0f} kB")
