"""What the tables of docs/<dialect>.md name is there, and what is there is named."""

import pytest

from tests.arch.tables import Table

each_table = pytest.mark.parametrize("dialect", ["sama", "tada", "unet", "astrak"])


@each_table
def test_every_operation_is_told_on_a_page_of_its_row(dialect: str) -> None:
    assert Table(dialect).untold() == []


@each_table
def test_every_page_and_test_in_the_table_is_there(dialect: str) -> None:
    assert Table(dialect).missing() == []


@each_table
def test_every_page_is_in_the_table(dialect: str) -> None:
    assert Table(dialect).forgotten() == set()
