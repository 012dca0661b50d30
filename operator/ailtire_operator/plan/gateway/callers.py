"""Writes who a request comes from: what a trusted proxy says of it counts, and is replaced elsewhere."""

from collections.abc import Iterable
from typing import Final

from ailtire_operator.plan.gateway.nginx_text import Directive, directive

OF_A_PROXY: Final = (
    "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Ssl",
    "X-Forwarded-User", "X-Forwarded-Path", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Scheme",
    "X-Original-Forwarded-For", "X-Original-Host", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Client-IP",
    "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP",
)  # fmt: skip
"""Headers that describe a caller: passed on from trusted proxies, removed from all others."""
_FORWARDED = {
    "Host": "$http_host",
    "Connection": "$connection_upgrade",
    "Upgrade": "$upgrade",
    "HTTP2-Settings": "",
    "X-Real-IP": "$remote_addr",
    "X-Forwarded-For": "$forwarded_for",
    "X-Forwarded-Proto": "$forwarded_proto",
    "X-Forwarded-Host": "$forwarded_host",
    "X-Forwarded-Prefix": "$_x_forwarded_prefix$stripped",
    "Forwarded": "",
}
"""Headers about the caller. The host stays the caller's; each level adds to the prefix."""


def addresses(ranges: Iterable[str], header: str = "X-Forwarded-For") -> list[Directive]:
    """The directives that take a request's client from a header of trusted proxies."""
    return [
        *(directive("set_real_ip_from", network) for network in ranges),
        directive("real_ip_header", header),
        directive("real_ip_recursive", "on"),
    ]


def trusted(ranges: Iterable[str], variable: str) -> Directive:
    """The variable that is 1 where a trusted proxy calls."""
    cases = [directive("default", "0"), *(directive(network, "1") for network in ranges)]
    return directive("geo", "$realip_remote_addr", variable, block=cases)


def reported(scheme: str) -> list[Directive]:
    """The variables with what is passed on of a caller, by ``$trusted``; ``scheme`` is that of untrusted requests."""
    return [
        mapping(
            "$trusted$http_x_forwarded_for",
            "$forwarded_for",
            {"default": "$realip_remote_addr", "~^1.": "$http_x_forwarded_for, $realip_remote_addr"},
        ),
        mapping(
            "$trusted$http_x_forwarded_proto",
            "$forwarded_proto",
            {"default": scheme, "~^1.": "$http_x_forwarded_proto"},
        ),
        mapping(
            "$trusted$http_x_forwarded_host",
            "$forwarded_host",
            {"default": "$http_host", "~^1.": "$http_x_forwarded_host"},
        ),
        *(
            mapping("$trusted", _reported(name), {"default": "", "1": f"$http{_reported(name)[1:]}"})
            for name in OF_A_PROXY
        ),
    ]


def headers() -> list[Directive]:
    """The headers that replace the caller's own."""
    passed = {name: _reported(name) for name in OF_A_PROXY} | _FORWARDED
    return [directive("proxy_set_header", name, value) for name, value in passed.items()]


def mapping(source: str, target: str, cases: dict[str, str]) -> Directive:
    """A map from a text to a variable."""
    return directive("map", source, target, block=[directive(case, value) for case, value in cases.items()])


def _reported(header: str) -> str:
    """The variable with a trusted proxy's value of a header."""
    return f"$_{header.lower().replace('-', '_')}"
