"""Dates as this API tells them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tertulia.dialects.unet.wire import time_of

FAR_MS = 253_402_300_799_999
"""The last millisecond that has a year of four digits."""


@given(st.integers(0, FAR_MS))
def test_a_date_is_iso_8601_in_utc_and_whole_seconds(at: int) -> None:
    assert time_of(at) == datetime.fromtimestamp(at // 1000, UTC).isoformat()
