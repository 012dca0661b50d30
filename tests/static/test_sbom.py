"""`make sbom`: what the wheel's bill of materials lists, against the locks; what an image's does, against its files."""

import base64
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from kindlab import engine
from lab.paths import ROOT
from supplychain import image, packages, page, pins, sbom, wheel
from supplychain.subjects import Subject, write
from support.checks.locks import closure, locked

pytestmark = pytest.mark.usefixtures("tools")
ELSEWHERE = {"colorama"}
"""What the wheel requires on other systems alone."""
STATIC = ROOT / "operator" / "ailtire_operator" / "cli" / "ui" / "static"


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "running", lambda: False)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The wheel's."""
    folder = tmp_path_factory.mktemp("sbom")
    built = wheel.build(folder)
    write(folder / "wheel.json", wheel.subject(built), wheel.contents(built))
    yield json.loads((folder / "wheel.json").read_text())


def of_kind(bill: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in bill["components"] if each["purl"].startswith(f"pkg:{kind}/")]


def test_the_wheels_bill_lists_exactly_the_locked_runtime_dependencies(bill: dict[str, Any]) -> None:
    names = closure("ailtire-operator") - {"ailtire-operator"} | ELSEWHERE
    lock = locked("requirements.lock")
    found = {each["name"]: each["version"] for each in of_kind(bill, "pypi")}
    assert found == {name: lock[name].version for name in names}
    assert not {"pytest", "mypy", "ruff", "hatchling"} & names


def test_the_wheels_bill_has_the_hashes_of_the_lock(bill: dict[str, Any]) -> None:
    lock = {pin.name: set(pin.hashes) for pin in pins.read(ROOT / "requirements.lock")}
    for each in of_kind(bill, "pypi"):
        (source,) = each["externalReferences"]
        assert {digest["content"] for digest in source["hashes"]} == lock[each["name"]]
        assert {digest["alg"] for digest in source["hashes"]} == {"SHA-256"}


def test_the_wheels_bill_lists_what_npm_has_put_into_the_page_and_no_program_that_built_it(
    bill: dict[str, Any],
) -> None:
    entries = json.loads((ROOT / "ui" / "package-lock.json").read_text())["packages"]
    used = {path.removeprefix("node_modules/"): each for path, each in entries.items() if path and not each.get("dev")}
    found = {
        f"{each['group']}/{each['name']}" if "group" in each else each["name"]: each for each in of_kind(bill, "npm")
    }
    assert {name: each["version"] for name, each in found.items()} == {
        name: each["version"] for name, each in used.items()
    }
    for name, each in found.items():
        (source,), (licence,) = each["externalReferences"], each["licenses"]
        (digest,) = source["hashes"]
        assert (digest["alg"], licence["license"]["id"]) == ("SHA-512", used[name]["license"])
        assert digest["content"] == base64.b64decode(used[name]["integrity"].removeprefix("sha512-")).hex()
    assert found["@preact/signals"]["purl"] == f"pkg:npm/%40preact/signals@{used['@preact/signals']['version']}"
    required = {each["ref"]: set(each.get("dependsOn", [])) for each in bill["dependencies"]}
    assert found["preact"]["bom-ref"] in required["subject"]
    assert found["@preact/signals-core"]["bom-ref"] not in required["subject"]
    assert found["@preact/signals-core"]["bom-ref"] in required[found["@preact/signals"]["bom-ref"]]


def test_a_library_of_the_page_without_a_strong_digest_is_an_error() -> None:
    (each, *_) = json.loads((STATIC / "libraries.json").read_text())
    with pytest.raises(LookupError, match="no SHA-512 of a library in the page, but sha1"):
        list(page.contents(json.dumps([{**each, "integrity": "sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M="}])))


def test_the_wheels_bill_says_of_which_wheel_it_is_and_what_requires_what(bill: dict[str, Any], tmp_path: Path) -> None:
    subject = bill["metadata"]["component"]
    again = wheel.subject(wheel.build(tmp_path))
    assert (subject["name"], [each["content"] for each in subject["hashes"]]) == ("ailtire-operator", [*again.hashes])
    required = {each["ref"]: set(each.get("dependsOn", [])) for each in bill["dependencies"]}
    by_name = {each["name"]: each["bom-ref"] for each in bill["components"]}
    assert by_name["kopf"] in required["subject"]
    assert by_name["mdurl"] not in required["subject"]
    assert by_name["mdurl"] in required[by_name["markdown-it-py"]]
    assert set(by_name.values()) == set().union(*required.values()), "nothing is listed that nothing requires"


STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u10

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

"""
LIBRARY = {
    "name": "@x/y",
    "version": "3",
    "license": "MIT",
    "integrity": f"sha512-{'A' * 86}==",
    "needs": [],
    "asked": True,
}
FILES = {
    "var/lib/dpkg/status": STATUS,
    "usr/lib/os-release": 'NAME="Debian"\nVERSION_ID="12"\nID=debian\n',
    "opt/ailtire/lib/python3.11/site-packages/kopf-1.0.dist-info/METADATA": "Name: kopf\nVersion: 1.0\n\nName: no\n",
    "opt/ailtire/lib/python3.11/site-packages/Odd.Name-2.dist-info/METADATA":
        "Name: Odd.Name\nVersion: 2\nLicense: Mine, with words\n  and more\nRequires-Dist: kopf>=1\n"
        "Requires-Dist: colorama; sys_platform == 'win32'\n",
    f"opt/ailtire/lib/python3.11/site-packages/{page.LIBRARIES}": json.dumps([LIBRARY]),
    "usr/local/include/python3.11/patchlevel.h": '#define PY_VERSION              "3.11.14"\n',
    "opt/METADATA": "Name: none\nVersion: 1\n",
}  # fmt: skip


def archive(files: dict[str, str]) -> io.BytesIO:
    """The files of an image, as docker exports them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            made.addfile(member, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream


def test_an_images_bill_lists_what_its_own_files_tell(tmp_path: Path) -> None:
    found = image.files(archive(FILES))
    assert set(found) == set(FILES) - {"opt/METADATA"}
    write(tmp_path / "image.json", Subject("x", "1", "container"), image.contents(found))
    made = json.loads((tmp_path / "image.json").read_text())
    assert sorted(each["purl"] for each in made["components"]) == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12",
        "pkg:generic/python@3.11.14",
        "pkg:npm/%40x/y@3",
        "pkg:pypi/kopf@1.0",
        "pkg:pypi/odd-name@2",
    ]
    required = {each["ref"]: each.get("dependsOn", []) for each in made["dependencies"]}
    assert required["pkg:pypi/odd-name@2"] == ["pkg:pypi/kopf@1.0"]
    assert len(required["subject"]) == 5


def test_a_package_has_the_locks_hashes_if_it_is_that_version() -> None:
    (kopf,) = [pin for pin in pins.read(ROOT / "requirements.lock") if pin.name == "kopf"]
    for version, hashes in ((kopf.version, kopf.hashes), ("1.0", ())):
        assert packages.of_python(f"Name: kopf\nVersion: {version}\n", {"kopf": kopf}).hashes == hashes


def test_a_requirement_counts_wherever_the_wheel_may_be_installed_and_with_the_extras_that_are_asked_for() -> None:
    told = "".join(
        f"Requires-Dist: {each}\n"
        for each in (
            "a",
            "b; sys_platform == 'win32'",
            "c; python_version < '3.11'",
            "d; extra == 'more'",
            "e[x]; python_version >= '3.14'",
        )
    )
    linux = packages.ANYWHERE[:1]
    for environments, extras, names in (
        (linux, ("",), "a"), (packages.ANYWHERE, ("",), "abe"), (packages.ANYWHERE, ("", "more"), "abde"),
    ):  # fmt: skip
        assert "".join(each.name for each in packages.required(told, environments, extras)) == names


def test_an_images_bill_says_what_it_cannot_list() -> None:
    assert image.lacking(FILES).startswith("files that belong to no package")
    bare = {name: text for name, text in FILES.items() if "dpkg" not in name}
    assert image.lacking(bare).startswith("the packages of the base image, as it has no /var/lib/dpkg/status")


def test_without_an_engine_there_is_no_bill_of_an_image(
    no_engine: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / sbom.IMAGE).write_text("of another day")
    sbom.main("", tmp_path)
    said = capsys.readouterr().out
    assert "NOT MADE, as no Docker Engine answers here" in said
    assert "is not listed: Python itself, Debian's packages" in said
    assert [each.name for each in tmp_path.iterdir()] == [sbom.WHEEL]
    with pytest.raises(typer.Exit) as ended:
        sbom.main("registry.example/operator:1", tmp_path)
    assert ended.value.exit_code == 1


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        (Subject("x", "1", "no such type"), "is not a valid ComponentType"),
        (Subject("x", "1", "container", hashes=("no hash",)), "what was made is no CycloneDX 1.6"),
    ],
)
def test_what_the_schema_does_not_take_is_not_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], subject: Subject, why: str
) -> None:
    with pytest.raises(SystemExit, match=r"bad\.json was not written"):
        write(tmp_path / "bad.json", subject, [])
    assert why in capfd.readouterr().err
    assert not (tmp_path / "bad.json").exists()


def test_a_requirement_that_is_not_locked_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built = wheel.build(tmp_path)
    short = "".join(f"{pin.name}=={pin.version}\n" for pin in pins.read(wheel.LOCK) if pin.name != "kopf")
    (tmp_path / "short.lock").write_text(short)
    monkeypatch.setattr(wheel, "LOCK", tmp_path / "short.lock")
    with pytest.raises(LookupError, match=r"requires kopf, which short\.lock does not have"):
        wheel.contents(built)
