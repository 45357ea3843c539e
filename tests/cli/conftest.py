"""Commands are tried without the settings of whoever runs the tests."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("TERTULIA_")]:
        monkeypatch.delenv(variable)
