"""A fresh server for each page."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import pytest

from tests.house import running_server

OpenServer: TypeAlias = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def open_server() -> OpenServer:
    """Opens a server that knows nobody, with these settings; entered, it gives its base URL."""
    return running_server
