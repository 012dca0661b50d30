"""Who may use a control plane, and the key that signs service accounts' tokens; neither needs a tool like openssl."""

import base64
import secrets

from lab.components import Layout
from lab.kubeconfig import write

_USERS = {
    # user: (name in the audit log, groups)
    "admin": ("lab-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", "system:masters"),
    "scheduler": ("system:kube-scheduler", "system:masters"),
    "kwok": ("kwok", "system:masters"),
}
_P256_KEY_HEAD = bytes.fromhex("3031020101 0420")
_P256_KEY_TAIL = bytes.fromhex("a00a06082a8648ce3d030107")
"""What DER writes around the 32 bytes of a P-256 key (RFC 5915); the public half is computed from them."""


def create(layout: Layout) -> dict[str, str]:
    """Write the files that the API server reads before it starts; return each user's token."""
    tokens = {user: secrets.token_urlsafe(24) for user in _USERS}
    lines = [f'{tokens[user]},{name},{user},"{groups}"\n' for user, (name, groups) in _USERS.items()]
    layout.tokens.touch(mode=0o600)
    layout.tokens.write_text("".join(lines))
    layout.service_account_key.touch(mode=0o600)
    layout.service_account_key.write_text(_signing_key())
    return tokens


def write_kubeconfigs(layout: Layout, url: str, tokens: dict[str, str]) -> None:
    """Write one kubeconfig for each user."""
    for user, token in tokens.items():
        write(layout.kubeconfig(user), url, layout.ca, token)


def _signing_key() -> str:
    key = _P256_KEY_HEAD + secrets.token_bytes(32) + _P256_KEY_TAIL
    return f"-----BEGIN EC PRIVATE KEY-----\n{base64.encodebytes(key).decode()}-----END EC PRIVATE KEY-----\n"
