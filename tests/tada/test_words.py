"""Tada's ids, times, names and work times, and our own."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.errors import NotFound
from tertulia.core.ids import MAX_NUMBER, drawn_at, first_number_at
from tertulia.dialects.tada import ids, names, times
from tertulia.dialects.tada.ids import Jid, Kind
from tertulia.dialects.tada.messages import links_in
from tertulia.dialects.tada.wire.envelope import work_time

NUMBERS = st.integers(0, MAX_NUMBER)
KINDS = st.sampled_from(Kind)
UUID8 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@given(KINDS, NUMBERS)
def test_a_uuid_leads_back_to_what_it_names(kind: Kind, number: int) -> None:
    uuid = ids.to_uuid(kind, number)
    assert UUID8.fullmatch(uuid)
    assert ids.named_by(uuid) == ids.named_by(uuid.upper()) == (kind, number)
    assert ids.from_uuid(kind, uuid) == ids.need(kind, uuid) == number


@given(KINDS, KINDS, NUMBERS)
def test_a_uuid_of_another_kind_is_not_found(kind: Kind, other: Kind, number: int) -> None:
    uuid = ids.to_uuid(kind, number)
    assert (ids.from_uuid(other, uuid) is not None) == (kind is other)


@given(st.uuids())
def test_no_random_uuid_is_taken_for_one_of_ours(uuid: object) -> None:
    assert ids.named_by(str(uuid)) is None
    assert ids.is_uuid(str(uuid))


@given(KINDS, NUMBERS, st.integers(0, 35), st.sampled_from("0123456789abcdef"))
def test_a_uuid_with_another_digit_is_none_of_ours(
    kind: Kind, number: int, place: int, digit: str
) -> None:
    uuid = ids.to_uuid(kind, number)
    changed = uuid[:place] + digit + uuid[place + 1 :]
    assert (ids.named_by(changed) is None) == (changed != uuid)


@given(st.text(max_size=40))
def test_any_text_may_be_asked_for(text: str) -> None:
    assert ids.named_by(text) is None
    assert ids.read_jid(text) is None
    with pytest.raises(NotFound, match="team"):
        ids.need(Kind.TEAM, text)
    with pytest.raises(NotFound, match="chat"):
        ids.need_jid(text)


@given(st.sampled_from(list(ids.PREFIXES)), NUMBERS)
def test_a_jid_leads_back_to_what_it_names(kind: Kind, number: int) -> None:
    jid = ids.to_jid(kind, number)
    assert ids.read_jid(jid) == ids.need_jid(jid, kind) == Jid(kind, number)
    assert ids.read_jid("x" + jid[1:]) is None
    with pytest.raises(NotFound):
        ids.need_jid(jid, Kind.REMIND)


def test_uuids_are_what_they_were() -> None:
    assert ids.to_uuid(Kind.TEAM, 0) == "02000000-0000-8000-8a92-b94be2be54a7"


@given(NUMBERS, NUMBERS)
def test_versions_grow_with_numbers(first: int, second: int) -> None:
    assert (first < second) == (times.gentime(first) < times.gentime(second))
    assert times.gentime(first) // 1_000_000 == drawn_at(first)


@given(st.integers(0, 4_102_444_800_000))
def test_dates_lead_back_to_their_milliseconds(at_ms: int) -> None:
    told = times.date_time(at_ms)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", told)
    assert times.read_moment(told) == at_ms


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-02", 86_400_000),
        (" 1970-01-01T00:00:01 ", 1_000),
        ("1970-01-01T03:00:00+03:00", 0),
        ("1970-01-01T00:00:00.0015Z", 1),
        ("0001-01-01T00:00:00+14:00", -62_135_596_800_000),
        ("9999-12-31T23:59:59-14:00", 253_402_300_799_999),
        ("yesterday", None),
        ("", None),
        ("5", None),
    ],
)
def test_moments_are_read(text: str, at_ms: int | None) -> None:
    assert times.read_moment(text) == at_ms


def test_a_version_is_not_before_its_number_was_drawn() -> None:
    number = first_number_at(1_790_000_000_000)
    assert times.gentime(number) == 1_790_000_000_000_000_000


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0000239, "0.024 ms"),
        (0.000095, "0.095 ms"),
        (0.0022, "2.2 ms"),
        (0.00996, "10 ms"),
        (0.058, "58 ms"),
        (0.4461, "446 ms"),
        (0.9994, "999 ms"),
        (0.99951, "1.0 s"),
        (3.9, "3.9 s"),
        (61.4, "61 s"),
        (0, "0.0 ms"),
    ],
)
def test_work_times_are_told_as_in_the_document(seconds: float, told: str) -> None:
    assert work_time(seconds) == told


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("+7 (999) 233-1122", "22"),
        ("Контакт №32", "32"),
        ("третий отдельный проект", "то"),
        ("Контакт №2", "К№"),
        ("Вася", "В"),
        ("Петя-админ", "П"),
        ("  вася  пупкин ", "вп"),
        ("Team 2", "T2"),
        (". .", "··"),
        ("/ %", "/%"),
        ("", "?"),
        ("   ", "?"),
    ],
)
def test_letters_follow_the_name(name: str, letters: str) -> None:
    assert names.letters(name) == letters


@given(st.text(max_size=30))
def test_every_name_has_letters_that_stand_in_a_path(name: str) -> None:
    assert 1 <= len(names.letters(name)) <= 2
    path = names.stub_at("abcdef", names.letters(name.encode("utf-8", "replace").decode()), 256)
    assert re.fullmatch(r"/u/[0-9a-f]{6}/[\w%.~-]+/256\.png", path, re.ASCII)
    assert "/./" not in path
    assert "/../" not in path


def test_a_color_stays_whatever_the_name() -> None:
    uuid = ids.to_uuid(Kind.TEAM, 5)
    assert names.color_of(uuid) in names.COLORS
    assert len({names.color_of(ids.to_uuid(Kind.TEAM, each)) for each in range(200)}) == 7


@pytest.mark.parametrize(
    ("phone", "told"),
    [
        ("+79166660002", "+7 (916) 666-0002"),
        ("+375291234567", "+375291234567"),
        ("", ""),
        ("anything", "anything"),
    ],
)
def test_phones_are_written_for_people(phone: str, told: str) -> None:
    assert names.formatted_phone(phone) == told


def test_a_person_without_names_is_called_by_what_there_is() -> None:
    assert names.person_name("Анна", "", "+79166660002", "u1") == "Анна"
    assert names.person_name("Анна", "Петрова", "", "u1") == "Анна Петрова"
    assert names.person_name("", "", "+79166660002", "u1") == "+7 (916) 666-0002"
    assert names.person_name("", "", "", "anna") == "anna"
    assert names.person_name("", "", "", "", "anna@example.org") == "anna"


def test_a_short_name_is_given_name_and_initial() -> None:
    assert names.short_name("Анна", "Петрова", "Анна Петрова") == "Анна П."
    assert names.short_name("Анна", "", "Анна") == "Анна"
    assert names.short_name("", "", "+7 (916) 666-0002") == "+7 (916) 666-0002"


@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        ("see https://a.org/x_(y)).", "https://a.org/x_(y)"),
        ("(www.a.org!).,", "www.a.org"),
        ("(https://a.org/?).)!)", "https://a.org/"),
        ("https://a.org/((b)", "https://a.org/((b)"),
    ],
)
def test_an_address_ends_where_its_sentence_goes_on(words: str, pattern: str) -> None:
    assert [each["pattern"] for each in links_in(words)] == [pattern]


def test_an_address_with_very_many_brackets_behind_it_holds_nobody_up() -> None:
    start = time.process_time()
    assert [each["pattern"] for each in links_in("http://a" + ")" * 65_000)] == ["http://a"]
    assert time.process_time() - start < 1
