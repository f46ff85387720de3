"""The desk: what is decided about a report, by people, by its publisher's own words, and by time."""
