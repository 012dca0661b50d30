"""Translates ports: those for peers, by target, and those published to the outside."""

import re
from ipaddress import ip_address
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.keys import PortName
from ailtire_operator.model.service import ServicePort

_NAME: Final = TypeAdapter(PortName)
_PORT: Final = TypeAdapter(ServicePort)
_EXPOSED: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?")
_LIMIT: Final = 64
_HIGHEST: Final = 65535


def is_everywhere(address: Any) -> bool:
    """Whether publishing on this address means on all addresses of the host."""
    if not address:
        return True
    try:
        return ip_address(str(address).strip("[]")).is_unspecified
    except ValueError:
        return False


def ports(service: Entry, binding: str | None = None) -> dict[str, Any]:
    """The ports of a service, by name. ``binding`` is the address on which its networks publish those without one."""
    found: list[tuple[str | None, dict[str, Any]]] = []
    known: set[tuple[Any, Any]] = set()
    further = False
    listed = service.take("ports")
    for index, data in enumerate(listed if isinstance(listed, list) else ()):
        number = _numbered(data)
        if len(known) >= _LIMIT and number not in known:  # of thousands, most are left out without being read
            further = True
            continue
        entry = service.item("ports", index, data)
        fields = _port(entry, str(service.location[-1]), binding)
        if accepts(_PORT, fields):
            found.append((entry.take("name"), fields))
            known.add(number)
        else:
            entry.report.rejected(entry.path, "this is not a port, or ranges of different lengths; it is left out.")
    for index, written in enumerate(service.texts("expose")):
        match = _EXPOSED.fullmatch(written)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if match is None or not 1 <= first <= last <= 65535:
            service.report.rejected(service.where("expose", index), f"'{written}' is not a port; it is left out.")
            continue
        protocol = (match[3] or "tcp").upper()
        found += [(None, _plain(port, protocol)) for port in range(first, min(last, first + _LIMIT) + 1)]
    result = _named(found)
    if further or len(result) > _LIMIT:
        message = f"a service has at most {_LIMIT} ports; the others are left out."
        service.report.rejected(service.where("ports"), message, "Declare only the ports that are used.")
    return dict(list(result.items())[:_LIMIT])


def _numbered(data: Any) -> tuple[Any, Any]:
    return (data.get("target"), data.get("protocol") or "tcp") if isinstance(data, dict) else (None, None)


def _plain(port: int | None, protocol: str) -> dict[str, Any]:
    return {"port": port} if protocol == "TCP" else {"port": port, "protocol": protocol}


def _port(entry: Entry, service: str, binding: str | None) -> dict[str, Any]:
    fields = _plain(whole(entry.take("target")), str(entry.take("protocol") or "tcp").upper())
    entry.put(ServicePort, fields, "appProtocol", entry.take("app_protocol"), "app_protocol")
    published, address = entry.take("published"), entry.take("host_ip") or binding
    if published and (is_everywhere(address) or not _is_closed(entry, service, published, address)):
        fields |= {"published": number} if (number := _number_outside(entry, published)) else {}
    if entry.chosen("mode", {"ingress": "", "host": "host"}, "it is published as with ingress"):
        entry.note("mode")
    if not published and not is_everywhere(address):
        entry.note("host_ip")
    return fields


def _number_outside(entry: Entry, published: Any) -> int | None:
    """The published port; the first of a range, of which Docker uses any free one."""
    first, dash, last = str(published).partition("-")
    number = whole(first)
    if number is None or (dash and not number <= (whole(last) or 0) <= _HIGHEST):
        entry.report.rejected(entry.where("published"), f"'{published}' is not a port; it is not published.")
        return None
    if dash and whole(last) != number:
        message = f"the first of the range, {number}, is published; Docker uses any that is free on the host."
        entry.report.approximate(entry.where("published"), message)
    return number


def _is_closed(entry: Entry, service: str, published: Any, address: Any) -> bool:
    """Whether a port published on one address only stays unpublished, as it would be open to everybody here."""
    what = f"port {published} of {service} would be OPEN: not published"
    why = f"the file publishes it on {address} alone, and here it would be published for everybody"
    remedy = "Services of the stack can reach it, and you by kubectl port-forward."
    return entry.report.keeps_closed(entry.where("host_ip"), what, why, [f"{service}:{published}", service], remedy)


def _named(found: list[tuple[str | None, dict[str, Any]]]) -> dict[str, Any]:
    """The ports by name. Different published ports of one target are kept, repetitions are not."""
    result: dict[str, Any] = {}
    names: dict[tuple[int, str], dict[int | None, str]] = {}
    for name, fields in found:
        known = names.setdefault(_number(fields), {})
        published = fields.get("published")
        if known and (published is None or published in known):
            continue
        if None in known:  # a target that is also published needs no second entry
            key = known[published] = known.pop(None)
            result[key] = fields
            continue
        plain = f"{fields.get('protocol', 'TCP').lower()}-{fields['port']}"
        plain = plain if not known else f"{plain}-{published}"[:15]
        key = name if name and accepts(_NAME, name) and name not in result else plain
        result[key] = fields
        known[published] = key
    return result


def _number(fields: dict[str, Any]) -> tuple[int, str]:
    return fields["port"], fields.get("protocol", "TCP")
