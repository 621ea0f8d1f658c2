"""Words that no name goes on with: where a name, a town or a horse ends when nobody says where."""

from .word_sets import word_set

STOPS = {
    "fr": word_set(
        """
        le la les l adore adorent aime deteste commence reprend progresse rentre arrive passe apprend trouve pense sait dort mange
        court saute trotte je j tu t il elle on nous vous ils elles se s me m te lui leur y en ce c ca cela ceci qui que
        qu quoi dont ou un une des les mon ma mes ton ta tes son sa ses notre nos votre vos leurs cet cette ces a au aux
        avec sans pour par dans sur sous chez vers entre depuis pendant apres avant jusqu contre sauf comme et mais donc
        or ni car si est sont etait sera etes sommes suis es ai as ont avons avez avait aura avoir etre ete n ne pas
        plus jamais rien aucun aucune non oui alors bon ben bonjour bonsoir salut merci voila ici aussi tres bien tout
        tous toute toutes toujours deja encore maintenant desormais actuellement souvent parfois puis ensuite enfin
        quand parce afin plutot vraiment environ bientot hier demain aujourd hui peu trop nee ans an age agee mois annee
        annees naissance anniversaire mail email mel courriel adresse numero telephone tel portable gsm mobile fixe
        joignable joindre coordonnees contact habite habitant vit demeure domicilie domiciliee rue avenue boulevard
        place chemin monte montait monter rode cheval chevaux poney poneys jument niveau galop galops debutant debutante
        intermediaire confirme confirmee avance avancee dispo disponible disponibles libre prefere vient viendra venir
        veut voudrait voudrais aimerait souhaite souhaiterait cherche peut pourrait doit va aller fait faire dit demande
        demenage change appelle nomme prevenu inscrit inscrite cliente client eleve cavalier cavaliere inscription fiche
        nouveau nouvelle nom prenom famille monsieur madame mademoiselle mme mlle mr maman papa mere pere parents frere
        soeur fils fille lundi mardi mercredi jeudi vendredi samedi dimanche lundis mardis mercredis jeudis vendredis
        samedis dimanches matin midi soir soiree semaine weekend week janvier fevrier mars avril mai juin juillet aout
        septembre octobre novembre decembre allergique allergie asthme asthmatique blesse blessee mal peur craint point
        arobase tiret apostrophe underscore espace ecrit epelle epele premier premiere deuxieme cours lecon lecons
        seance stage balade club super genial hesite joue pratique pese mesure gaucher gauchere droitier droitiere
        enceinte fragile timide motive motivee habitude accord passionne passionnee seul seule dresse dressage obstacle
        """
    ),
    "en": word_set(
        """
        little young passed plus loves love hates hate starts started stopped plays thinks knows goes gets says said told asked enjoys
        learns jumps trots seems looks i you he she it we they me him her us them my your his its our their who whom
        which that this these those there here what a an the and or but so if as at by for from in into of off on onto
        out over to up with without about after before since until till than is are was were be been being am isn has
        have had having do does did don doesn didn can could will would shall should may might must cannot won not no
        never yes also too very just only now then really still already always usually often sometimes today tomorrow hi
        hello hey ok okay well please thanks thank sorry s re ve ll d m t born birthday birth date aged age years year
        old turned turns months email mail e address number phone telephone mobile cell contact details reach postcode
        live lives living moved street road lane ride rides rode riding horse horses pony ponies mare level galop
        beginner beginners novice intermediate advanced experienced available availability free prefer prefers come
        comes coming want wants like likes need needs hope hopes wish wishes call called calls name named names spelled
        spelt surname first last new client customer pupil student rider member girl boy kid child lady man guy mister
        mr mrs ms miss madam mum mom mother dad father parents parent sister brother son daughter monday tuesday
        wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays
        morning mornings afternoon afternoons evening evenings night nights weekend weekends week weekday weekdays
        january february march april june july august september october november december allergic allergy asthma
        asthmatic injured injury hurt hurts bad afraid scared nervous dot underscore dash hyphen point lesson lessons
        class course club great lovely super signed registered file update registration speaking pregnant shy left right
        handed both knee back alone western jumping dressage
        """
    ),
}
