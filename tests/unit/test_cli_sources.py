"""Reading files, folders and standard input."""

import io
import sys
from pathlib import Path

import pytest

from ailtire_operator.cli import sources
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.sources import given, read


def test_folders_give_their_files_in_order_and_deeper_ones_on_request(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.json", "notes.txt", "deep/d.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text('{"a": 1}')
    assert [Path(each.source).name for each in read([str(tmp_path)])] == ["a.yml", "b.yaml", "c.json"]
    deep = [Path(each.source).name for each in read([str(tmp_path)], recursive=True)]
    assert deep == ["a.yml", "b.yaml", "c.json", "d.yaml"]


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfa: 1\n---\nb: 2\n")))
    assert [(str(each), each.data) for each in read(["-"])] == [
        ("standard input:1", {"a": 1}),
        ("standard input:3", {"b": 2}),
    ]
    with pytest.raises(Failure, match="'-' stands there twice"):
        read(["-", "-"])


def test_every_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("a: [")
    with pytest.raises(Invalid) as caught:
        read([str(tmp_path)])
    assert [line.rpartition("/")[2].partition(":")[0] for line in caught.value.lines] == ["one.yaml", "two.yaml"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4")
    (tmp_path / "empty").mkdir()
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "kustomization.yaml").write_text("resources: []")
    for argument, message in (
        ("latin.yaml", "not a text in UTF-8"),
        ("nothing.yaml", "there is no file or folder"),
        ("empty", "has no file that ends in"),
        ("built", "is a kustomize folder"),
    ):
        with pytest.raises(Failure, match=message):
            read([str(tmp_path / argument)])


def test_a_kustomize_folder_says_how_to_build_it(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []")
    with pytest.raises(Failure) as caught:
        read([str(tmp_path)])
    build = f"kubectl kustomize {tmp_path} | kubectl ailtire ... -"
    assert caught.value.hint == f"Give it with -k {tmp_path}, or build it first: {build}"


def test_the_size_of_all_inputs_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SIZE_LIMIT", 20)
    (tmp_path / "one.yaml").write_text("a: 12345678")
    assert read([str(tmp_path)])
    (tmp_path / "two.yaml").write_text("a: 12345678")
    with pytest.raises(Failure, match="MiB of input"):
        read([str(tmp_path)])


def test_files_come_as_arguments_with_f_and_from_a_kustomize_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text("a: 1")
    (tmp_path / "b.yaml").write_text("b: 2")
    program = tmp_path / "kubectl"
    program.write_text('#!/bin/sh\n[ "$3" = -- ] || [ "$2" = -- ] || exit 9\necho "c: 3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    found = given([str(tmp_path / "a.yaml")], [str(tmp_path / "b.yaml")], "over/prod", recursive=False)
    assert [each.data for each in found] == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert found[-1].source == "over/prod (kustomize)"
    program.write_text("#!/bin/sh\necho 'no such folder' >&2\nexit 1\n")
    with pytest.raises(Failure, match="kubectl kustomize over/prod: no such folder"):
        given(None, None, "over/prod", recursive=False)
    with pytest.raises(Failure, match="no input"):
        given(None, None, None, recursive=False)
