"""What ``build`` reads: the tree as ``import`` makes it, and how its images are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.build_images import Use, made_images, uses
from ailtire_operator.cli.build_plan import Made
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.report import Finding
from ailtire_operator.cli.translation import Request, Translation, translate
from ailtire_operator.compose.builds import Broken, same_image
from ailtire_operator.compose.compose_file import builds as compose_builds
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.files import own_folder
from ailtire_operator.compose.importing import application_builds
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.services_js.application import read_application
from ailtire_operator.model.report import Notice


@dataclass(frozen=True)
class Sources:
    """An application, and what its files say of images."""

    folder: Path
    """The one from which all paths of targets start."""
    tree: Translation
    resource: Mapping[str, Any]
    """The one AiltireStack."""
    made: list[Made]
    used: list[Use]
    broken: list[Broken]
    """Images that the tree runs and that cannot be built."""
    notices: tuple[Notice, ...]
    """About what is built."""

    @property
    def findings(self) -> list[Finding]:
        """The notices for a report."""
        return list(map(Finding, self.notices))


def read(request: Request) -> Sources:
    """Raises Failure, with code 1 where the files are not accepted."""
    tree = translate(request)
    resource = next(each for each in tree.resources if each["kind"] == naming.KIND)
    files, options, report = request.compose_files(), request.options, Report()
    try:
        if files:
            folder = options.root or own_folder(files[0])
            found = compose_builds.read(files, options, report)
        else:
            folder = request.path if request.path.is_dir() else request.path.parent
            application = read_application(request.path, request.environment)
            found = application_builds(request.path, application, options.choices, report)
        used = uses(resource)
        made = made_images(found.targets, used, resource["spec"], None if files else options.tag)
    except ComposeError as error:
        raise Failure(str(error), code=Exit.NO) from None
    broken = [each for each in found.broken if any(same_image(each.image, use.written) for use in used)]
    return Sources(folder, tree, resource, made, used, broken, report.notices)
