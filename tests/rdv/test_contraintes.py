"""Every constraint of the database has a French message, and refuses what it says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from cartographie.models import AppelDeFlux, EtatDuBouton, LienDeTerritoire, Publication, Releve
from motifs.models import Motif
from plages.models import Absence, Indisponibilite, JourParticulier, OccurrenceModifiee, Ouverture, PlageOuverture
from reservations.models import Apprenant, Attente, Message, Participation, RendezVous, Statut
from structures.models import AncienLien, Plateforme, Structure
from tests.factories import (
    AgentFactory,
    AppartenanceFactory,
    LieuFactory,
    MotifFactory,
    PrescripteurFactory,
    StructureFactory,
)

pytestmark = pytest.mark.django_db

APPLICATIONS = ("structures", "motifs", "plages", "reservations", "cartographie")
# Derived rows, written by services only: no form will ever show these messages.
SANS_MESSAGE = {
    "plages_ouverture_unique",
    "plages_ouverture_non_vide",
    "plages_indispo_unique",
    "plages_indispo_finie",
}
HUIT_HEURES = datetime(2026, 11, 23, 8, tzinfo=UTC)
HEURE = timedelta(hours=1)


def plage(**champs: Any) -> PlageOuverture:
    motif = MotifFactory()
    valeurs = {
        "structure": motif.structure,
        "agent": AgentFactory(),
        "titre": "plage",
        "premier_jour": date(2026, 11, 23),
        "heure_debut": time(9),
        "heure_fin": time(12),
    }
    return PlageOuverture.objects.create(**(valeurs | champs))


def absence(**champs: Any) -> Absence:
    valeurs = {
        "structure": StructureFactory(),
        "agent": AgentFactory(),
        "titre": "absence",
        "premier_jour": date(2026, 11, 23),
        "dernier_jour": date(2026, 11, 23),
        "heure_debut": time(9),
        "heure_fin": time(12),
    }
    return Absence.objects.create(**(valeurs | champs))


def rendez_vous(**champs: Any) -> RendezVous:
    motif = MotifFactory(telephone=True)
    valeurs = {
        "structure": motif.structure,
        "motif": motif,
        "type_lieu": "telephone",
        "debut": HUIT_HEURES,
        "fin": HUIT_HEURES + HEURE,
    }
    valeurs |= champs
    valeurs.setdefault("agent", AgentFactory())
    return RendezVous.objects.create(**valeurs)


def deux(fabrique: Callable[..., Any], **champs: Any) -> None:
    fabrique(**champs)
    fabrique(**champs)


def deux_rendez_vous_qui_se_chevauchent() -> None:
    agent = AgentFactory()
    rendez_vous(agent=agent)
    rendez_vous(agent=agent, debut=HUIT_HEURES + HEURE / 2, fin=HUIT_HEURES + HEURE * 2)


def deux_motifs_de_meme_nom() -> None:
    motif = MotifFactory(nom="Accompagnement")
    MotifFactory(structure=motif.structure, nom="ACCOMPAGNEMENT")


def deux_participations() -> None:
    pris = rendez_vous()
    apprenant = Apprenant.objects.create(structure=pris.structure, prenom="Nadia", nom="Benali")
    deux(Participation.objects.create, rendez_vous=pris, apprenant=apprenant)


def acceptation_sans_date() -> None:
    pris = rendez_vous()
    apprenant = Apprenant.objects.create(structure=pris.structure, prenom="Nadia", nom="Benali")
    Participation.objects.create(rendez_vous=pris, apprenant=apprenant, instructions="Apportez votre téléphone.")


def acceptation_de_rien() -> None:
    pris = rendez_vous()
    apprenant = Apprenant.objects.create(structure=pris.structure, prenom="Nadia", nom="Benali")
    Participation.objects.create(rendez_vous=pris, apprenant=apprenant, instructions_acceptees_par="Léa Roux")


def rappel(**champs: Any) -> None:
    valeurs = {"canal": "sms", "destinataire": "x", "texte": "x", "rappel": 48, "debut": HUIT_HEURES}
    Message.objects.create(**valeurs | champs)


def attente(**champs: Any) -> None:
    valeurs = {"prenom": "Ana", "nom": "Silva", "inscrite_le": HUIT_HEURES, "fin": HUIT_HEURES + HEURE}
    valeurs |= {"contact_verifie": "ana@exemple.fr"} | champs
    valeurs.setdefault("motif", MotifFactory(telephone=True))
    Attente.objects.create(**valeurs)


def ouverture(**champs: Any) -> None:
    periode = (HUIT_HEURES, HUIT_HEURES + HEURE)
    Ouverture.objects.create(**({"plage": plage(), "jour": date(2026, 11, 23), "periode": periode} | champs))


def modification(**champs: Any) -> None:
    OccurrenceModifiee.objects.create(**({"plage": plage(), "jour": date(2026, 11, 23)} | champs))


def indisponibilite(**champs: Any) -> None:
    source = champs.pop("absence", None) or absence()
    periode = (HUIT_HEURES, HUIT_HEURES + HEURE)
    Indisponibilite.objects.create(
        **({"absence": source, "agent": source.agent, "jour": date(2026, 11, 23), "periode": periode} | champs)
    )


def etat_du_bouton(**champs: Any) -> None:
    valeurs = {"actif": True, "depuis": HUIT_HEURES, "pourquoi": "premier créneau"} | champs
    valeurs.setdefault("lieu", LieuFactory())
    EtatDuBouton.objects.create(**valeurs)


def deux_territoires_de_meme_nom() -> None:
    structure = StructureFactory()
    LienDeTerritoire.objects.create(structure=structure, nom="Vallée de la Drôme")
    LienDeTerritoire.objects.create(structure=structure, nom="VALLÉE DE LA DRÔME")


def territoire(**champs: Any) -> None:
    LienDeTerritoire.objects.create(**{"structure": StructureFactory(), "nom": "Vallée", **champs})


VIOLATIONS: dict[str, Callable[[], Any]] = {
    "structures_plateforme_connue": lambda: StructureFactory(plateforme="ailleurs"),
    "structures_annulation_heures": lambda: StructureFactory(annulation_heures=337),
    "structures_deplacement_heures": lambda: StructureFactory(deplacement_heures=337),
    "structures_id_externe_unique": lambda: deux(StructureFactory, id_externe="abc"),
    "structures_ancien_lien_unique": lambda: deux(
        AncienLien.objects.create, structure=StructureFactory(), lien="abc", remplace_le=HUIT_HEURES
    ),
    "structures_agent_courriel_unique": lambda: [AgentFactory(courriel=c) for c in ("a@exemple.fr", "A@exemple.fr")],
    "structures_agent_id_externe_unique": lambda: deux(AgentFactory, id_externe="abc"),
    "structures_messages_connus": lambda: AgentFactory(messages_recus="rares"),
    "structures_appartenance_unique": lambda: deux(
        AppartenanceFactory, agent=AgentFactory(), structure=StructureFactory()
    ),
    "structures_role_connu": lambda: AppartenanceFactory(role="chef"),
    "structures_lieu_id_externe_unique": lambda: deux(LieuFactory, id_externe="abc"),
    "structures_lieu_code_postal": lambda: LieuFactory(code_postal="2640"),
    "structures_lieu_coordonnees": lambda: LieuFactory(latitude=44.7),
    "motifs_nom_unique": deux_motifs_de_meme_nom,
    "motifs_type_lieu_connu": lambda: MotifFactory(type_lieu="lune"),
    "motifs_ouvert_a_connu": lambda: MotifFactory(ouvert_a="chats"),
    "motifs_couleur": lambda: MotifFactory(couleur="vert"),
    "motifs_duree": lambda: MotifFactory(duree=0),
    "motifs_delais_bornes": lambda: MotifFactory(delai_min=timedelta(minutes=29)),
    "motifs_delai_max_superieur": lambda: MotifFactory(delai_min=HEURE, delai_max=HEURE),
    "plages_plage_frequence_connue": lambda: plage(frequence="siecle"),
    "plages_plage_intervalle": lambda: plage(intervalle=0),
    "plages_plage_dates_sensees": lambda: plage(premier_jour=date(2017, 12, 31)),
    "plages_plage_fin_de_repetition": lambda: plage(frequence="semaine", jusqu_au=date(2026, 11, 23)),
    "plages_plage_fin_apres_debut": lambda: plage(heure_fin=time(9)),
    "plages_plage_pause": lambda: plage(pause=121),
    "plages_modification_unique": lambda: deux(modification, plage=plage()),
    "plages_modification_complete": lambda: modification(nouveau_jour=date(2026, 11, 24)),
    "plages_modification_fin_apres_debut": lambda: modification(
        nouveau_jour=date(2026, 11, 24), heure_debut=time(9), heure_fin=time(9)
    ),
    "plages_ouverture_unique": lambda: deux(ouverture, plage=plage()),
    "plages_ouverture_non_vide": lambda: ouverture(periode=(HUIT_HEURES, HUIT_HEURES)),
    "plages_ouverture_un_jour": lambda: ouverture(periode=(HUIT_HEURES, HUIT_HEURES + 26 * HEURE)),
    "plages_absence_frequence_connue": lambda: absence(frequence="siecle"),
    "plages_absence_intervalle": lambda: absence(intervalle=13),
    "plages_absence_dates_sensees": lambda: absence(premier_jour=date(2017, 12, 31), dernier_jour=date(2017, 12, 31)),
    "plages_absence_fin_de_repetition": lambda: absence(frequence="semaine", jusqu_au=date(2026, 11, 22)),
    "plages_absence_fin_apres_debut": lambda: absence(heure_fin=time(8)),
    "plages_absence_repetee_un_jour": lambda: absence(frequence="semaine", dernier_jour=date(2026, 11, 24)),
    "plages_indispo_unique": lambda: deux(indisponibilite, absence=absence()),
    "plages_indispo_finie": lambda: indisponibilite(periode=(HUIT_HEURES, None)),
    "plages_jour_particulier_unique": lambda: deux(
        JourParticulier.objects.create, structure=StructureFactory(), jour=date(2026, 12, 24)
    ),
    "reservations_agent_deja_pris": deux_rendez_vous_qui_se_chevauchent,
    "reservations_statut_connu": lambda: rendez_vous(statut="reve"),
    "reservations_fin_apres_debut": lambda: rendez_vous(fin=HUIT_HEURES + HEURE * 25),
    "reservations_pause": lambda: rendez_vous(pause=121),
    "reservations_lieu_sur_place": lambda: rendez_vous(type_lieu="sur_place"),
    "reservations_option_datee": lambda: rendez_vous(statut=Statut.OPTION),
    "reservations_annulation_datee": lambda: rendez_vous(statut=Statut.ANNULE),
    "reservations_participation_unique": deux_participations,
    "reservations_acceptation_datee": acceptation_sans_date,
    "reservations_acceptation_par": acceptation_de_rien,
    "reservations_prescripteur_courriel_unique": lambda: [
        PrescripteurFactory(courriel=c) for c in ("lea@exemple.fr", "LEA@exemple.fr")
    ],
    "reservations_prescripteur_nomme": lambda: PrescripteurFactory(organisation=""),
    "reservations_note_d_un_prescripteur": lambda: rendez_vous(note_du_prescripteur="Vient avec sa sœur."),
    "reservations_annule_par_prescripteur": lambda: rendez_vous(
        annule_par_prescripteur=True, prescripteur=PrescripteurFactory()
    ),
    "reservations_attente_unique": lambda: deux(attente, motif=MotifFactory(telephone=True)),
    "reservations_attente_datee": lambda: attente(contact_verifie=""),
    "cartographie_un_etat_en_cours": lambda: deux(etat_du_bouton, lieu=LieuFactory()),
    "cartographie_etat_fin_apres_debut": lambda: etat_du_bouton(jusqu_a=HUIT_HEURES),
    "cartographie_territoire_nom_unique": deux_territoires_de_meme_nom,
    "cartographie_territoire_nomme": lambda: territoire(nom=""),
    "cartographie_territoire_departement": lambda: territoire(departement="99X"),
    "cartographie_appel_unique": lambda: deux(AppelDeFlux.objects.create, adresse="abc", minute=HUIT_HEURES),
    "cartographie_rouvrir_un_retire": lambda: Releve.objects.create(lieu=LieuFactory(), a_rouvrir=True),
    "cartographie_publication_unique": lambda: Publication.objects.create(pk=2),
    "reservations_canal_connu": lambda: Message.objects.create(canal="pigeon", destinataire="x", texte="x"),
    "reservations_message_langue": lambda: rappel(langue="xx"),
    "reservations_attente_langue": lambda: Attente.objects.create(motif=MotifFactory(), langue="xx"),
    "reservations_apprenant_langue": lambda: Apprenant.objects.create(
        structure=StructureFactory(), prenom="Nadia", nom="Benali", langue="xx"
    ),
    "reservations_etat_connu": lambda: rappel(etat="perdu", etat_le=HUIT_HEURES),
    "reservations_etat_date": lambda: rappel(etat="envoye"),
    "reservations_rappel_connu": lambda: rappel(debut=None),
    "reservations_rappel_unique": lambda: deux(rappel, rendez_vous=rendez_vous()),
}


def contraintes() -> list[models.BaseConstraint]:
    return [
        contrainte
        for application in APPLICATIONS
        for modele in apps.get_app_config(application).get_models()
        for contrainte in modele._meta.constraints
    ]


def test_chaque_contrainte_est_violee_ici() -> None:
    assert {contrainte.name for contrainte in contraintes()} == set(VIOLATIONS)


def test_chaque_contrainte_parle_francais() -> None:
    muettes = {c.name for c in contraintes() if c.violation_error_message == c.default_violation_error_message}
    assert muettes == SANS_MESSAGE


@pytest.mark.parametrize("nom", VIOLATIONS)
def test_contrainte_refuse(nom: str) -> None:
    with pytest.raises(IntegrityError) as refus, transaction.atomic():
        VIOLATIONS[nom]()
    assert refus.value.__cause__.diag.constraint_name == nom  # type: ignore[union-attr]


def test_la_contrainte_d_exclusion_laisse_se_toucher_et_se_libere() -> None:
    agent = AgentFactory()
    rendez_vous(agent=agent)
    rendez_vous(agent=agent, debut=HUIT_HEURES + HEURE, fin=HUIT_HEURES + HEURE * 2)
    for statut in (Statut.EXCUSE, Statut.ANNULE):
        rendez_vous(agent=agent, statut=statut, annule_le=HUIT_HEURES)
    rendez_vous()
    assert RendezVous.objects.count() == 5


def test_un_motif_archive_laisse_son_nom() -> None:
    motif = MotifFactory(nom="Accompagnement", archive_le=HUIT_HEURES)
    MotifFactory(structure=motif.structure, nom="Accompagnement")
    assert Motif.objects.count() == 2


# --- The two triggers: a rule that spans two tables ---------------------------------------------------------------


def test_solidarites_refuse_un_motif_reservable() -> None:
    structure = StructureFactory(solidarites=True)
    motif = MotifFactory(structure=structure)
    for ecriture in (
        lambda: MotifFactory(structure=structure, ouvert=True),
        lambda: Motif.objects.filter(pk=motif.pk).update(reservable_en_ligne=True),
    ):
        with pytest.raises(IntegrityError) as refus, transaction.atomic():
            ecriture()
        assert refus.value.__cause__.diag.constraint_name == "motifs_plateforme_solidarites"  # type: ignore[union-attr]


def test_une_structure_aux_motifs_ouverts_ne_passe_pas_a_solidarites() -> None:
    motif = MotifFactory(ouvert=True)
    with pytest.raises(IntegrityError) as refus, transaction.atomic():
        Structure.objects.update(plateforme=Plateforme.SOLIDARITES)
    assert refus.value.__cause__.diag.constraint_name == "structures_plateforme_sans_motif_ouvert"  # type: ignore[union-attr]
    Motif.objects.filter(pk=motif.pk).update(reservable_en_ligne=False)
    Structure.objects.update(plateforme=Plateforme.SOLIDARITES)
    assert Structure.objects.get().plateforme == Plateforme.SOLIDARITES
