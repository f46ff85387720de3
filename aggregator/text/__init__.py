"""Words, dates and addresses as text: markup to plain text, dates, digests, domains. Pure; imports `model` alone."""
