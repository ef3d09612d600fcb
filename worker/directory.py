"""Reads the people of an application: everybody now and then, and at once whom its news named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import ConnectorError, Directory, KnowsPeople, Leaver, Retryable
from worker.asking import said
from worker.lease import Lease, Overtaken
from worker.ledger import people
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.people import Whole

log = structlog.get_logger()

BATCH = 100
"""People whom news named that are read before their rows are written."""

YEAR = timedelta(days=364)
"""How far back it is asked who left."""

BUSY = "another worker reads these people now"


@dataclass(frozen=True, slots=True)
class Read:
    """What one turn read; `failure` is a sentence for the operator, `again_at` when it may be tried again (microseconds)."""

    application: str
    people: int = 0
    failure: str = ""
    again_at: int | None = None


class DirectoryReader:
    """Reads people, one application a call; an application is read by one worker at a time."""

    def __init__(
        self, ledger: Ledger, clients: Mapping[str, KnowsPeople], owner: str, read: Callable[[str], None]
    ) -> None:
        """Take the applications' clients by name; `read` is called with an application whose people were read."""
        self._ledger = ledger
        self._clients = clients
        self._owner = owner
        self._read = read

    def everybody(self, application: str) -> Read:
        """Read a whole organisation. What its vendor did is in `failure`; raises what the ledger raises."""
        return self._turn(application, people.job_name(application), self._everybody)

    def news(self, application: str) -> Read:
        """Read whom and what the news named. What its vendor did is in `failure`; raises what the ledger raises."""
        return self._turn(application, people.news_job(application), self._news)

    def _turn(self, application: str, job: str, read: Callable[[str, Directory, Lease], int]) -> Read:
        client = self._clients.get(application)
        if client is None:
            return Read(application, failure="this worker's configuration has no such application")
        lease = Lease.of(self._ledger, job, self._owner)
        with self._ledger.write() as connection:
            if not lease.take(connection):
                return Read(application, failure=BUSY)
        done = Read(application)
        try:
            done = Read(application, read(application, client.directory, lease))
            self._read(application)
        except Overtaken:
            done = Read(application, failure=BUSY)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - people who cannot be read must be seen, whatever the reason
            done = self._failed(application, error)
        finally:
            lease.end(done.again_at)
        return done

    def _everybody(self, application: str, directory: Directory, lease: Lease) -> int:
        with self._ledger.read() as connection:
            asked_at = self._ledger.now(connection)
        found = directory.everybody()
        self._keep(lease)
        departments, roles = list(directory.departments()), list(directory.roles())
        self._keep(lease)
        members = {role.id: list(directory.people_with(role.id)) for role in roles}
        self._keep(lease)
        whole = Whole(found, departments, roles, members, list(_leavers(directory)))
        people.replace_all(self._ledger, application, whole, asked_at)
        log.info("people read", application=application, people=len(found))
        return len(found)

    def _news(self, application: str, directory: Directory, lease: Lease) -> int:
        count = 0
        while True:
            with self._ledger.read() as connection:
                asked_at = self._ledger.now(connection)
                stale = people.stale(connection, application, BATCH)
            if not (stale.people or stale.departments or stale.roles):
                return count
            found = {user: directory.person(user) for user in stale.people}
            departments = list(directory.departments()) if stale.departments else []
            here = [one for one in found.values() if one is not None]
            # of one whose roles are not told with them, all roles are asked who has them
            whole = stale.roles or any(one.roles is None for one in here)
            roles = list(directory.roles()) if whole else []
            members = {role.id: list(directory.people_with(role.id)) for role in roles}
            with self._ledger.write() as connection:
                lease.keep(connection)
                people.put(self._ledger, connection, application, here, asked_at)
                for user in (user for user, one in found.items() if one is None):
                    people.left(self._ledger, connection, application, user, asked_at)
                if stale.departments:
                    people.put_departments(connection, application, departments)
                if whole:
                    people.put_roles(connection, application, roles, members)
                people.heeded(self._ledger, connection, application, asked_at)
            count += len(found)

    def _keep(self, lease: Lease) -> None:
        with self._ledger.write() as connection:
            lease.keep(connection)

    def _failed(self, application: str, error: Exception) -> Read:
        sentence, detail = said(error)
        log.warning("people could not be read", application=application, error=sentence, detail=detail)
        with self._ledger.write() as connection:
            people.failed(self._ledger, connection, application, sentence)
        wait = error.after if isinstance(error, Retryable) else None
        again_at = now() + int(wait.total_seconds() * MICROSECONDS) if wait else None
        return Read(application, failure=sentence, again_at=again_at)


def _leavers(directory: Directory) -> Iterator[Leaver]:
    """Give who left; without the permission for it, who leaves is seen from now on."""
    until = datetime.now(UTC)
    try:
        yield from directory.leavers(until - YEAR, until)
    except Retryable:
        raise
    except ConnectorError as error:
        log.info("who left before cannot be asked for", error=str(error), detail=error.detail)
