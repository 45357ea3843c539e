import pytest

from tertulia.core.ids import EPOCH_MS, MAX_NUMBER, Numbers, drawn_at, first_number_at
from tertulia.dialects.sama import ids
from tests.core.house import START


def test_numbers_grow_even_when_the_clock_goes_back() -> None:
    numbers = Numbers(0)
    drawn = [numbers.draw(at) for at in (START, START, START - 60_000, START + 1, 0)]
    assert drawn == sorted(set(drawn))


def test_a_number_tells_when_it_was_drawn() -> None:
    numbers = Numbers(0)
    for at in (START, START + 1, START + 60_000):
        assert drawn_at(numbers.draw(at)) == at


def test_more_draws_than_a_millisecond_holds_run_ahead_of_the_clock() -> None:
    numbers = Numbers(0)
    drawn = [numbers.draw(START) for _ in range(5_000)]
    assert len(set(drawn)) == 5_000
    assert drawn_at(drawn[-1]) == START + 1


def test_numbers_stay_below_two_to_the_53rd_for_seventy_years() -> None:
    seventy_years_ms = 69 * 365 * 86_400_000
    assert first_number_at(EPOCH_MS + seventy_years_ms) + 4_095 < MAX_NUMBER


def test_no_number_is_drawn_from_before_the_epoch() -> None:
    assert Numbers(0).draw(EPOCH_MS - 1) == 1


def test_a_numbers_digits_lead_back_to_it() -> None:
    for number in (1, first_number_at(START), first_number_at(START) + 4_095):
        assert ids.from_wire(ids.to_wire(number)) == number


def test_digits_are_read_in_either_case() -> None:
    digits = ids.to_wire(first_number_at(START))
    assert ids.from_wire(digits.upper()) == first_number_at(START)


def test_digits_sort_as_numbers_do() -> None:
    numbers = Numbers(0)
    drawn = [numbers.draw(START + 300 * step) for step in range(50)]
    assert sorted(map(ids.to_wire, drawn)) == [ids.to_wire(each) for each in drawn]


@pytest.mark.parametrize(
    "text",
    ["", "x", "f" * 24, "0" * 24, "g" * 24, "1" * 23, "1" * 25, "١" * 24, "\ud800" * 24, " " * 24],
)
def test_what_is_no_id_of_ours_is_nobodys(text: str) -> None:
    assert ids.from_wire(text) == ids.UNKNOWN


def test_a_number_under_another_second_is_nobodys() -> None:
    digits = ids.to_wire(first_number_at(START))
    assert ids.from_wire(f"{int(digits[:8], 16) + 1:08x}{digits[8:]}") == ids.UNKNOWN


def test_long_texts_are_not_remembered() -> None:
    before = ids._from_digits.cache_info().currsize
    assert ids.from_wire("x" * 1_000_000) == ids.UNKNOWN
    assert ids._from_digits.cache_info().currsize == before
