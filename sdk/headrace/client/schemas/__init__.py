"""The shapes of what the service knows, under the names that Prefect's users import."""
