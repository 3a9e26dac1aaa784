"""What eosdash takes, beside what it would take otherwise: ``python -m benchmarks``.

Every row computes both sides in the same run and compares the answers before the times.
"""

import os

# Both sides get one thread. BLAS reads it when NumPy is imported, which happens after this.
for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
