"""Networks, their losses and data, and where gradient descent on them starts."""
