"""When a source is polled next, and why: rhythm, budget, silence, gaps. Pure."""
