"""Requests to one registry: limits, logins, and which other hosts may be asked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from ailtire_operator.oci.credentials import Login
from ailtire_operator.oci.errors import RegistryError

_SECONDS: Final = urllib3.Timeout(connect=10, read=60)
_REDIRECTS: Final = 3
_MOVED: Final = (301, 302, 303, 307, 308)
_ANSWER_LIMIT: Final = 64 * 1024
"""Bytes of an answer that is no content: an error, a token."""
_CHALLENGE: Final = re.compile(r'([a-z_]{1,32})="([^"]{0,2000})"', re.IGNORECASE)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a registry said."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes


@dataclass
class Transport:
    """One registry, and what is known of the right to use it."""

    host: str
    plain: bool
    """Whether it speaks HTTP; only HTTPS is spoken else, whatever it says."""
    login: Login | None = None
    _authorization: dict[str, str] = field(default_factory=dict)
    """By scope: the header of the requests."""

    @property
    def scheme(self) -> str:
        """``https``, or ``http``."""
        return "http" if self.plain else "https"

    @property
    def base(self) -> str:
        """The start of all addresses of the registry."""
        return f"{self.scheme}://{self.host}"

    def ask(
        self,
        method: str,
        address: str,
        scope: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        limit: int = _ANSWER_LIMIT,
    ) -> Answer:
        """One request, at a second time with the login that the registry asks for. Raises RegistryError.

        ``address`` may be relative to the registry; another host gets no login. ``limit``: bytes of the answer.
        """
        url = self._allowed(urljoin(f"{self.base}/", address))
        answer = self._send(method, url, {**(headers or {}), **self._rights(url, scope)}, body, limit)
        if answer.status == 401 and self._is_own(url) and scope not in self._authorization:
            self._authorization[scope] = self._authorize(answer.headers.get("www-authenticate", ""), scope)
            answer = self._send(method, url, {**(headers or {}), **self._rights(url, scope)}, body, limit)
        for _ in range(_REDIRECTS):
            if answer.status not in _MOVED or method not in ("GET", "HEAD"):
                return answer
            url = self._allowed(urljoin(url, answer.headers.get("location", "")))
            answer = self._send(method, url, {**(headers or {}), **self._rights(url, scope)}, b"", limit)
        raise RegistryError(f"{self.host} leads from one address to the next")

    def _allowed(self, url: str) -> str:
        """The address; nothing leads from HTTPS to something else. Raises RegistryError."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not (self.plain and parts.scheme == "http"):
            raise RegistryError(f"{self.host} leads to an address without TLS, which is not followed")
        if parts.username or parts.password or not parts.hostname:
            raise RegistryError(f"{self.host} leads to an address that is not followed")
        return url

    def _is_own(self, url: str) -> bool:
        parts = urlsplit(url)
        return (parts.scheme, parts.netloc) == (self.scheme, self.host)

    def _rights(self, url: str, scope: str) -> dict[str, str]:
        known = self._authorization.get(scope)
        return {"Authorization": known} if known and self._is_own(url) else {}

    def _authorize(self, challenge: str, scope: str) -> str:
        """The header that the registry asks for. Raises RegistryError."""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            if self.login is None:
                raise RegistryError(f"{self.host} wants a login: docker login {self.host}")
            return self.login.basic
        wanted = {name.lower(): value for name, value in _CHALLENGE.findall(rest)}
        if kind.lower() != "bearer" or "realm" not in wanted:
            raise RegistryError(f"{self.host} asks for a login of a kind that is not known here")
        query = {"scope": scope, **({"service": wanted["service"]} if "service" in wanted else {})}
        url = self._allowed(urljoin(f"{self.base}/", wanted["realm"]))
        url = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
        headers = {"Authorization": self.login.basic} if self.login else {}
        answer = self._send("GET", url, headers, b"", _ANSWER_LIMIT)
        return f"Bearer {self._token(answer)}"

    def _token(self, answer: Answer) -> str:
        try:
            found = json.loads(answer.body) if answer.status == 200 else {}
        except (ValueError, RecursionError):
            found = {}
        token = (found.get("token") or found.get("access_token")) if isinstance(found, dict) else None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            hint = "refuses the login" if self.login else f"wants a login: docker login {self.host}"
            raise RegistryError(f"{self.host} {hint}")
        return token

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, limit: int) -> Answer:
        try:
            with _pool(url) as pool:
                response = pool.request(
                    method,
                    url,
                    body=body if body or method in ("POST", "PUT") else None,
                    headers=dict(headers),
                    redirect=False,
                    retries=urllib3.Retry(2, redirect=0, status=0, raise_on_redirect=False),
                    timeout=_SECONDS,
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    content = response.read(limit + 1)
                finally:
                    response.close()
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise RegistryError(f"cannot reach {urlsplit(url).netloc}: {reason}") from None
        if len(content) > limit:
            raise RegistryError(f"{self.host} answers with more than {limit} bytes")
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)


def _pool(url: str) -> urllib3.PoolManager:
    """What opens connections, through the proxy that the environment names for the address."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()
