"""Fixtures of the tests that run flows."""

from tests.run_kit import recorder as recorder
