"""What the theorems say of a network, and the numbers behind it."""
