"""What a report is about, its language, dateline, byline and credit: found beside its words, with the evidence."""
