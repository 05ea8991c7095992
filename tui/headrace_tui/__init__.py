"""headrace's terminal monitor: what runs, as it runs.

`headrace tui` opens it; `headrace watch` uses its `gateway`, `models` and `format`, which need no
Textual. Nothing is imported here, so that either is loaded on its own.
"""
