"""What `make up MODE=kind` promises: the example application runs, and answers through its edge."""

import json

import pytest

from kindlab import application, kube

pytestmark = pytest.mark.usefixtures("operator")


@pytest.mark.timeout(600)
def test_it_ends_with_the_answer_of_the_example_application(capsys: pytest.CaptureFixture[str]) -> None:
    application.up()
    said = capsys.readouterr().out
    assert "✓ shop" in said
    command, _, answer = said.partition("  curl -H 'Host: shop.example' http://127.0.0.1:")[2].partition("\n")
    assert command.endswith("/catalog/pricing/hello")
    assert "hello" in answer
    pods = json.loads(kube.kubectl("get", "pods", "-n", "shop", "-o", "json"))["items"]
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    kube.kubectl("delete", "namespace", "shop", "--wait=false")
