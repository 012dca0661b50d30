"""What in a text is a host beyond doubt, what may be one, and what is none."""

import time

import pytest

from ailtire_operator.compose.compose_file.name_references import NameReferences
from ailtire_operator.compose.environment import with_hosts
from ailtire_operator.compose.host_mentions import mentions, replaced
from ailtire_operator.compose.reporting import Report
from ailtire_operator.model.field_path import FieldPath

HOSTS = [
    "my_db:5432",
    "http://my_db",
    "http://my_db/my_db?x=y#/my_db",
    "postgresql+asyncpg://my_db:pw@my_db:5432/my_db?sslmode=require",
    "mongodb+srv://u:p@my_db/admin",
    "mongodb://u:p@my_db,my_cache/admin?replicaSet=r",
    "mongodb://u:p@my_db:1,my_cache:2/admin",
    "amqp://u:p@my_db:5672,amqp://u:p@my_cache",
    "amqp://u:p@my_db; amqp://u:p@my_cache/vhost",
    "kafka://my_db,my_cache",
    "jdbc:postgresql://my_db:5432,my_cache:5433/x?user=a",
    "jdbc:mysql:loadbalance://my_db,my_cache/x",
    "jdbc:sqlserver://;serverName=my_db;databaseName=my_db",
    "jdbc:oracle:thin:@//my_db:1521/svc",
    "jdbc:oracle:thin:@my_db:1521:sid",
    "postgres:///x?host=my_db&user=my_db&dbname=my_db",
    "postgres://u@/x?host=my_db,my_cache",
    "host=my_db port=5432 dbname=my_db user=my_db password=my_db",
    "host = my_db port = 5432",
    "Server=my_db;Database=my_db;User Id=my_db;Password=my_db:1",
    "Server=tcp:my_db,1433;Initial Catalog=x",
    "Data Source=my_db;Uid=a",
    "u:p@tcp(my_db:3306)/my_db",
    "my_db:1,my_cache:2",
    "my_db:1; my_cache:2",
    "bootstrap.servers=my_db,my_cache",
    "--db-host=my_db --name my_app",
    "DB_HOST=my_db",
    "tcp://my_db:9000?compress=true",
    "proxy_pass http://my_db;",
    "redis://:secret@my_db:6379/0",
    '{"url": "http://my_db:80/"}',
    "server my_db:80;",
    "db = my_db:5432",
]
KEPT = ["my_db@example.com", "/var/lib/my_db", "my_db.sql", "x-my_db", "password=my_db", "dbname=my_db", "pwd=my_db:80"]
PERHAPS = ["my_db", "a my_db b", "name: my_db", "a,my_db", "(my_db)", "--link my_db"]


@pytest.mark.parametrize("text", HOSTS)
def test_what_is_a_host_beyond_doubt_is_rewritten_and_nothing_else(text: str) -> None:
    report = Report()
    result = with_hosts(text, FieldPath("x"), frozenset({"my_db", "my_cache"}), report)
    found = [(each.host, each.proof) for each in mentions(text) if each.host in ("my_db", "my_cache")]
    hosts = [host for host, proof in found if proof == "host"]
    assert hosts
    assert hosts == [each.host.replace("-", "_") for each in mentions(result) if each.host in ("my-db", "my-cache")]
    assert len(report.notices) == len(hosts), "each is told, and what is none is not"
    assert {each.classification for each in report.notices} == {"resolved"}
    elsewhere = Report()
    assert NameReferences(["my_db", "my_cache"], elsewhere).text(text, FieldPath("x")) == result, (
        "one owner for every text"
    )


@pytest.mark.parametrize("text", KEPT)
def test_what_is_none_is_kept_without_a_word(text: str) -> None:
    report = Report()
    assert with_hosts(text, FieldPath("x"), frozenset({"my_db"}), report) == text
    assert NameReferences(["my_db"], report).text(text, FieldPath("x")) == text
    assert not report.notices


@pytest.mark.parametrize("text", PERHAPS)
def test_what_may_be_one_is_kept_and_told(text: str) -> None:
    variable, word = Report(), Report()
    assert with_hosts(text, FieldPath("x"), frozenset({"my_db"}), variable) == text
    assert NameReferences(["my_db"], word).text(text, FieldPath("x")) == text
    assert [each.classification for each in (*variable.notices, *word.notices)] == ["approximate", "approximate"]


@pytest.mark.parametrize("text", [*HOSTS, *KEPT, *PERHAPS])
def test_a_name_that_stands_for_itself_changes_nothing(text: str) -> None:
    assert replaced(text, lambda each: each.host) == replaced(text, lambda each: None) == text


@pytest.mark.parametrize("unit", ["a", "a.", "a-", "host=", "a://", "//", "x@", ",", "a:1,", "host = ", "://", "db="])
def test_no_text_takes_long(unit: str) -> None:
    """Twice the text takes about twice the time: a measure that no other load of the machine turns round."""

    def seconds(length: int) -> float:
        text, best = (unit * length)[:length], 9.0
        for _ in range(3):
            begun = time.process_time()
            list(mentions(text))
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(80_000) < 12 * max(seconds(20_000), 0.002)
