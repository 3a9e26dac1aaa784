"""Maps of where gradient descent goes from every start on a plane, and their boundaries."""
