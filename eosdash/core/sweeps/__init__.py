"""What becomes of gradient descent over a range of learning rates."""
