from . import services
from .progress import Progress
from .registry import job


@job("jobs.prune", every_seconds=300, retention_seconds=600)
def prune(progress: Progress) -> int:
    """Delete ended jobs whose retention is over: their tokens answer `unknown` from then on."""
    return services.prune()
