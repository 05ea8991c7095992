"""Locks by which runs with one cache key keep each other out."""
