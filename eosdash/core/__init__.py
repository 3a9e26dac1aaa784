"""The mathematics of gradient descent on deep linear networks: NumPy and SciPy only."""
