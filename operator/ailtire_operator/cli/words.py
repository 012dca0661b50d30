"""What may follow the words of a command line. Pure, but for what a completer reads.

The words are not taken for values of their types, as a command does: that takes longer than all else of an answer.
"""

from collections.abc import Sequence
from typing import Any

import typer


def candidates(command: Any, words: Sequence[str], incomplete: str) -> list[tuple[str, str]]:
    """What the last word may become, each with a help text. ``command`` is typer's, with all commands below it."""
    walk = _Walk(typer.Context(command, **command.context_settings))
    if "=" in incomplete and incomplete.startswith("-"):
        name, _, incomplete = incomplete.partition("=")
        words = [*words, name]
    for word in words:
        walk.step(word)
    return [(each.value, " ".join((each.help or "").split())) for each in walk.candidates(incomplete)]


class _Walk:
    """From word to word: which command, which of its options and arguments have been given."""

    def __init__(self, context: typer.Context) -> None:
        self._context = context
        self._waiting: Any = None
        """An option whose value comes next."""
        self._literal = False
        """After ``--``: nothing is an option any more."""

    def step(self, word: str) -> None:
        if self._waiting is not None:
            self._context.params[self._waiting.name] = word
            self._waiting = None
        elif self._literal or not word.startswith("-") or word == "-":
            self._positional(word)
        elif word == "--":
            self._literal = True
        else:
            self._option(word)

    def candidates(self, incomplete: str) -> list[Any]:
        context, command = self._context, self._context.command
        if self._waiting is not None:
            return list(self._waiting.shell_complete(context, incomplete))
        if incomplete.startswith("-") and not self._literal:
            names = self._options_left()
            return [each for each in command.shell_complete(context, incomplete) if each.value in names]
        argument = self._argument()
        return list((argument or command).shell_complete(context, incomplete))

    def _params(self) -> list[Any]:
        """The options and arguments of the command, --help among them."""
        return list(self._context.command.get_params(self._context))

    def _options_left(self) -> set[str]:
        """The names of the options that may still be given."""
        left = (each for each in self._params() if each.multiple or each.name not in self._context.params)
        return {name for each in left for name in (*each.opts, *each.secondary_opts)}

    def _option(self, word: str) -> None:
        name, given, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2:
            name, given, value = word[:2], "=", word[2:]
        options = (each for each in self._params() if name in (*each.opts, *each.secondary_opts))
        option: Any = next(options, None)
        if option is None:
            return
        if given or option.is_flag:
            self._context.params[option.name] = value or True
        else:
            self._waiting = option

    def _positional(self, word: str) -> None:
        below = getattr(self._context.command, "commands", {}).get(word)
        if below is not None:
            self._context = typer.Context(below, parent=self._context, info_name=word)
        elif (argument := self._argument()) is not None:
            self._context.params[argument.name] = word

    def _argument(self) -> Any:
        """The argument that comes next; the last one may come again and again."""
        for each in self._params():
            open_ended = each.nargs == -1
            if each.param_type_name == "argument" and (open_ended or each.name not in self._context.params):
                return each
        return None
