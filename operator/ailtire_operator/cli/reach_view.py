"""What ``reach`` says: sentences for one pair, a table or data for all. Pure."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ailtire_operator.reach.names import Name, by_name, names
from ailtire_operator.reach.policies import Evaluator, Grant, Verdict, open_ports
from ailtire_operator.reach.ports import ALL, Ports
from ailtire_operator.reach.world import Workload, World
from ailtire_operator.status.text import listed

Matrix = Mapping[tuple[str, str], Ports]
_MARKS: Final = (("●", "○", "·"), ("X", "o", "."))
"""All ports, some ports, none; the same in ASCII."""
_LISTED: Final = 6


def sentences(found: World, source: Workload, target: Workload, verdict: Verdict) -> list[str]:
    """Whether, by which names, and why."""
    lines = [f"{source.name} {_how(found, source, target, verdict)}"]
    if verdict.ports and not target.outside:
        lines += [f"  as   {_name(each)}" for each in names(found, source, target)] or [
            "  as   no name: by address only"
        ]
    evaluator = Evaluator(found)
    lines += _direction("in ", target, verdict.enters, evaluator.grants(target, "Ingress"), target)
    lines += _direction("out", source, verdict.leaves, evaluator.grants(source, "Egress"), target)
    return lines


def _how(found: World, source: Workload, target: Workload, verdict: Verdict) -> str:
    """On which ports: by a name its Service's alone, whatever the policies let through to the pods' own addresses."""
    if not verdict.ports:
        return f"does not reach {target.name}"
    named = verdict.ports & by_name(found, source, target)
    if named == verdict.ports:
        return f"reaches {target.name} on {verdict.ports}"
    return f"reaches {target.name} by name on {named}, by the address of a pod on {verdict.ports}"


def _name(name: Name) -> str:
    where = f"in network {name.network}" if name.network else "in the whole namespace"
    return f"{name.name}  {where}, {name.ports} of Service {name.service}"


def _direction(
    mark: str,
    subject: Workload,
    admitting: Sequence[Grant] | None,
    all_grants: Sequence[Grant] | None,
    target: Workload,
) -> list[str]:
    verb = "lets in" if mark == "in " else "may send to"
    if admitting is None:
        return [] if subject.outside or mark == "out" else [f"  {mark}  no policy is about {subject.name}: it is open"]
    if admitting:
        return [f"  {mark}  {_grant(each, verb, target)}" for each in admitting]
    others = [_grant(each, verb, target) for each in all_grants or ()]
    if not others:
        return [f"  {mark}  {subject.name} {verb} nobody at all"]
    return [f"  {mark}  only this is open: {each}" for each in others]


def _grant(grant: Grant, verb: str, target: Workload) -> str:
    if grant.everybody:
        whom = "everybody"
    elif grant.blocks:
        whom = listed(grant.blocks, _LISTED)
    elif grant.policy.network:
        whom = f"members of network {grant.policy.network}"
    else:
        whom = listed(sorted(grant.peers), _LISTED) or "nobody that is there"
    return f"NetworkPolicy {grant.policy.name} {verb} {whom}, {open_ports(grant, target)}"


def to_json(found: World, source: Workload, target: Workload, verdict: Verdict) -> dict[str, Any]:
    """One pair as data; the form is part of the command's promise (docs/cli.md)."""
    return {
        "from": source.name,
        "to": target.name,
        "reachable": bool(verdict.ports),
        "ports": verdict.ports.texts(),
        "portsByName": (verdict.ports & by_name(found, source, target)).texts(),
        "names": [
            {"name": each.name, "network": each.network, "service": each.service, "ports": each.ports.texts()}
            for each in names(found, source, target)
        ],
        "in": _grants_json(verdict.enters, target),
        "out": _grants_json(verdict.leaves, target),
    }


def _grants_json(grants: Sequence[Grant] | None, target: Workload) -> list[dict[str, Any]] | None:
    if grants is None:
        return None
    return [
        {"policy": each.policy.name, "network": each.policy.network, "ports": open_ports(each, target).texts()}
        for each in grants
    ]


def table(workloads: Sequence[Workload], matrix: Matrix, *, unicode: bool) -> list[str]:
    """From the left to the top; columns have the numbers of the rows."""
    whole, part, none = _MARKS[0] if unicode else _MARKS[1]
    digits = len(str(len(workloads)))
    width = max((len(each.name) for each in workloads), default=0)
    numbers = [f"{number:>{digits}}" for number in range(1, len(workloads) + 1)]
    margin = " " * (digits + width + 3)
    lines = [(margin + " ".join(number[row] for number in numbers)).rstrip() for row in range(digits)]
    for number, source in enumerate(workloads, 1):
        cells = []
        for target in workloads:
            ports = matrix.get((source.name, target.name))
            cells.append(" " if source is target else none if ports is None else whole if ports == ALL else part)
        lines.append(f"{number:>{digits}}  {source.name:<{width}} {' '.join(cells)}".rstrip())
    partly = sorted({(target, ports) for (_, target), ports in matrix.items() if ports != ALL}, key=str)
    legend = f"{whole} all ports, {part} some ports, {none} none; rows call columns; a stack's path is its gateway"
    return [*lines, "", legend, *(f"{part} {target}: {ports}" for target, ports in partly)]


def to_csv(workloads: Sequence[Workload], matrix: Matrix) -> str:
    """The same for a spreadsheet: a row for each caller."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["from", *(each.name for each in workloads)])
    for source in workloads:
        row = [matrix.get((source.name, target.name), Ports()) for target in workloads]
        writer.writerow([source.name, *(" ".join(each.texts()) for each in row)])
    return text.getvalue()


def matrix_json(workloads: Sequence[Workload], matrix: Matrix) -> dict[str, Any]:
    """The same for a program: the pairs of which one reaches the other."""
    pairs = sorted(matrix.items(), key=lambda each: each[0])
    found = [{"from": source, "to": target, "ports": ports.texts()} for (source, target), ports in pairs]
    return {"workloads": [each.name for each in workloads], "reach": found}
