"""``build`` as a user types it: the plan, what docker is asked, what is told."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.cli.build_definitions import pinned
from ailtire_operator.cli.build_images import uses
from ailtire_operator.cli.build_plan import Attestations, Made, bake, named, needs_buildx, plain_build
from ailtire_operator.cli.failures import Exit
from ailtire_operator.compose.builds import Target
from ailtire_operator.model.field_path import FieldPath
from support.checks.commands import Result, Run
from support.definitions.applications import deploy, services, stack, write

SHOP: dict[str, Any] = {
    "deploy/deploy.js": deploy("shop", "dev", "prod"),
    "deploy/services.js": services(web={"image": "shop_web"}, cache={"image": "redis:7"}, orders=stack("shop_orders")),
    "deploy/build.js": {
        "web": {"dir": "web", "file": "Dockerfile", "tag": "shop_web"},
        "base": {"dir": "base", "file": "Dockerfile", "tag": "shop_base"},
        "spare": {"dir": "base", "file": "Dockerfile", "tag": "shop_spare"},
    },
    "deploy/web/Dockerfile": "FROM shop_base\n",
    "deploy/base/Dockerfile": "FROM scratch\n",
    "api/Orders/deploy/deploy.js": deploy("shop_orders", "dev", "prod"),
    "api/Orders/deploy/services.js": services(api={"image": "shop_api:2"}),
    "api/Orders/deploy/build.js": {"api": {"dir": ".", "tag": "shop_api:2"}},
    "api/Orders/deploy/Dockerfile": "FROM scratch\n",
}
REGISTRY = ("--registry", "registry.example/team")
DOCKER = """#!/bin/sh
# A docker that writes down what it is asked, and has buildx if the file says so.
echo "$PWD $*" >> {log}
if [ "$1 $2" = "buildx version" ]; then exit {version}; fi
if [ "$1 $2" = "buildx bake" ]; then cat > {log}.plan; fi
echo "words of docker"
exit {code}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path / "shop", SHOP)


class Docker:
    """Stands where docker is looked for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = folder / "docker.log"
        self._program = folder / "bin" / "docker"
        self._program.parent.mkdir()
        monkeypatch.setenv("PATH", f"{self._program.parent}:/usr/bin:/bin")
        self.is_there()

    def is_there(self, *, buildx: bool = True, code: int = 0) -> None:
        self._program.write_text(DOCKER.format(log=self.log, version=0 if buildx else 1, code=code))
        self._program.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines()

    @property
    def plan(self) -> Any:
        return json.loads(Path(f"{self.log}.plan").read_text())


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    return Docker(tmp_path, monkeypatch)


def printed(run: Run, *arguments: str) -> Any:
    result = run("build", "shop", "--env", "dev", "--print", *arguments)
    assert result.code == Exit.DONE, result.err
    return json.loads(result.out)


def test_the_plan_is_what_bake_reads_in_this_folder(run: Run, shop: Path) -> None:
    plan = printed(run)
    assert plan["group"] == {"default": {"targets": ["shop-api", "shop-web"]}}
    assert plan["target"]["shop-web"] == {
        "context": "./shop/deploy/web",
        "dockerfile": "Dockerfile",
        "tags": ["shop_web"],
        "contexts": {"shop_base": "target:shop-base"},
    }
    assert set(plan["target"]) == {"shop-api", "shop-base", "shop-spare", "shop-web"}
    assert Path(plan["target"]["shop-web"]["context"]).is_dir()


def test_registry_and_tag_name_the_images_as_import_does(run: Run, shop: Path) -> None:
    plan = printed(run, *REGISTRY, "--tag", "1.4", "--push", "--sbom", "--provenance")
    assert {name: each["tags"][0] for name, each in plan["target"].items()} == {
        "shop-web": "registry.example/team/shop_web:1.4",
        "shop-api": "registry.example/team/shop_api:2",
        "shop-base": "registry.example/team/shop_base:1.4",
        "shop-spare": "registry.example/team/shop_spare:1.4",
    }
    assert plan["target"]["shop-web"]["attest"] == ["type=provenance", "type=sbom"]
    assert plan["target"]["shop-web"]["output"] == ["type=registry"]
    assert "output" not in plan["target"]["shop-base"]
    imported = run("import", "shop", "--env", "dev", *REGISTRY, "--tag", "1.4").documents[0]["spec"]
    assert (imported["images"], imported["imageRegistry"]) == ({"shop_web": "shop_web:1.4"}, REGISTRY[1])


def test_the_table_says_where_each_image_comes_from(run: Run, shop: Path, docker: Docker) -> None:
    result = run("build", "shop", "--env", "dev", "--list")
    assert result.out.splitlines() == [
        "IMAGE       COMES FROM                       USED BY",
        "shop_base   deploy/build.js: base            a base of others",
        "shop_spare  deploy/build.js: spare           nothing: not built",
        "shop_api:2  api/Orders/deploy/build.js: api  orders/api",
        "shop_web    deploy/build.js: web             web",
        "redis:7     elsewhere                        cache",
    ]
    assert not docker.log.exists()


def test_the_same_as_data(run: Run, shop: Path) -> None:
    data = json.loads(run("build", "shop", "--env", "dev", "--list", "-o", "json").out)
    by_image = {each["image"]: each for each in data["images"]}
    assert by_image["redis:7"] == {"image": "redis:7", "built": False, "usedBy": ["spec.services.cache.image"]}
    assert by_image["shop_spare"]["built"] is False and by_image["shop_base"]["built"] is True
    assert by_image["shop_web"] == {
        "image": "shop_web",
        "built": True,
        "target": "shop-web",
        "declaredAt": "deploy/build.js: web",
        "context": "deploy/web",
        "dockerfile": "deploy/web/Dockerfile",
        "usedBy": ["spec.services.web.image"],
    }
    assert data["definitions"] == []


def test_buildx_gets_the_plan_in_the_folder_of_the_application(run: Run, shop: Path, docker: Docker) -> None:
    result = run("build", "shop", "--env", "dev")
    assert result.code == Exit.DONE, result.err
    assert docker.asked == [f"{Path.cwd()} buildx version", f"{shop} buildx bake --file=- --load"]
    assert docker.plan["target"]["shop-web"]["context"] == "./deploy/web"
    assert "words of docker" not in result.out


def test_without_buildx_docker_builds_one_after_the_other(run: Run, shop: Path, docker: Docker) -> None:
    docker.is_there(buildx=False)
    assert run("build", "shop", "--env", "dev").code == Exit.DONE
    assert docker.asked[1:] == [
        f"{shop} build --file=./deploy/base/Dockerfile --tag=shop_base ./deploy/base",
        f"{shop} build --file=./api/Orders/deploy/Dockerfile --tag=shop_api:2 ./api/Orders/deploy",
        f"{shop} build --file=./deploy/web/Dockerfile --tag=shop_web ./deploy/web",
    ]


def test_what_docker_alone_cannot_do_is_refused(run: Run, shop: Path, docker: Docker) -> None:
    docker.is_there(buildx=False)
    result = run("build", "shop", "--env", "dev", "--sbom")
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "docker has no buildx here, which is needed for --sbom and --provenance" in result.err
    assert "docker buildx bake -f bake.json" in result.err
    assert len(docker.asked) == 1


def test_without_docker_the_plan_is_offered(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    result = run("build", "shop", "--env", "dev")
    assert result.code == Exit.TROUBLE
    assert "there is no docker on the PATH" in result.err and "--print > bake.json" in result.err


def test_a_build_that_fails_ends_it(run: Run, shop: Path, docker: Docker) -> None:
    docker.is_there(code=3)
    result = run("build", "shop", "--env", "dev", "--push", *REGISTRY)
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "docker buildx bake has failed with exit code 3" in result.err


def test_an_image_of_the_tree_that_cannot_be_built_ends_it_before(run: Run, shop: Path, docker: Docker) -> None:
    (shop / "deploy/web/Dockerfile").unlink()
    for arguments in ((), ("--print",)):
        result = run("build", "shop", "--env", "dev", *arguments)
        assert (result.code, result.out) == (Exit.NO, "")
        assert "deploy/build.js: web: shop_web cannot be built: there is no file deploy/web/Dockerfile" in result.err
    assert not docker.log.exists()


def test_the_table_says_what_cannot_be_built(run: Run, shop: Path) -> None:
    (shop / "deploy/web/Dockerfile").unlink()
    assert "shop_web    cannot be built: deploy/build.js: web" in run("build", "shop", "--env", "dev", "--list").out
    data = json.loads(run("build", "shop", "--env", "dev", "--list", "-o", "json").out)
    (web,) = [each for each in data["images"] if each["image"] == "shop_web"]
    assert (web["built"], web["problem"]) == (False, "there is no file deploy/web/Dockerfile or deploy/Dockerfile")


def test_what_no_stack_runs_is_told_and_keeps_nothing_from_being_built(run: Run, shop: Path, docker: Docker) -> None:
    write(shop, {"deploy/build.js": {**SHOP["deploy/build.js"], "spare": {"dir": "nowhere"}}})
    result = run("build", "shop", "--env", "dev")
    assert result.code == Exit.DONE
    assert "there is no folder deploy/nowhere" in result.err
    assert len(docker.asked) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--push"], Exit.TROUBLE, "--push without --registry does not know where to"),
        (["--no-images"], Exit.TROUBLE, "without --push nothing is pushed"),
        (["--push", "--registry", "registry.example/team", "--tag", "a b"], Exit.NO, "'a b' is no tag of an image"),
        (["--push", "--registry", "--x"], Exit.NO, "cannot be spec.imageRegistry"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Run, shop: Path, docker: Docker, arguments: list[str], code: Exit, why: str
) -> None:
    result: Result = run("build", "shop", "--env", "dev", *arguments)
    assert (result.code, result.out) == (code, "")
    assert why in result.err
    assert not docker.log.exists()


def test_nothing_is_pushed_to_another_registry_than_the_one_that_is_named(run: Run, shop: Path, docker: Docker) -> None:
    write(shop, {"deploy/services.js": services(web={"image": "other.example/web"})})
    write(shop, {"deploy/build.js": {"web": {"dir": "web", "tag": "other.example/web"}}})
    result = run("build", "shop", "--env", "dev", "--push", *REGISTRY)
    assert result.code == Exit.NO
    assert "'other.example/web' would be pushed, which is not below --registry registry.example/team" in result.err
    assert not docker.log.exists()


def test_no_credential_is_pushed_in_a_definition(run: Run, shop: Path, docker: Docker) -> None:
    variables = {"DB_PASSWORD": "hunter2", "PLAIN": "x", "URL": "postgres://a:b@db/x"}
    write(shop, {"api/Orders/deploy/services.js": services(api={"image": "shop_api:2", "environment": variables})})
    result = run("build", "shop", "--env", "dev", "--push", *REGISTRY)
    assert (result.code, result.out) == (Exit.NO, "")
    for name in ("DB_PASSWORD", "URL"):
        assert f"spec.services.orders.stack.services.api.environment.{name}: it looks like a credential" in result.err
    assert "PLAIN" not in result.err and "hunter2" not in result.err
    assert not docker.log.exists()
    docker.is_there(code=3)
    assert "bake has failed" in run("build", "shop", "--env", "dev", "--push", "--with-credentials", *REGISTRY).err


def test_an_environment_without_a_context_builds_nothing(run: Run, shop: Path, docker: Docker) -> None:
    entry = {"contexts": {"prod": {"dir": "web", "tag": "shop_web"}}}
    write(shop, {"deploy/build.js": {"web": entry}})
    result = run("build", "shop", "--env", "dev")
    assert (result.code, result.out) == (Exit.NO, "")
    assert "web: shop_web cannot be built: there is no context for the environment" in result.err


def test_an_image_of_docker_hub_is_pinned_with_its_registry() -> None:
    resource = {
        "apiVersion": "ailtire.io/v1alpha1",
        "kind": "AiltireStack",
        "metadata": {"name": "shop"},
        "spec": {"imageRegistry": "team", "services": {"web": {"image": "web"}}},
    }
    made = Made("web", target(), "team/web", is_used=True)
    found = pinned(resource, [made], {"team/web": "sha256:" + "0" * 64})
    assert [each.reference for each in uses(found)] == ["docker.io/team/web@sha256:" + "0" * 64]
    assert "imageRegistry" not in found["spec"]


def target(**fields: Any) -> Target:
    return Target(**{"key": "web", "image": "web", "where": FieldPath("web"), "context": ".", **fields})


def planned(*targets: Target) -> list[Made]:
    return [Made(name, each, each.image, is_used=True) for name, each in named(targets).items()]


def test_bake_fills_in_nothing_that_an_author_has_written() -> None:
    found = planned(target(inline="RUN echo ${A} %{B}", args={"X": "${file(y)}"}, labels={"l": "%{if true}"}))
    plan = bake(found, Attestations())["target"]["web"]
    assert plan["dockerfile-inline"] == "RUN echo $${A} %%{B}"
    assert plan["args"] == {"X": "$${file(y)}"}
    assert plan["labels"] == {"l": "%%{if true}"}


def test_no_path_of_the_plan_looks_like_an_address() -> None:
    plan = bake(planned(target(context="target:x", contexts={"more": "https:/x"})), Attestations())["target"]["web"]
    assert (plan["context"], plan["contexts"]) == ("./target:x", {"more": "./https:/x"})


def test_targets_have_names_of_their_own() -> None:
    made = [target(image=each) for each in ("a/web:1", "b/web:2", "default", "b/Ä")]
    assert list(named(made)) == ["web", "web-2", "default-2", *list(named(made))[3:]]
    assert len(named(made)) == 4


def test_the_dockerfile_may_lie_beside_its_context() -> None:
    plan = bake(planned(target(context="a/b", dockerfile="a/c/Dockerfile")), Attestations())["target"]["web"]
    assert plan["dockerfile"] == "../c/Dockerfile"


def test_every_option_of_docker_is_one_word() -> None:
    words = plain_build(
        planned(
            target(
                args={"A": "--x y"},
                labels={"l": "v"},
                stage="run",
                platforms=("linux/amd64",),
                hosts={"db": "10.0.0.1"},
                no_cache=True,
                pull=True,
                inline="FROM a",
            )
        )[0]
    )
    assert words == [
        "docker",
        "build",
        "--file=-",
        "--tag=web",
        "--build-arg=A=--x y",
        "--label=l=v",
        "--add-host=db:10.0.0.1",
        "--platform=linux/amd64",
        "--target=run",
        "--no-cache",
        "--pull",
        ".",
    ]


def test_several_platforms_and_more_contexts_need_buildx() -> None:
    assert needs_buildx(planned(target()), Attestations()) == ""
    assert "web" in needs_buildx(planned(target(platforms=("linux/amd64", "linux/arm64"))), Attestations())
    assert "web" in needs_buildx(planned(target(contexts={"a": "."})), Attestations())
