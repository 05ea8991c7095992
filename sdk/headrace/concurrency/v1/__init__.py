"""Slots for a named task run, as Prefect's first version of concurrency limits took them."""
