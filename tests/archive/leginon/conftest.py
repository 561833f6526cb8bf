"""A handmade database, and a MariaDB of the test's own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.archive.leginon.handmade import Handmade


@pytest.fixture
def made(tmp_path) -> Handmade:
    """A database with one session and its calibrations, without images."""
    made = Handmade(tmp_path)
    made.calibrate()
    made.start_session()
    return made


class MariaDb:
    """A server on a socket in a folder of its own, run by a user without rights."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder, self._server = folder, server
        self._user = "mysql" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(folder, self._user)
        options = [
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            "--auth-root-authentication-method=normal",
        ]
        install = shutil.which("mariadb-install-db", path=_search_path())
        assert install is not None
        subprocess.run(
            [install, *options, "--skip-test-db"], check=True, capture_output=True, user=self._user
        )

    def start(self) -> None:
        if self._process is not None:
            return
        self._process = subprocess.Popen(
            [self._server, "--no-defaults", f"--datadir={self._folder / 'data'}", "--skip-networking",
             f"--socket={self._folder / 'socket'}", "--innodb-buffer-pool-size=16M"],
            user=self._user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while not (self._folder / "socket").exists():
            assert time.monotonic() < deadline and self._process.poll() is None, "MariaDB did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def url(self, database: str = "", user: str = "root") -> str:
        return f"mysql+pymysql://{user}@localhost/{database}?unix_socket={self._folder / 'socket'}"

    def run(self, *statements: str) -> None:
        import sqlalchemy as sa

        engine = sa.create_engine(self.url())
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()


def _search_path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDb]:
    """A running server; skips where Debian's mariadb-server is absent, fails with CI=true."""
    server = shutil.which("mariadbd", path=_search_path())
    if server is None:
        message = "MariaDB is not installed. Run: apt-get install --no-install-recommends mariadb-server"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(message)
        pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="ptolemy-mariadb-"))
    database = MariaDb(folder, server)
    try:
        database.start()
        yield database
    finally:
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)
