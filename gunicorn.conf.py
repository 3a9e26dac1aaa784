"""How gunicorn serves eosdash: ``gunicorn app:server`` reads this file by itself."""

import os

# BLAS reads it when NumPy is imported, which happens in the workers, after this file.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

bind = f"0.0.0.0:{os.environ.get('PORT', '8050')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Every running stream holds a thread, so there are more of them than cores.
worker_class = "gthread"
threads = 32
graceful_timeout = 10
# It would write to the home folder, which may be read-only.
control_socket_disable = True
# A start may be given as several hundred weights.
limit_request_line = 8190
