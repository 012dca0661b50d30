"""Import of any data: taken, or refused with a reason."""

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ailtire_operator.compose.errors import ComposeError
from support.compose.importing import single, spec

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 70000)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "web", "/", "a b", "_x", "${A", "tasks.web:1", "1m", "50M"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "",
                    "a",
                    "web",
                    "image",
                    "source",
                    "target",
                    "path",
                    "port",
                    "ports",
                    "min",
                    "max",
                    "limits",
                    "aliases",
                    "siblings",
                    "order",
                    "external",
                    "name",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
SERVICE_FIELDS = [
    "type",
    "image",
    "volumes",
    "interface",
    "environment",
    "policies",
    "networks",
    "deploy",
    "deployments",
    "x",
]
POLICY_FIELDS = ["scaling", "timeout", "retry", "accessControl", "logging"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "services": st.dictionaries(
                st.sampled_from(["web", "policy_engine", "a-b"]),
                st.dictionaries(st.sampled_from(SERVICE_FIELDS), JUNK)
                | st.fixed_dictionaries(
                    {"image": st.just("web"), "policies": st.dictionaries(st.sampled_from(POLICY_FIELDS), JUNK)}
                )
                | st.fixed_dictionaries({"image": st.just("web"), "deploy": JUNK})
                | JUNK,
            ),
            "networks": JUNK,
            "policies": JUNK,
            "data": JUNK,
            "interface": JUNK,
            "x": JUNK,
        },
    )
)
def test_any_data_is_imported_or_refused_with_a_reason(tmp_path: Path, data: Any) -> None:
    try:
        result = single(tmp_path, data)
    except ComposeError:
        return
    assert spec(result) is not None
