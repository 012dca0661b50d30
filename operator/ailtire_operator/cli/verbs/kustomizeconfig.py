"""``kustomizeconfig``: where names and images stand in definitions, for kustomize."""

from typing import Final

import typer

from ailtire_operator.cli import options, output, sources
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Print where definitions name objects and images, for kustomize.",
    "namePrefix, nameSuffix, generated ConfigMaps and Secrets and images: change only the places that kustomize knows."
    " This prints a file for the field configurations of a kustomization: each place of the files at which a stack"
    " (stackRef), ConfigMap, Secret, claim, service account or Gateway is named, and each image, inline children"
    " included at any depth.",
    "Kustomize has no way to say 'each service', so that the file holds the keys that the definitions have: print it"
    " again when a service, config or secret is added. It reaches no key that is a whole number, ends in [] or a"
    " backslash, or stands in brackets; those are listed.",
    examples=[
        ("beside the definitions, named in kustomization.yaml as configurations: [kustomizeconfig.yaml]",
         "kubectl ailtire kustomizeconfig stack.yaml > kustomizeconfig.yaml"),
        ("with what the patches of an overlay add",
         "kubectl kustomize overlays/qa | kubectl ailtire kustomizeconfig - > new-config.yaml"),
    ],
)  # fmt: skip
_HEAD: Final = "# Made by kubectl ailtire kustomizeconfig: print it again when a service, config or secret is added.\n"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("kustomizeconfig", help=_HELP)(_kustomizeconfig)


def _kustomizeconfig(
    files: options.Files = None, filenames: options.Filenames = None, recursive: options.Recursive = False
) -> None:
    from ailtire_operator.cli.definitions import collect
    from ailtire_operator.cli.kustomize import configuration

    found = collect(sources.given(files, filenames, None, recursive=recursive)).checked()
    content, unreachable = configuration(each.resource.get("spec") or {} for each in found.all)
    for path in unreachable:
        output.say(f"note: {path}: kustomize cannot reach it, as it takes a key on the way for something else")
    output.data(_HEAD + output.to_yaml(content))
