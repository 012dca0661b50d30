"""Keys and scalar values of a spec: what is taken, what is refused, and in which words."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ailtire_operator.model import keys, values
from ailtire_operator.model.deploy import Resources
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec
from support.definitions.hostile import renamed, strings
from support.definitions.samples import SAMPLES, surroundings


def accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (keys.ServiceKey, ["web", "policy_engine", "A", "x" * 63], ["", "_", "--", "x" * 64]),
        (keys.VariableName, ["PATH", "a.b", "WITH SPACE", "x" * 256], ["", "A=B", "AILTIRE_X", "Ä", "x" * 257, "A\n"]),
        (
            keys.MetadataKey,
            ["team", "example.com/team", "notkubernetes.io/x", "a.b"],
            [
                "kubernetes.io/x",
                "app.kubernetes.io/name",
                "ailtire.io/stack",
                "network.ailtire.io/x",
                "",
                "-a",
                "a/b/c",
            ],
        ),
        (keys.EdgeAnnotationKey, ["nginx.ingress.kubernetes.io/rewrite-target"], ["a b", "UPPER.example/x", "x" * 64]),
        (keys.PortName, ["http", "1a", "a-b", "a1-2b"], ["80", "a--b", "-a", "a-", "A", "", "x" * 16]),
        (keys.InterfaceKey, ["/", "/web/socket.io", "web", "v1.2"], ["", "web/x", "/a b", "-a", "/a;b", "/a{"]),
    ],
)
def test_keys(kind: Any, good: list[str], bad: list[str]) -> None:
    assert [key for key in good if not accepts(kind, key)] == []
    assert [key for key in bad if accepts(kind, key)] == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            values.Duration,
            ["1s", "1h30m", "0.5s", "500ms", "0s"],
            ["", "5", "1s1h", "1d", "-1s", "1234567h", "١s", "1s\n"],
        ),
        (
            values.Quantity,
            ["1", 2, 0, "0.5", ".5", "1.", "1e3", "1E", "1Ki"],
            ["", "-1", -1, 0.5, True, "1kb", "1e999"],
        ),
        (values.PositiveQuantity, ["1n", 1], ["0", 0, "0.0Gi"]),
        (values.EnvironmentValue, ["", "x", 3, -3, 2**63 - 1], [True, 1.5, None, 2**63, "x" * 32769]),
        (values.UserId, ["0", "1000", "1000:1000", "2000000000"], ["", "root", "-1", "4294967296", "1:", "1:2:3"]),
        (values.Host, ["a", "a.example", "*.example"], ["", "*", "A.example", "a..b", "x" * 64 + ".example", "a.*.b"]),
        (values.ObjectName, ["a", "a.b", "a-b"], ["", "a..b", "-a", "A", "a.-b"]),
    ],
)
def test_values(kind: Any, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []
    assert [value for value in bad if accepts(kind, value)] == []


@pytest.mark.parametrize(("text", "number"), [("1h1m1.5s250ms", 3661.75), ("0s", 0), ("90m", 5400)])
def test_a_duration_in_seconds(text: str, number: float) -> None:
    assert values.seconds(text) == number


@pytest.mark.parametrize(
    ("text", "number"), [("500m", "0.5"), ("1Ki", "1024"), ("1e3", "1000"), (".5", "0.5"), ("1E", "1e18")]
)
def test_a_quantity_as_a_number(text: str, number: str) -> None:
    assert values.amount(text) == Decimal(number)


def test_a_repetition_says_nothing() -> None:
    spec = StackSpec.model_validate({"imagePullSecrets": ["b", "a", "b"]})
    assert spec.image_pull_secrets == ["b", "a"]


def test_null_is_the_same_as_leaving_out() -> None:
    assert Service.model_validate({"image": "a", "healthcheck": None, "environment": None}) == Service(image="a")
    with pytest.raises(ValidationError, match="valid string"):
        StackSpec.model_validate({"images": {"a": None}})


def test_null_in_a_map_is_an_empty_object() -> None:
    """Server-side apply makes it of an entry whose last field is removed, and the entry itself still says something."""
    web = {"image": "a", "networks": {"siblings": None}, "interface": {"/web": None}}
    spec = StackSpec.model_validate({"services": {"web": web}, "networks": {"x": None}, "data": {"y": None}})
    assert spec.services["web"].networks["siblings"].aliases == []
    assert spec.services["web"].interface["/web"].port == 3000
    assert (spec.networks["x"].internal, spec.data["y"].size) == (False, "1Gi")


def test_what_is_set_aside_stays_within_the_limit() -> None:
    assert Resources.model_validate({"limits": {"cpu": 1}, "reservations": {"cpu": "1000m", "memory": "1Gi"}})
    with pytest.raises(ValidationError, match=r"reservations\.memory 1Gi is above limits\.memory 1G"):
        Resources.model_validate({"limits": {"memory": "1G"}, "reservations": {"memory": "1Gi"}})


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ({"templateOnly": True}, "an inline stack cannot have templateOnly"),
        ({"template": True}, "an inline stack cannot have template"),
        ({"templateOnly": False, "template": True}, "an inline stack cannot have template"),
        ({"templateOnly": "yes"}, "templateOnly must be true or false"),
        ({"place": {}}, "an inline stack cannot have place"),
        ({"suspend": "yes"}, "suspend must be true or false"),
    ],
)
def test_an_inline_stack_is_nobodys_template(definition: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        StackSpec.model_validate({"services": {"a": {"type": "stack", "stack": definition}}})
    assert StackSpec.model_validate(
        {"services": {"a": {"type": "stack", "stack": {"suspend": True, "template": False, "templateOnly": False}}}}
    )


FREE_TEXT = {
    "services.web.entrypoint", "services.web.command", "services.web.environment", "services.web.healthcheck",
    "services.web.healthcheck.test", "services.web.deploy.labels", "services.web.annotations", "services.web.sysctls",
    "services.web.postStart", "services.web.preStop", "networks.*.labels", "data.*.labels", "configs",
    "configs.*.content", "configs.*.labels", "env",
}  # fmt: skip
"""Where an author may say anything, of any length, in any alphabet. Everything else is a name, a number or a choice."""


@pytest.mark.parametrize("control", ["\n", "\x00", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u2067"])
def test_no_name_has_a_control_character(control: str) -> None:
    found = set()
    for path, sample in SAMPLES.items():
        spec = surroundings(path, said=True)
        for text in strings(sample):
            for wanted in (text + control, control + text):
                found |= {path} if accepts(StackSpec, renamed(spec, text, wanted)) else set()
    assert found <= FREE_TEXT
    assert "services.web.command" in found


def test_a_refused_key_is_shown_as_what_it_is() -> None:
    with pytest.raises(InvalidStack) as caught:
        parse_spec({"services": {"web\x1b[2J\x9b": {"image": "x"}, "b": {"image": "x", "z\u202e\n": 1}}})
    assert str(caught.value) == (
        'spec.services.b["z\\u202e\\n"]: unknown field; '
        "spec.services[\"web\\x1b[2J\\x9b\"]: 'web\\x1b[2J\\x9b' must have no control characters: no line breaks, "
        "escapes or bidirectional controls"
    )
