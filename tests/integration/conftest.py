"""Two processes that nobody kills, for all tests that ask for `pair`."""

from collections.abc import Iterator

import pytest

from tests.integration.cluster import Cluster, cluster
from tests.receiver import Receiver, receiving
from tests.tada.office import Office, open_office
from tests.world.wires import Http

PHONES = ("+79160000001:1111", "+79160000002:1111")


@pytest.fixture(scope="package")
def gateway() -> Iterator[Receiver]:
    """Where pushes for phones are posted."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory, gateway: Receiver) -> Iterator[Cluster]:
    """Two processes that act as one; in the end none of them has logged an error."""
    options = (
        "--callback-allow", "127.0.0.1/32", "--push-url", gateway.url,
        "--sms-test-numbers", ",".join(PHONES),
    )  # fmt: skip
    with cluster(tmp_path_factory.mktemp("pair"), *options) as made:
        yield made
        assert made.mistakes() == []


@pytest.fixture(scope="package")
def opened_office(pair: Cluster) -> Office:
    """A team of Anna and Boris, as the first of the two processes shows it."""
    return open_office(pair.urls[0])


@pytest.fixture
def office(opened_office: Office) -> Office:
    """The same with new connections: between two tests the server may have ended the old ones."""
    for person in (opened_office.anna, opened_office.boris, opened_office.dora):
        person.http.close()
        person.http = Http(opened_office.base_url)
    return opened_office


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody's web server."""
    with receiving() as opened:
        yield opened
