"""The shape of wire.toml, in its own words and units."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, TypeAdapter

from aggregator.config.shapes.checking import Shape, Table
from aggregator.config.shapes.values import (
    Address,
    Argument,
    DatabaseUrl,
    Email,
    FieldName,
    Host,
    Key,
    Line,
    Listen,
    MailHost,
    MarkdownFile,
    Minutes,
    Network,
    RobotsToken,
    Secret,
    TimeZone,
    UserAgent,
)
from aggregator.model import (
    ComplaintSettings,
    EngineSettings,
    FetchSettings,
    MailSecurity,
    MailSettings,
    NotifySettings,
    PicturesSettings,
    PollSettings,
    ServeSettings,
    StoreSettings,
    TakeSettings,
    Template,
    WithheldFirst,
)

_FETCH = FetchSettings()
_POLL = PollSettings()
_STORE = StoreSettings()
_PICTURES = PicturesSettings()
_SERVE = ServeSettings()
_NOTIFY = NotifySettings()
_ENGINE = EngineSettings()
_COMPLAINTS = ComplaintSettings()
_TAKE = TakeSettings()


class FetchTable(Table):
    concurrency: Annotated[int, Field(ge=1, le=1000)] = _FETCH.concurrency
    per_domain_concurrency: Annotated[int, Field(ge=1, le=1000)] = _FETCH.per_domain_concurrency
    per_domain_seconds: Annotated[float, Field(ge=0, le=3600)] = _FETCH.per_domain_spacing.total_seconds()
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = _FETCH.timeout.total_seconds()
    max_body_bytes: Annotated[int, Field(ge=1024, le=2**30)] = _FETCH.max_body_bytes
    allow_addresses: tuple[Network, ...] = _FETCH.allow_addresses


class PollTable(Table):
    every_minutes: Minutes = _POLL.every.total_seconds() / 60
    shortest_minutes: Minutes = _POLL.shortest.total_seconds() / 60
    longest_minutes: Minutes = _POLL.longest.total_seconds() / 60
    requests_per_hour: Annotated[float, Field(gt=0, le=10_000_000, allow_inf_nan=False)] | None = None
    accept_discovered: bool = _POLL.accept_discovered
    unconditional_every: Annotated[int, Field(ge=1, le=10_000)] = _POLL.unconditional_every
    most_new_per_poll: Annotated[int, Field(ge=1, le=1_000_000)] = _POLL.most_new_per_poll
    most_new_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = _POLL.most_new_per_day


class StoreTable(Table):
    url: DatabaseUrl | None = None  # `pipeline.paths` takes both from the file, before it is known to have no faults
    folder: Argument | None = None
    keep_polls_days: Annotated[int, Field(ge=1, le=36_500)] = _STORE.keep_polls.days


class PicturesTable(Table):
    max_gb: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = _PICTURES.most_bytes / 1e9


class ServeTable(Table):
    listen: Listen = f"{_SERVE.host}:{_SERVE.port}"
    hosts: tuple[Host, ...] = _SERVE.hosts
    trusted_proxies: tuple[Network, ...] = _SERVE.trusted_proxies
    hub: Address | None = None

    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class DeskTable(Table):
    user_header: FieldName | None = None


class NotifyTable(Table):
    command: tuple[Argument, ...] = ()
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = _NOTIFY.timeout.total_seconds()


class EngineTable(Table):
    lost_after_seconds: Annotated[float, Field(ge=2, le=3600, allow_inf_nan=False)] = _ENGINE.lost_after.total_seconds()


class MailTable(Table):
    host: MailHost
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: MailSecurity = "starttls"
    user: Line | None = None
    password: Secret | None = None
    sender: Email = Field(alias="from")
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 30.0

    def settings(self) -> MailSettings:
        return MailSettings(
            host=self.host,
            port=self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security],
            security=self.security,
            sender=self.sender,
            user=self.user,
            password=Template(self.password) if self.password else None,
            timeout=timedelta(seconds=self.timeout_seconds),
        )


class ComplaintsTable(Table):
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = _COMPLAINTS.keep.days
    withhold_at_once: tuple[WithheldFirst, ...] = _COMPLAINTS.withhold_at_once


class TakeTable(Table):
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = _TAKE.keep.days


class WireFile(Table):
    name: Line
    url: Address
    publisher: Key
    user_agent: UserAgent
    robots_token: RobotsToken
    complaints_url: Address
    complaints_email: Email
    timezone: TimeZone = "UTC"
    statement: MarkdownFile | None = None
    fetch: FetchTable = FetchTable()
    poll: PollTable = PollTable()
    store: StoreTable = StoreTable()
    pictures: PicturesTable = PicturesTable()
    complaints: ComplaintsTable = ComplaintsTable()
    take: TakeTable = TakeTable()
    serve: ServeTable = ServeTable()
    desk: DeskTable = DeskTable()
    notify: NotifyTable = NotifyTable()
    engine: EngineTable = EngineTable()
    mail: MailTable | None = None


WIRE = Shape(
    TypeAdapter(WireFile),
    WireFile,
    {"fetch": FetchTable, "poll": PollTable, "store": StoreTable, "serve": ServeTable, "mail": MailTable},
)
