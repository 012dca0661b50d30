"""The options of commands that read an application's files: which of them, and under which names its images go."""

from typing import Annotated

import typer

Files = Annotated[
    list[str] | None,
    typer.Option("--file", "-f", metavar="FILE", help="A Compose file in place of PATH; repeatable."),
]
Environment = Annotated[
    str | None, typer.Option("--env", metavar="NAME", help="The environment; else the first of deploy.js.")
]
Profiles = Annotated[
    list[str] | None, typer.Option("--profile", metavar="NAME", help="A profile of Compose; repeatable.")
]
EnvFiles = Annotated[
    list[str] | None, typer.Option("--env-file", metavar="FILE", help="Variables in place of .env; repeatable.")
]
ProjectName = Annotated[
    str | None, typer.Option("--project-name", metavar="NAME", help="Compose's project; else the file's or folder's.")
]
_REGISTRY_HELP = "Put before images that name no registry; of Compose files, before those that are built."
Registry = Annotated[str | None, typer.Option("--registry", metavar="PREFIX", help=_REGISTRY_HELP)]
_TAG_HELP = "The tag of images that are built and have none; of Compose files, of those without a name."
Tag = Annotated[str | None, typer.Option("--tag", metavar="TAG", help=_TAG_HELP)]
Root = Annotated[
    str | None, typer.Option("--root", metavar="DIR", help="Compose files may name files below it; else their own.")
]
Shell = Annotated[
    bool, typer.Option("--env-from-shell", help="Put variables of your own shell into Compose files where they ask.")
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="The stack's name; else the application's.")]
PlainHttp = Annotated[
    bool, typer.Option("--plain-http", help="The registry speaks HTTP without TLS; one on localhost may without it.")
]
