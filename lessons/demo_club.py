"""The demo club on paper: invented people and a week of lessons. Nothing here touches the database."""

from dataclasses import dataclass

CLUB, OTHER_CLUB = "Les Écuries du Bois", "Poney Club de la Vallée"
PASSWORD = "demo"  # noqa: S105  said in the README and by bin/demo
NO_CREDIT = "Noé Martin"  # his card is empty
NO_ADDRESS = "Lucas Wauters"  # nobody has his e-mail address

PLACES = ["Manège", "Carrière", "Petit manège", "Rond de longe", "Bois"]

TEACHERS = """
Léa Dumont, Marc Collard, Sophie Lambert, Julien Peeters, Inès Benali, Nadia Maes, Émilie Jacobs, Thomas Claes, Anne Willems,
Olivier Goossens, Claire Wouters, Benoît Dubois, Fatima El Amrani, Pierre Lemaire, Valérie Mertens, Luc Leclercq, Isabelle Hermans,
Karim Haddad, Céline Laurent, Didier Simon, Hélène Aerts, Nicolas Michel, Sarah Cools, Vincent Gérard, Aurélie Bogaert, Michel Noël
"""
CLIENTS = """
Camille Renard, Hugo Maes, Lina Dubois, Arthur Denis, Zoé Lejeune, Noé Martin, Lucas Wauters, Emma Lambert, Louis Janssens,
Alice Mercier, Jules Simon, Juliette Marchal, Victor Petit, Manon Leroy, Nathan Dupont, Chloé Fontaine, Adam Benali, Louise Gilles,
Gabriel Thomas, Elena Rossi, Sacha Lemmens, Anna Kowalska, Théo Bernard, Jade Hubert, Maxime Parent, Inaya Diallo, Simon Delvaux,
Léna Charlier, Mohamed Idrissi, Rose Gauthier, Ethan Bodart, Mila Vermeulen, Samuel Lefèvre, Margaux Henry, Liam Baert, Clara Pirard,
Rayan Cherif, Victoria Stevens, Oscar Piette, Eva Cornet, Tom Jacquet, Charlotte Noël, Elias Moreau, Agathe Collin, Antoine Servais,
Nora Saïdi, Martin Lacroix, Lou Dethier, Romain Bastin, Ambre Colson, Aaron Levy, Pauline Georges, Robin Mathieu, Lola Vandamme,
Quentin Roland, Sofia Marino, Émile Renson, Constance Thys, Basile Warnier, Apolline Jadot, Gaspard Hansen, Mathilde Evrard,
Achille Crépin, Capucine Lorent
"""
OTHER_TEACHERS, OTHER_CLIENTS = "Paul Étienne, Rita Sanchez", "Hugo Maes, Océane Blaise, Timéo Carlier"


@dataclass(frozen=True)
class Slot:
    """A lesson of the week; weekday 0 is Monday."""

    weekday: int
    start: str
    title: str
    teacher: str
    place: str
    enrolled: int
    capacity: int
    minutes: int = 60


SOUGHT = "Galop 2"  # where it is full, two more wait for a place

# Wednesday 16:00 in the indoor arena is left free: that is the lesson that a visitor plans.
WEEK = [
    Slot(0, "17:00", "Galop 1", "Léa", "Manège", 7, 8),
    Slot(0, "18:00", "Galop 2", "Léa", "Manège", 8, 8),
    Slot(0, "18:00", "Longe", "Julien", "Rond de longe", 1, 1),
    Slot(0, "19:00", "Adultes débutants", "Marc", "Manège", 5, 8),
    Slot(1, "10:00", "Cours privé", "Sophie", "Carrière", 1, 1),
    Slot(1, "17:00", "Galop 3", "Marc", "Manège", 6, 8),
    Slot(1, "18:00", "Dressage", "Sophie", "Carrière", 4, 6),
    Slot(1, "19:00", "Adultes", "Marc", "Manège", 8, 8),
    Slot(2, "10:00", "Baby poney", "Inès", "Petit manège", 5, 6, 45),
    Slot(2, "13:00", "Galop 1", "Léa", "Manège", 8, 8),
    Slot(2, "13:00", "Baby poney", "Inès", "Petit manège", 6, 6, 45),
    Slot(2, "14:00", "Galop 2", "Léa", "Manège", 7, 8),
    Slot(2, "14:00", "Galop 3", "Marc", "Carrière", 6, 8),
    Slot(2, "15:00", "Galop 5", "Marc", "Carrière", 5, 6),
    Slot(2, "15:00", "Voltige", "Inès", "Petit manège", 6, 10),
    Slot(2, "16:00", "Galop 2", "Sophie", "Carrière", 8, 8),
    Slot(2, "17:00", "Galop 6", "Sophie", "Carrière", 4, 6),
    Slot(3, "17:00", "Galop 1", "Inès", "Manège", 6, 8),
    Slot(3, "18:30", "Longe", "Julien", "Rond de longe", 1, 1, 30),
    Slot(3, "19:00", "Obstacle adultes", "Marc", "Carrière", 6, 6),
    Slot(4, "16:00", "Handi-équitation", "Nadia", "Petit manège", 3, 4),
    Slot(4, "17:00", "Galop 2", "Léa", "Manège", 7, 8),
    Slot(4, "18:00", "Galop 4", "Léa", "Manège", 5, 8),
    Slot(5, "09:00", "Baby poney", "Inès", "Petit manège", 6, 6, 45),
    Slot(5, "09:00", "Galop 1", "Léa", "Manège", 8, 8),
    Slot(5, "10:00", "Galop 2", "Léa", "Manège", 8, 8),
    Slot(5, "10:00", "Galop 3", "Marc", "Carrière", 7, 8),
    Slot(5, "11:00", "Galop 4", "Sophie", "Carrière", 6, 8),
    Slot(5, "13:00", "Galop 1", "Nadia", "Manège", 5, 8),
    Slot(5, "14:00", "Galop 5", "Marc", "Carrière", 6, 6),
    Slot(5, "14:00", "Voltige", "Inès", "Petit manège", 8, 10),
    Slot(5, "15:00", "Obstacle", "Marc", "Carrière", 5, 6),
    Slot(5, "16:00", "Reprise adultes", "Sophie", "Manège", 7, 8),
    Slot(6, "10:00", "Promenade", "Julien", "Bois", 7, 8, 120),
    Slot(6, "11:00", "Cours privé", "Sophie", "Carrière", 1, 1),
]


def names(text: str) -> list[tuple[str, str]]:
    """First and last names."""
    pairs = (name.strip().partition(" ") for name in text.replace("\n", " ").split(","))
    return [(first, last) for first, _space, last in pairs]
