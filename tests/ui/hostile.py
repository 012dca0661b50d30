"""Text that a page must not obey, and what must not have become of it."""

from typing import Final

from ui.browsing import Visit
from ui.parts import settled

MARKUP: Final = "<img src=x onerror=window.taken=1><script>window.taken=1</script>"
LINK: Final = "javascript:window.taken=1"
ESCAPES: Final = "\x1b[31mred\x1b[0m\x1b]8;;http://evil.example\x07 \u202etxt.exe\u202c \u200b\u2066"
TEXT: Final = f"{MARKUP} {ESCAPES} &lt;b&gt; '\"`${{window.taken=1}} {{{{7*7}}}}"
SHOWN: Final = ("<img src=x onerror=window.taken=1><script>", r"\x1b[31mred", r"\u202etxt.exe", "&lt;b&gt;")
"""What of it has to be read on the page as it is."""


def harmless(visit: Visit) -> None:
    """Nothing of it has become a part of the page, has run, or is a link that would."""
    settled(visit.page)
    assert visit.page.evaluate("window.taken") is None
    assert visit.page.locator("[src='x'], [onerror], a[href^='javascript']").count() == 0
    assert visit.page.locator("body script").count() == 0
    raw = visit.page.locator("body").inner_text() + visit.page.title()
    assert not [hex(ord(each)) for each in raw if each in "\x1b\x07\u202e\u202c\u200b\u2066"]
