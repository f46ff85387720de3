"""The wire and the rights of the benchmarks' sample publishers: everything may be kept, and nothing is slowed."""

from __future__ import annotations

from datetime import timedelta

from aggregator.model import FetchSettings, Images, Rights, Wire

KEPT = Rights(
    relationship="partner",
    basis="agreement",
    text_scope="full_text",
    credit="{publisher}",
    copyright_notice="© {publisher}",
    images=Images(scope="none"),
)
WIRE = Wire(
    name="Bench",
    url="https://bench.example/",
    publisher="bench",
    user_agent="Bench/1.0",
    robots_token="Bench",
    complaints_url="https://bench.example/",
    complaints_email="bench@bench.example",
    fetch=FetchSettings(per_domain_spacing=timedelta(0), allow_addresses=("127.0.0.0/8",)),
)
