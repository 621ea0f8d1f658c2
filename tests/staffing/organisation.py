"""Two directions, three centres, two tasks: small enough to reckon in the head."""

from decimal import Decimal

from staffing.models import Centre, Direction, ReferenceTask, Volume
from tests.lessons.world import World


class Organisation:
    def __init__(self, world: World) -> None:
        self.world, self.club = world, world.club
        self.north, self.south = (Direction.objects.create(club=self.club, code=code, name=code.title()) for code in ("NORTH", "SOUTH"))
        self.call = self.task("CALL", "7.5")
        self.visit = self.task("VISIT", "60")
        self.port = self.centre(self.north, "PORT", "2.5")
        self.mill = self.centre(self.north, "MILL", "1")
        self.farm = self.centre(self.south, "FARM", "0")
        for centre, task, units in (
            (self.port, self.call, "8000"),  # 1,000 hours
            (self.port, self.visit, "2000"),  # 2,000 hours
            (self.mill, self.visit, "500.5"),  # 500.5 hours
            (self.farm, self.call, "4"),  # half an hour
        ):
            Volume.objects.create(centre=centre, task=task, units=Decimal(units))

    def task(self, code: str, minutes: str) -> ReferenceTask:
        return ReferenceTask.objects.create(club=self.club, code=code, label=code.title(), minutes=Decimal(minutes))

    def centre(self, direction: Direction, code: str, headcount: str) -> Centre:
        return Centre.objects.create(direction=direction, code=code, name=code.title(), headcount=Decimal(headcount))
