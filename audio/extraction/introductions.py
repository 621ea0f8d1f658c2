"""What people say right before and right after a name, and of whom else they speak."""

from .word_sets import word_set

TITLE = {"fr": "madame|monsieur|mademoiselle|mme|mlle|mr", "en": "mister|mrs|missus|miss|ms|mr|madam"}
PERSON = {
    "fr": "cliente?|eleves?|cavalieres?|cavaliers?|petite?|gamine?|dame|monsieur|jeune fille|jeune|inscrite?|membre|stagiaire",
    "en": "client|customer|student|pupil|rider|member|girl|boy|kid|lady|man|guy",
}
# What comes right before a name, surest first.
INTRODUCTIONS = {
    "fr": (
        r" (?:m|s) appelle (?:donc )?| se nomme | nommee? | nom (?:et prenom |complet )?(?:c est|est|,) ",
        r" (?:mon fils|ma fille|notre fils|notre fille) (?:qui |, )?(?:s appelle |c est )?",
        r" fiche (?:client )?(?:de |d |pour |,)?",
        r" (?:PERSON) , | (?:nouveau|nouvelle|le|la|l|cette|cet|notre|un|une) (?:jeune )?(?:PERSON) (?:, |c est |est )?",
        r" (?:inscription|inscrite?|inscrire|inscris|note|dossier)(?: pour| de| d|,| ,)* ",
        r" (?:TITLE) ",
        r" (?:suis|parle|parler|discute|vu|rencontre|recu|telephone|rappeler?|appeler?) (?:avec |a )?",
        r" (?:au telephone|maman de|mere de|papa de|pere de|parents de|concernant|propos de|ici|pour|avec) ",
    ),
    "en": (
        r" (?:my|his|her|their|the|full|s) name (?:is |s )| (?:is|s|are) (?:called|named) | (?:PERSON) (?:called|named) ",
        r" (?:my|our) (?:son|daughter) (?:, |who )?(?:is called |called |named |is )?",
        r" (?:file|record|note|form)(?: for|,| ,)* ",
        r" (?:the|our|new|this|a) (?:PERSON) (?:, |is |s |, )?| client , ",
        r" (?:registration|registered|register|sign up|signed up|enrol|enrolled|update)(?: for| of|,| ,)* ",
        r" (?:TITLE) ",
        r" (?:little|young) ",
        r" (?:spoke|speaking|talked|talking|met|saw|called|had|seen) (?:to |with )?",
        r" (?:this is|here is|it s|it is|i m|i am|about|for|with) (?:about )?",
    ),
}
PARTS = {
    "fr": (r" prenom (?:c est |est |, )?", r" nom (?:de famille )?(?:c est |est |, )?"),
    "en": (r" (?:first|given|1) name (?:is |s |, )?", r" (?:last|family) name (?:is |s |, )?| surname (?:is |s |, )?"),
}
OPENINGS = {  # after a name that begins a sentence
    "fr": word_set(
        "a est , il elle son sa ses ne nee habite monte vient aime veut voudrait aimerait souhaite peut doit va avait "
        "mail telephone tel numero"
    ),
    "en": word_set(
        "is has had was can will would , he she his her born lives rides wants needs came comes passed moved called fell broke "
        "likes loves rode phone email aged"
    ),
}
STARTERS = word_set("alors bonjour bonsoir salut voila ok okay so well hi hello hey donc c est it s and et pour now")
ANIMALS = {
    "fr": word_set("cheval chevaux poney poneys jument hongre chien chat"),
    "en": word_set("horse horses pony ponies mare gelding dog cat"),
}
RELATIVES = {
    "fr": word_set(
        "mere pere maman papa mari femme frere soeur fils fille cousin cousine ami amie moniteur monitrice mamie papi oncle tante"
    ),
    "en": word_set(
        "mother father mum mom dad husband wife brother sister son daughter cousin friend teacher instructor coach "
        "grandmother grandfather uncle aunt"
    ),
}
OTHERS = {
    language: ANIMALS[language] | RELATIVES[language] for language in ("fr", "en")
}  # a name or an age after these is not the client's
PARENTS = word_set("maman mere papa pere parents mum mom mother dad father")
BEGINNING = 8  # words
COMPOUND_FIRST = word_set("jean marie anne pierre paul louis")
COMPOUND_SECOND = word_set(
    "pierre paul jacques marc marie luc francois claude louis yves christophe philippe michel baptiste charles noel sebastien "
    "sophie laure claire christine therese laurence helene louise france alice rose julie"
)
