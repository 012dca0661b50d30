"""What a run of the suite says at its end."""

from collections import defaultdict
from collections.abc import Sequence

from faults.runner import Outcome
from support.checks.spread import spread


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """The plans by family, with how long they took to end as they should."""
    fired = [each for each in outcomes if each.fired]
    families: dict[str, list[Outcome]] = defaultdict(list)
    for each in fired:
        families[each.plan.family].append(each)
    lines = ["family       plans  kinds  wrong   p50 s   p95 s   max s"]
    lines += [_line(family, found) for family, found in sorted(families.items())]
    lines.append(_line("all", fired)) if fired else None
    wrong = sum(bool(each.wrong) for each in outcomes)
    memory = max((each.memory for each in outcomes), default=0.0)
    lines.append(
        f"{len(fired)} fired, {len(outcomes) - len(fired)} did not come about, {wrong} wrong; {memory:.0f} MiB"
    )
    return lines


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    """Each kind of fault that has come about, and how often."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for each in outcomes:
        if each.fired:
            counts[each.plan.family, each.plan.kind] += 1
    return [f"{family:<12}{count:>4}  {kind}" for (family, kind), count in sorted(counts.items())]


def failovers(outcomes: Sequence[Outcome]) -> list[str]:
    """How long each way of losing a leader has left a tree without one."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for each in outcomes:
        if each.plan.family == "replicas" and each.fired and each.failover is not None:
            kinds[each.plan.kind].append(each.failover)
    return [
        f"{kind}: another leads after {', '.join(f'{seconds:.1f}' for seconds in sorted(found))} s"
        for kind, found in sorted(kinds.items())
    ]


def _line(name: str, found: Sequence[Outcome]) -> str:
    middle, late, last = spread([each.seconds for each in found])
    tried = len({(each.plan.family, each.plan.kind) for each in found})
    wrong = sum(bool(each.wrong) for each in found)
    return f"{name:<12}{len(found):>6} {tried:>6} {wrong:>6} {middle:>7.2f} {late:>7.2f} {last:>7.2f}"
