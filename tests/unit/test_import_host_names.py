"""``hostname`` and ``domainname`` of a Compose file, which Docker joins."""

from pathlib import Path
from typing import Any

import pytest

from support.compose.compose_cases import convert_text


@pytest.mark.parametrize(
    ("written", "fields", "reported"),
    [
        ("hostname: box", {"hostname": "box"}, ""),
        ("hostname: db.example.com", {"hostname": "db.example.com"}, "hostname"),
        ("hostname: box, domainname: example.com", {"hostname": "box.example.com"}, "hostname domainname"),
        ("hostname: box, domainname: internal", {"hostname": "box", "domainname": "internal"}, "domainname"),
        ("domainname: example.com", {"domainname": "example.com"}, "domainname"),
        (
            "hostname: '{{.Service.Name}}', domainname: a.b",
            {"hostname": "{{.Service.Name}}", "domainname": "a.b"},
            "hostname domainname",
        ),
        (f"hostname: box, domainname: {'a' * 60}.b", {"hostname": "box", "domainname": f"{'a' * 60}.b"}, "domainname"),
    ],
)
def test_a_domain_of_several_labels_becomes_a_part_of_the_host_name(
    tmp_path: Path, written: str, fields: dict[str, Any], reported: str
) -> None:
    found = convert_text(tmp_path, f"name: p\nservices:\n  a: {{image: 'a:1', {written}}}\n")
    service = found.services["a"]
    assert {name: service[name] for name in ("hostname", "domainname") if name in service} == fields
    places = [key for key in ("hostname", "domainname") if f"a.{key}: " in found.told]
    assert places == reported.split()


def test_a_host_name_that_no_container_can_have_is_left_out_and_told(tmp_path: Path) -> None:
    found = convert_text(tmp_path, "name: p\nservices:\n  a: {image: 'a:1', hostname: my_box.example.com}\n")
    assert "hostname" not in found.services["a"]
    assert "services.a.hostname: rejected: " in found.told
