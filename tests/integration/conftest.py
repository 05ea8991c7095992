"""Fixtures of the tests that run flows."""

from tests.run_kit import book as book
from tests.run_kit import clock as clock
