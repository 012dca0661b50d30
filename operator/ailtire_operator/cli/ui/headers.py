"""What every answer says to the browser: nothing from elsewhere, in no frame, remembered nowhere."""

from collections.abc import Mapping
from typing import Final

# Markup that comes from a text is refused by the browser itself: the page makes its elements one by one.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
FIXED: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "ailtire",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer."""
NO_STORE: Final = "no-store"
"""Cache-Control of every answer that says nothing else."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
"""Cache-Control of what has a hash of its content in its name."""
