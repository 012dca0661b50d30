"""What build.js and the build sections of Compose files say of images; nothing outside of the folder is built."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose import builds
from ailtire_operator.compose.builds import Target
from ailtire_operator.compose.compose_file.builds import read_canonical
from ailtire_operator.compose.compose_file.project import ComposeOptions
from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.importing import import_application
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.services_js import builds as ailtire
from ailtire_operator.compose.services_js.application import read_application
from support.compose.importing import told
from support.definitions.applications import deploy, services, stack, write

SHOP = {
    "deploy/deploy.js": deploy("shop", "dev", "prod"),
    "deploy/services.js": services(web={"image": "shop_web"}, orders=stack("shop_orders")),
    "deploy/web/Dockerfile": "FROM node:22\n",
    "api/Orders/deploy/deploy.js": deploy("shop_orders", "dev", "prod"),
    "api/Orders/deploy/services.js": services(api={"image": "shop_api"}),
}
WEB = {"dir": "web", "file": "Dockerfile", "tag": "shop_web"}


def read(folder: Path, build: Any, environment: str | None = "dev", **more: str) -> tuple[tuple[Target, ...], str]:
    """The targets of an application with this build.js, and what is told about them."""
    files = {name.replace("__", "/"): content for name, content in more.items()}
    write(folder, {**SHOP, "deploy/build.js": build, **files})
    report = Report()
    found = ailtire.read(read_application(folder, environment), folder, report).targets
    return found, "\n".join(map(str, report.notices))


def one(folder: Path, entry: Any, environment: str | None = "dev", **more: str) -> Target:
    found, said = read(folder, {"web": entry}, environment, **more)
    assert len(found) == 1, said
    return found[0]


def test_paths_start_in_the_folder_of_build_js_and_the_file_in_dir(tmp_path: Path) -> None:
    found = one(tmp_path, {"dir": "../web", "file": "docker/Dockerfile", "tag": "x"}, web__docker__Dockerfile="FROM a")
    assert (found.context, found.dockerfile, found.image) == ("web", "web/docker/Dockerfile", "x")


def test_older_files_have_their_dockerfile_in_the_folder_of_build_js(tmp_path: Path) -> None:
    found = one(tmp_path, {"dir": "..", "file": "../deploy/web/Dockerfile", "tag": "x"})
    assert (found.context, found.dockerfile) == (".", "deploy/web/Dockerfile")


def test_without_dir_file_and_tag_the_entry_itself_says_it(tmp_path: Path) -> None:
    found = one(tmp_path, {}, deploy__Dockerfile="FROM a")
    assert (found.image, found.context, found.dockerfile) == ("web", "deploy", "deploy/Dockerfile")


@pytest.mark.parametrize(("environment", "image"), [("dev", "shop_web:dev"), ("prod", "shop_web:other")])
def test_the_context_of_the_environment_is_built_or_the_default(tmp_path: Path, environment: str, image: str) -> None:
    contexts = {"dev": {**WEB, "tag": "shop_web:dev"}, "default": {**WEB, "tag": "shop_web:other"}}
    assert one(tmp_path, {"contexts": contexts}, environment).image == image


def test_an_environment_without_a_context_is_refused_and_not_replaced(tmp_path: Path) -> None:
    found, said = read(tmp_path, {"web": {"contexts": {"qa": WEB}}})
    assert found == ()
    assert "deploy/build.js: web.contexts: rejected: there is no context 'dev' and none is 'default'" in said


def test_every_package_has_a_build_js_of_its_own(tmp_path: Path) -> None:
    build = 'module.exports = {api: {dir: ".", file: "Dockerfile", tag: "_Shop_api"}};'
    found, said = read(
        tmp_path, {"web": WEB}, api__Orders__deploy__Dockerfile="FROM a", **{"api__Orders__deploy__build.js": build}
    )
    assert [(each.image, each.context) for each in found] == [
        ("shop_web", "deploy/web"),
        ("shop_api", "api/Orders/deploy"),
    ]
    assert "'_Shop_api' is not valid for registries; it became 'shop_api'" in said


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({**WEB, "dir": "../../etc"}, "leads out of"),
        ({**WEB, "dir": "/etc"}, "leads out of"),
        ({**WEB, "dir": "link"}, "leads out of"),
        ({**WEB, "file": "../../../secret"}, "leads out of"),
        ({**WEB, "file": "/etc/passwd"}, "leads out of"),
        ({**WEB, "file": "key"}, "leads out of"),
        ({**WEB, "dir": "nowhere"}, "there is no folder deploy/nowhere"),
        ({**WEB, "file": "Nofile"}, "there is no file deploy/web/Nofile or deploy/Nofile"),
        ({**WEB, "dir": 5}, "dir is 5, not a text"),
        ({**WEB, "dir": "a\0b"}, "not a text"),
        ({**WEB, "tag": "--"}, "is no name of an image"),
        ({**WEB, "tag": "a b"}, "is no name of an image"),
        ({**WEB, "tag": "x@sha256:" + "0" * 64}, "is no name of an image"),
        ({**WEB, "tag": "x;reboot"}, "is no name of an image"),
        ({**WEB, "tag": "$(reboot)"}, "is no name of an image"),
    ],
)
def test_what_cannot_be_built_is_refused(tmp_path: Path, entry: Any, why: str) -> None:
    folder = tmp_path / "shop"
    write(folder, SHOP)
    (tmp_path / "secret").write_text("FROM a")
    (folder / "deploy/link").symlink_to("/etc")
    (folder / "deploy/web/key").symlink_to(tmp_path / "secret")
    found, said = read(folder, {"web": entry})
    assert found == ()
    assert why in said and "rejected" in said


def test_javascript_is_never_executed(tmp_path: Path) -> None:
    with pytest.raises(ComposeError, match=r"build\.js:1:24: 'module\.exports\.web' is a call \(require\)"):
        read(tmp_path, "module.exports = {web: require('child_process').execSync('id')}")


def test_variables_and_packages_of_an_entry_are_told(tmp_path: Path) -> None:
    _, said = read(tmp_path, {"web": {**WEB, "env": {"DOCKER_HOST": "tcp://x"}, "packages": ["a"]}})
    assert "web.env: ignored: upstream sets these variables for the docker command" in said
    assert "web.packages: approximate: upstream copies these packages" in said


def test_two_entries_for_one_image_are_told(tmp_path: Path) -> None:
    found, said = read(tmp_path, {"web": WEB, "again": {**WEB, "tag": "shop_web:latest"}})
    assert len(found) == 1
    assert "'shop_web:latest' is also made by deploy/build.js: web, which is used" in said


def test_an_image_that_is_built_upon_another_comes_behind_it(tmp_path: Path) -> None:
    dockerfile = (
        "# FROM nothing\nfrom --platform=$BUILDPLATFORM shop_base:latest AS one\nFROM node\nCOPY --from=one a b"
    )
    found, _ = read(
        tmp_path,
        {"web": {**WEB, "dir": "top"}, "base": {**WEB, "tag": "shop_base"}},
        deploy__top__Dockerfile=dockerfile,
    )
    assert found[0].bases == (("shop_base:latest", "shop_base"),)
    assert [each.image for each in builds.in_order(found)] == ["shop_base", "shop_web"]


def test_images_built_upon_each_other_are_refused(tmp_path: Path) -> None:
    found, _ = read(
        tmp_path,
        {"a": {"dir": "a", "tag": "a"}, "b": {"dir": "b", "tag": "b"}},
        deploy__a__Dockerfile="FROM b",
        deploy__b__Dockerfile="FROM a",
    )
    with pytest.raises(ApplicationError, match="built upon each other: a, b"):
        builds.in_order(found)


def test_import_tells_which_images_are_built_and_gives_them_the_tag(tmp_path: Path) -> None:
    write(tmp_path, {**SHOP, "deploy/build.js": {"web": WEB}})
    found = import_application(tmp_path, env="dev", registry=None, tag="1.4")
    assert (
        "spec.services.web.image: required: Build and push the images (kubectl ailtire build --push): shop_web:1.4"
        in (told(found))
    )
    assert found.resources[0]["spec"]["images"] == {"shop_web": "shop_web:1.4"}
    assert "images" not in import_application(tmp_path, env="dev", registry=None).resources[0]["spec"]


def test_a_build_js_that_is_no_data_does_not_keep_import_from_its_work(tmp_path: Path) -> None:
    write(tmp_path, {**SHOP, "deploy/build.js": "module.exports = require('./other')"})
    assert "build.js: module.exports: approximate: it is not read: deploy/build.js:1:" in told(
        import_application(tmp_path, env="dev", registry=None)
    )


# Compose files


def composed(folder: Path, build: Any, **service: Any) -> tuple[tuple[Target, ...], str]:
    (folder / "web").mkdir(exist_ok=True)
    (folder / "web/Dockerfile").write_text("FROM a")
    report = Report()
    data = {"name": "shop", "services": {"web": {"build": build, **service}, "db": {"image": "postgres"}}}
    found = read_canonical(data, folder, ComposeOptions(), report).targets
    return found, "\n".join(map(str, report.notices))


def test_a_build_section_becomes_a_target(tmp_path: Path) -> None:
    build = {
        "context": str(tmp_path / "web"),
        "dockerfile": "Dockerfile",
        "args": {"A": "1", "FROM_SHELL": None},
        "labels": {"org.example/x": "y"},
        "target": "run",
        "platforms": ["linux/amd64", "linux/arm64"],
        "additional_contexts": {"more": str(tmp_path)},
        "extra_hosts": {"db": ["10.0.0.1"]},
        "no_cache": True,
    }
    (found,), said = composed(tmp_path, build, image="registry.example/shop/web:2")
    assert found == Target(
        key="web",
        image="registry.example/shop/web:2",
        where=found.where,
        context="web",
        dockerfile="web/Dockerfile",
        args={"A": "1"},
        labels={"org.example/x": "y"},
        stage="run",
        platforms=("linux/amd64", "linux/arm64"),
        contexts={"more": "."},
        hosts={"db": "10.0.0.1"},
        no_cache=True,
    )
    assert str(found.where) == "services.web.build"
    assert "services.web.build.args.FROM_SHELL: ignored: it has no value" in said


def test_an_image_without_a_name_has_the_one_that_import_gives_it(tmp_path: Path) -> None:
    (found,), _ = composed(tmp_path, {"context": str(tmp_path / "web")})
    assert found.image == "shop-web"


def test_a_dockerfile_may_be_written_there(tmp_path: Path) -> None:
    (found,), _ = composed(tmp_path, {"context": str(tmp_path), "dockerfile_inline": "FROM a\nRUN b"})
    assert (found.dockerfile, found.inline) == ("", "FROM a\nRUN b")


@pytest.mark.parametrize(
    ("build", "why"),
    [
        ({"context": "/etc"}, "leads out of"),
        ({"context": "https://example.com/x.git"}, "is no folder"),
        ({"context": "git@github.com:x/y"}, "is no folder"),
        ({"context": "docker-image://x"}, "is no folder"),
        ({"context": "target:x"}, "is no folder"),
        ({"dockerfile": "../../Dockerfile"}, "leads out of"),
        ({"dockerfile": "/etc/passwd"}, "leads out of"),
        ({"dockerfile": "none"}, "there is no file web/none"),
        ({"target": "--load"}, "target is '--load'"),
        ({"platforms": ["linux/amd64,--x"]}, "platforms has"),
        ({"args": {"a b": "c"}}, "args has 'a b'"),
        ({"args": {"--x": "c"}}, "args has '--x'"),
        ({"labels": {"=": "c"}}, "labels has '='"),
        ({"additional_contexts": {"x": "/etc"}}, "leads out of"),
        ({"additional_contexts": {"x": "docker-image://alpine"}}, "is no folder"),
        ({"extra_hosts": {"x": ["y z"]}}, "extra_hosts has 'x'"),
    ],
)
def test_a_build_that_reaches_further_is_refused(tmp_path: Path, build: Any, why: str) -> None:
    found, said = composed(tmp_path, {"context": str(tmp_path / "web"), **build})
    assert found == ()
    assert why in said and "services.web.build: rejected" in said


@pytest.mark.parametrize(
    "build",
    [
        {"ssh": ["default"]},
        {"secrets": [{"source": "token"}]},
        {"entitlements": ["security.insecure"]},
        {"privileged": True},
        {"network": "host"},
        {"cache_to": ["type=local,dest=/etc"]},
        {"tags": ["registry.example/other"]},
    ],
)
def test_a_build_gets_nothing_of_the_machine_and_that_is_told(tmp_path: Path, build: Any) -> None:
    (found,), said = composed(tmp_path, {"context": str(tmp_path / "web"), **build})
    assert (found.args, found.contexts, found.image) == ({}, {}, "shop-web")
    assert f"services.web.build.{next(iter(build))}: ignored: build leaves it out" in said
