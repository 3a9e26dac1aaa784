"""Gradient flow, the central flow, and how runs of gradient descent move about them."""
