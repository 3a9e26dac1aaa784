"""What is laid over a run to explain it, one module a view of it."""
