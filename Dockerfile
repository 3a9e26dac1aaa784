# Whatever has Python 3.11 or newer, pip and Debian's useradd; another is named by --build-arg BASE.
ARG BASE=python:3.12-slim

FROM $BASE AS base

# Several processes compute at a time, and the threads of BLAS would fight for the cores; of the
# hundreds that serve, each would keep memory of its own.
ENV PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    MALLOC_ARENA_MAX=2 \
    PORT=8050 \
    PATH=/venv/bin:$PATH \
    EOSDASH_CACHE_DIR=/var/cache/eosdash \
    EOSDASH_WARM_DIR=/app/warm \
    EOSDASH_STATIC_DIR=/app/static

WORKDIR /app


FROM base AS build

# Before the code, so that a change of the code reuses this layer. Modules are compiled where they
# are imported, below, and the many that never are stay as they are.
COPY requirements.txt ./
RUN python -m venv --without-pip /venv && \
    pip --python /venv/bin/python install --no-cache-dir --no-compile -r requirements.txt

# Tests of the libraries, what they bring for debugging scripts, and what for notebooks.
RUN find /venv -depth \( -name tests -type d -o -name '*.map' -o -name '*.dev.js' \
    -o -name labextension -o -name widgetbundle.js \) -exec rm -rf {} +

# The results of the scenes ship with the image.
COPY eosdash/ eosdash/
RUN python -m eosdash.service.warm

# So do its scripts and styles, compressed as well as it can be done.
COPY assets/ assets/
RUN python -m eosdash.pages.static


FROM base

# 1000 is who the containers of some hosts run as, whoever is named here. A tmpfs that is mounted on
# the cache belongs to root and takes the mode of the folder below it, so that is anybody's.
RUN useradd --uid 1000 eosdash && install -d -m 1777 "$EOSDASH_CACHE_DIR"

COPY --from=build /venv /venv
COPY --from=build /app/warm warm/
COPY --from=build /app/static static/
COPY app.py gunicorn.conf.py ./
COPY eosdash/ eosdash/
COPY assets/ assets/

# Compiles what the servers import, which on a read-only disk every start would do again.
RUN python -c "import app, celery.bin.celery, gunicorn.app.wsgiapp, gunicorn.workers.gthread, \
    eosdash.server, eosdash.service.local, eosdash.service.tasks"

USER eosdash

EXPOSE $PORT

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]

CMD ["gunicorn", "app:server"]
