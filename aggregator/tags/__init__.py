"""What a report is about, its language, dateline, byline and credit: found beside its publisher's words, with evidence."""
