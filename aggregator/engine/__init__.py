"""Workers: programs on any number of machines that share the work of one wire, whose database is PostgreSQL.

Procrastinate keeps their tasks in that database. Each task is done by what `aggregator run` does on one machine, too
(`pipeline.Pipeline`); which are due is said by the tables of the wire, so a task that is lost is one that is deferred
again.
"""
