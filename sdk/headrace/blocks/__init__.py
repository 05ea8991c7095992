"""Blocks: configurations with secrets, saved under a name and loaded where they are needed."""
