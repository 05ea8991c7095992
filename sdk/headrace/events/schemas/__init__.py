"""What events consist of."""
