"""``ui`` as a user types it, and what it must not cost the other commands."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ailtire_operator.cli import shell
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.options import Target
from ailtire_operator.cli.ui.about import context_of
from ailtire_operator.cli.ui.assets import FOLDER, Assets
from ailtire_operator.cli.ui.server import listening
from support.checks.commands import Run


def test_a_port_in_use_is_said_with_what_helps(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Failure) as failed:
        listening(other.getsockname()[1])
    assert str(failed.value).endswith("is in use")
    assert failed.value.hint.startswith("Choose another one with --port")
    assert failed.value.code is Exit.TROUBLE
    with listening(0) as ours:
        assert ours.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ui"], "no usable configuration for the cluster"),
        (["ui", "shop", "--no-browser"], "no usable configuration for the cluster"),
        (["ui", "--port", "65536"], "less than or equal to 65535"),
        (["ui", "--port", "-1"], "greater than or equal to 0"),
        (["ui", "--port", "http"], "a valid integer"),
        (["ui", "one", "two"], "unexpected extra argument"),
    ],
)
def test_trouble_is_a_plain_sentence(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert result.err.startswith("error: ")
    assert message in result.err


def test_its_options_are_completed() -> None:
    assert "ui\t" in shell.kubectl_completions(["u"])
    found = [line.partition("\t")[0] for line in shell.kubectl_completions(["ui", "--"]).splitlines()]
    assert {"--no-browser", "--port", "--allow-actions", "--namespace", "--context", "--kubeconfig"} <= set(found)


@pytest.mark.parametrize("program", ["ailtire_operator.cli.verbs.ui", "ailtire_operator.handlers"])
def test_the_page_is_imported_by_nobody_but_who_shows_it(program: str) -> None:
    code = f"import sys, {program}; print([each for each in sys.modules if 'cli.ui' in each])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_and_completion_read_no_server() -> None:
    code = "import sys; from ailtire_operator.cli.app import build; build(); print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_context_is_that_of_the_option_or_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text("current-context: lab\ncontexts: []\n")
    assert context_of(Target(kubeconfig=str(file))) == "lab"
    assert context_of(Target(kubeconfig=str(file), context="prod")) == "prod"
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'nothing'}:{file}")
    assert context_of(Target()) == "lab"
    file.write_text("{")
    assert context_of(Target()) == ""


def test_the_page_is_part_of_the_package() -> None:
    shell_page = Assets().find("/")
    assert shell_page is not None
    assert shell_page.content == (FOLDER / "index.html").read_bytes()


def test_files_are_those_of_the_start_and_of_known_types(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "assets/app-1.js", "assets/app-1.js.map", "sources.json", "favicon.svg"):
        (tmp_path / name).write_text(name)
    (tmp_path / "assets" / "link.js").symlink_to("/etc/passwd")
    found = Assets(tmp_path)
    (tmp_path / "assets" / "late.js").write_text("late")
    script, icon = found.find("/assets/app-1.js"), found.find("/favicon.svg")
    assert script is not None
    assert icon is not None
    assert (script.content, script.content_type) == (b"assets/app-1.js", "text/javascript; charset=utf-8")
    assert (script.cache, icon.cache) == ("public, max-age=31536000, immutable", "no-store")
    for nothing in ("/assets/link.js", "/assets/late.js", "/assets/app-1.js.map", "/assets/../index.html"):
        assert found.find(nothing) is None
    page = found.find("/sources.json")
    assert page is not None
    assert page.content == b"index.html"
    with pytest.raises(Failure):
        Assets(tmp_path / "assets")
