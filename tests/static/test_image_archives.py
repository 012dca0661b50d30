"""What a release says of an image is read from the image's archive: as its layers leave it, one above another."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from supplychain import archives, sbom

pytestmark = pytest.mark.usefixtures("tools")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
SITE = "opt/ailtire/lib/python3.11/site-packages"
STATUS = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n"


def tar(members: Mapping[str, str | None], compressed: bool = False) -> bytes:
    """A tar archive of texts; None is a folder."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz" if compressed else "w") as made:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if text is None else tarfile.REGTYPE
            member.size = len((text or "").encode())
            made.addfile(member, io.BytesIO((text or "").encode()))
    return stream.getvalue()


class Layout:
    """An archive in OCI's layout, being made."""

    def __init__(self) -> None:
        self.members: dict[str, bytes] = {}

    def blob(self, content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        self.members[f"blobs/sha256/{digest}"] = content
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    def image(self, layers: Sequence[bytes]) -> dict[str, Any]:
        config = self.blob(json.dumps({"config": {"User": "65532:65532"}}).encode(), "config")
        told = {"mediaType": MANIFEST, "config": config, "layers": [self.blob(each, "layer") for each in layers]}
        return self.blob(json.dumps(told).encode(), MANIFEST)

    def write(self, file: Path, *entries: dict[str, Any]) -> Path:
        self.members["index.json"] = json.dumps({"mediaType": INDEX, "manifests": entries}).encode()
        with tarfile.open(file, "w") as made:
            for name, content in self.members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                made.addfile(member, io.BytesIO(content))
        return file


def archive(folder: Path, *layers: bytes) -> Path:
    """An image of these layers."""
    layout = Layout()
    return layout.write(folder / "image.tar", layout.image(layers))


def python(name: str) -> dict[str, str]:
    return {f"{SITE}/{name}-1.dist-info/METADATA": f"Name: {name}\nVersion: 1\n"}


def test_the_bill_of_an_archive_names_its_image_and_what_is_in_all_of_its_layers(tmp_path: Path) -> None:
    base = {"./var/lib/dpkg/status": STATUS, "./usr/lib/os-release": "ID=debian\nVERSION_ID=12\n"}
    file = archive(tmp_path, tar(base, compressed=True), tar(python("kopf")))
    sbom.of_archive(tmp_path / "bill.json", file, "registry.example:5000/operator:1.2", 1_700_000_000)
    bill = json.loads((tmp_path / "bill.json").read_text())
    assert [each["purl"] for each in bill["components"]] == [
        "pkg:pypi/kopf@1",
        "pkg:deb/debian/libc6@2.36?arch=amd64&distro=debian-12",
    ]
    subject = bill["metadata"]["component"]
    digest, manifest = archives.manifest(file)
    assert (subject["name"], subject["version"]) == ("operator", "1.2")
    told = {each["name"].removeprefix("ailtire:"): each["value"] for each in subject["properties"]}
    assert (told["digest"], told["imageId"]) == (digest, manifest["config"]["digest"])
    assert told["notListed"].startswith("files that belong to no package")
    assert archives.configuration(file)["config"]["User"] == "65532:65532"
    assert bill["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")


@pytest.mark.parametrize(
    ("layer", "left"),
    [
        pytest.param({f"{SITE}/b-1.dist-info/.wh.METADATA": ""}, {"a"}, id="a file"),
        pytest.param({f"{SITE}/.wh.b-1.dist-info": ""}, {"a"}, id="a folder"),
        pytest.param({"opt/.wh.ailtire": ""}, set(), id="a folder above"),
        pytest.param({f"{SITE}/.wh..wh..opq": "", **python("c")}, {"c"}, id="what was in a folder"),
        pytest.param({SITE: "a file now"}, set(), id="a file in place of a folder"),
        pytest.param({SITE: None, f"{SITE}/b-1.dist-info": None}, {"a", "b"}, id="a folder with other rights"),
        pytest.param({f"{SITE}/.wh.b": "", f"{SITE}/.wh.b-1": ""}, {"a", "b"}, id="names that begin alike"),
    ],
)
def test_a_layer_takes_away_what_the_layers_below_it_have(
    tmp_path: Path, layer: dict[str, str | None], left: set[str]
) -> None:
    file = archive(tmp_path, tar({**python("a"), **python("b")}), tar(layer))
    assert {text.splitlines()[0] for text in archives.files(file).values()} == {f"Name: {name}" for name in left}


def test_an_index_of_one_image_is_that_image_and_one_of_several_is_refused(tmp_path: Path) -> None:
    layout = Layout()
    one, other = layout.image([tar(python("a"))]), layout.image([tar(python("b"))])
    index = layout.blob(json.dumps({"mediaType": INDEX, "manifests": [one]}).encode(), INDEX)
    assert archives.manifest(layout.write(tmp_path / "one.tar", index))[0] == one["digest"]
    with pytest.raises(LookupError, match=r"two\.tar has 2 images, and not one"):
        archives.manifest(layout.write(tmp_path / "two.tar", one, other))
