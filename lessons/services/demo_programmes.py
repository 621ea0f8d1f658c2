"""The demo club's programmes: two lists of skills, followed by some clients who are more or less far. Starts no job."""

from django.db import transaction
from django.utils import timezone

from lessons.models import Club, Programme, ProgrammeAssignment, Realisation

from .programmes import create_programme
from .realisations import assign_tasks, make_realisations, sync_evaluations

PROGRAMMES = {
    "Galop 1": [
        "Approcher et attacher son poney", "Mettre un licol", "Panser et curer les pieds", "Seller avec de l’aide", "Brider avec de l’aide",
        "Mener en main au pas", "Monter et descendre seul", "Tenir ses rênes", "Partir au pas et s’arrêter", "Tourner et doubler",
        "Trotter enlevé", "Ranger son matériel",
    ],
    "Galop 2": [
        "Seller et brider seul", "Reconnaître les robes", "Nommer les parties du poney", "Soigner le matériel", "Mener en main au trot",
        "Trot enlevé sur le bon diagonal", "Trot assis", "Partir au galop", "Équilibre sur les étriers", "Enchaîner des barres au sol",
        "Croix de Saint-André au trot", "Sortir à l’extérieur en groupe", "Règles de sécurité au manège", "Lire les signes d’humeur",
    ],
}  # fmt: skip
CLIENTS_EACH = 24


def fill_demo_programmes(*, club: Club) -> None:
    """What is there stays."""
    with transaction.atomic():
        clients = list(club.clients.order_by("pk").values_list("pk", flat=True)[: 2 * CLIENTS_EACH])
        groups = (clients[:CLIENTS_EACH], clients[CLIENTS_EACH:])
        for (name, skills), group in zip(PROGRAMMES.items(), groups, strict=True):
            if not Programme.objects.filter(club=club, name__iexact=name).exists():
                _assign(create_programme(club=club, name=name, skills=skills), group)


def _assign(programme: Programme, clients: list[int]) -> None:
    """As the job does it; each client has reached another skill."""
    assignment = ProgrammeAssignment(programme=programme, client_ids=clients)
    ProgrammeAssignment.objects.bulk_create([assignment])
    assign_tasks(assignment=assignment)
    make_realisations(assignment=assignment)
    rows = list(Realisation.objects.filter(task__skill__programme=programme).select_related("task__skill"))
    skills = programme.skills.count()
    reached = {client: number * 7 % skills for number, client in enumerate(clients)}
    for row in rows:
        row.status = _status(row.task.skill.position, reached[row.client_id])
        row.marked_at = None if row.status == Realisation.Status.TODO else timezone.now()
    Realisation.objects.bulk_update(rows, ["status", "marked_at"])
    sync_evaluations(programme=programme.pk, clients=clients)
    ProgrammeAssignment.objects.filter(pk=assignment.pk).update(joined_ids=[])  # nobody has just clicked


def _status(place: int, reached: int) -> Realisation.Status:
    if place < reached:
        return Realisation.Status.ACQUIRED
    return Realisation.Status.STARTED if place < reached + 2 else Realisation.Status.TODO
