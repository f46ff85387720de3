"""Makes the Wire of wire.toml, or says what is wrong with the file."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import timedelta

from aggregator.config.placeholders import addresses_in
from aggregator.config.shapes.checking import check
from aggregator.config.shapes.wire import WIRE, FetchTable, MailTable, PollTable, ServeTable, WireFile
from aggregator.config.toml import TomlTable, plain
from aggregator.model import (
    ComplaintSettings,
    DeskSettings,
    EngineSettings,
    FetchSettings,
    NotifySettings,
    PicturesSettings,
    PollSettings,
    ServeSettings,
    StoreSettings,
    TakeSettings,
    Template,
    Wire,
)
from aggregator.rights import fault, is_address


def wire_of(table: TomlTable) -> tuple[Wire | None, list[str]]:
    """The wire, as far as the file has the right shape, and its faults, each a line."""
    shape, lines = check(WIRE, table)
    if shape is None:
        return None, lines
    lines = [*_agent_faults(shape), *_poll_faults(shape.poll), *_mail_faults(shape.mail), *_desk_faults(shape)]
    return _made(shape), lines


def _made(shape: WireFile) -> Wire:
    tables = {"fetch", "poll", "pictures", "store", "notify", "engine", "serve", "desk", "complaints", "take", "mail"}
    words = shape.model_dump(exclude=tables)
    return Wire(
        **words,
        fetch=_fetch_settings(shape.fetch),
        poll=_poll_settings(shape.poll),
        pictures=PicturesSettings(most_bytes=round(shape.pictures.max_gb * 1e9)),
        store=StoreSettings(keep_polls=timedelta(days=shape.store.keep_polls_days)),
        complaints=ComplaintSettings(
            keep=timedelta(days=shape.complaints.keep_days), withhold_at_once=shape.complaints.withhold_at_once
        ),
        take=TakeSettings(keep=timedelta(days=shape.take.keep_days)),
        engine=EngineSettings(lost_after=timedelta(seconds=shape.engine.lost_after_seconds)),
        notify=NotifySettings(command=shape.notify.command, timeout=timedelta(seconds=shape.notify.timeout_seconds)),
        serve=_serve_settings(shape.serve),
        desk=DeskSettings(user_header=shape.desk.user_header),
        mail=shape.mail.settings() if shape.mail else None,
    )


def _serve_settings(shape: ServeTable) -> ServeSettings:
    host, port = shape.place()
    hub = Template(shape.hub) if shape.hub else None
    return ServeSettings(host=host, port=port, hosts=shape.hosts, trusted_proxies=shape.trusted_proxies, hub=hub)


def _agent_faults(wire: WireFile) -> Iterator[str]:
    # RFC 9309 section 2.2.1: the token should be part of what the crawler calls itself, or nobody could find it.
    if wire.robots_token.casefold() not in wire.user_agent.casefold():
        yield fault("user_agent", wire.user_agent, f'text that contains robots_token, "{wire.robots_token}"')
    for url in addresses_in(wire.user_agent):
        if not is_address(url):
            yield fault("user_agent", wire.user_agent, f"a valid address in it, which {url} is not")


def _poll_faults(poll: PollTable) -> Iterator[str]:
    if poll.shortest_minutes > poll.longest_minutes:
        expected = f"at most longest_minutes, {poll.longest_minutes:g}"
        yield fault("poll.shortest_minutes", plain(poll.shortest_minutes), expected)
    elif not poll.shortest_minutes <= poll.every_minutes <= poll.longest_minutes:
        expected = f"a number from shortest_minutes, {poll.shortest_minutes:g}, to longest_minutes, "
        yield fault("poll.every_minutes", plain(poll.every_minutes), f"{expected}{poll.longest_minutes:g}")


def _mail_faults(mail: MailTable | None) -> Iterator[str]:
    if mail is None:
        return
    if (mail.user is None) != (mail.password is None):
        missing = "password" if mail.password is None else "user"
        other = "user" if missing == "password" else "password"
        yield fault(f"mail.{missing}", None, f"this key to be set, because {other} is")
    if mail.password is not None and mail.security == "none" and not _is_near(mail.host):
        expected = '"starttls" or "tls" beside a password, which others could read on the way'
        yield fault("mail.security", mail.security, expected)


def _desk_faults(wire: WireFile) -> Iterator[str]:
    """Anybody may send a field; it is believed of a proxy alone."""
    if wire.desk.user_header is not None and not wire.serve.trusted_proxies:
        yield fault("serve.trusted_proxies", None, "the proxy that sends desk.user_header, such as 127.0.0.1/32")


def _is_near(host: str) -> bool:
    """Whether what is sent there stays in this network."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host  # such as localhost


def _fetch_settings(table: FetchTable) -> FetchSettings:
    return FetchSettings(
        concurrency=table.concurrency,
        per_domain_concurrency=table.per_domain_concurrency,
        per_domain_spacing=timedelta(seconds=table.per_domain_seconds),
        timeout=timedelta(seconds=table.timeout_seconds),
        max_body_bytes=table.max_body_bytes,
        allow_addresses=table.allow_addresses,
    )


def _poll_settings(table: PollTable) -> PollSettings:
    return PollSettings(
        every=timedelta(minutes=table.every_minutes),
        shortest=timedelta(minutes=table.shortest_minutes),
        longest=timedelta(minutes=table.longest_minutes),
        requests_per_hour=table.requests_per_hour,
        accept_discovered=table.accept_discovered,
        unconditional_every=table.unconditional_every,
        most_new_per_poll=table.most_new_per_poll,
        most_new_per_day=table.most_new_per_day,
    )
