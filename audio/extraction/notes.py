"""What is worth keeping beside the fields: health, fears, wishes; each clause in the speaker's own words."""

from .availability import find_availability, unavailable
from .found import Found
from .speech import BREAKS, Speech
from .word_sets import phrases, word_set

# A word that begins with one of these begins a note, whatever precedes it.
STEMS = {
    "fr": tuple(
        word_set(
            "allergi asthm epilep diabet fractur hernie vertige prothes handicap autis dyslex dysprax "
            "hyperactif tdah blesse operee enceinte timide "
            "anxieu angoiss stress craint peureu apprehen phobi intoleran malvoyan malentendan lunettes medicament traitement insuline"
        )
    ),
    "en": tuple(
        word_set(
            "allerg asthma epilep diabet fractur hernia vertigo disab autis dyslex dysprax adhd "
            "injur pregnan shy anxious anxiety scared afraid "
            "nervous frightened terrified phobi intoleran deaf glasses medication insulin surgery"
        )
    ),
}
# These begin a note together.
PHRASES = {
    "fr": phrases(
        "mal au, mal aux, mal a, peur, a ete opere, opere du, opere de, casse le, s est casse, jamais monte, porte des, tombe, tombee,"
        "souffre, n aime pas, besoin de, besoin d, envie de, envie d, objectif"
    ),
    "en": phrases(
        "bad back, bad knee, bad shoulder, bad hip, sore, pain, hurt his, hurt her, hurt my, broke his, broke her, broke my, broken,"
        "had a fall, fell, never ridden, never ridden before,"
        " suffers, doesn t like, does not like, needs, knee injury, back injury, shoulder injury, back pain,"
        "heart condition, hip replacement, knee replacement"
    ),
}
WISHES = {
    "fr": word_set("voudrait voudrais veut aimerait aimerais souhaite souhaiterait souhaiterais desire reve espere"),
    "en": word_set("wants want wishes hopes hoping dreams"),
}
NOT_WORTH = {  # after a wish: what another field says, or the reason of every note
    "fr": word_set("venir s m inscrire etre bien qu"),
    "en": word_set("come sign register enrol book join us"),
}
SUBJECTS = {
    "fr": word_set("il elle je j on son sa ses mon ma mes c"),
    "en": word_set("he she i we his her my they it you"),
}
SUBORDINATE = word_set(
    "que qu parce car depuis quand lorsqu si pour avec chez de d a par puisqu comme dont ou sur sous apres avant sans "
    "because since when if that as with for by while after before of to on at from in like without than"
)
ANNOUNCERS = {  # these begin another field
    "fr": word_set("telephone numero mail email adresse disponible dispo libre habite galop niveau monte joindre ne nee ans"),
    "en": word_set("phone number email address available free lives galop level rides born reach years"),
}
DENIALS = word_set("pas aucun aucune sans not no isn t without ni non")
NEVER_LAST = word_set("et mais donc alors and but so que qui who is est a has le les plutot on preferably")
MOST_WORDS = 24
Clause = tuple[int, int]


def find_notes(speech: Speech) -> Found | None:
    clauses: list[Clause] = []
    for clause in sorted([*_clauses(speech), *_refusals(speech)]):
        if clauses and clause[0] < clauses[-1][1]:
            clauses[-1] = (clauses[-1][0], max(clause[1], clauses[-1][1]))
        else:
            clauses.append(clause)
    if not clauses:
        return None
    value = "; ".join(dict.fromkeys(speech.said(first, last) for first, last in clauses))
    return speech.found(value, clauses[0][0], clauses[-1][1])


def _clauses(speech: Speech) -> list[Clause]:
    offered = find_availability(speech)
    availability = speech.index_of(offered) if offered else None
    clauses: list[Clause] = []
    index = 0
    while index < len(speech):
        first, length = _begins(speech, index)
        if not length:
            index += 1
            continue
        last = _end(speech, first + length, availability)
        if not (offered and _overlaps(speech, (first, last), offered)):
            clauses.append((first, last))
        index = last
    return clauses


def _begins(speech: Speech, index: int) -> tuple[int, int]:
    """Where a note begins at this word, and over how many words; 0 where none does."""
    word, language = speech.at(index), speech.language
    if DENIALS & set(speech.before(index, 3)) or speech.words[index].is_number:
        return index, 0
    if word.startswith(STEMS[language]):
        return index, 1
    lengths = [len(phrase) for phrase in PHRASES[language].get(word, ()) if _stands_at(speech, index, phrase)]
    if lengths:
        return index, max(lengths)
    return index, _wish(speech, index)


def _stands_at(speech: Speech, index: int, phrase: tuple[str, ...]) -> bool:
    return all(speech.at(index + step) == text for step, text in enumerate(phrase))


def _wish(speech: Speech, index: int) -> int:
    language = speech.language
    length = 1 if speech.at(index) in WISHES[language] else 0
    if language == "en" and speech.at(index) in {"like", "love"} and speech.at(index - 1) in {"would", "d"}:
        length = 1
    after = index + length + (speech.at(index + length) == "to")
    return length if length and speech.at(after) not in NOT_WORTH[language] | BREAKS else 0


def _end(speech: Speech, index: int, availability: int | None) -> int:
    """At a pause, at the next subject of its own, at the next field."""
    begun, limit = index, index + MOST_WORDS
    if availability is not None and index <= availability:
        limit = min(limit, availability)
    while index < min(len(speech), limit):
        word, before = speech.at(index), speech.at(index - 1)
        if word in BREAKS or word in ANNOUNCERS[speech.language]:
            break
        if word in SUBJECTS[speech.language] and (before not in SUBORDINATE or index == begun):
            break
        index += 1
    while speech.at(index - 1) in NEVER_LAST:
        index -= 1
    return index


def _overlaps(speech: Speech, clause: Clause, found: Found) -> bool:
    return speech.words[clause[0]].start < found.end and found.start < speech.words[clause[1] - 1].end


def _refusals(speech: Speech) -> list[Clause]:
    """`pas disponible le lundi`: from the denial on."""
    clauses: list[Clause] = []
    for stretch in unavailable(speech):
        first = next(
            (index for index in range(stretch.first - 1, max(-1, stretch.first - 7), -1) if speech.at(index) in SUBJECTS[speech.language]),
            None,
        )
        clauses.append((first + 1 if first is not None else stretch.first - 3 if stretch.first >= 3 else 0, stretch.last))
    return clauses
