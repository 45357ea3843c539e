"""A town for all tests of a module: each makes what it needs, and has its own tokens."""

from collections.abc import Iterator

import pytest

from tests.core.house import StillClock
from tests.unet.town import Town, opened


@pytest.fixture(scope="module")
def clock() -> StillClock:
    """The time in that town; it never goes back."""
    return StillClock()


@pytest.fixture(autouse=True)
def browsers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what a test has opened in the town."""
    yield
    if "town" in request.fixturenames:
        request.getfixturevalue("town").close_browsers()


@pytest.fixture(scope="module")
def town(clock: StillClock) -> Iterator[Town]:
    """A server, Anna, Boris, Clara, and two applications."""
    with opened(clock) as running:
        yield running
