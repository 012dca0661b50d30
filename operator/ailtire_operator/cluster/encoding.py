"""Bodies of requests: JSON that is read as the same value by a reader of YAML.

The API server reads what is applied on the server's side as YAML, of which JSON is a part only almost: YAML refuses
some characters that JSON may hold as they are (one of them in a key, and no write of the object succeeds), and takes
others for the end of a line. As escapes they are the same to both.
"""

import re
from typing import Any, Final

import orjson

_OTHERWISE: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")
"""In UTF-8: DEL, C1, the separators of lines and paragraphs, the mark of byte order, and what is no character."""


def encoded(body: Any) -> bytes:
    """The body as JSON."""
    return _OTHERWISE.sub(_escaped, orjson.dumps(body))


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match.group().decode())
