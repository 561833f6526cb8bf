"""The choice among a folder's archives."""

import pandas as pd
import pytest

from ptolemy_kedro.archive.intake import choose
from ptolemy_kedro.errors import ArchiveError


def reports(*rows: tuple[str, str | None, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["archive", "session_id", "origin", "problems"])


def test_the_first_of_two_archives_of_a_session_is_taken_and_named_to_the_other():
    chosen, set_aside = choose(reports(("b.zip", "s1", "real", None), ("a", "s1", "real", None)))

    assert chosen["archive"].tolist() == ["a"]
    assert set_aside == {"b.zip": ["Session s1 is in a already. Remove one of the two."]}


def test_a_simulated_session_never_takes_the_place_of_a_real_one_of_its_name():
    chosen, set_aside = choose(reports(("a", "s1", "simulated", None), ("b", "s1", "real", None)))

    assert chosen["archive"].tolist() == ["b"]
    assert set_aside == {}


def test_only_broken_archives_are_an_error_that_names_the_first():
    with pytest.raises(ArchiveError, match=r"None of 1 archives.*a.zip: It is broken"):
        choose(reports(("a.zip", None, None, "It is broken.")))


def test_where_simulated_sessions_do_not_count_they_are_set_aside_with_the_reason():
    both = reports(("a", "s1", "simulated", None), ("b", "s2", "real", None))

    chosen, set_aside = choose(both, simulated=False)

    assert chosen["archive"].tolist() == ["b"]
    assert "simulated" in set_aside["a"][0]


def test_with_simulated_sessions_alone_nothing_is_chosen_where_they_do_not_count():
    with pytest.raises(ArchiveError, match="simulated session"):
        choose(reports(("a", "s1", "simulated", None)), simulated=False)
