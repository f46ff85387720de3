"""What the fields of a report are called: in the database and in JSON, beside a report, and where versions differ."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

# What of a report one version says otherwise than the one before; `revisions.changed` has these, in this order. Media
# are no field of `Report`: they leave by no view. `page`: the report's page was read for the first time, and its
# publisher changed nothing.
Changed = Literal["title", "summary", "body", "byline", "url", "media", "dates", "page"]
CHANGED: tuple[Changed, ...] = get_args(Changed)


class Field(Struct, frozen=True):
    """One field of `Report`, and its names."""

    name: str  # the attribute
    key: str  # the column of the view `wire`, and the key of a JSON object
    label: str | None = None  # before its value, for people; None: it is shown without a label, or not
    changed: Changed | None = None  # in differences; None: no version has it


FIELDS = (
    Field("id", "id", "Id"),
    Field("publisher", "publisher"),
    Field("publisher_name", "publisher_name"),
    Field("publisher_place", "publisher_place"),
    Field("country", "country"),
    Field("title", "title", changed="title"),
    Field("summary", "summary", changed="summary"),
    Field("text", "text", changed="body"),
    Field("url", "url", "Original", changed="url"),
    Field("published", "published", changed="dates"),
    Field("updated", "updated", "Updated", changed="dates"),
    Field("first_seen", "first_seen"),
    Field("language", "language"),
    Field("byline", "byline", changed="byline"),
    Field("item_class", "class"),
    Field("credit", "credit", "Credit"),
    Field("disclaimer", "disclaimer", "Disclaimer"),
    Field("text_scope", "text_scope", "Text"),
    Field("licence", "licence", "Licence"),
    Field("copyright_notice", "copyright_notice", "Copyright"),
    Field("complaints_url", "complaints_url", "Complaints"),
    Field("status", "status"),
    Field("sort_time", "sort_time"),
    Field("channels", "channels", "Channels"),
    Field("language_from", "language_from"),
    Field("topics", "topics", "Topic"),
    Field("about", "about", "About"),
)
