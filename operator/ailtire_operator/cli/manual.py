"""docs/cli.md, made from the commands' own help: ``python -m ailtire_operator.cli.manual > docs/cli.md``."""

import sys
from typing import Any, Final

import typer

from ailtire_operator.cli.app import PROGRAM, build

_WIDTH: Final = 100
_INTRODUCTION: Final = f"""# `{PROGRAM}`

The executable `kubectl-ailtire` is a plugin of kubectl: with it on the PATH, `kubectl ailtire` works. It uses the same
models, the same plan and the same translation as the operator, so that what it says is what the operator does.

This page is generated from the commands' own help (`python -m ailtire_operator.cli.manual > docs/cli.md`).

## What all commands have in common

- **Data goes to standard output, everything else to standard error.** So pipes work: `{PROGRAM} import . --env dev |
  {PROGRAM} validate -`, `| {PROGRAM} render -`, `| kubectl apply -f -`.
- **Exit codes** are the same everywhere; `{PROGRAM} --help` lists them.
- **`-n`, `--context`, `--kubeconfig`** are kubectl's, and may stand before or after the command's name. Plugins get no
  options that stand before `ailtire` itself: kubectl refuses them.
- **FILE** is a YAML or JSON file, a folder (its files that end in .yaml, .yml or .json, without folders below it
  unless `-R` says so) or `-`. A file may hold several documents, lists as `kubectl get -o yaml` prints them, and
  objects of other kinds, which are passed over. validate, render and diff take files with `-f` too, and a kustomize
  folder with `-k`, built by kubectl itself; the others read what `kubectl kustomize DIR` prints.
- **YAML is read as kubectl reads it** (`yes` is true, `12:30` is a text, a date is a text), with three differences:
  a key that stands twice is an error, tags such as `!!binary` are refused, and there are limits on size (32 MiB),
  depth (150) and number of values (1,000,000, aliases expanded).
- **Colours** are for terminals only, and NO_COLOR turns them off.
- **Completion**: see `{PROGRAM} completion --help`; commands, options, namespaces, contexts, names of stacks and
  paths.
- **Paths** say what is meant in a tree: `shop/orders/api` is the service `api` of the child `orders` of the stack
  `shop`. The first part is the name of any AiltireStack, the others are keys.
- **Rights** are the user's own, never the operator's; what lacks is named as the API server names it.
- **`--debug`**, before the command's name, shows Python's traceback where a command fails by a fault of its own.

## What `tree -o json` promises

Every stack is an object with `name`, `key` (in its parent), `state` (ready, progressing, trouble, stalled, suspended,
deleting, missing, template), `ready`, `reason`, `message`, `blocker` (null, or what the message is made of: `path`, the
keys of the stacks that lead to it, `subject`, `replicas`, `reason`, `message`), `servicesReady` and `stacksReady` (as
`2/3`, of the subtree below), `url`, `notices` (how many), `routes` (`path`, `service`, `port`, `url`), `services`
(`key`, `kind`, `name`, `state`, which is stopped where no replica is asked for, `ready`, `wanted`, `reason`, `message`)
and `stacks` (the same again). Fields may be added, none will go.
`tree -A -o json` is a list of such objects, each with the `namespace` of its tree as well.
With `--logs` each service has a `log` and each stack a `gatewayLog`: null, or an object with `path`, `pod`,
`container`, `previous` (of the run before), `lines` and `problem` (why it could not be read).

## What the other data promises

- `notices -o json`: `counts` by classification, and `notices`: a list of objects with `stack`, `path`,
  `classification`, `message` and, where there is one, `remedy`; with `-A` each has its `namespace` too.
- `validate -o json`: `valid`, `stacks` (what was read), `problems` and `notes`: lists of objects with `file`, `line`,
  `column`, `resource`, `path` and `message`; and `trees`: for each tree that uses a template of the files its `tree`
  (the root), `namespace`, `templates`, `verdict`, `problems` and `missingTemplates`, as `diff -o json` has them.
- The commands that write (`set image`, `set env`, `scale`, `restart`, `stop`, `start`, `rollback`) have one object
  with `-o json`: `dryRun`; `changes`, a list of objects with `resource` (the AiltireStack that is written), `path` (the
  stack or service that it is about), `field` (from there on; empty where a member comes or goes as a whole), `before`
  and `after`, or `hidden: true` in place of these two; `unchanged` and `notes`, lists of sentences; and `outcome`
  (reached, waiting, failed, rolled back, suspended, stopped; null without `--wait`) and `message`, of the waiting.
- `diff -o json`: `differences`, a list of objects with `action` (created, changed, replaced, deleted), `kind`,
  `namespace`, `name`, `before` and `after` (null where there is no such object) and, where the change waits for
  what a member depends on, `heldBack` (why); `notes` and `problems`; `trees`, for each tree that uses a template of
  the files an object with `tree` (its root), `namespace`, `templates`, `verdict` (valid, invalid, invalidAlready),
  `problems`, `missingTemplates`, `suspended`, `stacks` (the paths of those that change), `services` (paths in `added`,
  `changed` and `removed`) and `podsReplaced`; and `notShown`: of how many `trees` how many `objects` would change
  without being in `differences`.
- `import --report json`: `stacks` and `services` (how many), `counts` and `notices`, as `notices -o json` has them.
- **SARIF, JUnit and annotations of GitHub's** (`validate -o`, `diff -o`, `import --report`): the rules are
  `invalid-definition`, `template-not-in-input` and `deprecated-field`; of `diff` also `object-created`, `-changed`,
  `-replaced` and `-deleted` (warnings), `apply-refused` (an error) and `apply-note`; of `import` `import-` and the
  classification. Line and column are those of the value, or of what would hold it. Where several Compose files are
  given or included, the one that holds most of the path is named, and the last of several. Of a services.js line and
  column are given where the report names that file, or it was given alone.
- `diff -o markdown`: the first line is `<!-- kubectl-ailtire diff -->`, by which a pipeline finds its own comment
  again, and there are at most 60,000 characters: lists and diffs that exceed them are counted. What a definition or the
  cluster says stands in spans and blocks of code alone.
- `version -o json`: `version`, `apiVersion`, `python` and, without `--client`, `operator` (`version` and `image`, null
  where they are not known).
- `open -o json`: a list of objects with `url`, `service` (its path), `port`, `ready`, and `reason`, which says what is
  in the way first and is empty where nothing is.
- `wait -o json`: `path`, `outcome` (reached, failed, waiting, rolled back, suspended, stopped), `message`, and `log`,
  which is that of `tree --logs`.
- `logs -o json`: an object a line, with `time`, `path`, `pod`, `container` and `message`.
- `events -o json`: an object a line, with `time` (seen last), `type`, `reason`, `path`, `kind` and `name` of
  the object, `count`, `source` and `message`.
- `reach FROM TO -o json`: `from`, `to`, `reachable`, `ports` (`all`, or `3000/TCP`), `portsByName` (those on
  which a name answers), `names` (`name`, `network`,
  `service`, `ports`), and `in` and `out`: the rules that admit it (`policy`, `network`, `ports`), null where no policy
  restricts that direction.
- `reach --matrix -o json`: `workloads`, and `reach`, the pairs (`from`, `to`, `ports`) of which one reaches the other.
  `-o csv`: a row for each caller, a column for each that is called.

## What `render` leaves out

Owner references, the addresses in the DNS zones (EndpointSlices), the namespace unless `-n` gives one (DNS names inside
then say `default`), and the child AiltireStacks: an admission policy of the operator lets nobody else write those, in a
dry run neither. `--stacks` shows them. The comment at the top of the output names all of it.

## What `diff` compares

For the stacks in the files: what `kubectl apply` would make of them, with client-side or server-side apply, whichever
the live resource is kept with. For everything below: the operator's plan against what the operator's field manager
owns, then a dry run of each object that differs, by the API server, as the operator would send it. Fields of others on
an object are left alone, as the operator leaves them alone; objects of others in the way are named and left out. Child
stacks are compared here, without a dry run (see above). What is taken from the cluster: addresses, templates,
features, nodes, and the operator's settings as they show in running pods. Program and operator have to be of one
version.
"""


def manual() -> str:
    """The whole page."""
    app: Any = typer.main.get_command(build())
    context = typer.Context(
        app, info_name=PROGRAM, terminal_width=_WIDTH, max_content_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    parts = [_INTRODUCTION, "## The commands\n", _block(app.get_help(context))]
    for name, command in app.commands.items():
        below = typer.Context(command, info_name=name, parent=context, terminal_width=_WIDTH, max_content_width=_WIDTH)
        parts += [f"### {PROGRAM} {name}\n", _block(command.get_help(below))]
        for inner, each in getattr(command, "commands", {}).items():
            deeper = typer.Context(each, info_name=inner, parent=below, terminal_width=_WIDTH, max_content_width=_WIDTH)
            parts += [f"#### {PROGRAM} {name} {inner}\n", _block(each.get_help(deeper))]
    return "\n".join(parts)


def _block(text: str) -> str:
    return "```text\n" + "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n```\n"


if __name__ == "__main__":
    sys.stdout.write(manual())
