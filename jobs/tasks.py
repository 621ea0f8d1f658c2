from . import services
from .progress import Progress
from .registry import job


@job("jobs.prune", atomic=False, every_seconds=300, retention_seconds=600)
def prune(progress: Progress) -> int:
    """Delete ended jobs whose retention is over: their tokens answer `unknown` from then on.

    Not atomic: each part commits by itself, so that a long arrear is worked off in the end and nobody waits for the locks.
    """
    return services.prune()
