"""The Hessian of a loss: its products, and the ends of its spectrum along trajectories."""
