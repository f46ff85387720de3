"""Hosts: which of them many publishers share, so that a host alone does not say whose an address is; pure.

The Public Suffix List (`domains`) knows many services whose customers have a name each (github.io, netlify.app ...);
those are not repeated here. A name stands for itself and for every name below it. `blogspot.*` is blogspot under any
ending (blogspot.com, blogspot.co.ke): a blog there is the same under all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from aggregator.identity import link_of
from aggregator.model import Entry
from aggregator.text.urls import host_of

# feeds: republishes feeds of other sites, each at a path of its own.
# paths: publishers are told apart by the path alone.
# names: a publisher has a name of its own below this one (`daily.wordpress.com`); the name itself is as `paths`.
Sharing = Literal["feeds", "paths", "names"]

_FEEDS = """
    feedburner.com feedproxy.google.com feedblitz.com feedpress.me feedpress.it follow.it specificfeeds.com
    rapidfeeds.com feed43.com fetchrss.com rss.app politepol.com
"""
_PATHS = """
    allafrica.com africa-newsroom.com prnewswire.com globenewswire.com businesswire.com einpresswire.com
    sites.google.com news.google.com docs.google.com drive.google.com storage.googleapis.com googleusercontent.com
    facebook.com twitter.com x.com instagram.com linkedin.com youtube.com vimeo.com dailymotion.com t.me telegram.me
    soundcloud.com mixcloud.com anchor.fm spotify.com megaphone.fm buzzsprout.com spreaker.com simplecast.com acast.com
    art19.com omnycontent.com transistor.fm captivate.fm
    issuu.com scribd.com archive.org github.com raw.githubusercontent.com gitlab.com
    dropbox.com dropboxusercontent.com cdn.ampproject.org
    bit.ly t.co tinyurl.com goo.gl ow.ly
"""
_NAMES = """
    wordpress.com wpcomstaging.com blogspot.* substack.com medium.com tumblr.com ghost.io beehiiv.com
    over-blog.com overblog.com canalblog.com centerblog.net e-monsite.com hautetfort.com unblog.fr mondoblog.org
    blog4ever.com eklablog.com blogs.sapo.pt livejournal.com typepad.com
    weebly.com webnode.com webnode.fr webnode.pt jimdofree.com jimdosite.com squarespace.com webs.com strikingly.com
    godaddysites.com site123.me 000webhostapp.com
    podbean.com libsyn.com s3.amazonaws.com b-cdn.net wpengine.com kinsta.cloud
"""

SHARED_HOSTS: Mapping[str, Sharing] = {
    **dict.fromkeys(_FEEDS.split(), "feeds"),
    **dict.fromkeys(_PATHS.split(), "paths"),
    **dict.fromkeys(_NAMES.split(), "names"),
}
_MOST_LABELS_OF_ANY = 2  # `*` stands for one or two labels: com, co.ke


def sharing(host: str) -> tuple[Sharing, str | None] | None:
    """How publishers share this host, in small letters, and the name that is one publisher's own: None where there is
    no such name. None: the host is in no row of the table.
    """
    labels = host.split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        if name not in SHARED_HOSTS and len(labels) - start - 1 in range(1, _MOST_LABELS_OF_ANY + 1):
            name = f"{labels[start]}.*"
        if name in SHARED_HOSTS:
            how = SHARED_HOSTS[name]
            own = labels[start - 1] if how == "names" and start and labels[start - 1] != "www" else None
            return how, f"{own}.{name}" if own else None
    return None


def linked_hosts(entries: Iterable[Entry]) -> dict[str, int]:
    """How many entries link to each host; '' where there is no link. A feed host may put an address of its own, which
    counts the readers, in the place of the link (FeedBurner did); then the entry's id counts, where it is an address.
    """
    is_feed_host: dict[str, bool] = {"": True}
    hosts: Counter[str] = Counter()
    for entry in entries:
        for url in (link_of(entry), entry.id):
            host = host_of(url) if url else ""
            if host not in is_feed_host:
                is_feed_host[host] = (sharing(host) or ("",))[0] == "feeds"
            if not is_feed_host[host]:
                hosts[host] += 1
                break
        else:
            hosts[""] += 1
    return dict(hosts)
