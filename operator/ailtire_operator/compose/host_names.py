"""Converts names of peers to valid DNS names, for both kinds of import."""

from collections.abc import Iterable
from typing import Any

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.model.field_path import FieldPath


def host_names(written: Iterable[Any], path: FieldPath, report: Report) -> list[str]:
    """The names as valid DNS names, without duplicates."""
    result = []
    for alias in written:
        name = naming.sanitize(alias) if isinstance(alias, str) else ""
        if not naming.is_dns_label(name) or name == "x" + naming.digest(str(alias)):
            report.rejected(path, f"{described(alias)} is not a host name; it is left out.")
            continue
        if name != alias:
            report.approximate(path, f"the alias '{alias}' became '{name}': it is not a valid DNS name as written.")
        result.append(name)
    return list(dict.fromkeys(result))
