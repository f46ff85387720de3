"""What PostgreSQL's errors mean to the person at the keyboard: which of ours each is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from aggregator.model.errors import StoreBusy, StoreError, StoreFull
from aggregator.model.place import PostgresPlace

_NEXT = "nothing stored is lost, the next poll brings what is missing"


@contextmanager
def explained(place: PostgresPlace) -> Iterator[None]:
    """Turns psycopg's errors into ours, which say what to do. Nothing stored is lost by any of them. What is a bug of
    ours (a wrong name, a constraint that does not hold) passes.
    """
    try:
        yield
    except (errors.DiskFull, errors.OutOfMemory) as error:
        raise StoreFull(f"{place}: {said(error)}; make room on the machine of the database; {_NEXT}") from error
    except (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure) as error:
        raise StoreBusy(f"{place}: another program has kept the database locked ({said(error)}); {_NEXT}") from error
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
        raise StoreError(f"{place}: {said(error)}; may this user write, and is it the primary server?") from error
    except psycopg.OperationalError as error:
        raise StoreError(
            f"{place}: {said(error)}; does the server run, and are host, port, user and password right? {_NEXT}"
        ) from error


def said(error: psycopg.Error) -> str:
    """In one line: the server's own words."""
    return " ".join((error.diag.message_primary or str(error)).split()).rstrip(".")
