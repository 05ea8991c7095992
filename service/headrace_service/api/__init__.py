"""The GraphQL side of the service: thin, without SQL."""
