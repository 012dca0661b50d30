"""Docker's own client reads in an exported file what the author wrote: no variable is put in, no text is another."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.compose.exporting import SwarmOptions, export_tree
from ailtire_operator.model.loading import parse_stack
from support.compose.exporting import write
from support.definitions.hostile import METACHARACTERS, accepted, as_tree, every_field
from swarm.client import stack_config

_FIELDS = ("environment", "labels", "command", "entrypoint", "working_dir", "hostname", "sysctls")
"""What the client writes in the form in which it is given."""


def is_exported(spec: dict[str, Any]) -> bool:
    """Whether nothing asks for what cannot be had in one file."""
    stack = parse_stack(as_tree([spec]))
    try:
        return bool(export_tree(stack.name, stack.spec, {}, options=SwarmOptions(single=True)))
    except ValueError:
        return False


@pytest.mark.parametrize("text", list(METACHARACTERS.values()), ids=list(METACHARACTERS))
def test_every_text_is_read_as_it_was_written(text: str, docker: Path, tmp_path: Path) -> None:
    stack = parse_stack(as_tree([each for each in every_field(text, accepted) if is_exported(each)]))
    result = export_tree(stack.name, stack.spec, {}, options=SwarmOptions(single=True))
    ((_, file),) = write(result, tmp_path).items()
    done = stack_config(docker, file)
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)
    (document,) = result.files.values()
    for key, service in document["services"].items():
        read = {field: found["services"][key][field] for field in _FIELDS if field in service}
        assert read == {field: _plain(service[field]) for field in read}
    for section in ("networks", "volumes", "configs", "secrets"):
        for key, entry in document[section].items():
            assert found[section][key].get("name") == _plain(entry.get("name"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.replace("$$", "$") if isinstance(value, str) else value
