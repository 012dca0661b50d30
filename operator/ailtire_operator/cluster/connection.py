"""HTTP to the API server: JSON in, JSON out, and errors that say something.

Raw aiohttp and orjson instead of the client's generated API: four fifths of its time goes into models that nobody here
looks at, its default timeout is five minutes, and it follows the proxy variables of the environment.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from ailtire_operator.cluster import credentials
from ailtire_operator.cluster.credentials import Credentials
from ailtire_operator.cluster.encoding import encoded
from ailtire_operator.cluster.errors import ClusterError, Denied, Unavailable, from_status
from ailtire_operator.cluster.fair_semaphore import FairSemaphore
from ailtire_operator.cluster.kinds import namespace_of
from ailtire_operator.cluster.lines import whole_lines
from ailtire_operator.cluster.responses import Json, checked, decoded
from ailtire_operator.cluster.server_time import ServerClock
from ailtire_operator.naming import OPERATOR_NAME

Params = Mapping[str, str | int]

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"

_READ_ATTEMPTS: Final = 4
_RETRY_CAP: Final = 2.0
_RELOAD_PAUSE: Final = 5.0
_KEEP_ALIVE: Final = 60.0
"""Seconds, below the API server's own 90: else it closes a connection just as a write goes out on it."""
_LONGEST_LINE: Final = 1024 * 1024
"""Bytes of a log's line that are held: a container may write on for hours without ending one."""
_NETWORK_ERRORS: Final = (aiohttp.ClientError, TimeoutError, OSError)
_HEADERS: Final = {
    "Accept": JSON,
    # Compressing costs the API server more time than the network of a cluster costs us.
    "Accept-Encoding": "identity",
    "User-Agent": OPERATOR_NAME,
}


@dataclass(frozen=True, slots=True)
class Account:
    """A service account to act as. An empty name would make the request the operator's own, so that there is none."""

    namespace: str
    name: str

    def __post_init__(self) -> None:
        for each in (self.namespace, self.name):
            if not each or ":" in each:
                raise ValueError(f"'{each}' is no name of a service account or its namespace")

    @property
    def user(self) -> str:
        """Its user name. Its groups follow from that: to name them as well would take a right over groups."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


class Connection:
    """One API server and one identity; shared by everything in the process."""

    def __init__(self, login: Credentials, reload: Callable[[], Any], *, timeout: float, connections: int) -> None:
        self.clock = ServerClock()
        self._credentials = login
        self._reload = reload
        self._reloading = asyncio.Lock()
        self._reloaded_at = float("-inf")
        self._timeout = timeout
        # Not the connector's limit: watches would use it up, and it would count a request's time from its queueing on.
        self._slots = FairSemaphore(connections)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            trust_env=False,
        )

    @classmethod
    async def open(
        cls,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        timeout: float = 15.0,
        connections: int = 16,
    ) -> Self:
        """Read the configuration; no request is made yet."""

        async def reload() -> Credentials:
            return await credentials.load(kubeconfig, context)

        return cls(await reload(), reload, timeout=timeout, connections=connections)

    @property
    def namespace(self) -> str:
        """That of the kubeconfig's context or of the pod we run in, else ``default``."""
        return self._credentials.namespace

    @property
    def host(self) -> str:
        """The API server's URL."""
        return self._credentials.host

    async def close(self) -> None:
        """Close all connections, watches included."""
        await self._session.close()
        await asyncio.sleep(0)  # an aborted transport is only closed in the loop's next turn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: object | None = None,
        content_type: str | None = None,
        accept: str = JSON,
        account: Account | None = None,
        timeout: float | None = None,
        guard: Callable[[], None] | None = None,
        urgent: bool = False,
    ) -> Json:
        """Send one request and return the answer's object; only reads are repeated, as only they are harmless.

        ``guard`` is called right before each sending and may raise: a fence that must hold at that very moment.
        With an ``account`` the API server asks for that one's rights, after asking whether we may act as it.
        ``urgent`` requests (the lease) neither queue behind the others nor wait to be repeated.
        """
        data = None if body is None else encoded(body)
        headers = {"Accept": accept, **({} if data is None else {"Content-Type": content_type or JSON})}
        if account is not None:
            headers["Impersonate-User"] = account.user
        limits = aiohttp.ClientTimeout(total=timeout or self._timeout)
        options = {"params": params, "data": data, "headers": headers, "timeout": limits}
        call = _Call(method, path, guard, options, bounded=accept == JSON)
        if urgent:
            return await self._send(call)
        attempts = _READ_ATTEMPTS if method == "GET" else 1
        namespace = namespace_of(path)
        for attempt in range(1, attempts):
            try:
                async with self._slots.turn(namespace):
                    return await self._send(call)
            except Unavailable as error:
                await asyncio.sleep(_pause(attempt, error.retry_after))
        async with self._slots.turn(namespace):
            return await self._send(call)

    async def stream(
        self,
        path: str,
        params: Params | None = None,
        *,
        idle: float | None = None,
        accept: str = JSON,
        on_open: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Json, None]:
        """The objects of a watch, as they come; ends when the server ends it.

        A line may be as long as it likes: a readline() would stop at aiohttp's buffer. ``idle`` seconds without a
        single byte raise ``Unavailable``, as a dead peer can look like a quiet one for hours. ``on_open`` is called
        when the server has accepted the watch.
        """
        async with aclosing(self.lines(path, params, idle=idle, accept=accept, on_open=on_open, longest=None)) as found:
            async for line in found:
                if line.endswith(b"\n"):  # half a line is worth nothing
                    yield decoded(line)

    async def lines(
        self,
        path: str,
        params: Params | None = None,
        *,
        idle: float | None = None,
        accept: str = JSON,
        on_open: Callable[[], None] = lambda: None,
        longest: int | None = _LONGEST_LINE,
    ) -> AsyncGenerator[bytes, None]:
        """The same for what is no JSON, as a container's log: the lines with their ends.

        The last one may lack it, and so do the parts in which one of more than ``longest`` bytes comes.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=idle or self._timeout)
        async with self._exchange("GET", path, headers={"Accept": accept}, params=params, timeout=limits) as response:
            if response.status == 401:
                await self._renew_credentials()
            if response.status >= 400:
                raise await _failure(response)
            on_open()
            async for line in whole_lines(response.content.iter_any(), longest):
                yield line

    async def _send(self, call: "_Call") -> Json:
        answer = await self._try(call)
        if answer is None:
            # Turned away before anything was done, so that a write may be repeated as well.
            await self._renew_credentials()
            answer = await self._try(call)
        if answer is None:
            raise Denied("the API server does not accept the operator's credentials", status=401)
        return answer

    async def _try(self, call: "_Call") -> Json | None:
        """Send it once; None if the API server does not know us (401)."""
        if call.guard is not None:
            call.guard()
        async with self._exchange(call.method, call.path, **call.options) as response:
            if response.status < 400:
                answer = decoded(await response.read(), bounded=call.bounded)
                stored = "dryRun" not in (call.options.get("params") or {})
                return checked(call.method, call.path, answer, stored=stored)
            if response.status == 401:
                await response.read()  # to the end, so that the connection can be used again
                return None
            raise await _failure(response)

    @asynccontextmanager
    async def _exchange(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One HTTP exchange, in which whatever the network does wrong becomes ``Unavailable``."""
        login = self._credentials
        try:
            token = await login.token()
            async with self._session.request(
                method,
                login.host + path,
                headers={**(headers or {}), **({"Authorization": token} if token else {})},
                ssl=login.tls or True,
                server_hostname=login.server_name,
                proxy=login.proxy,
                allow_redirects=False,
                **options,
            ) as response:
                self.clock.update(response.headers.get("Date"))
                try:
                    yield response
                finally:
                    _abandon(response)
        except _NETWORK_ERRORS as error:
            said = str(error) or type(error).__name__
            raise Unavailable(f"the API server cannot be reached or does not answer in time ({said})") from error

    async def _renew_credentials(self) -> None:
        """Read the configuration again: the token has expired, or somebody has replaced the file."""
        async with self._reloading:
            now = asyncio.get_running_loop().time()
            if now - self._reloaded_at >= _RELOAD_PAUSE:
                self._reloaded_at = now
                self._credentials = await self._reload()


@dataclass(frozen=True, slots=True)
class _Call:
    """A request as it can be sent again."""

    method: str
    path: str
    guard: Callable[[], None] | None
    options: Mapping[str, Any]
    bounded: bool
    """Whether what nests too deep is cut off; of metadata alone nobody reads that part."""


def _pause(attempt: int, wish: float | None) -> float:
    """Seconds before a read is repeated: what the server asked for, within reason, else a growing random pause."""
    return min(_RETRY_CAP, wish if wish is not None else random.uniform(0.05, 0.1) * 2**attempt)


def _abandon(response: aiohttp.ClientResponse) -> None:
    """Cut the connection of an answer that was left in the middle; one read to its end has none any more.

    A polite end of TLS would wait for a peer that has more to say, or is dead.
    """
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()


async def _failure(response: aiohttp.ClientResponse) -> ClusterError:
    text = await response.read()
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        body = {"message": text[:200].decode(errors="replace")}
    return from_status(response.status, body, response.headers.get("Retry-After"))
