"""The words of the prescribers' messages, and what the agents' say of them. French only. No query, no write."""

from django.conf import settings
from django.urls import reverse

from reservations.courrier.redaction import (
    Texte,
    _bonjour,
    _heures_locales,
    _paragraphes,
    _quoi_et_quand,
    _telephone,
    noms,
)
from reservations.models import Par, Prescripteur, RendezVous
from structures.dates import moment
from structures.texte import de, en_ligne


def code_de_prescripteur(code: str) -> Texte:
    return Texte(
        "Votre code de prescripteur",
        _paragraphes(
            "Bonjour,",
            f"Voici votre code : {code}",
            f"Écrivez-le sur la page ouverte. Il est valable {settings.CODE_MINUTES} minutes.",
            "Ne donnez ce code à personne par téléphone.\nVous n'avez rien demandé ? Vous pouvez effacer ce message.",
        ),
    )


def confirmation(rendez_vous: RendezVous, prescripteur: Prescripteur) -> Texte:
    debut, _fin = _heures_locales(rendez_vous)
    return Texte(
        en_ligne(f"Rendez-vous confirmé : {moment(debut)}"),
        _paragraphes(
            _bonjour(prescripteur.prenom),
            f"Le rendez-vous que vous avez pris pour {noms(rendez_vous)} est confirmé.",
            _fiche(rendez_vous),
            _lien(rendez_vous, "le voir, l'imprimer, le déplacer ou l'annuler"),
            _telephone(rendez_vous),
        ),
    )


def deplacement(rendez_vous: RendezVous, prescripteur: Prescripteur, ancien: RendezVous, par: Par) -> Texte:
    """`ancien`: the same rendez-vous as it was before."""
    debut, _fin = _heures_locales(rendez_vous)
    avant, _fin = _heures_locales(ancien)
    return Texte(
        en_ligne(f"Rendez-vous déplacé : {moment(debut)}"),
        _paragraphes(
            _bonjour(prescripteur.prenom),
            f"{_qui(rendez_vous, par)} déplacé le rendez-vous {de(noms(rendez_vous))}, prévu {moment(avant)}. "
            "Voici la nouvelle date.",
            _fiche(rendez_vous),
            _lien(rendez_vous, "le voir"),
            _telephone(rendez_vous),
        ),
    )


def annulation(rendez_vous: RendezVous, prescripteur: Prescripteur) -> Texte:
    debut, _fin = _heures_locales(rendez_vous)
    message = rendez_vous.message_d_annulation.strip()
    return Texte(
        en_ligne(f"Rendez-vous annulé : {moment(debut)}"),
        _paragraphes(
            _bonjour(prescripteur.prenom),
            f"{_qui(rendez_vous, rendez_vous.annule_par)} annulé le rendez-vous {de(noms(rendez_vous))}.",
            _fiche(rendez_vous),
            f"Message de {rendez_vous.structure.nom} :\n{message}" if message else "",
            _telephone(rendez_vous, modele="Pour prendre un autre rendez-vous, téléphonez au %(numero)s (%(qui)s)."),
        ),
    )


def pour_l_agent(texte: Texte, rendez_vous: RendezVous) -> Texte:
    """Say, at the end of an agent's message, who prescribed the rendez-vous, how to reach them, and their note."""
    prescripteur = rendez_vous.prescripteur
    if prescripteur is None:
        return texte
    joindre = [prescripteur.courriel]
    if prescripteur.telephone:
        joindre.insert(0, prescripteur.telephone.as_national)
    note = rendez_vous.note_du_prescripteur.strip()
    return Texte(
        texte.sujet,
        _paragraphes(
            texte.corps,
            f"Prescrit par {en_ligne(str(prescripteur))}\n{', '.join(joindre)}",
            f"Note du prescripteur :\n{note}" if note else "",
        ),
    )


def _qui(rendez_vous: RendezVous, par: Par) -> str:
    match par:
        case Par.PRESCRIPTEUR:
            return "Vous avez"
        case Par.PERSONNE:
            return "La personne a"
    return f"{rendez_vous.structure.nom} a"


def _fiche(rendez_vous: RendezVous) -> str:
    """What, when, where, with whom. Nothing of the learner beyond their name: what is known of them is not told."""
    lieu = rendez_vous.lieu
    ou = f"{lieu.nom}\n{lieu.adresse_complete}" if lieu else rendez_vous.get_type_lieu_display()
    return f"{_quoi_et_quand(rendez_vous)}\n{ou}\nAvec {rendez_vous.agent.nom_complet}, {rendez_vous.structure.nom}"


def _lien(rendez_vous: RendezVous, pour: str) -> str:
    page = reverse("reservations:prescription", args=[rendez_vous.pk])
    return f"Pour {pour} :\n{settings.SITE_URL}{page}"
