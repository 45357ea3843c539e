"""What goes out and comes back is the same."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tertulia.core import text
from tertulia.core.ids import EPOCH_MS, Numbers, drawn_at
from tertulia.dialects.sama import ids
from tertulia.dialects.sama.errors import Refused
from tertulia.dialects.sama.params import FARTHEST_MS, Params, moment
from tertulia.dialects.sama.wire import date, whole_second

LAST_MS = EPOCH_MS + 2**41 - 1
"""What has place in a number below two to the 53rd: some moment of the year 2093."""

moments = st.integers(EPOCH_MS, LAST_MS)
# Every place on Earth, and a few that are not.
zones = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
pieces = st.sampled_from(
    ["a", "é", "e\u0301", "ё", "\u0301", "\u0327\u0301", "한", " ", "\u1112\u1161\u11ab"]
)
words = st.lists(pieces, max_size=600).map("".join)


@given(st.lists(moments, min_size=1, max_size=50))
def test_drawn_numbers_lead_there_and_back_in_order(at: list[int]) -> None:
    numbers = Numbers(0)
    drawn = [numbers.draw(each) for each in at]
    digits = [ids.to_wire(each) for each in drawn]
    assert [ids.from_wire(each) for each in digits] == drawn
    assert digits == sorted(set(digits))
    assert all(drawn_at(number) >= each for number, each in zip(drawn, at, strict=True))


@given(st.text(alphabet="0123456789abcdefABCDEFxyz", min_size=20, max_size=28))
def test_no_two_texts_are_one_number(digits: str) -> None:
    number = ids.from_wire(digits)
    assert number == ids.UNKNOWN or ids.to_wire(number) == digits.lower()


@given(moments)
def test_a_date_is_read_as_it_was_written(at: int) -> None:
    assert moment(date(at), "gt") == at


@given(moments, zones)
def test_a_date_is_read_in_any_zone(at: int, zone: timezone) -> None:
    local = datetime.fromtimestamp(at // 1000, zone) + timedelta(milliseconds=at % 1000)
    assert moment(local.isoformat(), "gt") == at


@given(moments)
def test_a_date_without_a_zone_is_utc(at: int) -> None:
    plain = datetime.fromtimestamp(at // 1000, UTC).replace(tzinfo=None)
    assert moment(plain.isoformat(), "gt") == at // 1000 * 1000


@given(st.integers(-FARTHEST_MS, FARTHEST_MS))
def test_milliseconds_are_read_as_number_and_as_digits(at: int) -> None:
    assert moment(at, "gt") == at
    assert moment(float(at), "gt") == at
    assert moment(str(at), "gt") == at


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.text(), st.booleans(), st.binary()))
@example(10**400)
@example(float("inf"))
@example("--5")
@example("-")
@example("\ud800")
@example("9999-12-31T23:59:59.999-23:59")
@example("0001-01-01T00:00:00+23:59")
def test_a_moment_is_one_or_is_refused(value: object) -> None:
    try:
        at = moment(value, "gt")
    except Refused:
        return
    assert at is None or -FARTHEST_MS <= at <= FARTHEST_MS


@pytest.mark.parametrize("value", [float("nan"), True, "--5", "tomorrow", [], {}])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(Refused, match='"gt" must be a valid date'):
        moment(value, "gt")


@pytest.mark.parametrize("value", [True, "x", [], {}, 1.5, float("inf")])
def test_what_is_no_limit_is_refused(value: object) -> None:
    with pytest.raises(Refused, match='"limit" must be a number'):
        Params({"limit": value}).limit(30, 100)


@given(moments)
def test_a_second_is_rounded_up(at: int) -> None:
    assert 0 <= whole_second(at) * 1000 - at < 1000


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.binary()))
@example("9" * 15)
@example(1e308)
def test_a_limit_is_between_one_and_its_cap_or_is_refused(value: object) -> None:
    try:
        limit = Params({"limit": value}).limit(30, 100)
    except Refused:
        return
    assert 1 <= limit <= 100


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none()))
@example(1e308)
@example(10**300)
@example("x" * 256)
def test_a_device_is_a_short_text_or_none(value: object) -> None:
    device = Params({"device_id": value}).device()
    assert device is None or 1 <= len(device) <= 255


@given(st.integers(1, 2**53))
def test_a_device_number_is_its_digits(number: int) -> None:
    assert Params({"device_id": number}).device() == str(number)
    assert Params({"device_id": float(number)}).device() == str(number)


@settings(max_examples=50)
@given(words)
def test_composing_by_pieces_composes_the_same(typed: str) -> None:
    # A space now and then, as in anything that somebody typed.
    spaced = " ".join(typed[start : start + 100] for start in range(0, len(typed), 100))
    assert text.nfc(spaced) == unicodedata.normalize("NFC", spaced)


@settings(max_examples=50)
@given(words)
def test_folding_twice_is_folding_once(typed: str) -> None:
    assert text.fold(text.fold(typed)) == text.fold(typed)
    assert text.fold(typed.upper()) == text.fold(typed.lower())
    assert text.key(text.key(typed)) == text.key(typed)


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_requests_id_comes_back_with_its_type(ref: object) -> None:
    back = msgspec.json.decode(msgspec.json.encode(ref))
    assert back == ref
    assert type(back) is type(ref)
