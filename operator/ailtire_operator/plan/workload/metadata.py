"""Splits labels of Compose into labels and annotations: Kubernetes does not allow every text as a label's value."""

import re
from collections.abc import Mapping

_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")


def user_metadata(wanted: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Labels, and as annotations those whose values are not valid for labels."""
    labels = {name: value for name, value in wanted.items() if _VALUE.fullmatch(value)}
    return labels, {name: value for name, value in wanted.items() if name not in labels}
