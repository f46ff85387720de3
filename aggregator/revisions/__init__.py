"""What changed between two versions of a report, and what it means: corrected, withdrawn, embargoed, minor. Pure."""
