"""Which requests are answered: those of this page in this user's browser. Everything else is refused in one place."""

from asyncio import Transport
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakSet

from multidict import CIMultiDictProxy

from ailtire_operator.cli.ui.peers import Address, is_ours
from ailtire_operator.cli.ui.session import Session

HEADER: Final = "X-Ailtire-UI"
"""Each POST has it: a form of another page cannot send it, and a script of one asks the browser, which asks us."""
_JSON: Final = "application/json"
_RESTART: Final = "Start 'kubectl ailtire ui' again; it prints an address that lets the browser in once."


class Refused(Exception):
    """A request that is not answered."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of one server. Each method raises Refused."""

    port: int
    session: Session
    allow_actions: bool
    is_ours: Callable[[Address, Address], bool] = is_ours
    _known: WeakSet[Transport] = field(default_factory=WeakSet)
    """Connections whose other end is known to be this user's."""

    @property
    def cookie_name(self) -> str:
        """Cookies are the same for all ports of a host, so that the name has to tell servers apart."""
        return f"ailtire-ui-{self.port}"

    @property
    def _hosts(self) -> tuple[str, str]:
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def check_host(self, headers: CIMultiDictProxy[str]) -> None:
        """Refuse every name but loopback's own: another one that leads here may be anybody's (DNS rebinding)."""
        said = headers.getall("Host", [])
        if len(said) != 1 or said[0].lower() not in self._hosts:
            raise Refused(403, "this server answers under its own address only", f"Open http://{self._hosts[0]}/.")

    def check_peer(self, connection: Transport | None) -> None:
        """Refuse other users of this machine, whatever they have got hold of."""
        if connection is None:
            raise Refused(403, "the connection has ended")
        if connection in self._known:
            return
        peer, here = connection.get_extra_info("peername"), connection.get_extra_info("sockname")
        if not peer or not here or not self.is_ours(peer[:2], here[:2]):
            raise Refused(403, "the request comes from another user of this machine")
        self._known.add(connection)

    def check_sender(self, method: str, headers: CIMultiDictProxy[str]) -> None:
        """Refuse what is not sent by a page of this server."""
        self.check_host(headers)
        if method not in ("GET", "POST"):
            raise Refused(405, f"{method} is not answered here")
        host = headers["Host"].lower()
        if any(each != f"http://{host}" for each in headers.getall("Origin", [])):
            raise Refused(403, "the request comes from a page of another origin")
        if any(each != "same-origin" for each in headers.getall("Sec-Fetch-Site", [])):
            raise Refused(403, "the request comes from a page of another origin")
        if method == "POST":
            self._check_post(headers)

    def check_session(self, cookies: Mapping[str, str]) -> None:
        """Refuse who has not exchanged the code."""
        if not self.session.knows(cookies.get(self.cookie_name)):
            raise Refused(401, "this browser has no session with this server", _RESTART)

    def check_action(self, method: str) -> None:
        """Refuse what may change anything, unless the user has allowed it."""
        if method != "GET" and not self.allow_actions:
            raise Refused(403, "this page only reads", "To change anything, start it with --allow-actions.")

    @staticmethod
    def _check_post(headers: CIMultiDictProxy[str]) -> None:
        types = headers.getall("Content-Type", [])
        if len(types) != 1 or types[0].partition(";")[0].strip().lower() != _JSON:
            raise Refused(403, f"a POST has the Content-Type {_JSON}")
        if headers.getall(HEADER, []) != ["1"]:
            raise Refused(403, f"a POST has the header {HEADER}: 1")
