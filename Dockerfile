FROM python:3.12-slim

# Several processes compute at a time, and the threads of BLAS would fight for the cores; of the
# hundreds that serve, each would keep memory of its own.
ENV PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    MALLOC_ARENA_MAX=2 \
    PORT=8050 \
    EOSDASH_CACHE_DIR=/var/cache/eosdash

WORKDIR /app

# Before the code, so that a change of the code reuses this layer.
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY app.py gunicorn.conf.py ./
COPY eosdash/ eosdash/
COPY assets/ assets/

# The results of the scenes ship with the image.
ENV EOSDASH_WARM_DIR=/app/warm
RUN python -m eosdash.service.warm

# So do its scripts and styles, compressed as well as it can be done.
ENV EOSDASH_STATIC_DIR=/app/static
RUN python -m eosdash.pages.static

RUN useradd --system eosdash && install -d -o eosdash "$EOSDASH_CACHE_DIR"
USER eosdash

EXPOSE $PORT

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]

CMD ["gunicorn", "app:server"]
