"""The API: what it answers to whom, that its description is true, and that nothing leaves that the gate keeps in."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.desk import acts, joins, purging
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Attempt, Cause, Channel, Client, Images, Selection
from aggregator.model.publisher import Uses
from aggregator.model.release import Refusal, Release
from aggregator.model.signals import Looked, Signal
from aggregator.output.record import NAMES
from aggregator.pipeline.opening import load_config, open_existing, open_wire, read_store
from aggregator.text.dates import to_iso, utc_now
from tests import ROOT
from tests.conftest import examples
from tests.make_database import CONFIG
from tests.web.listening import listening
from tests.web.serving import Served, served

TOKENS = {"desk": ("api", "web"), "pages": ("web",), "mail": ("email",), "few": ("api",)}
TOKEN = {name: f"{name}-0123456789-0123456789-0123456789" for name in TOKENS}
BECAUSE = Cause(actor="person:ama", reason="a mistake")


def made(folder: Any) -> Iterator[Served]:
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    (config / "searches").mkdir()
    (config / "searches" / "bridges.toml").write_text('words = "the OR pont"\n')
    with served(folder, config) as found:
        with open_wire(found.paths, load_config(found.paths), found.now[0]) as store:
            while store.index():
                pass
            for name, channels in TOKENS.items():
                client = Client(name=name, channels=channels, rate=3 if name == "few" else 100_000)  # type: ignore[arg-type]
                assert store.add_token(hashlib.sha256(TOKEN[name].encode()).hexdigest(), client, utc_now())
        yield found


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from made(tmp_path_factory.mktemp("api"))


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that a test may change."""
    yield from made(tmp_path_factory.mktemp("api"))


def get(wire: Served, path: str, token: str | None = None, **headers: str) -> httpx.Response:
    return wire.get(path, **headers, **({"Authorization": f"Bearer {TOKEN[token]}"} if token else {}))


def report_ids(wire: Served, limit: int = 100_000) -> list[str]:
    with read_store(wire.paths, wire.now[0]) as store:
        return [report.id for report in store.latest(Selection(limit=limit))]


def let_out(wire: Served, channel: Channel) -> dict[str, Release | Refusal]:
    """What the gate says of every report that is held, in the wire or not."""
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        ids = [id_ for (id_,) in connection.execute("SELECT id FROM articles")]
    with read_store(wire.paths, wire.now[0]) as store:
        by = outlet(store, channel, wire.now[0])
        return {each.id: each for each in releases(store, load_config(wire.paths).wire, ids, by)}


# The description


def fits(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], place: str = "") -> None:
    """The part of JSON Schema that the description uses."""
    if "oneOf" in schema:
        schema = next(each for each in schema["oneOf"] if (each.get("type") == "null") == (value is None))
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None),
             "object": dict, "array": list}  # fmt: skip
    said = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, types[each]) for each in said), (place, value, said)  # type: ignore[arg-type]
    assert not isinstance(value, bool) or "boolean" in said, (place, value)
    assert "enum" not in schema or value in schema["enum"], (place, value)
    if isinstance(value, list):
        for each in value:
            fits(each, schema["items"], schemas, f"{place}[]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema["required"]) <= set(value) <= set(schema["properties"]), (place, sorted(value))
        for name, each in value.items():
            fits(each, schema["properties"][name], schemas, f"{place}.{name}")


def addresses(wire: Served) -> dict[str, list[str]]:
    """Real addresses of every path of the description."""
    full = [
        each.id for each in let_out(wire, "api").values() if isinstance(each, Release) and each.scope == "full_text"
    ]
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        several = {id_ for (id_,) in connection.execute("SELECT id FROM articles WHERE revision > 1")}
    those = [*[each for each in full if each in several][:3], *full[:2]]
    return {
        "/api/reports": [
            "/api/reports",
            "/api/reports?limit=200&class=opinion&class=news",
            "/api/reports?after=0&limit=7",
        ],
        "/api/reports/{id}": [f"/api/reports/{each}" for each in report_ids(wire, 15)],
        "/api/reports/{id}/revisions": [f"/api/reports/{each}/revisions" for each in those],
        "/api/searches": ["/api/searches"],
        "/api/searches/{id}/reports": ["/api/searches/bridges/reports", "/api/searches/bridges/reports?limit=1"],
        "/api/changes": ["/api/changes", "/api/changes?after=0&limit=200", "/api/changes?saved=bridges"],
        "/api/changes/stream": ["/api/changes/stream"],
        "/api/publishers": ["/api/publishers"],
        "/api/sources": ["/api/sources"],
        "/api/health": ["/api/health"],
        "/api/coverage": ["/api/coverage?since=2020-01-01", "/api/coverage"],
        "/api/rights": ["/api/rights"],
        "/api/subscriptions": ["/api/subscriptions"],
    }


def test_every_answer_is_as_it_is_described(wire: Served) -> None:
    described = wire.get("/api/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    schemas = described["components"]["schemas"]
    tried = addresses(wire)
    assert set(tried) == set(described["paths"])
    for path, each in described["paths"].items():
        content = each["get"]["responses"]["200"]["content"]
        if list(content) == ["text/event-stream"]:
            for address in tried[path]:
                with listening(wire.address + address) as stream:
                    for event in stream.until_live():
                        named = {"heartbeat": "Heartbeat"}.get(event.kind, "Change")
                        fits(event.data, schemas[named], schemas, path)
            continue
        schema = content["application/json"]["schema"]
        for address in tried[path]:
            answer = get(wire, address, "desk")
            assert answer.status_code == 200, (address, answer.text)
            fits(answer.json(), schema, schemas, path)
    seen = set(wire.get("/api/reports?limit=1").json()["reports"][0])
    assert seen == {*NAMES, "pictures"}
    fits(get(wire, "/api/reports/none").json(), schemas["Problem"], schemas)
    for path, is_list in (("/api/reports", True), ("/api/reports/{id}", False)):
        kinds = described["paths"][path]["get"]["responses"]["200"]["content"]
        (as_ninjs,) = (content["schema"] for kind, content in kinds.items() if "ninjs" in kind)
        answer = wire.get(path.replace("{id}", report_ids(wire, 1)[0]) + "?format=ninjs").json()
        assert isinstance(answer, list) == (as_ninjs.get("type") == "array") == is_list


def test_every_refusal_is_a_problem_as_it_is_described(wire: Served) -> None:
    described = wire.get("/api/openapi.json").json()
    schemas, answers = described["components"]["schemas"], described["paths"]["/api/reports"]["get"]["responses"]
    many = {f"X-{number}": "1" for number in range(101)}
    for path, headers, status in (
        ("/api/reports", {"Host": "evil.example"}, 421),
        (f"/api/reports?search={'a' * 5_000}", {}, 414),
        ("/api/reports", many, 431),
        ("/api/reports?limit=0", {}, 400),
    ):
        answer = wire.get(path, **headers)
        assert answer.status_code == status
        (kind,) = answers.get(str(status), answers["default"])["content"]
        assert answer.headers["content-type"] == kind
        fits(answer.json(), schemas["Problem"], schemas)


def test_every_parameter_that_is_described_is_taken_and_no_other(wire: Served) -> None:
    values = {"country": "Mali", "kind": "newspaper", "group": "institution", "language": "fr", "class": "opinion",
              "topic": "sport", "about": "Mali",
              "since": "2020-01-01", "until": "2030-01-01", "on": "2026-11-22", "search": "the", "after": "0",
              "limit": "3", "wait": "1", "saved": "bridges", "format": "json", "channel": "web",
              "publisher": report_publisher(wire), "before": report_ids(wire, 1)[0],
              "up_to": last_cursor(wire)}  # fmt: skip
    for path, each in wire.get("/api/openapi.json").json()["paths"].items():
        address = path.replace("searches/{id}", "searches/bridges").replace("{id}", report_ids(wire, 1)[0])
        for parameter in each["get"]["parameters"]:
            if parameter["in"] == "query":
                name = parameter["name"]
                also = "&after=0" if name == "up_to" else ""
                query = f"{address}?{name}={values[name]}{also}"
                if path.endswith("/stream"):
                    with listening(wire.address + query, Authorization=f"Bearer {TOKEN['desk']}") as stream:
                        assert stream.answer.status_code == 200, query
                    continue
                answer = get(wire, query, "desk")
                assert answer.status_code in (200, 403), (path, name, answer.text)
        assert get(wire, f"{address}?colour=red", "desk").status_code == 400


def report_publisher(wire: Served) -> str:
    return str(wire.get("/api/reports?limit=1").json()["reports"][0]["publisher"])


def last_cursor(wire: Served) -> str:
    with read_store(wire.paths, wire.now[0]) as store:
        return str(store.last_cursor())


def test_the_page_for_people_names_every_address_parameter_and_status(wire: Served) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    described = wire.get("/api/openapi.json").json()
    for path, each in described["paths"].items():
        assert f"| `{path}` |" in page, path
        for parameter in each["get"]["parameters"]:
            assert parameter["in"] == "path" or f"| `{parameter['name']}` |" in page, parameter["name"]
        for status in each["get"]["responses"]:
            assert f"| {status} |" in page, status


# Reports


@pytest.mark.parametrize("query", ["", "country=ML&country=KE", "language=fr", "class=press_release", "search=the"])
def test_pages_by_id_are_all_reports_once(wire: Served, query: str) -> None:
    found: list[str] = []
    address = f"/api/reports?limit=40&{query}"
    while address:
        page = wire.get(address).json()
        found += [each["id"] for each in page["reports"]]
        parts = urlsplit(page["next"] or "")
        address = f"{parts.path}?{parts.query}" if page["next"] else ""
    everything = let_out(wire, "web")
    assert len(found) == len(set(found)) > 0
    if not query:
        assert set(found) == {each for each in report_ids(wire) if isinstance(everything[each], Release)}


def test_pages_by_arrival_have_all_that_came_after_a_cursor(own: Served) -> None:
    address, found = "/api/reports?after=0&limit=60", []
    while address:
        page = get(own, address, "desk").json()
        found += [each["id"] for each in page["reports"]]
        parts = urlsplit(page["next"] or "")
        address = f"{parts.path}?{parts.query}" if page["next"] else ""
    assert len(found) == len(set(found)) > 60
    later = f"/api/reports?after={page['cursor']}"
    assert get(own, later, "desk").json()["reports"] == []
    with open_existing(own.paths) as store:
        acts.withhold(store, found[0], BECAUSE, own.now[0])
        acts.restore(store, found[0], BECAUSE, own.now[0])
    assert [each["id"] for each in get(own, later, "desk").json()["reports"]] == [found[0]]
    lines = get(own, f"/api/changes?after={page['cursor']}", "desk").json()["changes"]
    assert [line["change_kind"] for line in lines] == ["withheld", "restored"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("colour=red", "colour"), ("countri=ML", "country"), ("country=Malli", "Mali"), ("class=opinio", "opinion"),
        ("publisher=nobody-at-all", "no publisher"), ("limit=0", "1 to 200"), ("limit=201", "1 to 200"),
        ("limit=x", "1 to 200"), ("after=12", "cursor"), ("after=x", "cursor"), ("before=nothing", "before"),
        ("since=yesteryear", "date"), ("on=2999-01-01", "yet"), ("since=2026-11-22&on=2026-11-22", "since"),
        ("since=2026-11-22&until=2026-11-21", "not before"), ("search=", "search"), ("search=NOT+x", ""),
        ("limit=1&limit=2", "too often"), ("format=xml", "ninjs"), ("offset=10", "offset"),
        ("up_to=1-00000000", "after"),
        ("country=" + "M" * 2_000, "characters"), ("publisher=%00", "publisher"), ("language=%ff%fe", "language"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_a_problem(wire: Served, query: str, said: str) -> None:
    answer = wire.get(f"/api/reports?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json().get("detail", "")


def test_a_cursor_of_another_ledger_is_gone(wire: Served) -> None:
    for path in ("reports", "changes"):
        answer = wire.get(f"/api/{path}?after=3-00000000")
        assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
        assert "read everything anew" in answer.json()["detail"]
    for cursor in ("3-00000000", "999999999-00000000"):
        assert wire.get(f"/api/reports?after=0&up_to={cursor}").status_code == 410


def test_who_asks_for_a_report_that_was_joined_is_led_on_with_all_that_was_asked(own: Served) -> None:
    by_publisher: dict[str, list[str]] = {}
    for each in let_out(own, "web").values():
        if isinstance(each, Release) and each.scope == "full_text":
            by_publisher.setdefault(each.publisher, []).append(each.id)
    kept, joined = next(ids for ids in by_publisher.values() if len(ids) > 1)[:2]
    with open_existing(own.paths) as store:
        joins.join(store, kept, joined, BECAUSE, own.now[0])
    for rest in ("", "?format=ninjs&channel=web", "/revisions?channel=web"):
        answer = own.get(f"/api/reports/{joined}{rest}")
        assert (answer.status_code, answer.headers["location"]) == (301, f"/api/reports/{kept}{rest}")


def test_a_report_comes_as_ninjs_for_those_who_ask(wire: Served) -> None:
    (first,) = report_ids(wire, 1)
    kind = "application/vnd.iptc.g2.ninjs+json"
    for answer in (wire.get(f"/api/reports/{first}?format=ninjs"), wire.get(f"/api/reports/{first}", Accept=kind)):
        assert answer.headers["content-type"] == kind
        assert answer.json()["standard"]["name"] == "ninjs"
        assert first in answer.json()["uri"]
    listed = wire.get("/api/reports?format=ninjs&limit=5")
    assert len(listed.json()) == 5
    assert 'rel="next"' in listed.headers["link"]
    assert wire.get(f"/api/reports/{first}", Accept="*/*").headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "is_ninjs"),
    [
        ("application/vnd.iptc.g2.ninjs+json;q=0, application/json", False),
        ("application/json;q=0.1, application/vnd.iptc.g2.ninjs+json; q=0.9", True),
        ("application/vnd.iptc.g2.ninjs+json;q=0.2, application/json;q=0.3", False),
        ("Application/JSON, application/vnd.iptc.g2.ninjs+json", False),
        ("application/vnd.iptc.g2.ninjs+json, application/json", True),
        ("application/ninjs+json, */*;q=0.1", True),
        ("application/vnd.iptc.ninjs+json;charset=utf-8;Q=1.000", True),
        ("application/ninjs+json;q=0", False),
        (";q=,,;;q=2,text/html;q=x", False),
        ("", False),
    ],
)
def test_the_form_that_is_liked_best_is_given(wire: Served, accept: str, is_ninjs: bool) -> None:
    answer = wire.get("/api/reports?limit=1", Accept=accept)
    assert ("ninjs" in answer.headers["content-type"]) == is_ninjs


def test_reports_that_left_say_so_also_to_whoever_has_them(own: Served) -> None:
    ids = [each.id for each in let_out(own, "web").values() if isinstance(each, Release)][:5]
    titles = {each: own.get(f"/api/reports/{each}").json()["title"] for each in ids}
    etags = {each: own.get(f"/api/reports/{each}").headers["etag"] for each in ids}
    assert own.get(f"/api/reports/{ids[0]}", If_None_Match=etags[ids[0]]).status_code == 304
    withdrawn, withheld, legal, embargoed, purged = ids
    with open_existing(own.paths) as store:
        acts.withdraw(store, withdrawn, BECAUSE, own.now[0])
        acts.withhold(store, withheld, BECAUSE, own.now[0])
        acts.withhold(store, legal, BECAUSE, own.now[0], legal=True)
        acts.embargo(store, embargoed, own.now[0] + timedelta(hours=1), BECAUSE, own.now[0])
        purging.purge(store, [purged], BECAUSE, own.now[0])
    statuses = {purged: 410, withdrawn: 410, withheld: 404, legal: 451, embargoed: 404}
    for id_, status in statuses.items():
        for token in (None, "desk"):
            answer = get(own, f"/api/reports/{id_}", token, If_None_Match=etags[id_])
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), id_
            assert (titles[id_] or "???") not in answer.text
            assert get(own, f"/api/reports/{id_}/revisions", token).status_code == status
    assert 'rel="blocked-by"' in get(own, f"/api/reports/{legal}").headers["link"]
    unknown = get(own, "/api/reports/0000000000000000")
    assert get(own, f"/api/reports/{embargoed}").text == unknown.text
    assert "not showing" in get(own, f"/api/reports/{withheld}").text


def test_versions_leave_in_full_text_alone_with_what_changed(wire: Served) -> None:
    out = let_out(wire, "api")
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        several = [id_ for (id_,) in connection.execute("SELECT id FROM articles WHERE revision > 1 ORDER BY id")]
    statuses = set()
    for id_ in several:
        each = out.get(id_)
        answer = get(wire, f"/api/reports/{id_}/revisions", "desk")
        statuses.add(answer.status_code)
        if isinstance(each, Release) and each.scope == "full_text":
            rows = answer.json()["revisions"]
            assert [row["number"] for row in rows] == list(range(1, each.revision + 1))
            assert rows[-1]["text"] == (each.text or None)
            for row in rows[1:]:
                for said in row["differences"]:
                    new = "".join(piece["text"] for piece in said["pieces"] if piece["kind"] != "gone")
                    assert new.split() == (row[said["field"]] or "").split()
        else:
            assert answer.status_code in (403, 404, 410, 451)
    assert {200, 403} <= statuses


# Who may have what


@pytest.mark.parametrize("path", ["/api/sources", "/api/health", "/api/coverage", "/api/rights", "/api/subscriptions"])
def test_how_the_wire_does_is_for_tokens_of_the_channel_api(wire: Served, path: str) -> None:
    nobody = wire.get(path)
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert get(wire, path, "pages").status_code == 403
    found = get(wire, path, "desk")
    assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("said", ["Bearer wrong", "Basic abc", "Bearer", "Bearer " + "x" * 300, "bearer \xff\xfe"])
def test_a_wrong_token_is_refused_everywhere(wire: Served, said: str) -> None:
    for path in ("/api/reports", "/api/publishers", "/api/health"):
        answer = httpx.get(wire.address + path, headers={"Authorization": said.encode("latin-1")}, verify=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


def test_channels_are_those_of_the_token(wire: Served) -> None:
    assert get(wire, "/api/reports?channel=api").status_code == 401
    assert get(wire, "/api/reports?channel=api", "pages").status_code == 403
    assert get(wire, "/api/reports?channel=web", "pages").status_code == 200
    for token, query, channel in (
        (None, "", "web"),
        ("desk", "", "api"),
        ("desk", "&channel=web", "web"),
        ("mail", "", "email"),
    ):
        page = get(wire, f"/api/reports?limit=200{query}", token).json()
        out = let_out(wire, channel)  # type: ignore[arg-type]
        expected = [each for each in report_ids(wire, 200) if isinstance(out[each], Release)]
        assert [each["id"] for each in page["reports"]] == expected


def test_a_revoked_token_ends_at_once_and_a_rate_is_kept(own: Served) -> None:
    for _ in range(3):
        assert get(own, "/api/publishers", "few").status_code == 200
    refused = get(own, "/api/publishers", "few")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "20")
    assert get(own, "/api/publishers", "desk").status_code == 200
    own.now[0] += timedelta(seconds=20)
    assert get(own, "/api/publishers", "few").status_code == 200
    assert get(own, "/api/publishers", "few").status_code == 429
    with open_existing(own.paths) as store:
        store.revoke_token("desk", own.now[0])
    assert get(own, "/api/publishers", "desk").status_code == 401


# What all answers have


def test_heads_are_answered_as_gets_without_a_body(wire: Served) -> None:
    for path in ("/api/reports", "/api/openapi.json", "/feeds/latest.atom", "/metrics", "/api/reports/none"):
        whole, head = wire.get(path), httpx.head(wire.address + path, verify=False)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers.get("etag") == whole.headers.get("etag")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_written_by_the_api(wire: Served, method: str) -> None:
    answer = httpx.request(method, f"{wire.address}/api/reports", verify=False)
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in answer.headers["allow"]


def test_a_fault_of_the_program_is_a_problem_without_its_traceback(tmp_path: Path) -> None:
    def clock() -> datetime:
        raise RuntimeError("a secret of the program")

    with served(tmp_path, clock=clock) as broken:
        answer = broken.get("/api/reports")
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_wire_that_cannot_be_read_is_a_problem_too(tmp_path: Path) -> None:
    with served(tmp_path) as gone:
        gone.paths.database().unlink()
        answer = gone.get("/api/reports")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


@pytest.mark.parametrize("token", [None, "desk"])
def test_pages_of_other_sites_may_read_feeds_and_the_api(wire: Served, token: str | None) -> None:
    for path in ("/api/reports?limit=1", "/api/reports/none", "/feeds/class/analysis.json", "/api/openapi.json"):
        answer = get(wire, path, token, Origin="https://elsewhere.example")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        again = get(wire, path, token, If_None_Match=answer.headers.get("etag", "*"))
        assert again.headers["access-control-allow-origin"] == "*"
        for method, is_allowed in (("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)):
            asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": method,
                     "Access-Control-Request-Headers": "authorization"}  # fmt: skip
            answer = httpx.options(wire.address + path, headers=asked, verify=False)
            assert answer.status_code == (204 if is_allowed else 405)
            assert ("access-control-allow-origin" in answer.headers) == is_allowed
            assert not is_allowed or "Authorization" in answer.headers["access-control-allow-headers"]
    assert httpx.options(wire.address + "/api/reports", verify=False).status_code == 405


def test_pages_of_other_sites_may_read_nothing_else(wire: Served) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    for path in ("/metrics", "/healthz", "/mcp", "/", "/nothing", "/feedsx", "/apis"):
        for answer in (
            wire.get(path, Origin="https://elsewhere.example"),
            httpx.options(wire.address + path, headers=asked, verify=False),
            httpx.post(wire.address + path, headers=asked, verify=False),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")], path
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    refused = httpx.options(wire.address + "/api/reports", headers={**asked, "Host": "evil.example"}, verify=False)
    assert refused.status_code == 421


def test_answers_for_a_token_are_kept_by_nobody_else(wire: Served) -> None:
    open_, private = wire.get("/api/reports"), get(wire, "/api/reports", "desk")
    assert open_.headers["cache-control"].startswith("public")
    assert private.headers["cache-control"].startswith("private")
    assert "Authorization" in open_.headers["vary"]
    assert open_.headers["etag"] != private.headers["etag"]
    assert get(wire, "/api/reports", "desk", If_None_Match=private.headers["etag"]).status_code == 304
    assert get(wire, "/api/reports", "desk", If_None_Match=open_.headers["etag"]).status_code == 200


def test_metrics_are_those_of_the_page(wire: Served) -> None:
    wire.get("/api/reports")
    wire.get("/api/nothing")
    found = wire.get("/metrics")
    assert found.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in found.text.splitlines() if not line.startswith("#")]
    values = {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in lines}
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        (count,) = connection.execute("SELECT count(*) FROM wire").fetchone()
        (sources,) = connection.execute("SELECT count(*) FROM health WHERE enabled").fetchone()
    assert values["aggregator_reports"] == count
    assert values['aggregator_requests_total{status="200"}'] > 0
    assert values['aggregator_requests_total{status="404"}'] > 0
    assert sum(value for name, value in values.items() if name.startswith("aggregator_sources")) >= sources > 0
    page = (ROOT / "docs" / "api.md").read_text()
    named = set(re.findall(r"^\| `(aggregator_\w+)` \|", page, re.MULTILINE))
    assert named == {line.split()[2] for line in found.text.splitlines() if line.startswith("# TYPE")}
    assert {name.partition("{")[0] for name in values} <= named


# The property


RIGHTS = st.fixed_dictionaries(
    {
        "text_scope": st.sampled_from(["none", "headline_only", "excerpt", "full_text"]),
        "redistribute": st.sampled_from([("web", "feed", "api", "email"), ("api",), ("web",), ("email",), ()]),
        "ai_use": st.sampled_from(["allowed", "prohibited", "unstated"]),
        "excerpt_max_words": st.sampled_from([5, 60]),
        "expires": st.sampled_from([None, date(2020, 1, 1), date(2999, 1, 1)]),
        "images": st.sampled_from([Images(scope="none"), Images(scope="same_as_text", hotlink=True)]),
    }
)


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    for each in made(tmp_path_factory.mktemp("api")):
        with open_existing(each.paths) as store:
            ids = report_ids(each, 40)
            acts.withdraw(store, ids[0], BECAUSE, each.now[0])
            acts.withhold(store, ids[7], BECAUSE, each.now[0])
            acts.embargo(store, ids[14], each.now[0] + timedelta(days=9), BECAUSE, each.now[0])
        yield each


def held_words(wire: Served) -> dict[str, set[str]]:
    """Long pieces of all that is held of each report: headline, sentences, byline, addresses of pictures."""
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        for id_, title, summary, text in connection.execute(
            "SELECT a.id, a.title, b.summary, b.text FROM articles AS a JOIN bodies AS b USING (article_id)"
        ):
            pieces = {title or "", *re.split(r"[\n.!?]", f"{summary or ''}\n{text or ''}")}
            found[id_] = {" ".join(piece.split()) for piece in pieces if len(piece.strip()) > 20}
        for id_, url in connection.execute("SELECT a.id, m.url FROM articles AS a JOIN media AS m USING (article_id)"):
            found.get(id_, set()).add(url)
    return found


@settings(max_examples=examples(16), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_no_answer_holds_what_the_gate_keeps_in(changing: Served, data: st.DataObject) -> None:
    wire = changing
    config = load_config(wire.paths)
    wire.now[0] += timedelta(seconds=61)
    publishers = [replace(each, rights=replace(each.rights, **data.draw(RIGHTS))) for each in config.publishers]
    open_wire(wire.paths, replace(config, publishers=tuple(publishers)), wire.now[0]).close()
    held = held_words(wire)
    for token, channel in ((None, "web"), ("desk", "api")):
        out = let_out(wire, channel)  # type: ignore[arg-type]
        answers = ""
        for first in ("/api/reports?limit=200", "/api/changes?limit=200", "/api/reports?after=0&limit=200"):
            address = first
            while address:
                page = get(wire, address, token)
                answers += page.text
                parts = urlsplit(page.json()["next"] or "")
                address = f"{parts.path}?{parts.query}" if page.json()["next"] else ""
        some = data.draw(st.lists(st.sampled_from(sorted(held)), max_size=8, unique=True))
        for id_ in some:
            for path in (f"/api/reports/{id_}", f"/api/reports/{id_}?format=ninjs", f"/api/reports/{id_}/revisions"):
                answer = get(wire, path, token)
                assert (answer.status_code == 200) <= isinstance(out[id_], Release)
                answers += answer.text
        allowed = " ".join(
            f"{each.headline} {each.summary} {each.text} {each.html} {each.byline} {each.disclaimers} {each.url}"
            + " ".join(picture.url for picture in each.pictures)
            for each in out.values()
            if isinstance(each, Release)
        )
        # A notice of ours may say in the same words what the publisher said of its withdrawal.
        allowed += " ".join(each.text for each in out.values() if isinstance(each, Refusal))
        allowed = " ".join(allowed.split())
        said = " ".join(answers.replace("\\n", " ").split())
        leaked = {piece for pieces in held.values() for piece in pieces if piece not in allowed and piece in said}
        assert not leaked, (channel, leaked)


def test_an_answer_that_is_one_report_says_whether_machines_may_read_it(wire: Served) -> None:
    reports = get(wire, "/api/reports?limit=40", "desk").json()["reports"]
    found = [(one, get(wire, f"/api/reports/{one['id']}", "desk")) for one in reports[::8]]
    for one, answer in found:
        is_free = one["ai_train"] == one["ai_input"] == "allowed"
        assert answer.headers["tdm-reservation"] == ("0" if is_free else "1")
        as_ninjs = get(wire, f"/api/reports/{one['id']}", "desk", accept="application/vnd.iptc.g2.ninjs+json")
        assert as_ninjs.headers["tdm-reservation"] == answer.headers["tdm-reservation"]
    assert "tdm-reservation" not in get(wire, "/api/reports").headers  # of many publishers


def test_what_a_site_says_narrows_every_answer_and_our_robots_txt(own: Served) -> None:
    (one,) = get(own, "/api/reports?limit=1", "desk").json()["reports"]
    origin = one["homepage"].rstrip("/")
    signal = Signal(
        form="tdmrep", place="file", url=f"{origin}/.well-known/tdmrep.json", about=origin, literal="{}",
        uses=Uses(train="refused", input="refused"), policy=f"{origin}/terms",
    )  # fmt: skip
    with open_existing(own.paths) as store:
        look = Looked(publisher=one["publisher"], place="file", url=signal.url, about=origin, signals=(signal,))
        store.note_signals([look], own.now[0])
    own.now[0] += timedelta(minutes=2)
    answer = get(own, f"/api/reports/{one['id']}", "desk")
    assert (answer.headers["tdm-reservation"], answer.headers["tdm-policy"]) == ("1", f"{origin}/terms")
    assert (answer.json()["ai_train"], answer.json()["ai_input"]) == ("refused", "refused")
    (row,) = (
        row for row in get(own, "/api/rights", "desk").json()["publishers"] if row["publisher"] == one["publisher"]
    )
    assert (row["ai_train"], row["ai_input"]) == ("refused", "refused")
    robots = own.get("/robots.txt")
    assert robots.headers["content-type"].startswith("text/plain")
    assert {"User-agent: GPTBot", "User-agent: ChatGPT-User", "User-agent: *"} <= {*robots.text.splitlines()}


def test_a_subscriber_learns_by_the_token_of_its_name_how_it_does(wire: Served) -> None:
    now = utc_now()
    with open_existing(wire.paths) as store:
        cursor = store.cursor_at(3)
        assert cursor is not None
        for name in ("desk", "nobody"):
            store.begin_queue(name, now, from_beginning=True)
        failed = Attempt(name="desk", cursor=cursor, error="the server answered 500")
        for attempt in (failed, replace(failed, pause=timedelta(seconds=5)), replace(failed, name="nobody")):
            store.record_attempt(attempt, now)
    (said,) = get(wire, "/api/subscriptions", "desk").json()["subscriptions"]
    schemas = wire.get("/api/openapi.json").json()["components"]["schemas"]
    fits({"subscriptions": [said]}, schemas["Subscriptions"], schemas, "/api/subscriptions")
    assert (said["subscriber"], said["attempts"], said["failing_since"]) == ("desk", 1, to_iso(now))
    assert said["next_at"] == to_iso(now + timedelta(seconds=5))
    (letter,) = said["dead_letters"]
    assert (letter["seq"], letter["error"]) == (3, "the server answered 500")
    lines = wire.get("/metrics").text.splitlines()
    assert {'aggregator_subscribers{state="failing"} 2', 'aggregator_subscribers{state="ended"} 0'} <= set(lines)
    assert "aggregator_dead_letters 2" in lines
    assert any(re.fullmatch("aggregator_subscribers_behind_lines [1-9][0-9]*", line) for line in lines)
    assert not any("nobody" in line for line in lines)  # anybody may read them
