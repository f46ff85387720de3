"""Reads what publishers say to machines, one function a form; pure. What it means together is for `rights.signals`.

Content-Usage: draft-ietf-aipref-attach (robots.txt, HTTP), words of draft-ietf-aipref-vocab-01 to -08, a Dictionary of
RFC 9651. Content-Signal: https://contentsignals.org. TDMRep: https://www.w3.org/community/reports/tdmrep/. RSL 1.0:
https://rslstandard.org/rsl. What cannot be read says nothing. Everything is bounded, and linear in what is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import islice
from types import MappingProxyType
from typing import Any, get_args

from aggregator.model import AI_USES, Rsl
from aggregator.model.publisher import Use, Uses, UseState
from aggregator.model.signals import PageHead, Signal, SignalOrigin, SignalPlace
from aggregator.text.printable import address, line
from aggregator.text.urls import literal, resolved

MOST = 200  # signals of one document
LONGEST_FILE = 128 * 1024  # bytes of a tdmrep.json that are read
_SHOWN = 300  # characters of a literal
_LONGEST_PATTERN = 500
_USES: tuple[Use, ...] = get_args(Use)
_ALL = frozenset(_USES)
_AI: frozenset[Use] = frozenset(("train", "input"))

# What the words of each form speak of. A word of several uses counts for one of them where no narrower word speaks of
# it. The drafts named the same things differently from one to the next.
_USAGE: Mapping[str, frozenset[Use]] = MappingProxyType(
    {
        "all": _ALL, "bots": _ALL, "tdm": _AI, "ai": _AI,
        "train-ai": frozenset(("train",)), "train-genai": frozenset(("train",)), "genai": frozenset(("train",)),
        "ai-use": frozenset(("input",)), "ai-output": frozenset(("input",)), "ai-input": frozenset(("input",)),
        "search": frozenset(("search",)),
    }
)  # fmt: skip
_CONTENT_SIGNAL: Mapping[str, Use] = MappingProxyType({"ai-train": "train", "ai-input": "input", "search": "search"})
_RSL: Mapping[str, frozenset[Use]] = MappingProxyType(
    {
        "all": _ALL, "ai-all": _AI, "ai-train": frozenset(("train",)), "train-ai": frozenset(("train",)),
        "train-genai": frozenset(("train",)), "ai-use": frozenset(("input",)), "ai-input": frozenset(("input",)),
        "ai-index": frozenset(("input",)), "search": frozenset(("search",)),
    }
)  # fmt: skip
_FREE = frozenset(("free", "attribution"))  # kinds of payment that are none
# Readers that fetch for AI, as sites named them in robots.txt in November 2026; evidence only.
AI_TOKENS: Mapping[str, Use] = MappingProxyType(
    {
        **dict.fromkeys(
            ("AI2Bot", "Ai2Bot-Dolma", "Amazonbot", "anthropic-ai", "Applebot-Extended", "Bytespider", "CCBot",
             "ClaudeBot", "cohere-ai", "cohere-training-data-crawler", "Diffbot", "FacebookBot", "Google-Extended",
             "GPTBot", "ImagesiftBot", "meta-externalagent", "omgili", "omgilibot", "PanguBot", "Timpibot"),
            "train",
        ),
        **dict.fromkeys(
            ("ChatGPT-User", "Claude-User", "Claude-Web", "Google-CloudVertexBot", "DuckAssistBot",
             "meta-externalfetcher", "MistralAI-User", "Perplexity-User", "YouBot"),
            "input",
        ),
        **dict.fromkeys(("Claude-SearchBot", "OAI-SearchBot", "PerplexityBot"), "search"),
    }
)  # fmt: skip
# The terms of PLUS on data mining (https://ns.useplus.org/LDF/ldf-XMPSpecification#DataMining), which IPTC took over.
_PLUS: Mapping[str, Uses] = MappingProxyType(
    {
        "dmi-allowed": AI_USES["allowed"],
        "dmi-prohibited": AI_USES["prohibited"],
        "dmi-prohibited-exceptsearchengineindexing": AI_USES["search_only"],
        "dmi-prohibited-aimltraining": Uses(train="refused"),
        "dmi-prohibited-genaimltraining": Uses(train="refused"),
        "dmi-prohibited-seeconstraint": Uses(train="refused", input="refused"),
    }
)
_PLUS_TERM = re.compile(r"https?://ns\.useplus\.org/ldf/vocab/(DMI-[A-Za-z-]{1,60})", re.IGNORECASE)
_CC = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/(by(?:-(?:nc|sa|nd|nc-sa|nc-nd))?)|(publicdomain)/(?:zero|mark))"
    r"/\d\.\d(?:/[a-z]{2,10})?(?:/deed(?:\.[A-Za-z_-]{2,10})?|/legalcode(?:\.[A-Za-z_-]{2,10})?)?/?",
    re.IGNORECASE,
)
_OPEN_CC = frozenset(("by", "by-sa"))

# RFC 9651: keys, and the kinds of a bare item.
_SF_KEY = r"[a-z*][a-z0-9_.*-]*"
_SF_ITEM = (
    r"(?:[A-Za-z*][!#$%&'*+.^_`|~:/A-Za-z0-9-]*|\"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\"\\])*\""
    r"|-?\d{1,15}(?:\.\d{1,3})?|\?[01]|:[A-Za-z0-9+/=]*:|@-?\d{1,15})"
)
_SF_MEMBER = re.compile(
    rf"({_SF_KEY})(?:=(?:({_SF_ITEM})|\( *(?:{_SF_ITEM}(?: +{_SF_ITEM})*)? *\)))?((?:; *{_SF_KEY}(?:={_SF_ITEM})?)*)"
)
_SF_COMMA = re.compile(r"[ \t]*,[ \t]*")

_FIELD = re.compile(
    r"(?P<name>user[\s_-]?agent|allow|disallow|content-usage|content-signals?|license)\s*:\s*(?P<value>.*)",
    re.IGNORECASE,
)
_WITH_PATH = re.compile(r"([/*]\S*)\s+(.*)")
_CDN_BEGINS, _CDN_ENDS = "# begin cloudflare managed content", "# end cloudflare managed content"
_NO_AI = frozenset(("noai",))


def content_usage(value: str) -> Uses | None:
    """Of a field, or of a line of robots.txt without its path. None: it cannot be read, or speaks of no use."""
    said = _dictionary(value.strip(" \t")[:4096])
    states: dict[str, UseState] = {"y": "allowed", "n": "refused"}
    found: dict[Use, UseState] = {}
    for use in _USES:
        words = {word: len(of) for word, of in _USAGE.items() if use in of and said.get(word) in states}
        spoken = [(width, states[said[word]]) for word, width in words.items()]
        if spoken:
            narrowest = [state for width, state in spoken if width == min(spoken)[0]]
            found[use] = "refused" if "refused" in narrowest else "allowed"
    return Uses(**found) if found else None


def _dictionary(value: str) -> dict[str, str]:
    """The members whose value is one item; nothing where the whole is no Dictionary."""
    found: dict[str, str] = {}
    at = 0
    while True:
        member = _SF_MEMBER.match(value, at)
        if member is None:
            return {}
        found[member[1]] = member[2] or ""
        at = member.end()
        if at == len(value):
            return found
        comma = _SF_COMMA.match(value, at)
        if comma is None or comma.end() == len(value):  # a comma at the end is a fault
            return {}
        at = comma.end()


def content_signal(value: str) -> Uses | None:
    """The strictest where a word stands twice. None: it speaks of no use."""
    states: dict[str, UseState] = {"yes": "allowed", "no": "refused"}
    found: dict[Use, UseState] = {}
    for part in value[:4096].split(","):
        word, _, said = (each.strip().lower() for each in part.partition("="))
        use = _CONTENT_SIGNAL.get(word)
        if use and said in states and found.get(use) != "refused":
            found[use] = states[said]
    return Uses(**found) if found else None


def reservation(value: object) -> Uses | None:
    """Of `tdm-reservation`: 1 or 0, and the same where a field stands twice; anything else says nothing."""
    said = value
    if isinstance(value, str):
        each = {part.strip().strip('"') for part in value[:4096].split(",")}
        said = each.pop() if len(each) == 1 else value
    if isinstance(said, bool) or said not in (0, 1, "0", "1"):
        return None
    state: UseState = "refused" if said in (1, "1") else "allowed"
    return Uses(train=state, input=state)


def licence(value: str) -> Uses | None:
    """Of the first known address of a licence in a text: one of Creative Commons, or of PLUS on data mining. What asks
    not to be changed or not to be sold says nothing of machines. None: there is none.
    """
    text = value[:4096]
    if found := _PLUS_TERM.search(text):
        return _PLUS.get(found[1].lower(), Uses())
    if found := _CC.search(text):
        return AI_USES["allowed"] if found[2] or (found[1] or "").lower() in _OPEN_CC else Uses()
    return None


def rsl(licences: Sequence[Rsl]) -> Uses:
    """Of the licences of one content. What one of them lets without payment and without asking is allowed, unless one
    prohibits it; what they let for payment, or of a server alone, is not.
    """
    said: dict[Use, set[str]] = {use: set() for use in _USES}
    for each in licences:
        is_free = (each.payment or "free").lower() in _FREE and each.server is None
        is_of_all = each.permits is None and each.prohibits is None and not is_free
        for use in _ALL if is_of_all else _uses_of(each.permits):
            said[use].add("free" if is_free else "asked")
        for use in _uses_of(each.prohibits):
            said[use].add("prohibited")
    return Uses(**{use: _of_licences(ways) for use, ways in said.items()})


def _of_licences(ways: set[str]) -> UseState:
    if "prohibited" in ways:
        return "refused"
    return "allowed" if "free" in ways else "refused" if ways else "unstated"


def _uses_of(words: str | None) -> frozenset[Use]:
    found: frozenset[Use] = frozenset()
    for word in (words or "").lower().replace(",", " ").split():
        found |= _RSL.get(word, frozenset())
    return found


# robots.txt


def of_robots(text: str, origin: str, token: str) -> tuple[Signal, ...]:
    """What a robots.txt says to all machines or to this product token (in small letters). `text`: as
    `fetch.robots.text_of` has it. Cloudflare's lines stand for the whole site, whomever their group is for.
    """
    lines = _lines(text)
    names_us = any(token in agents for *_, agents, _ in lines)
    ours = {token} if names_us else {"*"}
    found = [
        signal
        for number, (name, value, agents, is_cdn) in enumerate(lines)
        if not agents or agents & ours or is_cdn
        if (signal := _of_line(name, value, origin, number, "cdn" if is_cdn else "publisher"))
    ]
    shut_out = [each for each in AI_TOKENS if _is_shut_out(each.lower(), lines)]
    if shut_out:
        found.append(_signal("ai-tokens", "robots", f"{origin}/robots.txt", origin, ", ".join(shut_out)))
    return tuple(found[:MOST])


def licences_of_robots(text: str) -> tuple[str, ...]:
    """The addresses of the documents of RSL that a robots.txt names, for whatever reader."""
    said = (value for name, value, *_ in _lines(text) if name == "license")
    return tuple(islice(dict.fromkeys(url for each in said if (url := address(literal(each)))), 3))


def _lines(text: str) -> list[tuple[str, str, Set[str], bool]]:
    """Name in small letters, value, the agents of its group in small letters (none: it stands before all groups), and
    whether Cloudflare wrote it.
    """
    found: list[tuple[str, str, Set[str], bool]] = []
    agents: set[str] = set()  # one for all lines of a group, of which there may be thousands
    begins = is_cdn = False
    for each in text.split("\n"):
        lowered = each.strip().lower()
        is_cdn = lowered.startswith(_CDN_BEGINS) or (is_cdn and not lowered.startswith(_CDN_ENDS))
        field = _FIELD.match(each.partition("#")[0].strip())
        if field is None:
            continue
        name, value = re.sub(r"[\s_]", "-", field["name"].lower()), field["value"].strip()
        is_agent = name in ("user-agent", "useragent")
        if is_agent:
            agents = agents if begins else set()
            agents |= {part.strip().lower() for part in value.split(",")}
        begins = is_agent
        found.append(("user-agent" if is_agent else name, value, agents, is_cdn))
    return found


def _of_line(name: str, value: str, origin: str, number: int, by: SignalOrigin) -> Signal | None:
    if name not in ("content-usage", "content-signal", "content-signals"):
        return None
    with_path = _WITH_PATH.fullmatch(value)
    pattern, said = (with_path[1], with_path[2]) if with_path else ("", value)
    read = content_usage(said) if name == "content-usage" else content_signal(said)
    if read is None or len(pattern) > _LONGEST_PATTERN:
        return None
    form = "content-usage" if name == "content-usage" else "content-signal"
    text = f"{name.title()}: {value}"
    return _signal(form, "robots", f"{origin}/robots.txt", origin, text, read, pattern=pattern, rank=number, origin=by)


def _is_shut_out(token: str, lines: Sequence[tuple[str, str, Set[str], bool]]) -> bool:
    return any(name == "disallow" and value in ("/", "/*") and token in agents for name, value, agents, _ in lines)


# Fields and heads of pages


def of_headers(headers: Mapping[str, str], url: str) -> tuple[Signal, ...]:
    """What the fields of an answer (names in small letters) say of `url`."""
    found = []
    for name in ("content-usage", "content-signal", "content-signals"):
        if name in headers:
            read = content_usage(headers[name]) if name == "content-usage" else content_signal(headers[name])
            if read is not None:
                form = "content-usage" if name == "content-usage" else "content-signal"
                found.append(_signal(form, "header", url, url, f"{name}: {headers[name]}", read))
    found += _of_tdmrep("header", url, headers.get("tdm-reservation"), headers.get("tdm-policy"))
    robots = headers.get("x-robots-tag", "")
    found += _of_noai("header", url, "x-robots-tag", (robots,))
    return tuple(found)


def of_head(head: PageHead, url: str) -> tuple[Signal, ...]:
    """What the head of a page says of it."""
    metas: dict[str, str] = {}
    for name, content in head.metas:
        metas.setdefault(name, content)
    found = _of_tdmrep("meta", url, metas.get("tdm-reservation"), metas.get("tdm-policy"))
    found += _of_noai("meta", url, "robots", (content for name, content in head.metas if name == "robots"))
    for href, _ in head.licences:
        if (read := licence(href)) is not None:
            found.append(_signal("licence", "meta", url, url, href, read, policy=href))
    return tuple(found)


def _of_tdmrep(place: SignalPlace, url: str, said: str | None, policy: str | None) -> list[Signal]:
    if said is None or (read := reservation(said)) is None:
        return []
    where = address(literal(resolved(url, policy.strip()))) if policy and read.train == "refused" else None
    return [_signal("tdmrep", place, url, url, f"tdm-reservation: {said}", read, policy=where)]


def _of_noai(place: SignalPlace, url: str, name: str, said: Iterable[str]) -> list[Signal]:
    for each in said:
        # Before some words the field names whom it is for: `GPTBot: noai`.
        words = {word.strip().lower().rpartition(":")[2].strip() for word in each[:2000].split(",")}
        if words & _NO_AI:
            return [_signal("noai", place, url, url, f"{name}: {each}", Uses(train="refused"))]
    return []


# Documents


def of_tdmrep(body: bytes, url: str, origin: str) -> tuple[Signal, ...]:
    """Of /.well-known/tdmrep.json: each row by its number, of which the first that matches an address counts."""
    try:
        rows = json.loads(body[:LONGEST_FILE].removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except (ValueError, RecursionError):
        return ()
    found = []
    for number, row in enumerate(rows[:MOST] if isinstance(rows, list) else ()):
        if not isinstance(row, dict) or not isinstance(row.get("location"), str):
            continue
        pattern, read = line(row["location"].strip()), reservation(row.get("tdm-reservation"))
        if not pattern or len(pattern) > _LONGEST_PATTERN or read is None:
            continue
        policy = row.get("tdm-policy")
        is_said = isinstance(policy, str) and policy.strip() and read.train == "refused"
        where = address(literal(resolved(url, str(policy).strip()))) if is_said else None
        if not pattern.startswith(("/", "*")):
            pattern = f"/{pattern}"
        text = json.dumps(row, ensure_ascii=False)
        found.append(_signal("tdmrep", "file", url, origin, text, read, pattern=pattern, rank=number, policy=where))
    return tuple(found)


def of_rsl(licences: Sequence[Rsl], url: str, about: str, place: SignalPlace = "file") -> tuple[Signal, ...]:
    """Of a document of RSL at `url` that a site (`about`: its origin) or a page names, or of an item of a feed."""
    by_content: dict[str | None, list[Rsl]] = {}
    for each in licences[:MOST]:
        by_content.setdefault(each.url, []).append(each)
    found = []
    for number, (content, those) in enumerate(by_content.items()):
        read, of, pattern = rsl(those), about, ""
        if place == "file" and content:
            if content.lower().startswith(("http://", "https://")):
                host, _, path = content.partition("://")[2].partition("/")
                of, pattern = f"{content.partition('://')[0].lower()}://{host.lower()}", f"/{path}"
            else:
                pattern = content if content.startswith(("/", "*")) else f"/{content}"
        if len(pattern) <= _LONGEST_PATTERN:
            text = " ".join(filter(None, map(_in_words, those)))
            found.append(_signal("rsl", place, url, of, text, read, pattern=pattern, rank=number, policy=url))
    return tuple(found)


def _in_words(each: Rsl) -> str:
    said = {
        "content url": each.url, "server": each.server, "permits": each.permits, "prohibits": each.prohibits,
        "payment": each.payment,
    }  # fmt: skip
    return " ".join(f'{name}="{value}"' for name, value in said.items() if value)


def of_entry(rights: str | None, licences: Iterable[str], rsl_licences: Sequence[Rsl], url: str) -> tuple[Signal, ...]:
    """What an entry of a feed says of its report: `dc:rights` and the like, addresses of its licences, RSL."""
    found = []
    for said in dict.fromkeys((rights or "", *islice(licences, 10))):
        if said and (read := licence(said)) is not None:
            found.append(_signal("licence", "entry", url, url, said, read, policy=None))
    if rsl_licences:
        found += of_rsl(rsl_licences, url, url, "entry")
    return tuple(found)


def _signal(
    form: Any, place: SignalPlace, url: str, about: str, text: str, uses: Uses | None = None, **more: Any
) -> Signal:
    said = line(text)
    shown = said if len(said) <= _SHOWN else f"{said[: _SHOWN - 3]}..."
    return Signal(form=form, place=place, url=url, about=about, literal=shown, uses=uses or Uses(), **more)
