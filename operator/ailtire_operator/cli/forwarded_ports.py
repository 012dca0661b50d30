"""The ports that ``port-forward`` hands to kubectl where nobody names any. Pure."""

from typing import Final

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.pod_choice import PodChoice

_FIRST_FREE_TO_ALL: Final = 1024
"""Below it only root may listen, on most systems."""


def default_ports(chosen: PodChoice, *, root: bool) -> list[str]:
    """The container's TCP ports, each under its own number here. One that this user may not listen on gets a number
    that kubectl chooses: ``:80``. Raises Failure where the container declares none."""
    if not chosen.ports:
        others = f" but {', '.join(chosen.other_ports)}" if chosen.other_ports else ""
        message = f"container {chosen.container} of pod {chosen.pod} declares no TCP port{others}"
        raise Failure(message, "Name the port behind the path: 8080, or LOCAL:REMOTE.")
    return [str(each) if root or each >= _FIRST_FREE_TO_ALL else f":{each}" for each in chosen.ports]


def text_of(chosen: PodChoice, given: bool) -> str:
    """What is said before kubectl takes over: what nobody has named."""
    if given:
        return f"pod {chosen.pod}"
    ports = ", ".join(map(str, chosen.ports))
    left = f"; kubectl forwards no {', '.join(chosen.other_ports)}" if chosen.other_ports else ""
    return f"pod {chosen.pod}, port{'s' if len(chosen.ports) > 1 else ''} {ports} of container {chosen.container}{left}"
