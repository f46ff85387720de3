"""Sending what somebody is owed: each way one function over a bounded time. No queue, no store, no decision."""
