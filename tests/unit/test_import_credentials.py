"""Variables that look like credentials are told, and `--secrets` puts them into a Secret."""

import base64
from pathlib import Path

import pytest

from ailtire_operator.compose.credentials import is_credential
from support.compose.compose_cases import convert_text
from support.compose.importing import web


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD", "POSTGRES_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "DB_PASS", "REDIS_PASSPHRASE", "API_KEY", "APIKEY",
        "apiKey", "STRIPE_SECRET_KEY", "SECRET_KEY_BASE", "JWT_SECRET", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY",
        "Auth__ClientSecret", "spring.datasource.password", "ENCRYPTION_KEY", "ADMIN_PASSWORD_HASH", "SMTP_CREDENTIALS",
        "DB_PASSWORD_1", "dbPassword", "AUTH_SALT", "PRIVATE_KEY", "WORDPRESS_AUTH_KEY",
    ],
)  # fmt: skip
def test_a_name_says_that_its_value_is_a_credential(name: str) -> None:
    assert is_credential(name, "s3cret")
    assert is_credential(name, "12345")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_PASSWORD_FILE", "x"), ("PASSWORD_MIN_LENGTH", "8"), ("TOKEN_EXPIRY", "3600"),
        ("TOKEN_URL", "http://a/b"),
        ("SSH_PASSWORD", "false"), ("ALLOW_EMPTY_PASSWORD", "yes"), ("PASSWORD", ""), ("SORT_KEY", "name"),
        ("SECRET", "/run/secrets/x"), ("PUBLIC_KEY", "abc"), ("COMPASS", "north"), ("AUTHOR", "me"),
        ("PATH", "/bin:/usr"),
        ("DATABASE_URL", "postgres://user@db/x"), ("URL", "http://host:80/a@b"), ("MONKEY", "x"), ("BYPASS", "x"),
        ("TIMES", "08:00@home"), ("JWT_SECRET_NAME", "a"),
    ],
)  # fmt: skip
def test_other_variables_are_none(name: str, value: str) -> None:
    assert not is_credential(name, value)


@pytest.mark.parametrize(
    "value",
    [
        "postgres://user:pw@db:5432/x",
        "redis://:pw@cache",
        "Server=db;Database=x;Password=pw;",
        "jdbc:mysql://db/x?user=a&password=pw",
        "DefaultEndpointsProtocol=https;AccountKey=abc==",
        "-----BEGIN RSA PRIVATE KEY-----\nabc",
        "AKIAABCDEFGHIJKLMNOP",
        "ghp_abcdefghijklmnopqrstuvwx",
        "xoxb-123-456",
        "sk-proj-abc",
        "eyJhbGciOiJIUzI1.eyJzdWIi",
    ],
)
def test_a_value_may_say_it_by_itself(value: str) -> None:
    assert is_credential("ANYTHING", value)


PROJECT = """
name: p
services:
  web:
    image: w
    env_file: [app.env]
    environment: {DB_PASSWORD: "a$$b(c)", MODE: production, my.token: t, SLOT_TOKEN: "{{.Task.Slot}}"}
"""


def test_they_go_into_a_secret_where_secrets_are_asked_for(tmp_path: Path) -> None:
    tmp_path.joinpath("app.env").write_text("API_KEY=k\nURL=amqp://a:b@mq/\n")
    found = convert_text(tmp_path, PROJECT, with_secrets=True)
    fields = found.services["web"]
    assert fields["environment"] == {"MODE": "production", "SLOT_TOKEN": "{{.Task.Slot}}"}
    (secret,) = found.secrets
    content = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert content == {"API_KEY": "k", "DB_PASSWORD": "a$b(c)", "URL": "amqp://a:b@mq/", "my.token": "t"}
    name = secret["metadata"]["name"]
    assert fields["environmentValuesFrom"] == {key: {"secret": name, "key": key} for key in content}
    container = found.of("StatefulSet/web")[0]["spec"]["template"]["spec"]["containers"][0]
    taken = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if each["name"] in content}
    assert taken == {key: {"name": name, "key": key} for key in content}
    assert "a$b" not in str(found.stack)


def test_without_that_they_are_told(tmp_path: Path) -> None:
    tmp_path.joinpath("app.env").write_text("API_KEY=k\n")
    found = convert_text(tmp_path, PROJECT)
    told = {each.path for each in found.notices if "looks like a credential" in each.message}
    names = ("API_KEY", "DB_PASSWORD", "SLOT_TOKEN", '["my.token"]')
    assert told == {f"services.web.environment{'' if each.startswith('[') else '.'}{each}" for each in names}
    assert found.secrets == []
    assert set(found.services["web"]["environment"]) == {"API_KEY", "DB_PASSWORD", "MODE", "my.token", "SLOT_TOKEN"}


def test_an_application_s_are_told_too(tmp_path: Path) -> None:
    _, told = web(tmp_path, environment={"DB_PASSWORD": "x", "MODE": "y"})
    assert "services.web.environment.DB_PASSWORD: approximate: it looks like a credential" in told
    assert "environment.MODE" not in told
