"""Names that peers dial, as DNS can say them: of either kind of definition that is imported."""

from collections.abc import Iterable
from typing import Any

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report, described


def host_names(written: Iterable[Any], path: str, report: Report) -> list[str]:
    """The names as DNS can say them, each once."""
    result = []
    for alias in written:
        name = naming.sanitize(alias) if isinstance(alias, str) else ""
        if not naming.is_dns_label(name) or name == "x" + naming.digest(str(alias)):
            report.rejected(path, f"{described(alias)} is not a name for a host; it is left out.")
            continue
        if name != alias:
            report.approximate(path, f"the alias '{alias}' became '{name}': DNS cannot say it as written.")
        result.append(name)
    return list(dict.fromkeys(result))
