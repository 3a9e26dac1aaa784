"""The Celery app as it is, with the spy."""

from eosdash.service.tasks import app
from tests.service import spied

__all__ = ["app"]

spied.install()
