"""Leginon's own kind of database: MariaDB, reached over a socket, only read."""

import pytest
import sqlalchemy as sa
from tests.archive.leginon.test_leginon_round_trip import check_same

from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.leginon.database import Database
from ptolemy_kedro.archive.leginon.importer import Leginon
from ptolemy_kedro.archive.leginon.sessions import sessions
from ptolemy_kedro.archive.leginon.source import source_of
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.leginon import export_leginon

SEEDS = (10_011, 10_012, 10_013)
TINY = SimulateOptions(
    tiles=2, tile_px=96, squares_a_tile=8, atlas_px=0, visited_squares=2, patches_a_square=1, holes_a_patch=3
)


@pytest.fixture(scope="module")
def filled(mariadb, tmp_path_factory):
    """Three sessions in a database; what they were, and where the images are."""
    folder = tmp_path_factory.mktemp("leginon")
    mariadb.run(
        "CREATE DATABASE leginondb DEFAULT CHARACTER SET latin1",
        "CREATE USER reader@localhost IDENTIFIED BY 'secret'",
        "GRANT SELECT ON leginondb.* TO reader@localhost",
        "SET GLOBAL time_zone = '-05:00'",  # the server's clock shows local time
    )
    simulated = [simulate_session(seed, TINY) for seed in SEEDS]
    for session in simulated:
        export_leginon(session, folder, mariadb.url("leginondb"))
    return simulated


@pytest.fixture
def url(mariadb, filled):
    return mariadb.url("leginondb", "reader:secret")


def test_a_session_comes_back_from_mariadb_as_it_was(filled, url, tmp_path):
    found = {one.session_id: one for one in sessions(url)}
    assert list(found) == [session.session_id for session in filled]
    summaries = import_sessions(iter(found.values()), tmp_path)
    assert [summary.status for summary in summaries] == ["imported"] * 3
    for session in filled:
        check_same(session, tmp_path / session.session_id)


def test_times_are_in_utc_whatever_zone_the_server_shows(filled, url):
    imported = next(sessions(url)).load()
    taken = imported.tables["images"]["taken_at"].min()
    assert taken == filled[0].tables["images"]["taken_at"].min()


def test_the_database_is_only_read(mariadb, filled):
    database = Database(source_of(mariadb.url("leginondb")))  # root may write; this connection may not
    with database._engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="READ ONLY"):
        connection.execute(sa.text("DELETE FROM SessionData"))
    database.close()


def test_a_short_url_takes_the_driver_that_is_there(url):
    assert source_of(url.replace("mysql+pymysql", "mariadb")).url.drivername == "mariadb+pymysql"
    assert len(list(sessions(url.replace("mysql+pymysql", "mysql")))) == 3


def test_a_wrong_password_is_one_line_without_it(url):
    with pytest.raises(VendorFileError, match="Access denied") as caught:
        list(sessions(url.replace("secret", "guess")))
    assert "guess" not in caught.value.line()


def test_ctf_results_come_from_an_appion_database_beside_it(mariadb, filled, url):
    row = "SELECT MIN(DEF_id) FROM leginondb.AcquisitionImageData WHERE filename LIKE '%en'"
    mariadb.run(
        "CREATE DATABASE ap1",
        "CREATE TABLE ap1.ApCtfData (DEF_id INT PRIMARY KEY AUTO_INCREMENT, DEF_timestamp TIMESTAMP, "
        "`REF|leginondata|AcquisitionImageData|image` INT, resolution_50_percent DOUBLE, confidence DOUBLE)",
        f"INSERT INTO ap1.ApCtfData VALUES (1, '2026-03-01 12:00:00', ({row}), 4.5, 0.8)",
        "GRANT SELECT ON ap1.* TO reader@localhost",
    )
    outcomes = next(Leginon(appion=("ap1",)).sessions(url)).load().tables["outcomes"]
    appion = outcomes[outcomes["program"].str.startswith("Appion")]
    assert appion[["value", "confidence"]].to_numpy().tolist() == [[4.5, 0.8]]


def test_a_database_that_goes_away_is_one_line_and_sessions_done_stay(mariadb, filled, url, tmp_path):
    def found():
        for number, one in enumerate(sessions(url)):
            if number == 1:
                mariadb.stop()
            yield one

    try:
        summaries = import_sessions(found(), tmp_path / "to")
    finally:
        mariadb.start()
    statuses = [(summary.session_id, summary.status) for summary in summaries]
    first, second, _ = (session.session_id for session in filled)
    assert statuses == [(first, "imported"), (second, "broken"), ("(the others)", "broken")]
    assert all("\n" not in summary.said and "secret" not in summary.said for summary in summaries)
    assert (tmp_path / "to" / first / "session.json").exists()
    assert not (tmp_path / "to" / second).exists()

    summaries = import_sessions(sessions(url), tmp_path / "to")
    assert [summary.status for summary in summaries] == ["current", "imported", "imported"]
