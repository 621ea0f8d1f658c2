"""What runs behind a simulation."""

from jobs.progress import Progress
from jobs.registry import job

from . import services
from .models import ReferenceImport, Simulation


# Not atomic: its progress would stay unseen on SQLite, and its only effect replaces itself when it is run again.
@job("staffing.simulate", queue="staffing", atomic=False, max_attempts=3, timeout_seconds=300, backoff=(5, 30))
def simulate(progress: Progress, simulation_id: int) -> None:
    run = Simulation.objects.filter(pk=simulation_id, finished_at__isnull=True).first()
    if run:  # else its club was deleted meanwhile, or an earlier attempt died right after its end
        services.finish_run(run=run, report=progress)


@job("staffing.check_import", queue="staffing", atomic=False, max_attempts=3, timeout_seconds=300)
def check_import(progress: Progress, import_id: int) -> None:
    if coming := ReferenceImport.objects.select_related("club").filter(pk=import_id).first():
        services.check_import(coming=coming, report=progress)


@job("staffing.apply_import", queue="staffing", max_attempts=3, timeout_seconds=300)
def apply_import(progress: Progress, import_id: int) -> None:
    if coming := ReferenceImport.objects.select_related("club").filter(pk=import_id).first():
        services.write_import(coming=coming, report=progress)
