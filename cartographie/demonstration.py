"""The demonstration: real places of the Drôme, invented people, and an agenda dated from today.

Nothing is random: two loads on the same day give the same agendas. Only what depends on the day moves with it, so that
the first free slots are tomorrow or the next working day. Agents and learners are invented, their addresses are at
exemple.fr and their numbers belong to nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from cartographie import standard
from cartographie.fichiers import Ligne, lire_csv
from cartographie.publication import publier
from cartographie.services import importer_lieux
from motifs.models import Motif, Public, TypeLieu
from plages.models import Absence, PlageOuverture
from plages.recurrence import Frequence, en_utc
from plages.services import enregistrer_absence, enregistrer_plage, jours_fermes
from reservations.creneaux import Creneau, Demande, creneaux_libres, demande_du_public, premiers_creneaux
from reservations.models import STATUTS_ANNULES, Apprenant, Attente, Participation, Prescripteur, RendezVous, Statut
from reservations.tour import fin_de_l_attente
from structures.models import Agent, Appartenance, Lieu, Plateforme, Role, Structure

DONNEES = Path(__file__).parent / "donnees"
COURRIEL = "camille.durand@exemple.fr"
MOT_DE_PASSE = "demonstration-drome-26"

# Identifiers of the national directory.
MONTELIMAR = "6082a8ba4f47999865ae409b"
LIVRON = "6058e6f9250d66297ee9af3b"
CREST = "60c32620838083d3396115ec"
DIE = "60461fc9871498b5cec205f3"
LE_TAMPON = "60461fe6871498b5cec20905"
CAMPUS, NOCAZE = "62ac23b88255a806e299cfd6", "62ac248f8255a806e299cfe5"
MEDIATHEQUE, EUSTACHE = "62ac250e8255a806e299cff5", "62ac48328255a806e299d409"
LIVRON_SOCIAL, LIVRON_MEDIATHEQUE = "62ab1f938255a806e299c95c", "62ab21258255a806e299c980"
FABLAB, DIOIS, ARAUCARIAS = "62f4a68aa97f6105b212e87d", "62ea6b039e670c06de837cab", "62aaf3c98255a806e299c584"

LUNDI, MARDI, MERCREDI, JEUDI, VENDREDI, SAMEDI = range(1, 7)
OUVRES = (LUNDI, MARDI, MERCREDI, JEUDI, VENDREDI)
# The directory has no name for a structure, only for its places.
NOMS = {
    MONTELIMAR: "Montélimar Agglomération",
    LIVRON: "Espace public internet de Livron",
    CREST: "8 Fablab Drôme",
    DIE: "Espace social et culturel du Diois",
    LE_TAMPON: "Maisons de services du Tampon",
}
INSTRUCTIONS = (
    "Avant votre rendez-vous, remplissez le questionnaire : https://exemple.fr/questionnaire\n"
    "Apportez une pièce d'identité et, si vous en avez un, votre téléphone ou votre ordinateur avec son chargeur."
)


@dataclass(frozen=True, kw_only=True)
class InfosDemo:
    """What the demonstration prints: paths are relative to the site."""

    adresse_agent: str
    courriel: str
    mot_de_passe: str
    # The shared links: a structure with several motifs and lieux, one with a single motif and lieu, one overseas.
    lien_public: str
    lien_un_seul_motif: str
    lien_outre_mer: str
    # Who else may sign in, with the same password: an ordinary agent, and the admin of a structure on RDV Solidarités.
    courriel_agent_simple: str
    courriel_solidarites: str


@dataclass(frozen=True)
class _Agent:
    prenom: str
    nom: str
    roles: dict[str, Role]
    url_visio: str = ""

    @property
    def courriel(self) -> str:
        return f"{_sans_accent(self.prenom)}.{_sans_accent(self.nom)}@exemple.fr"


CAMILLE = _Agent("Camille", "Durand", {MONTELIMAR: Role.ADMIN}, "https://visio.exemple.fr/camille-durand")
LEA = _Agent("Léa", "Moreau", {MONTELIMAR: Role.BASIQUE}, "https://visio.exemple.fr/lea-moreau")
SAMIR = _Agent("Samir", "Benali", {MONTELIMAR: Role.BASIQUE, LIVRON: Role.ADMIN})
HUGO = _Agent("Hugo", "Lambert", {CREST: Role.ADMIN})
ANNE = _Agent("Anne", "Garnier", {DIE: Role.ADMIN})
MARIE = _Agent("Marie", "Hoarau", {LE_TAMPON: Role.ADMIN})
AGENTS = (CAMILLE, LEA, SAMIR, HUGO, ANNE, MARIE)

# Names of the motifs, by which the plages below name them.
INDIVIDUEL = "Accompagnement individuel"
TELEPHONE = "Question rapide par téléphone"
VISIO = "Accompagnement à distance"
DOMICILE = "Accompagnement à domicile"
CHEZ_QUI = "3 place de l'Exemple, 26200 Montélimar"
PARTENAIRE = "Premier accueil orienté par un partenaire"
ATELIER = "Atelier collectif"

MOTIFS: dict[str, list[Motif]] = {
    MONTELIMAR: [
        Motif(
            nom=INDIVIDUEL,
            duree=60,
            couleur="#99CC99",
            reservable_en_ligne=True,
            instructions_a_accepter=INSTRUCTIONS,
            information_apres="Présentez-vous à l'accueil cinq minutes avant l'heure du rendez-vous.",
            message_annulation="Prévenez-nous dès que possible : votre créneau servira à une autre personne.",
        ),
        Motif(
            nom=TELEPHONE,
            duree=30,
            couleur="#4A86E8",
            type_lieu=TypeLieu.TELEPHONE,
            reservable_en_ligne=True,
            delai_min=timedelta(hours=2),
            information_apres="Votre conseillère ou votre conseiller vous appelle à l'heure du rendez-vous.",
        ),
        Motif(
            nom=VISIO,
            duree=45,
            couleur="#8E63CE",
            type_lieu=TypeLieu.VISIO,
            reservable_en_ligne=True,
            information_apres="Il vous faut un ordinateur ou un téléphone avec une caméra et un micro.",
        ),
        Motif(
            nom=DOMICILE,
            duree=90,
            couleur="#CC8B3C",
            type_lieu=TypeLieu.DOMICILE,
            reservable_en_ligne=True,
            delai_min=timedelta(days=2),
        ),
        Motif(nom=PARTENAIRE, duree=60, couleur="#C0504D", reservable_en_ligne=True, ouvert_a=Public.PRESCRIPTEURS),
        Motif(nom=ATELIER, duree=120, couleur="#7F7F7F"),
    ],
    LIVRON: [
        Motif(nom=INDIVIDUEL, duree=60, couleur="#99CC99", reservable_en_ligne=True),
        Motif(nom="Aide aux démarches en ligne", duree=30, couleur="#4A86E8", reservable_en_ligne=True),
    ],
    CREST: [Motif(nom=INDIVIDUEL, duree=60, couleur="#99CC99", reservable_en_ligne=True)],
    # On RDV Solidarités a motif is never open to online booking.
    DIE: [Motif(nom=INDIVIDUEL, duree=60, couleur="#99CC99")],
    LE_TAMPON: [Motif(nom=INDIVIDUEL, duree=60, couleur="#99CC99", reservable_en_ligne=True)],
}


@dataclass(frozen=True, kw_only=True)
class _Plage:
    """A plage of the demonstration; it begins on the first suitable day after today."""

    structure: str
    agent: _Agent
    titre: str
    motifs: tuple[str, ...]
    lieu: str | None
    debut: time
    fin: time
    frequence: Frequence = Frequence.SEMAINE
    intervalle: int = 1
    jours: tuple[int, ...] = ()
    rangs: tuple[tuple[int, int], ...] = ()


PLAGES = (
    _Plage(
        structure=MONTELIMAR,
        agent=CAMILLE,
        titre="Permanence à la médiathèque",
        motifs=(INDIVIDUEL, PARTENAIRE),
        lieu=MEDIATHEQUE,
        debut=time(9),
        fin=time(12),
        jours=(LUNDI, MARDI, JEUDI),
    ),
    _Plage(
        structure=MONTELIMAR,
        agent=CAMILLE,
        titre="Rendez-vous à distance",
        motifs=(TELEPHONE, VISIO),
        lieu=None,
        debut=time(9),
        fin=time(12),
        jours=(MERCREDI,),
    ),
    _Plage(
        structure=MONTELIMAR,
        agent=CAMILLE,
        titre="Permanence au campus",
        motifs=(INDIVIDUEL, ATELIER),
        lieu=CAMPUS,
        debut=time(9),
        fin=time(12),
        jours=(VENDREDI,),
    ),
    _Plage(
        structure=MONTELIMAR,
        agent=CAMILLE,
        titre="Visites à domicile",
        motifs=(DOMICILE,),
        lieu=None,
        debut=time(14),
        fin=time(17),
        frequence=Frequence.MOIS,
        rangs=((MERCREDI, 1), (MERCREDI, 3)),
    ),
    _Plage(
        structure=MONTELIMAR,
        agent=LEA,
        titre="Après-midi au centre social",
        motifs=(INDIVIDUEL, TELEPHONE),
        lieu=NOCAZE,
        debut=time(13, 30),
        fin=time(16, 30),
        jours=OUVRES,
    ),
    _Plage(
        structure=MONTELIMAR,
        agent=LEA,
        titre="Samedi du numérique",
        motifs=(INDIVIDUEL,),
        lieu=MEDIATHEQUE,
        debut=time(9, 30),
        fin=time(12, 30),
        frequence=Frequence.UNIQUE,
        jours=(SAMEDI,),
    ),
    _Plage(
        structure=MONTELIMAR,
        agent=SAMIR,
        titre="Un mardi sur deux chez Eustache",
        motifs=(INDIVIDUEL,),
        lieu=EUSTACHE,
        debut=time(14),
        fin=time(17),
        intervalle=2,
        jours=(MARDI,),
    ),
    _Plage(
        structure=LIVRON,
        agent=SAMIR,
        titre="Matinées à l'espace de vie sociale",
        motifs=(INDIVIDUEL, "Aide aux démarches en ligne"),
        lieu=LIVRON_SOCIAL,
        debut=time(9),
        fin=time(12),
        jours=(LUNDI, JEUDI),
    ),
    _Plage(
        structure=LIVRON,
        agent=SAMIR,
        titre="Vendredi à la médiathèque",
        motifs=(INDIVIDUEL,),
        lieu=LIVRON_MEDIATHEQUE,
        debut=time(14),
        fin=time(18),
        jours=(VENDREDI,),
    ),
    _Plage(
        structure=CREST,
        agent=HUGO,
        titre="Permanence du fablab",
        motifs=(INDIVIDUEL,),
        lieu=FABLAB,
        debut=time(10),
        fin=time(13),
        jours=OUVRES,
    ),
    _Plage(
        structure=DIE,
        agent=ANNE,
        titre="Permanence",
        motifs=(INDIVIDUEL,),
        lieu=DIOIS,
        debut=time(9),
        fin=time(12),
        jours=(MARDI, JEUDI),
    ),
    _Plage(
        structure=LE_TAMPON,
        agent=MARIE,
        titre="Matinées aux Araucarias",
        motifs=(INDIVIDUEL,),
        lieu=ARAUCARIAS,
        debut=time(8),
        fin=time(12),
        jours=OUVRES,
    ),
)

PERSONNES = (
    ("Jeanne", "Perrin"),
    ("Ahmed", "Kaci"),
    ("Simone", "Vidal"),
    ("Paul", "Arnaud"),
    ("Fatou", "Diallo"),
    ("Robert", "Chastel"),
    ("Thi", "Nguyen"),
    ("Yvette", "Blanchon"),
    ("Manuel", "Ferreira"),
    ("Odette", "Charpenay"),
    ("Karim", "Haddad"),
    ("Lucie", "Faure"),
)
EN_ATTENTE = (("Denise", "Morin", DOMICILE), ("Patrick", "Leroy", VISIO), ("Aïcha", "Saïdi", DOMICILE))
STATUTS_PASSES = (Statut.HONORE, Statut.HONORE, Statut.ABSENT, Statut.HONORE, Statut.EXCUSE)
JOURS_PASSES = 20  # working days of past rendez-vous
# Coming rendez-vous, by motif: one free slot in so many, at most so many, and never the first ones.
PREMIERS_LIBRES, UN_SUR, RENDEZ_VOUS_PAR_MOTIF = 2, 5, 8
FENETRE = timedelta(days=21)


def charger(*, maintenant: datetime | None = None) -> InfosDemo:
    """Load the demonstration once, and return how to enter it; a second call only reads.

    Its password is known to all: it refuses to run outside DEMO.
    """
    if not settings.DEMO:
        raise ImproperlyConfigured("La démonstration ne se charge qu'avec DEMO=1 : son mot de passe est public.")
    # Not the e-mail address: whoever tries the demonstration may change it.
    if not Appartenance.objects.filter(structure__id_externe=MONTELIMAR).exists():
        with transaction.atomic():
            _charger(maintenant or timezone.now())
    liens = dict(
        Structure.objects.filter(id_externe__in=(MONTELIMAR, CREST, LE_TAMPON)).values_list("id_externe", "lien")
    )
    return InfosDemo(
        adresse_agent="/connexion/",
        courriel=COURRIEL,
        mot_de_passe=MOT_DE_PASSE,
        lien_public=f"/r/{liens[MONTELIMAR]}/",
        lien_un_seul_motif=f"/r/{liens[CREST]}/",
        lien_outre_mer=f"/r/{liens[LE_TAMPON]}/",
        courriel_agent_simple=LEA.courriel,
        courriel_solidarites=ANNE.courriel,
    )


def _charger(maintenant: datetime) -> None:
    _importer()
    structures = {cle: Structure.objects.get(id_externe=cle) for cle in NOMS}
    for cle, structure in structures.items():
        structure.nom = NOMS[cle]
        structure.plateforme = Plateforme.SOLIDARITES if cle == DIE else Plateforme.AIDE_NUMERIQUE
        structure.courriel = f"accueil.{cle[-4:]}@exemple.fr"
        structure.save()
    agents = _agents(structures)
    motifs = _motifs(structures)
    _plages(structures, agents, motifs, maintenant)
    _absences(structures, agents, maintenant)
    for cle, structure in structures.items():
        apprenants = _apprenants(structure)
        _rendez_vous_passes(structure, cle, agents, motifs, apprenants, maintenant)
        if cle != DIE:
            _rendez_vous_a_venir(structure, [motifs[cle, m.nom] for m in MOTIFS[cle]], apprenants, maintenant)
    _attentes(motifs, maintenant)
    publier(maintenant=maintenant)


def _importer() -> None:
    """Load the real places through the import itself."""

    def lignes(nom: str, obligatoires: Sequence[str], connues: Sequence[str]) -> list[Ligne]:
        return lire_csv((DONNEES / nom).read_bytes(), obligatoires=obligatoires, connues=connues).lignes

    rattachements, _, _ = standard.analyser_rattachements(
        lignes("demonstration-structures.csv", ("id_lieu", "id_structure"), ("nombre_aidants",))
    )
    importer_lieux(
        lignes=lignes("demonstration-lieux.csv", standard.OBLIGATOIRES, standard.COLONNES), structures=rattachements
    )


def _agents(structures: dict[str, Structure]) -> dict[str, Agent]:
    """Create the agents: e-mail → agent. The password is hashed once, Argon2 is slow on purpose."""
    hache = make_password(MOT_DE_PASSE)
    agents = {
        a.courriel: Agent(prenom=a.prenom, nom=a.nom, courriel=a.courriel, url_visio=a.url_visio, password=hache)
        for a in AGENTS
    }
    Agent.objects.bulk_create(agents.values())
    Appartenance.objects.bulk_create(
        Appartenance(agent=agents[a.courriel], structure=structures[cle], role=role)
        for a in AGENTS
        for cle, role in a.roles.items()
    )
    return agents


def _motifs(structures: dict[str, Structure]) -> dict[tuple[str, str], Motif]:
    """Create the motifs: (structure, name) → motif."""
    motifs = {}
    for cle, modeles in MOTIFS.items():
        for modele in modeles:
            champs = {champ.attname: getattr(modele, champ.attname) for champ in Motif._meta.concrete_fields}
            motifs[cle, modele.nom] = Motif(**{**champs, "id": None, "structure_id": structures[cle].pk})
    Motif.objects.bulk_create(motifs.values())
    return motifs


def _plages(
    structures: dict[str, Structure],
    agents: dict[str, Agent],
    motifs: dict[tuple[str, str], Motif],
    maintenant: datetime,
) -> None:
    """Create the plages, each from its first suitable day after today: nothing is free before tomorrow."""
    lieux = {lieu.id_externe: lieu for lieu in Lieu.objects.filter(structure__in=structures.values())}
    for modele in PLAGES:
        structure = structures[modele.structure]
        demain = maintenant.astimezone(structure.tz).date() + timedelta(days=1)
        enregistrer_plage(
            plage=PlageOuverture(
                structure=structure,
                agent=agents[modele.agent.courriel],
                lieu=lieux[modele.lieu] if modele.lieu else None,
                titre=modele.titre,
                premier_jour=_premier_jour(demain, modele.jours),
                heure_debut=modele.debut,
                heure_fin=modele.fin,
                frequence=modele.frequence,
                intervalle=modele.intervalle,
                jours=list(modele.jours) if modele.frequence == Frequence.SEMAINE else [],
                rangs=[list(rang) for rang in modele.rangs],
            ),
            motifs=[motifs[modele.structure, nom] for nom in modele.motifs],
            maintenant=maintenant,
        )


def _absences(structures: dict[str, Structure], agents: dict[str, Agent], maintenant: datetime) -> None:
    """A weekly meeting, a week of leave, one morning away: none empties the week to come."""
    aujourd_hui = maintenant.astimezone(structures[MONTELIMAR].tz).date()
    conges = _premier_jour(aujourd_hui + timedelta(days=21), (LUNDI,))
    lundi = _premier_jour(aujourd_hui + timedelta(days=1), (LUNDI,))
    formation = _premier_jour(aujourd_hui + timedelta(days=10), (JEUDI,))
    for agent, cle, titre, premier, dernier, debut, fin, frequence in (
        (CAMILLE, MONTELIMAR, "Réunion d'équipe", lundi, lundi, time(11), time(12), Frequence.SEMAINE),
        (LEA, MONTELIMAR, "Congés", conges, conges + timedelta(days=4), time(8), time(18), Frequence.UNIQUE),
        (SAMIR, LIVRON, "Formation", formation, formation, time(8), time(12), Frequence.UNIQUE),
    ):
        enregistrer_absence(
            absence=Absence(
                structure=structures[cle],
                agent=agents[agent.courriel],
                titre=titre,
                premier_jour=premier,
                dernier_jour=dernier,
                heure_debut=debut,
                heure_fin=fin,
                frequence=frequence,
                jours=[LUNDI] if frequence == Frequence.SEMAINE else [],
            ),
            maintenant=maintenant,
        )


def _apprenants(structure: Structure) -> list[Apprenant]:
    """Create the learners of a structure: one in three has no e-mail address, one in three no mobile number."""
    return Apprenant.objects.bulk_create(
        Apprenant(
            structure=structure,
            prenom=prenom,
            nom=nom,
            courriel="" if rang % 3 == 1 else f"{_sans_accent(prenom)}.{_sans_accent(nom)}@exemple.fr",
            telephone="" if rang % 3 == 2 else f"+336000000{rang:02d}",
        )
        for rang, (prenom, nom) in enumerate(PERSONNES)
    )


def _rendez_vous_passes(
    structure: Structure,
    cle: str,
    agents: dict[str, Agent],
    motifs: dict[tuple[str, str], Motif],
    apprenants: list[Apprenant],
    maintenant: datetime,
) -> None:
    """Write past rendez-vous on the hours of the weekly plages, as if these had existed: one a working day."""
    hebdomadaires = [p for p in PLAGES if p.structure == cle and p.frequence == Frequence.SEMAINE and p.intervalle == 1]
    lieux = {lieu.id_externe: lieu for lieu in structure.lieux.all()}
    aujourd_hui = maintenant.astimezone(structure.tz).date()
    rendez_vous = []
    for rang, jour in enumerate(_jours_travailles_avant(structure, aujourd_hui)):
        for plage in hebdomadaires:
            if jour.isoweekday() not in plage.jours:
                continue
            motif = motifs[cle, plage.motifs[rang % len(plage.motifs)]]
            debut_local = datetime.combine(jour, plage.debut) + (rang % 2) * motif.delta
            debut = en_utc(debut_local, structure.tz)
            statut = STATUTS_PASSES[rang % len(STATUTS_PASSES)]
            rendez_vous.append(
                RendezVous(
                    structure=structure,
                    motif=motif,
                    agent=agents[plage.agent.courriel],
                    lieu=lieux[plage.lieu] if plage.lieu and motif.sur_place else None,
                    type_lieu=motif.type_lieu,
                    adresse_domicile=CHEZ_QUI if motif.type_lieu == TypeLieu.DOMICILE else "",
                    debut=debut,
                    fin=debut + motif.delta,
                    statut=statut,
                    annule_le=debut - timedelta(days=1) if statut in STATUTS_ANNULES else None,
                    cree_le=debut - timedelta(days=6),
                )
            )
    _enregistrer(rendez_vous, apprenants)


def _rendez_vous_a_venir(
    structure: Structure, motifs: list[Motif], apprenants: list[Apprenant], maintenant: datetime
) -> None:
    """Book some of the slots that the engine says free, after the first ones; the last is cancelled by the service."""
    pris: list[RendezVous] = []
    for motif in motifs:
        demande = Demande(motif, maintenant, maintenant + FENETRE)
        libres = creneaux_libres([demande], maintenant=maintenant)[PREMIERS_LIBRES::UN_SUR][:RENDEZ_VOUS_PAR_MOTIF]
        pris += [
            RendezVous(
                structure=structure,
                motif=motif,
                agent_id=creneau.agent_id,
                lieu_id=creneau.lieu_id,
                type_lieu=motif.type_lieu,
                adresse_domicile=CHEZ_QUI if motif.type_lieu == TypeLieu.DOMICILE else "",
                debut=creneau.debut,
                fin=creneau.fin,
                statut=Statut.PREVU,
                cree_le=maintenant - timedelta(days=1 + rang),
            )
            for rang, creneau in enumerate(libres)
            if not _chevauche(creneau, pris)
        ]
    if pris:
        pris[-1].statut = Statut.ANNULE
        pris[-1].annule_le = maintenant
        pris[-1].message_d_annulation = "Votre conseiller est absent ce jour-là, reprenez rendez-vous en ligne."
    _enregistrer(pris, apprenants)


def _enregistrer(rendez_vous: list[RendezVous], apprenants: list[Apprenant]) -> None:
    """Write the rendez-vous, with one learner each and the instructions they accepted; prescribed if their motif is."""
    prescrits = [rdv for rdv in rendez_vous if rdv.motif.ouvert_a == Public.PRESCRIPTEURS]
    if prescrits:
        prescripteur, _ = Prescripteur.objects.get_or_create(
            prenom="Nadia",
            nom="Roche",
            organisation="CCAS de Montélimar",
            courriel="nadia.roche@exemple.fr",
            telephone="+33475000000",
        )
        for rdv in prescrits:
            rdv.prescripteur, rdv.note_du_prescripteur = (
                prescripteur,
                "Première fois : préfère qu'on lui montre lentement.",
            )
    RendezVous.objects.bulk_create(rendez_vous)
    Participation.objects.bulk_create(
        Participation(
            rendez_vous=rdv,
            apprenant=apprenants[rang % len(apprenants)],
            instructions=rdv.motif.instructions_a_accepter,
            instructions_acceptees_le=rdv.cree_le if rdv.motif.instructions_a_accepter else None,
        )
        for rang, rdv in enumerate(rendez_vous)
    )


def _attentes(motifs: dict[tuple[str, str], Motif], maintenant: datetime) -> None:
    """Put people on the waiting list of what is free latest: nobody is offered anything until an agent frees or opens
    a sooner time."""
    for rang, (prenom, nom, intitule) in enumerate(EN_ATTENTE):
        motif, courriel = motifs[MONTELIMAR, intitule], f"{_sans_accent(prenom)}.{_sans_accent(nom)}@exemple.fr"
        premiers = premiers_creneaux([demande_du_public(motif, maintenant=maintenant)], maintenant=maintenant)
        avant = premiers[0].debut if premiers else None
        Attente.objects.create(
            motif=motif,
            prenom=prenom,
            nom=nom,
            courriel=courriel,
            contact_verifie=courriel,
            adresse_domicile=CHEZ_QUI if motif.type_lieu == TypeLieu.DOMICILE else "",
            avant=avant,
            cree_le=maintenant - timedelta(days=len(EN_ATTENTE) - rang),
            inscrite_le=maintenant - timedelta(days=len(EN_ATTENTE) - rang),
            fin=fin_de_l_attente(maintenant, motif.delai_max, avant),
        )


def _chevauche(creneau: Creneau, pris: list[RendezVous]) -> bool:
    return any(rdv.agent_id == creneau.agent_id and rdv.debut < creneau.fin and creneau.debut < rdv.fin for rdv in pris)


def _premier_jour(a_partir_du: date, jours: Sequence[int]) -> date:
    """Return the first date on or after this one that falls on one of these weekdays (any, when none is given)."""
    return next(
        jour for jour in (a_partir_du + timedelta(days=n) for n in range(7)) if not jours or jour.isoweekday() in jours
    )


def _jours_travailles_avant(structure: Structure, aujourd_hui: date) -> Iterator[date]:
    """Yield the last working days before today, most recent first."""
    depuis = aujourd_hui - timedelta(days=2 * JOURS_PASSES)
    fermes = jours_fermes(structure, depuis, aujourd_hui)
    jours = (aujourd_hui - timedelta(days=n) for n in range(1, 2 * JOURS_PASSES))
    ouvres = [jour for jour in jours if jour.isoweekday() in OUVRES and jour not in fermes]
    yield from ouvres[:JOURS_PASSES]


def _sans_accent(texte: str) -> str:
    return texte.lower().translate(str.maketrans("éèêàçï", "eeeaci"))
