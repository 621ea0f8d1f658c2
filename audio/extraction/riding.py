"""The client's level and the horse that the client rides."""

import re

from .found import Found
from .introductions import OTHERS, RELATIVES
from .proper import proper_run, spell
from .repairs import CORRECTED
from .speech import Speech
from .word_sets import word_set

NOT_YET = word_set(
    "pour for ready pret prete prepare preparer passer vise viser voudrait voudrais veut aimerait objectif bientot "
    "prepares preparing take taking pass passing wants want hopes towards"
)
NOT_ANY_MORE = word_set("pas plus jamais not no isn doesn don didn used longer never")
GROUPS = word_set("class classes course courses lesson lessons group groups cours groupe")
LEVELS = {
    "fr": (
        r" (?:au )?(?P<galop>galops?) (?P<number>[0-9]|un|or) ",
        r" (?P<level>grande? debutante?|debutante?|intermediaire|novice) ",
        r" (?:niveau|cavaliere?|cavalieres?|est|suis) (?:deja |assez |plutot |tres |bien "
        r")?(?P<level>confirmee?|avancee?|moyenne?|experimentee?) ",
        r" niveau (?:, |c est |est )?(?P<level>[a-z]+) ",
    ),
    "en": (
        r" (?P<galop>galop|gallop|level) (?P<number>[0-9]|one) ",
        r" (?P<level>(?:complete |total |absolute )?beginner|novice|intermediate) ",
        r" (?P<level>advanced|experienced|competent) (?:rider|level|horseman|horsewoman) ",
        r" (?:is|i m|s|level ,|level is) (?:an? |quite |very |fairly )*(?P<level>advanced|experienced) ",
    ),
}
RIDES = {
    "fr": (
        r" (?:monte|montera|(?:aime|adore|prefere) (?:bien |surtout )?monter) (?:(?:toujours|souvent|parfois|habituellement|generalement|d "
        r"habitude|maintenant|actuellement|deja) )?(?:sur )?",
        r" (?:cheval|poney|jument|monture) (?:prefere |preferee |favori |favorite |habituel |habituelle )?(?:s appelle |c est |est |, )",
    ),
    "en": (
        r" (?:rides|ride|is riding|(?:likes|loves|prefers) riding) (?:(?:always|usually|often|mostly|mainly|now|currently) )?(?:on )?",
        r" (?:horse|pony|mare|mount) (?:is called |is named |is |s |, |called |named )",
    ),
}
NOT_A_HORSE = word_set(
    "seul seule bien mal fort regulierement rarement amazone western dressage obstacle obstacles chez cheval poney chevaux pour comme "
    "twice once alone well regularly rarely western bareback english horses ponies weekly daily again competitively sidesaddle better"
)


def find_level(speech: Speech) -> Found | None:
    """The last one where the speaker corrected himself, else the first."""
    chosen: Found | None = None
    for pattern in LEVELS[speech.language]:
        for match in re.finditer(pattern, speech.text):
            group = "galop" if "galop" in match.groupdict() else "level"
            first, last = speech.index(match.start(group)), speech.index(match.end(group if group == "level" else "number"))
            if _is_said_otherwise(speech, first, last):
                continue
            if chosen is None or CORRECTED in speech.before(first, 4):
                chosen = speech.found(_level(speech, match, first, last), first, last)
    return chosen


def _is_said_otherwise(speech: Speech, first: int, last: int) -> bool:
    """No longer, not yet, or the level of a lesson."""
    before = speech.before(first, 4)
    passing = any(speech.raw(index).lower() == "passe" for index in range(max(0, first - 4), first))  # but "passé"
    return passing or bool(NOT_ANY_MORE & set(before[-4:]) or NOT_YET & set(before) or GROUPS & {*before[-1:], speech.at(last)})


def _level(speech: Speech, match: re.Match[str], first: int, last: int) -> str:
    if "galop" in match.groupdict():
        number = {"un": "1", "one": "1", "or": "Or"}.get(match["number"], match["number"])
        return f"{'Galop' if match['galop'].startswith('gal') else match['galop'].capitalize()} {number}"
    return speech.said(first, last).lower()


def find_horse(speech: Speech) -> Found | None:
    chosen: Found | None = None
    for pattern in RIDES[speech.language]:
        for match in re.finditer(pattern, speech.text):
            index = speech.index(match.end())
            before = set(speech.before(speech.index(match.start()), 2))
            if RELATIVES[speech.language] & set(speech.before(speech.index(match.start()), 8)):
                continue
            if index >= len(speech) or before & (NOT_ANY_MORE | OTHERS[speech.language]) or speech.at(index) in NOT_A_HORSE:
                continue
            units = proper_run(speech, index, most=3)
            if units and not speech.at(index).endswith(("ment", "ly")) and (chosen is None or CORRECTED in before):
                chosen = speech.found(spell(speech, units), units[0].first, units[-1].last)
    return chosen
