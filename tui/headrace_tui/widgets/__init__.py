"""The monitor's widgets. They draw lines themselves and know nothing of the service."""
