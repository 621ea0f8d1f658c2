"""When the client can come, in the speaker's own words."""

from dataclasses import dataclass

from .found import Found
from .repairs import CORRECTED
from .speech import Speech
from .word_sets import word_set

DAYS = {
    "fr": frozenset(f"{day}{plural}" for day in word_set("lundi mardi mercredi jeudi vendredi samedi dimanche") for plural in ("", "s")),
    "en": frozenset(
        f"{day}{plural}" for day in word_set("monday tuesday wednesday thursday friday saturday sunday") for plural in ("", "s")
    ),
}
PARTS = {
    "fr": word_set(
        "matin matins matinee matinees midi midis soir soirs soiree soirees weekend weekends week vacances semaine heures heure"
    ),
    "en": word_set(
        "morning mornings afternoon afternoons evening evenings night nights lunchtime weekend weekends weekday weekdays holidays term"
    ),
}
LINKS = {
    "fr": word_set(
        "le la les l et ou , de des du en fin au debut milieu tous toutes tout chaque jours jour "
        "sauf apres avant a d partir entre vers jusqu h "
        "scolaires scolaire pendant hors end seulement uniquement tot tard"
    ),
    "en": word_set(
        "and or , the on in from after before between until till am pm o clock every all any most except but late early each other during "
        "time school only either to around"
    ),
}
BEFORE_A_TIME = word_set("apres avant partir a entre vers et de jusqu from after before between until till at to and by around")
TIME_MARKS = word_set("heures heure h am pm o")
LEFT = word_set("le la les l et ou , on the and or des du de a at but in only seulement uniquement")
RIGHT = LEFT | word_set(
    "en d to around from after before between until till apres avant partir entre vers jusqu sauf except pendant during tous tout"
)
SIGNS = {
    "fr": word_set(
        "dispo disponible disponibles dispos disponibilite disponibilites libre libres prefere preferent preferait plutot idealement"
    ),
    "en": word_set("available availability free prefer prefers preferred preferably ideally"),
}
COMING = {
    "fr": word_set("venir vient viens viendra viendrait arrange convient"),
    "en": word_set("come comes coming attend make suits"),
}
AFTERWARDS = {
    "fr": word_set("convient arrange conviendrait arrangerait"),
    "en": word_set("suits suit works work best fine"),
}
NEVER = {"fr": word_set("pas plus jamais ni aucun"), "en": word_set("not t cannot never no unable longer")}
USUAL = word_set("tous toutes chaque semaine weekend every any only")
ARTICLES = word_set("le la l un une les notre the a an our")
CLIENT = word_set("client cliente cavalier cavaliere eleve petite petit client rider pupil student girl boy")
REACH = 6


@dataclass(frozen=True)
class Stretch:
    first: int
    last: int  # exclusive


def find_availability(speech: Speech) -> Found | None:
    stretches = [stretch for stretch in _stretches(speech) if _is_offered(speech, stretch)]
    corrected = [number for number, stretch in enumerate(stretches) if number and CORRECTED in speech.before(stretch.first, REACH)]
    stretches = stretches[corrected[-1] :] if corrected else stretches
    if not stretches:
        return None
    value = ", ".join(speech.said(stretch.first, stretch.last) for stretch in stretches)
    return speech.found(value, stretches[0].first, stretches[-1].last)


def unavailable(speech: Speech) -> list[Stretch]:
    """When the client said not to be free: worth a note."""
    return [stretch for stretch in _stretches(speech) if _is_refused(speech, stretch)]


def _stretches(speech: Speech) -> list[Stretch]:
    found: list[Stretch] = []
    index = 0
    while index < len(speech):
        if not _belongs(speech, index):
            index += 1
            continue
        last = index + 1
        while last < len(speech) and _belongs(speech, last):
            last += 1
        stretch = _trimmed(speech, index, last)
        core = DAYS[speech.language] | PARTS[speech.language]
        if any(speech.at(place) in core for place in range(stretch.first, stretch.last)):
            found.append(stretch)
        index = last
    return found


def _belongs(speech: Speech, index: int) -> bool:
    word = speech.words[index]
    if word.is_number:
        time = speech.at(index - 1) in BEFORE_A_TIME or speech.at(index + 1) in TIME_MARKS or speech.at(index - 1) in TIME_MARKS
        return time and len(word.text) <= 2
    return word.text in DAYS[speech.language] | PARTS[speech.language] | LINKS[speech.language] or _is_noon(speech, index)


def _is_noon(speech: Speech, index: int) -> bool:
    """`après-midi` is two words here."""
    return speech.at(index) in {"midi", "midis"} or (speech.at(index) == "apres" and speech.at(index + 1) in {"midi", "midis"})


def _trimmed(speech: Speech, first: int, last: int) -> Stretch:
    while first < last and speech.at(first) in LEFT and not (speech.at(first) == "a" and speech.at(first + 1) == "partir"):
        first += 1
    while first < last and speech.at(last - 1) in RIGHT:
        last -= 1
    return Stretch(first, last)


def _is_offered(speech: Speech, stretch: Stretch) -> bool:
    if _is_refused(speech, stretch):
        return False
    before = speech.before(stretch.first, REACH)
    after = {speech.at(index) for index in range(stretch.last, stretch.last + 4)}
    if SIGNS[speech.language] & set(before) or AFTERWARDS[speech.language] & after:
        return True
    coming = [place for place, word in enumerate(before) if word in COMING[speech.language]]
    return bool(coming) and _is_usual(speech, stretch) and not _is_somebody_else(before[: coming[-1]])


def _is_usual(speech: Speech, stretch: Stretch) -> bool:
    """`vient le mardi`, `comes on Tuesdays`; not `vient mardi`."""
    words = [speech.at(index) for index in range(max(0, stretch.first - 1), stretch.last)]
    return words[0] in {"le", "les"} or any(word in USUAL or (word.endswith("s") and word != "apres") for word in words)


def _is_somebody_else(before: list[str]) -> bool:
    """`le vétérinaire vient`; but `la cliente vient`."""
    return before[-2:-1] != [] and before[-2] in ARTICLES and before[-1] not in CLIENT


def _is_refused(speech: Speech, stretch: Stretch) -> bool:
    """`ne peut pas venir le lundi`; but `ne peut venir que le lundi`."""
    before = speech.before(stretch.first, REACH)
    before = before[len(before) - before[::-1].index(CORRECTED) :] if CORRECTED in before else before
    signs = SIGNS[speech.language] | COMING[speech.language]
    places = [place for place, word in enumerate(before) if word in signs]
    if not places or {"que", "qu", "only", "except", "but"} & set(before[places[-1] :]):
        return False
    return bool(NEVER[speech.language] & set(before[max(0, places[-1] - 3) : places[-1] + 1]))
