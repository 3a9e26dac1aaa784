"""Between the mathematics and the network: limits, cache, streams and the HTTP API."""
