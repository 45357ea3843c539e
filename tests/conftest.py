"""How properties are tried, unless they say otherwise; and which files come first beside others."""

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy proves nothing.
# Over the profile that hypothesis has chosen itself: in CI it draws the same examples each time.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

LONGEST = (
    "browser/test_client_pages.py", "browser/test_client_log.py", "browser/test_client_settings.py",
    "browser/test_unet_looks.py", "integration", "stories", "properties", "wire", "store",
)  # fmt: skip
"""Files and folders with the tests that take longest."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several files at a time: the long ones first, so that at the end nobody waits for one of them."""
    if hasattr(config, "workerinput"):
        tests = config.rootpath / "tests"
        items.sort(key=lambda item: _place(item.path.relative_to(tests).as_posix()))


def _place(path: str) -> int:
    found = (place for place, long in enumerate(LONGEST) if path.startswith(long))
    return next(found, len(LONGEST))
