"""An application folder: which services file each package has, and nothing outside the folder."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.errors import ApplicationError, ComposeError, JavaScriptError
from ailtire_operator.compose.services_js.application import Application, Package, read_application
from support.definitions.applications import deploy, module, services, write

WEB = services(web={"image": "web"})


def application(folder: Path, environment: str | None = "dev", **files: Any) -> Application:
    named = {name.replace("__", "/").replace("_js", ".js"): content for name, content in files.items()}
    root = {"deploy/deploy.js": deploy("shop", "dev", "prod"), "deploy/services.js": WEB}
    return read_application(write(folder, {**root, **named}), environment)


def package(folder: Path, description: Any, environment: str | None = "dev", **files: Any) -> Package:
    """The package ``pkg`` of an application, its files given without their folder."""
    named = {f"api__Pkg__deploy__{name}": content for name, content in files.items()}
    found = application(folder, environment, api__Pkg__deploy__deploy_js=description, **named)
    return found.packages["pkg"]


def text(found: Package) -> str:
    return "\n".join(map(str, found.notices))


def test_packages_are_found_at_any_depth_by_their_lower_case_name(tmp_path: Path) -> None:
    found = application(
        tmp_path,
        api__A__deploy__deploy_js=deploy("Shop_A", "dev"),
        api__A__B__C__deploy__deploy_js=deploy("shop_b", "dev"),
        api__node_modules__x__deploy__deploy_js=deploy("not_ours", "dev"),
        elsewhere__deploy__deploy_js=deploy("not_a_package", "dev"),
    )
    assert list(found.packages) == ["shop", "shop_a", "shop_b"]
    assert found.packages["shop_b"].file == "api/A/B/C/deploy/deploy.js"
    assert found.root.design is not None
    assert found.root.design.file == "deploy/services.js"


def test_the_first_environment_is_chosen_and_told_where_none_is_asked_for(tmp_path: Path) -> None:
    found = application(tmp_path, None)
    assert found.environment == "dev"
    assert "no environment was chosen; 'dev' is the first one" in str(found.notices[0])


def test_an_unknown_environment_of_the_application_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="has no context 'prdo'; it has dev, prod"):
        application(tmp_path, "prdo")


def test_a_file_without_contexts_is_the_map_itself(tmp_path: Path) -> None:
    description = {"name": "pkg", "dev": {"design": "special.js"}}
    found = package(tmp_path, description, special_js=WEB)
    assert found.design is not None
    assert found.design.file == "api/Pkg/deploy/special.js"
    assert found.notices == ()


@pytest.mark.parametrize(
    ("description", "told"),
    [
        (
            deploy("pkg", "prod"),
            "there is no context 'dev'; api/Pkg/deploy/services.js of context 'prod' is used instead",
        ),
        (deploy("pkg", "dev", design="services-x.js"), "the file 'services-x.js' of context 'dev' does not exist"),
        ({"name": "pkg", "contexts": {"dev": {"type": "service"}}}, "context 'dev' names no design"),
        (
            {"name": "pkg", "contexts": {"dev": {"design": "stack.yaml"}}},
            "the file 'stack.yaml' of context 'dev' does not exist",
        ),
        (
            {"name": "pkg", "contexts": {"dev": {"file": "docker-compose.yml"}}},
            "the file 'docker-compose.yml' of context 'dev' does not exist",
        ),
        ({"name": "pkg", "contexts": {}}, "there is no context 'dev'; api/Pkg/deploy/services.js is used instead"),
        ({"name": "pkg", "contexts": {"dev": None}}, "context 'dev' names no design"),
        ({"name": "pkg", "contexts": {"dev": {"design": "../../../../etc/services.js"}}}, "leads out of"),
        ({"name": "pkg", "contexts": {"dev": {"design": f"{'x' * 5000}.js"}}}, "does not exist"),
    ],
)
def test_another_file_stands_in_and_is_told(tmp_path: Path, description: Any, told: str) -> None:
    found = package(tmp_path, description, services_js=WEB)
    assert told in (str(found.failure) if found.failure else text(found))
    assert (found.design is None) == (found.failure is not None)


def test_a_design_beside_a_compose_file_counts(tmp_path: Path) -> None:
    description = {"name": "pkg", "contexts": {"dev": {"file": "docker-compose.yml", "design": "services.js"}}}
    found = package(tmp_path, description, services_js=WEB)
    assert found.design is not None
    assert "the Compose file 'docker-compose.yml' is not read" in text(found)


def test_a_package_without_any_services_file_has_no_design(tmp_path: Path) -> None:
    found = package(tmp_path, {"name": "pkg", "contexts": {"dev": {}}})
    assert found.design is None
    assert found.failure is None
    assert "there is no api/Pkg/deploy/services.js" in text(found)


def test_a_broken_package_is_no_matter_until_someone_refers_to_it(tmp_path: Path) -> None:
    found = package(tmp_path, deploy("pkg", "dev"), services_js="module.exports = require('x')")
    assert isinstance(found.failure, JavaScriptError)
    assert str(found.failure).startswith("api/Pkg/deploy/services.js:1:18: ")


def test_of_two_packages_of_one_name_the_first_counts(tmp_path: Path) -> None:
    found = application(
        tmp_path, api__B__deploy__deploy_js=deploy("pkg", "dev"), api__A__deploy__deploy_js=deploy("PKG", "dev")
    )
    assert found.packages["pkg"].file == "api/A/deploy/deploy.js"
    assert "'pkg' is also the name of api/A/deploy/deploy.js" in str(found.notices[0])


def test_a_key_that_stands_twice_is_told_with_its_file(tmp_path: Path) -> None:
    found = package(
        tmp_path, deploy("pkg", "dev"), services_js="module.exports = {services: {a: {image: 'x'},\na: {image: 'y'}}}"
    )
    assert "api/Pkg/deploy/services.js: services.a: approximate: duplicate key" in text(found)


def test_a_services_file_alone_is_named_after_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "shop", {"deploy/services-local.js": WEB, "other.js": WEB})
    assert read_application(tmp_path / "shop/deploy/services-local.js", None).root.name == "shop"
    assert read_application(tmp_path / "shop/other.js", None).root.name == "shop"


def test_a_folder_may_have_a_services_file_alone(tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"deploy/services.js": WEB})
    assert read_application(folder, "dev").root.name == "shop"


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"services.js": WEB, "deploy.js": deploy("evil", "dev")})
    folder = write(tmp_path / "app", {"deploy/deploy.js": deploy("shop", "dev"), "api/P/x": ""})
    (folder / "deploy/services.js").symlink_to(tmp_path / "outside/services.js")
    (folder / "api/P/deploy").symlink_to(tmp_path / "outside")
    found = read_application(folder, "dev")
    assert found.root.design is None
    assert list(found.packages) == ["shop"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "is not a text in UTF-8"),
        (b"//" + b"x" * 1024 * 1024, "is larger than"),
        (b"module.exports = []", "is [], not a map"),
        (b"module.exports = {services: " + b"[" * 100 + b"]" * 100 + b"}", "nested more than"),
    ],
)
def test_unreadable_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "services.js"
    path.write_bytes(content)
    with pytest.raises(ComposeError, match=r"^services\.js") as caught:
        read_application(path, None)
    assert message in str(caught.value)


def test_paths_that_are_no_application_say_what_would_be(tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="no file or folder"):
        read_application(tmp_path / "nothing", None)
    with pytest.raises(ApplicationError, match=r"has no deploy/deploy\.js$"):
        read_application(tmp_path, None)
    (tmp_path / "deploy.js").write_text(module({}))
    with pytest.raises(ApplicationError, match="use its parent folder"):
        read_application(tmp_path, None)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "services.js").write_text("\ufeff" + module(WEB))
    assert read_application(tmp_path / "services.js", None).root.design is not None
