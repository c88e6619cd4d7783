"""Choosing: for what, where, when."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from motifs.models import Public, TypeLieu
from plages.services import deplacer_occurrence
from reservations.models import Demarche, RendezVous, Statut
from reservations.parcours import Lien, Recherche, disponibilites_des_motifs, motifs_du_public, proposes
from structures.models import Agent, Lieu
from tests.factories import LieuFactory, MotifFactory, StructureFactory
from tests.htmx import page_apres_echange, page_rechargee
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    arbre,
    boutons_de_creneau,
    choisir,
    creneaux_de_la_semaine,
    demarche_de,
    donner_coordonnees,
    page_des_creneaux,
    prendre_ailleurs,
    texte,
    titre,
    un_agent,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _lundi_8h(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LUNDI_8H)


def _accueil(monde):
    return reverse("reservations:choix_motif", args=[monde.structure.lien])


# --- For what ---


def test_le_lien_montre_les_motifs_avec_leur_premier_creneau(client):
    monde = un_monde()
    telephone = MotifFactory(structure=monde.structure, nom="Démarches CAF", duree=30, telephone=True, ouvert=True)
    une_plage(monde, motifs=[telephone], premier_jour=MARDI_9H.date() + timedelta(days=1), de=14, a=15)
    reponse = client.get(_accueil(monde))
    assert reponse.status_code == 200
    assert titre(reponse) == "Étape 1 sur 3 · Pour quoi ? · RDV Aide Numérique"
    lu = texte(reponse)
    assert "Pour quoi souhaitez-vous un rendez-vous ?" in lu
    assert "Aide gratuite" in lu
    assert "il y a 3 étapes" in lu
    cartes = [" ".join(c.text_content().split()) for c in arbre(reponse).xpath("//li[@class='rdv-carte']")]
    assert cartes == [
        "Accompagnement individuel 1 heure · sur place Le plus tôt : aujourd'hui à 9 h",
        "Démarches CAF 30 minutes · par téléphone Le plus tôt : mercredi 25 novembre à 14 h",
    ]


@pytest.mark.parametrize("jours", [14, 15, 45])
def test_the_first_time_of_each_motif_is_found_however_far(jours):
    """Two weeks are looked through first: what begins at their very end, or after, is found once all the same."""
    monde = un_monde()
    loin = MotifFactory(structure=monde.structure, duree=30, telephone=True, ouvert=True, delai_min=timedelta(hours=1))
    une_plage(monde, motifs=[loin], premier_jour=LUNDI_8H.date() + timedelta(days=jours), de=9, a=10)
    recherche = Recherche(LUNDI_8H)
    with CaptureQueriesContext(connection) as requetes:
        trouves = disponibilites_des_motifs([monde.motif, loin], recherche)
    assert {dispo.objet: dispo.premier for dispo in trouves} == {
        monde.motif: LUNDI_8H + timedelta(hours=1),
        loin: LUNDI_8H + timedelta(days=jours, hours=1),
    }
    assert len(requetes) == (1 if jours == 14 else 2)


def test_un_motif_sans_plage_n_est_pas_propose_et_le_seul_restant_est_passe(client):
    monde = un_monde()
    MotifFactory(structure=monde.structure, ouvert=True)
    reponse = client.get(_accueil(monde), follow=True)
    assert reponse.redirect_chain[-1][0] == page_des_creneaux(monde)
    assert "Accompagnement individuel" in texte(reponse)
    assert "Aide gratuite" in texte(reponse)
    assert titre(reponse).startswith("Étape 1 sur 2 · Quand ?")


def test_un_motif_sans_creneau_libre_le_dit_avec_le_telephone(client):
    monde = un_monde(delai_max=timedelta(days=1))
    complet = MotifFactory(structure=monde.structure, nom="Atelier", ouvert=True, delai_max=timedelta(days=1))
    une_plage(monde, motifs=[complet], premier_jour=LUNDI_8H.date() + timedelta(days=30))
    carte = arbre(client.get(_accueil(monde))).xpath("//li[@class='rdv-carte'][contains(., 'Atelier')]")[0]
    assert "Aucun créneau libre pour le moment." in carte.text_content()
    assert "04 75 25 00 00" in carte.text_content()
    assert not carte.xpath(".//h2/a")


def test_the_motifs_proposed_are_those_of_the_plages_of_the_link_and_the_lieu():
    """A plage counts when it is of the agent of the link, in the lieu asked and on site, of someone still there."""
    monde = un_monde()
    autre, parti = un_agent(monde.structure), un_agent(monde.structure)
    annexe = LieuFactory(structure=monde.structure)
    atelier = MotifFactory(structure=monde.structure, nom="Atelier", ouvert=True)
    appel = MotifFactory(structure=monde.structure, nom="Appel", telephone=True, ouvert=True)
    ferme = MotifFactory(structure=monde.structure, nom="Café", ouvert=True)
    une_plage(monde, motifs=[atelier, appel], agent=autre, lieu=annexe, de=14, a=15)
    une_plage(monde, motifs=[ferme], agent=parti)
    Agent.objects.filter(pk=parti.pk).update(is_active=False)

    def noms(agent=None, lieu=None):
        motifs = motifs_du_public(Lien(monde.structure, agent), LUNDI_8H.date(), lieu)
        assert len(motifs) == 4
        return [motif.nom for motif in proposes(motifs)]

    assert noms() == ["Accompagnement individuel", "Appel", "Atelier"]
    assert noms(agent=autre) == ["Appel", "Atelier"]
    assert noms(agent=monde.agent) == ["Accompagnement individuel"]
    assert noms(lieu=annexe) == ["Atelier"]
    assert noms(agent=monde.agent, lieu=annexe) == []

    Lieu.objects.filter(pk=annexe.pk).update(ouvert=False)
    assert noms(agent=autre) == ["Appel"]


def test_une_plage_finie_dont_une_date_est_deplacee_se_reserve_encore(client):
    """The motif, its lieu and its slots are those of the date moved: the choice of a slot is not refused."""
    monde = un_monde(ouvrir=False)
    vendredi = LUNDI_8H.date() - timedelta(days=3)
    semaine = {"premier_jour": vendredi - timedelta(days=7), "jusqu_au": vendredi}
    plage = une_plage(monde, maintenant=LUNDI_8H - timedelta(days=4), **semaine)
    assert "Pas de rendez-vous en ligne pour le moment" in texte(client.get(_accueil(monde)))

    deplacer_occurrence(
        plage=plage,
        jour=vendredi,
        nouveau_jour=MARDI_9H.date(),
        heure_debut=time(9),
        heure_fin=time(11),
        maintenant=LUNDI_8H,
    )

    reponse = client.get(_accueil(monde), follow=True)
    assert creneaux_de_la_semaine(reponse) == ["mardi 24 novembre à 9 h", "mardi 24 novembre à 10 h"]
    assert choisir(client, monde, MARDI_9H).status_code == 302
    assert RendezVous.objects.get().lieu == monde.lieu


def test_sans_motif_la_page_donne_le_telephone(client):
    monde = un_monde(ouvrir=False)
    reponse = client.get(_accueil(monde))
    assert reponse.status_code == 200
    assert "04 75 25 00 00" in texte(reponse)
    assert "Étape" not in titre(reponse)


def test_le_nombre_d_etapes_compte_les_instructions(client):
    monde = un_monde(instructions_a_accepter="Venez avec vos papiers.")
    une_plage(monde, motifs=[MotifFactory(structure=monde.structure, ouvert=True)], de=14, a=16)
    accueil = client.get(_accueil(monde))
    assert titre(accueil).startswith("Étape 1 · Pour quoi ?")
    assert "il y a 3 ou 4 étapes" in texte(accueil)
    assert titre(client.get(page_des_creneaux(monde))).startswith("Étape 2 sur 4 · Quand ?")


@pytest.mark.parametrize("lien", ["inconnu", "%00", "é"])
def test_un_lien_inconnu_est_un_404(client, lien):
    assert client.get(f"/r/{lien}/").status_code == 404


def test_rdv_solidarites_n_a_pas_de_reservation_en_ligne(client):
    monde = un_monde()
    # Reached only by a structure that changed platform: its motifs cannot be opened otherwise.
    monde.motif.reservable_en_ligne = False
    monde.motif.save()
    monde.structure.plateforme = "solidarites"
    monde.structure.save()
    for adresse in (
        _accueil(monde),
        reverse("reservations:choix_lieu", args=[monde.structure.lien, monde.motif.pk]),
        page_des_creneaux(monde),
    ):
        assert client.get(adresse).status_code == 404
    assert choisir(client, monde).status_code == 404


# --- Where ---


def test_plusieurs_lieux_sont_a_choisir_avec_leur_premier_creneau(client):
    monde = un_monde()
    autre = LieuFactory(structure=monde.structure, nom="Annexe", adresse="2 place du Marché")
    ferme = LieuFactory(structure=monde.structure, nom="Fermé", ouvert=False)
    agent = un_agent(monde.structure)
    une_plage(monde, lieu=autre, agent=agent, de=14, a=16)
    une_plage(monde, lieu=ferme, agent=agent, de=16, a=18)
    reponse = client.get(page_des_creneaux(monde), follow=True)
    cartes = [" ".join(c.text_content().split()) for c in arbre(reponse).xpath("//li[@class='rdv-carte']")]
    assert cartes == [
        "Annexe 2 place du Marché, 26400 Crest Le plus tôt : aujourd'hui à 14 h",
        "Salle numérique 1 rue de la République, 26400 Crest Le plus tôt : aujourd'hui à 9 h",
    ]
    suite = client.get(arbre(reponse).xpath("//li[@class='rdv-carte']//a/@href")[0])
    assert "Annexe, 2 place du Marché" in texte(suite)
    assert creneaux_de_la_semaine(suite)[:2] == ["lundi 23 novembre à 14 h", "lundi 23 novembre à 15 h"]


@pytest.mark.parametrize("faux", ["abc", "0", "-1", "99999999999999999999", "%00"])
def test_un_lieu_invente_ramene_au_choix_du_lieu(client, faux):
    monde = un_monde()
    une_plage(monde, lieu=LieuFactory(structure=monde.structure), agent=un_agent(monde.structure))
    adresse = f"{page_des_creneaux(monde)}?lieu={faux}"
    attendue = reverse("reservations:choix_lieu", args=[monde.structure.lien, monde.motif.pk])
    assert client.get(adresse)["Location"] == attendue
    assert client.post(adresse, {"debut": MARDI_9H.isoformat()})["Location"] == attendue
    assert not RendezVous.objects.exists()


# --- When ---


def test_la_page_montre_le_plus_tot_puis_la_semaine(client):
    monde = un_monde()
    reponse = client.get(page_des_creneaux(monde))
    assert boutons_de_creneau(reponse)[:3] == [
        "lundi 23 novembre à 9 h",
        "lundi 23 novembre à 10 h",
        "lundi 23 novembre à 11 h",
    ]
    assert len(creneaux_de_la_semaine(reponse)) == 15
    assert "mardi 24 novembre à 11 h" in creneaux_de_la_semaine(reponse)
    assert "samedi 28 novembre aucun créneau" in texte(reponse)
    assert "Pas de semaine avant" in texte(reponse)


def test_le_delai_minimum_tient_a_la_minute(client, monkeypatch):
    monde = un_monde()
    monkeypatch.setattr(timezone, "now", lambda: LUNDI_8H + timedelta(minutes=30))
    assert boutons_de_creneau(client.get(page_des_creneaux(monde)))[0] == "lundi 23 novembre à 9 h"
    monkeypatch.setattr(timezone, "now", lambda: LUNDI_8H + timedelta(minutes=31))
    assert boutons_de_creneau(client.get(page_des_creneaux(monde)))[0] == "lundi 23 novembre à 10 h"


def test_un_horaire_n_est_dit_qu_une_fois_quel_que_soit_le_nombre_d_agents(client):
    monde = un_monde()
    une_plage(monde, agent=un_agent(monde.structure))
    assert len(creneaux_de_la_semaine(client.get(page_des_creneaux(monde)))) == 15


def test_l_heure_de_la_reunion(client):
    monde = un_monde(structure={"reunion": True, "nom": "Saint-Denis"}, telephone=True)
    reponse = client.get(page_des_creneaux(monde, semaine="2026-11-30"))
    assert creneaux_de_la_semaine(reponse)[0] == "lundi 30 novembre à 9 h"
    valeur = arbre(reponse).xpath("//section[@aria-labelledby='titre-semaine']//button/@value")[0]
    assert valeur == "2026-11-30T05:00:00+00:00"
    assert "heure de La Réunion" in texte(reponse)


@pytest.mark.parametrize("semaine", ["", "hier", "2026-13-45", "0001-01-01", "9999-12-31", "2026-11-20", "%00"])
def test_une_semaine_inventee_montre_une_semaine_ouverte(client, semaine):
    assert client.get(f"{page_des_creneaux(un_monde())}?semaine={semaine}").status_code == 200


def test_la_derniere_semaine_n_a_pas_de_suite(client):
    monde = un_monde(delai_max=timedelta(days=9))
    reponse = client.get(page_des_creneaux(monde, semaine="2026-11-30"))
    assert "Pas de semaine après" in texte(reponse)
    # Monday 23 at 8 h, plus nine days: Wednesday 2 December at 8 h, before the first slot of that day.
    assert creneaux_de_la_semaine(reponse)[-1] == "mardi 1er décembre à 11 h"
    assert "mercredi 2 décembre aucun créneau" in texte(reponse)
    assert "jeudi 3 décembre" not in texte(reponse)


def test_une_semaine_vide_propose_le_prochain_creneau(client):
    monde = un_monde(ouvrir=False)
    une_plage(monde, premier_jour=datetime(2026, 12, 7, tzinfo=UTC).date(), jours=[1])
    reponse = client.get(page_des_creneaux(monde, semaine="2026-11-23"))
    assert "Rien cette semaine. Prochain créneau : lundi 7 décembre à 9 h" in texte(reponse)
    assert creneaux_de_la_semaine(reponse) == ["lundi 7 décembre à 9 h"]
    # Without a week in the address, the first week that has something.
    assert creneaux_de_la_semaine(client.get(page_des_creneaux(monde)))[0] == "lundi 7 décembre à 9 h"


def test_le_prochain_creneau_est_trouve_au_dela_de_quatre_semaines(client):
    monde = un_monde(ouvrir=False)
    for jour in (24, 25):
        une_plage(monde, premier_jour=datetime(2026, 11, jour, tzinfo=UTC).date(), frequence="unique", jours=[])
    une_plage(monde, premier_jour=datetime(2027, 2, 2, tzinfo=UTC).date(), frequence="unique", jours=[])
    reponse = client.get(page_des_creneaux(monde, semaine="2026-12-07"))
    assert "Prochain créneau : mardi 2 février à 9 h" in texte(reponse)
    fin = client.get(page_des_creneaux(monde, semaine="2027-02-15"))
    assert "Rien cette semaine, ni après" in texte(fin)


def test_tout_est_pris_ou_rien_n_est_ouvert_se_disent_differemment(client):
    monde = un_monde(ouvrir=False)
    rien = client.get(page_des_creneaux(monde))
    assert "Aucun horaire n'est ouvert en ligne pour le moment." in texte(rien)
    assert "04 75 25 00 00" in texte(rien)
    une_plage(monde, premier_jour=MARDI_9H.date(), frequence="unique", jours=[], a=10)
    prendre_ailleurs(monde, MARDI_9H)
    plein = client.get(page_des_creneaux(monde))
    assert "Tous les créneaux sont pris jusqu'au 23 février 2027." in texte(plein)
    assert "04 75 25 00 00" in texte(plein)


def test_la_semaine_echangee_par_htmx_est_la_page_rechargee(client):
    monde = un_monde()
    page = client.get(page_des_creneaux(monde))
    suivante = arbre(page).xpath("//section[@aria-labelledby='titre-semaine']//a/@hx-get")[0]
    fragment = client.get(suivante, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]
    rechargee = client.get(suivante)
    assert page_apres_echange(page.content, fragment.content, "creneaux") == page_rechargee(rechargee.content)
    assert page_rechargee(page.content) != page_rechargee(rechargee.content)


def test_le_retour_du_navigateur_sous_htmx_recoit_la_page_entiere(client):
    reponse = client.get(
        page_des_creneaux(un_monde()), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in reponse.content.decode()


def _requetes(client, adresse):
    with CaptureQueriesContext(connection) as requetes:
        assert client.get(adresse).status_code == 200
    return len(requetes)


def test_le_nombre_de_requetes_ne_depend_ni_des_agents_ni_du_passe(client):
    monde = un_monde()
    une_plage(monde, motifs=[MotifFactory(structure=monde.structure, ouvert=True)], de=14, a=16)
    donner_coordonnees(client, demarche_de(client, monde))  # a session, a booking in progress
    adresse = page_des_creneaux(monde, demarche=Demarche.objects.get().jeton, semaine="2026-12-07")
    avant, avant_accueil = _requetes(client, adresse), _requetes(client, _accueil(monde))
    for _ in range(9):
        une_plage(monde, agent=un_agent(monde.structure))
    passe = [
        RendezVous(
            structure=monde.structure,
            motif=monde.motif,
            agent=monde.agent,
            lieu=monde.lieu,
            type_lieu=monde.motif.type_lieu,
            debut=LUNDI_8H - timedelta(days=n),
            fin=LUNDI_8H - timedelta(days=n) + timedelta(hours=1),
            statut=Statut.HONORE,
        )
        for n in range(1, 300)
    ]
    RendezVous.objects.bulk_create(passe)
    assert _requetes(client, adresse) == avant <= 8
    assert _requetes(client, _accueil(monde)) == avant_accueil <= 4


def test_une_semaine_vide_lointaine_tient_dans_le_budget(client):
    monde = un_monde(ouvrir=False)
    for jour in (24, 25):
        une_plage(monde, premier_jour=datetime(2026, 11, jour, tzinfo=UTC).date(), frequence="unique", jours=[])
    demarche = demarche_de(client, monde)
    assert _requetes(client, page_des_creneaux(monde, demarche=demarche.jeton, semaine="2027-02-01")) <= 8


def test_regarder_ne_garde_rien_et_ne_pose_pas_de_session(client):
    monde = un_monde()
    client.get(page_des_creneaux(monde))
    assert not RendezVous.objects.exists()
    assert "sessionid" not in client.cookies


# --- Holding the slot ---


def autre_visiteur(client):
    return type(client)()


def test_choisir_garde_le_creneau_et_mene_a_l_etape_suivante(client):
    monde = un_monde()
    reponse = choisir(client, monde)
    demarche = Demarche.objects.get()
    assert reponse["Location"] == reverse("reservations:coordonnees", args=[demarche.jeton])
    assert (demarche.debut, demarche.lieu, demarche.rendez_vous.statut) == (MARDI_9H, monde.lieu, Statut.OPTION)
    assert len(demarche.visiteur) == 64
    assert demarche.visiteur not in str(client.session.items())


def test_retour_arriere_son_propre_creneau_est_encore_propose_aux_autres_non(client):
    monde = un_monde()
    choisir(client, monde)
    assert "mardi 24 novembre à 9 h" in creneaux_de_la_semaine(client.get(page_des_creneaux(monde)))
    autre = autre_visiteur(client)
    assert "mardi 24 novembre à 9 h" not in creneaux_de_la_semaine(autre.get(page_des_creneaux(monde)))


def test_creneau_pris_entre_temps_propose_les_trois_plus_proches(client):
    monde = un_monde()
    prendre_ailleurs(monde, MARDI_10H)
    reponse = choisir(client, monde, MARDI_10H)
    assert reponse.status_code == 200
    alerte = arbre(reponse).xpath("//*[@role='alert']")[0]
    assert "Ce créneau vient d'être pris. Voici les plus proches." in " ".join(alerte.text_content().split())
    assert alerte.get("autofocus") is not None
    assert boutons_de_creneau(reponse)[:3] == [
        "lundi 23 novembre à 11 h",
        "mardi 24 novembre à 9 h",
        "mardi 24 novembre à 11 h",
    ]


@pytest.mark.parametrize(
    "debut",
    [
        MARDI_9H + timedelta(minutes=30),  # not on the grid
        LUNDI_8H - timedelta(days=3) + timedelta(hours=1),  # past
        MARDI_9H + timedelta(days=98),  # after the maximum delay
        MARDI_9H.replace(year=9999),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    ],
)
def test_un_creneau_invente_est_refuse(client, debut):
    reponse = choisir(client, un_monde(), debut)
    assert reponse.status_code == 200
    assert "Ce créneau vient d'être pris." in texte(reponse) or "n'est pas dans la liste" in texte(reponse)
    assert not RendezVous.objects.exists()


@pytest.mark.parametrize("debut", ["", "demain", "2026-11-24T09:00:00", "\x00", "0001-01-01T00:00:00+23:59"])
def test_une_heure_illisible_est_refusee(client, debut):
    monde = un_monde()
    reponse = client.post(page_des_creneaux(monde), {"debut": debut})
    assert reponse.status_code == 200
    assert "Cette heure n'est pas dans la liste." in texte(reponse)
    assert not RendezVous.objects.exists()


def test_la_duree_est_celle_du_motif_quoi_qu_envoie_le_navigateur(client):
    monde = un_monde()
    client.post(page_des_creneaux(monde), {"debut": MARDI_9H.isoformat(), "duree": "5", "fin": "x", "agent": "0"})
    rendez_vous = RendezVous.objects.get()
    assert rendez_vous.fin - rendez_vous.debut == timedelta(hours=1)


@pytest.mark.parametrize(
    "champs",
    [
        {"reservable_en_ligne": False},
        {"ouvert_a": Public.PRESCRIPTEURS},
        {"archive_le": LUNDI_8H},
    ],
)
def test_un_motif_qui_n_est_pas_pour_tous_est_refuse_comme_un_inconnu(client, champs):
    monde = un_monde()
    for champ, valeur in champs.items():
        setattr(monde.motif, champ, valeur)
    monde.motif.save()
    inconnu = client.get(reverse("reservations:choix_creneau", args=[monde.structure.lien, 999_999_999]))
    for reponse in (client.get(page_des_creneaux(monde)), choisir(client, monde)):
        assert reponse.status_code == 404
        assert page_rechargee(reponse.content) == page_rechargee(inconnu.content)
    assert "Accompagnement individuel" not in client.get(_accueil(monde)).content.decode()
    assert not RendezVous.objects.exists()


def test_le_motif_d_une_autre_structure_est_refuse(client):
    monde, autre = un_monde(), StructureFactory()
    adresse = reverse("reservations:choix_creneau", args=[autre.lien, monde.motif.pk])
    assert client.get(adresse).status_code == 404
    assert client.post(adresse, {"debut": MARDI_9H.isoformat()}).status_code == 404
    assert not RendezVous.objects.exists()


def test_trop_de_creneaux_gardes_depuis_une_adresse_le_dit(client, settings):
    settings.OPTIONS_PAR_ADRESSE = 1
    monde = un_monde()
    choisir(autre_visiteur(client), monde, MARDI_10H)
    reponse = choisir(client, monde)
    assert reponse.status_code == 200
    assert "Trop de créneaux sont gardés en ce moment depuis votre connexion." in texte(reponse)


def test_un_motif_par_telephone_ne_garde_pas_de_lieu(client):
    monde = un_monde(type_lieu=TypeLieu.TELEPHONE)
    assert demarche_de(client, monde).lieu is None


# --- Moving a booking in progress ---


def test_changer_d_heure_deplace_la_demarche_et_garde_ce_qui_est_ecrit(client):
    monde = un_monde()
    demarche = demarche_de(client, monde)
    donner_coordonnees(client, demarche)
    page = client.get(page_des_creneaux(monde, demarche=demarche.jeton))
    assert "Ce que vous avez déjà écrit est gardé." in texte(page)
    reponse = choisir(client, monde, MARDI_10H, demarche=demarche.jeton)
    assert reponse["Location"] == reverse("reservations:code", args=[demarche.jeton])
    demarche.refresh_from_db()
    assert (demarche.debut, demarche.prenom) == (MARDI_10H, "Jeanne")
    assert RendezVous.objects.get().debut == MARDI_10H


def test_refus_en_changeant_d_heure_le_creneau_d_avant_reste_garde(client):
    monde = un_monde()
    demarche = demarche_de(client, monde)
    prendre_ailleurs(monde, MARDI_10H)
    reponse = choisir(client, monde, MARDI_10H, demarche=demarche.jeton)
    assert "Votre créneau de mardi 24 novembre à 9 h est toujours réservé pour vous." in texte(reponse)
    demarche.refresh_from_db()
    assert demarche.debut == MARDI_9H


def test_la_demarche_d_un_autre_est_ignoree(client):
    monde = un_monde()
    demarche = demarche_de(autre_visiteur(client), monde)
    reponse = choisir(client, monde, MARDI_10H, demarche=demarche.jeton)
    assert demarche.jeton not in reponse["Location"]
    demarche.refresh_from_db()
    assert demarche.debut == MARDI_9H


def test_changer_traverse_le_choix_du_motif(client):
    monde = un_monde()
    une_plage(monde, motifs=[MotifFactory(structure=monde.structure, ouvert=True)], de=14, a=16)
    demarche = demarche_de(client, monde)
    page = client.get(page_des_creneaux(monde, demarche=demarche.jeton))
    changer = arbre(page).xpath("//a[@class='rdv-parcours__changer']/@href")[0]
    liens = arbre(client.get(changer)).xpath("//li[@class='rdv-carte']//a/@href")
    assert len(liens) == 2
    assert all(demarche.jeton in lien for lien in liens)
