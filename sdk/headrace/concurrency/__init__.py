"""Limits on how much happens at once, whoever does it: see `headrace.concurrency.sync`."""
