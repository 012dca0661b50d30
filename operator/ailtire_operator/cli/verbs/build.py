"""``build``: the images of an application, and its definitions beside them in a registry."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import output, source_options
from ailtire_operator.cli.failures import Exit, Failure, Invalid
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.build_push import Pushed
    from ailtire_operator.cli.build_sources import Sources

_HELP = help_text(
    "Build the images of an application, and push them with its definitions.",
    "PATH is what import takes: an Ailtire application, whose build.js files say what is made of which folder, or a"
    " Compose file, or the folder of one, by its build: sections. Without an option, docker builds what the tree of the"
    " environment runs, and what that is built upon; the table then says of each image of the tree where it comes from."
    " --list prints the table alone.",
    "--print runs nothing and prints the plan, a file for 'docker buildx bake' whose paths start in the folder of this"
    " command. Without buildx, 'docker build' and 'docker push' do the same one after the other; what they cannot do"
    " (--sbom, --provenance, several platforms, additional contexts) is refused. Docker's own output goes to standard"
    " error.",
    "--push pushes each image below --registry, and nothing elsewhere, and then the definitions: the application's"
    " AiltireStack, and one of each of its packages, with images by the digests that the registry has. Each is an"
    " artifact of the OCI with one layer of YAML, below --registry by the name of the stack; its tag is --tag and"
    " the environment. The output has their addresses by digest, which import reads: kubectl ailtire import"
    " oci://registry.example/shop@sha256:... Where something else has pushed the images by the plan, --no-images pushes"
    " the definitions alone. A Compose file's secrets and credentials"
    " become references to Secrets, as with import --secrets, which are not pushed; a definition with a variable that"
    " looks like a credential is refused without --with-credentials. The login is that of 'docker login'.",
    "Files are read as data: no build.js is executed. Folders and Dockerfiles lie in the application's folder, or in"
    " --root; a build gets no secrets, no SSH agent, no rights on the machine and no variable of your shell, whatever"
    " the files say. The commands of a Dockerfile run in the builder, so build what you trust, as with docker build.",
    examples=[
        ("which images are built, and which come from elsewhere", "kubectl ailtire build . --env dev --list"),
        ("build them on this machine", "kubectl ailtire build . --env dev"),
        ("build and push images and definitions, with what upstream says of its images",
         "kubectl ailtire build . --env prod --push --registry registry.example/shop --tag 1.4 --sbom --provenance"),
        ("in CI: the plan for a builder, then the definitions with what it has pushed",
         "kubectl ailtire build . --env prod --push --registry registry.example/shop --tag 1.4 --print > bake.json\n"
         "docker buildx bake -f bake.json\n"
         "kubectl ailtire build . --env prod --push --no-images --registry registry.example/shop --tag 1.4 -o json"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How the result is printed."""

    JSON = "json"


_Path = Annotated[
    str, typer.Argument(metavar="PATH", help="An application's folder, a services.js, a Compose file or its folder.")
]
_Push = Annotated[bool, typer.Option("--push", help="Push images and definitions below --registry.")]
_Images = Annotated[
    bool, typer.Option("--images/--no-images", help="Build the images, or push definitions for those that are there.")
]
_Print = Annotated[bool, typer.Option("--print", help="Print the plan for docker buildx bake, and run nothing.")]
_List = Annotated[bool, typer.Option("--list", help="Print which images the tree has, and run nothing.")]
_SBOM = Annotated[bool, typer.Option("--sbom", help="Let the builder say beside each image what is in it.")]
_PROVENANCE = Annotated[bool, typer.Option("--provenance", help="Let it say how the image was made.")]
_CREDENTIALS_HELP = "Push definitions although variables in them look like credentials."
_Credentials = Annotated[bool, typer.Option("--with-credentials", help=_CREDENTIALS_HELP)]
_Output = Annotated[Form | None, typer.Option("--output", "-o", show_default=False, help="The result as one object.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("build", help=_HELP)(_build)


def _build(
    path: _Path = ".",
    files: source_options.Files = None,
    environment: source_options.Environment = None,
    profiles: source_options.Profiles = None,
    env_files: source_options.EnvFiles = None,
    project_name: source_options.ProjectName = None,
    registry: source_options.Registry = None,
    tag: source_options.Tag = None,
    root: source_options.Root = None,
    shell: source_options.Shell = False,
    name: source_options.Name = None,
    push: _Push = False,
    images: _Images = True,
    sbom: _SBOM = False,
    provenance: _PROVENANCE = False,
    plain: source_options.PlainHttp = False,
    with_credentials: _Credentials = False,
    as_plan: _Print = False,
    only_list: _List = False,
    form: _Output = None,
) -> None:
    from ailtire_operator.cli import build_push, build_run, build_sources, build_view
    from ailtire_operator.cli.build_images import rows
    from ailtire_operator.cli.build_plan import Attestations, bake
    from ailtire_operator.cli.translation import Request
    from ailtire_operator.compose.compose_file.docker_compose import Choices
    from ailtire_operator.compose.compose_file.project import ComposeOptions

    if not images and not push:
        raise Failure("--no-images builds nothing, and without --push nothing is pushed", "Add --push.")
    choices = Choices(tuple(profiles or ()), tuple(map(Path, env_files or ())), project_name, shell_variables=shell)
    chosen = ComposeOptions(choices, registry, tag, with_secrets=True, root=Path(root) if root else None)
    request = Request(Path(path), tuple(map(Path, files or ())), environment, name, chosen)
    sources = build_sources.read(request)
    _tell(sources)
    attestations = Attestations(sbom, provenance)
    if push:
        build_push.check_destinations(sources.made, registry)
        if not (as_plan or with_credentials):
            build_push.check_secrets(sources.resource)
    if as_plan:
        _require(sources)
        output.data(output.to_json(bake(sources.made, attestations, folder=str(sources.folder), push=push)))
        return
    pushed: list[Pushed] = []
    digests: dict[str, str] = {}
    found = rows(sources.made, sources.used, sources.broken)
    if not only_list:
        _require(sources)
        if images and any(each.is_used for each in sources.made):
            build_run.run(sources.made, attestations, sources.folder, push=push)
        if push:
            below = (registry or "").rstrip("/")
            digests, pushed = _push(sources, below, tag, plain=plain)
            for each in build_push.missing_images(found, below, plain=plain):
                output.say(f"note: {each} is not in the registry: push it there, or name its own registry in the files")
    if form is Form.JSON:
        output.data(output.to_json(build_view.as_json(found, digests, pushed)))
        return
    output.rows(build_view.table(found))
    output.rows(build_view.lines(pushed))


def _tell(sources: "Sources") -> None:
    """The report on what is built, on standard error."""
    from ailtire_operator.cli.report import text

    if sources.notices:
        output.say(text(sources.findings))


def _require(sources: "Sources") -> None:
    """Raises Invalid where something that the tree runs cannot be built."""
    if sources.broken:
        raise Invalid([f"{each.where}: {each.image} cannot be built: {each.why}" for each in sources.broken])


def _push(sources: "Sources", registry: str, tag: str | None, *, plain: bool) -> "tuple[dict[str, str], list[Pushed]]":
    from ailtire_operator.cli import build_push
    from ailtire_operator.oci.errors import RegistryError

    spec = sources.resource["spec"]
    destination = f"{registry}/{{}}:{build_push.definition_tag(tag, spec.get('environment'))}"
    try:
        digests = build_push.image_digests(sources.made, plain=plain)
        pushed = build_push.push_definitions(
            sources.resource, sources.tree.packages, sources.made, digests, destination, plain=plain
        )
    except RegistryError as error:
        raise Failure(str(error), code=Exit.TROUBLE) from None
    return digests, pushed
