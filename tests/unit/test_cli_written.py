"""Every command that writes into definitions prints what it has written as data, and its help says in which form."""

from typing import Any

import typer

from ailtire_operator.cli.app import build
from ailtire_operator.cli.options import WRITTEN_AS_JSON
from ailtire_operator.cli.write_report import Change, WriteReport
from cluster.test_cli_written import VERBS


def commands(found: Any, above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """All commands by their names."""
    if not hasattr(found, "commands"):
        return {above: found}
    below = [commands(each, (*above, name)) for name, each in found.commands.items()]
    return {name: each for part in below for name, each in part.items()}


def test_each_of_them_has_the_option_and_says_what_it_prints() -> None:
    every = commands(typer.main.get_command(build()))
    writing = {name: each for name, each in every.items() if any("--dry-run" in option.opts for option in each.params)}
    tried = {verb.words[:2] if verb.words[0] == "set" else verb.words[:1] for verb in VERBS}
    assert set(writing) == tried, "what one of them promises is tried on a real API server"
    for name, each in writing.items():
        assert [option.opts for option in each.params if "-o" in option.opts] == [["--output", "-o"]], name
        assert " ".join(WRITTEN_AS_JSON.split()) in " ".join(each.help.split()), name


def test_a_value_that_is_hidden_is_nowhere(capsys: Any) -> None:
    report = WriteReport(dry_run=False, as_json=True)
    report.change(Change("shop", "shop/web", "environment.PASSWORD", "first", "second", hidden=True))
    report.change(Change("shop", "shop/web", "environment.PASSWORD", "first", "second", hidden=True))
    report.sentence("for a person")
    report.difference(["-first"])
    report.end(None)
    out = capsys.readouterr().out
    assert out.count("environment.PASSWORD") == 1, "once, also where the command had to begin again"
    assert not any(each in out for each in ("first", "second", "for a person"))


def test_a_note_is_said_once_also_where_the_command_had_to_begin_again(capsys: Any) -> None:
    report = WriteReport(dry_run=False, as_json=True)
    report.note("shop is suspended")
    report.note("shop is suspended")
    report.end(None)
    out, err = capsys.readouterr()
    assert err == "note: shop is suspended\n"
    assert out.count("shop is suspended") == 1
