"""Gradient descent: its steps, what is measured of them, and what becomes of orbits."""
