"""Definitions that are wrong or worse: one clear error, soon, and no file read that was not asked for."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ailtire_operator.cli.failures import Invalid
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.importing import import_application
from fuzz.loaders import CORPUS, LOADERS, processor_time
from support.compose.compose_cases import convert, convert_text

SERVICE = "services: {a: {image: a}}\n"
_SECONDS = 5.0
"""Many times what each takes: a busy machine spends more processor time on the same, and a fault here takes minutes."""
_MEMORY = 512 * 1024 * 1024


@contextmanager
def bounded() -> Iterator[None]:
    """Little memory beside what the tests use already, and bounded processor time: ours and Docker Compose's."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _MEMORY, before[1]))
    started = processor_time()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert processor_time() - started < _SECONDS


@pytest.fixture(scope="module", autouse=True)
def _docker_compose_is_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Looked for once, outside of the bounds; when it reads a file, it has its own."""
    convert_text(tmp_path_factory.mktemp("first"), SERVICE)


def refusal(folder: Path, text: str | bytes, **files: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    if isinstance(text, bytes):
        (folder / "compose.yaml").write_bytes(text)
    else:
        (folder / "compose.yaml").write_text(text)
    with bounded(), pytest.raises(ComposeError) as caught:
        convert(folder / "compose.yaml")
    message = str(caught.value)
    assert len(message) < 1000 and "\n" not in message
    return message


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)

DENSE = "services:\n" + "".join(
    f"  s{level}: {{image: a, depends_on: [{', '.join(f's{each}' for each in range(level))}]}}\n" for level in range(60)
)
LONG = "services:\n" + "".join(f"  s{level}: {{image: a, depends_on: [s{level + 1}]}}\n" for level in range(600))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (DENSE, "more than 200,000 paths"),
        (LONG, "s600"),
        (BOMB + SERVICE, "more than 1,000,000 values"),
        ("x: " + "[" * 10_000 + "]" * 10_000, "levels deep"),
        ("#" * (10 * 1024 * 1024) + SERVICE, "larger than"),
        (b"\x00\x01\xff\xfe", "compose.yaml"),
        (b"\xff\xfe\x00", "not a text in UTF-8"),
        ("- a\n- b\n", "is not a Compose file"),
        ("just text", "is not a Compose file"),
        ("a: [", "not YAML"),
        ("services: []\n", "services"),
        ("services: {a: []}\n", "services.a"),
        ("services: {a: {image: [x]}}\n", "services.a.image"),
        ("services: {a: {image: x, unknown: 1}}\n", "unknown"),
        ("services: {a: {image: x, ports: {a: b}}}\n", "services.a.ports"),
        ("services: {a: {image: x, depends_on: [a]}}\n", "cycle"),
        ("services: {a: {image: x, depends_on: [b]}, b: {image: y, depends_on: [a]}}\n", "cycle"),
        ("services: {a: {extends: b}, b: {extends: a}}\n", "ircular reference"),
        ("include: [compose.yaml]\n" + SERVICE, "include"),
        ("services: {a: {image: '${X:?is needed}'}}\n", "is needed"),
        ("services: {a: {image: x, env_file: gone.env}}\n", "gone.env"),
        ("services: {a: {image: x, secrets: [gone]}}\n", "gone"),
        ('services: {a: {image: x, env_file: "\\0"}}\n', "is not a valid path"),
        (f"services: {{a: {{image: x, env_file: {'x' * 5000}}}}}\n", "Docker Compose refuses it"),
        (f"include: [{'x' * 5000}]\n{SERVICE}", "Docker Compose refuses it"),
        ("!!python/object/apply:os.system [id]\n", "not supported"),
        ("services: {a: {image: x}}\nservices: {b: {image: y}}\n", "is duplicate"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bad_files_get_one_clear_error(tmp_path: Path, text: str | bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "include: [../secret.yaml]\n" + SERVICE,
        "include: [{path: [/etc/passwd]}]\n" + SERVICE,
        "services: {a: {extends: {file: ../base.yaml, service: a}}}\n",
        "services: {a: {image: a, env_file: ../../etc/passwd}}\n",
        "include: [{path: x.yaml, project_directory: ../../../etc}]\n" + SERVICE,
        "include: [{path: x.yaml, env_file: ../../../etc/shadow}]\n" + SERVICE,
        "include: [{path: x.yaml, env_file: [/etc/shadow]}]\n" + SERVICE,
        "include: /etc/shadow\n" + SERVICE,
        "services: {a: {image: a, label_file: /etc/passwd}}\n",
        "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: /etc/passwd}}\n",
        "services: {a: {image: a, secrets: [c]}}\nsecrets: {c: {file: '../x'}}\n",
    ],
)
def test_files_elsewhere_are_not_read(tmp_path: Path, text: str) -> None:
    assert "leads out of the folder" in refusal(tmp_path / "project", text)


@pytest.mark.parametrize("address", ["https://example.com/x.yaml", "git@example.com:a/b.git", "oci://example.com/a"])
def test_other_machines_are_not_asked(tmp_path: Path, address: str) -> None:
    assert "--remote-includes" in refusal(tmp_path, f"include: ['{address}']\n{SERVICE}")


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path) -> None:
    variables = "".join(f"      V{index}: {'x' * 4000}\n" for index in range(190))
    text = f"services:\n  a:\n    image: a\n    environment:\n{variables}"
    with bounded():
        assert len(convert_text(tmp_path, text).services["a"]["environment"]) == 190


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("module.exports = {" + "a: 1, " * 2_000_000 + "};", "larger than"),
        ("module.exports = " + "[" * 200_000 + "]" * 200_000, "deep"),
        ("module.exports = {" + ", ".join(f"k{index}: {{}}" for index in range(110_000))[:1_000_000], "services.js"),
        ("\x00\x01", "services.js"),
        ("module.exports = {services: []}", "not a map of services"),
        ("module.exports = {services: {get a() { return 1 }}}", "services.js:1"),
        ("module.exports = {...process.env}", "services.js:1"),
        ("module.exports = require('fs')", "services.js:1"),
        ("while (true) {}", "services.js"),
        ("", "services.js"),
        ("module.exports = [1]", "not a map"),
        ("`" * 500_001, "services.js"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_bad_services_js_gets_one_clear_error(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "services.js").write_text(text)
    with bounded(), pytest.raises(ComposeError) as caught:
        import_application(tmp_path / "services.js", env=None, registry=None)
    message = str(caught.value)
    assert reason in message
    assert len(message) < 1000
    assert "\n" not in message


@pytest.mark.parametrize("file", sorted(CORPUS.iterdir()), ids=lambda file: file.name)
def test_what_the_fuzzer_starts_from_and_has_found(tmp_path: Path, file: Path) -> None:
    LOADERS[file.suffix](tmp_path, file.read_bytes().decode("utf-8", "surrogatepass"))


def test_what_docker_compose_does_not_check_is_no_surprise(tmp_path: Path) -> None:
    volume = "{x-cluster-spec: {access_mode: {scope: {}, sharing: []}, capacity_range: [1], group: {a: [b]}}}"
    result = convert_text(tmp_path, f"services: {{a: {{image: a, volumes: ['v1:/v']}}}}\nvolumes: {{v1: {volume}}}\n")
    assert "volumes.v1.x-cluster-spec.group: ignored" in result.told


def test_a_folder_may_be_widened(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("services: {a: {image: base}}")
    text = "services: {a: {extends: {file: ../base.yaml, service: a}}}\n"
    assert convert_text(tmp_path / "project", text, root=tmp_path).services["a"]["image"] == "base"


KEYS = st.sampled_from(
    ["image", "command", "ports", "volumes", "networks", "environment", "deploy", "healthcheck", "configs", "secrets"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=8) | st.sampled_from(["80:80", "a:/b", "1s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_nothing_but_a_clear_error_is_raised(tmp_path: Path, service: dict[str, object]) -> None:
    import yaml

    try:
        convert_text(tmp_path, yaml.safe_dump({"services": {"a": {"image": "a", **service}}}))
    except (ComposeError, Invalid) as error:
        assert str(error)
