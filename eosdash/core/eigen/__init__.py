"""Extreme eigenvalues of symmetric operators, whatever they are."""
