"""What the page of one rendez-vous says: its history, and what may be done with it now."""

from dataclasses import dataclass
from datetime import datetime

from phonenumber_field.phonenumber import PhoneNumber

from reservations.courrier.messagerie import sera_prevenu
from reservations.models import STATUTS_ANNULES, Canal, RendezVous, Statut

VENUE = (Statut.HONORE, "La personne est venue")
ABSENTE = (Statut.ABSENT, "La personne n'est pas venue")
EXCUSEE = (Statut.EXCUSE, "La personne a prévenu de son absence")
CORRIGER = (Statut.PREVU, "C'était une erreur : revenir à « prévu »")
RETABLIR = (Statut.PREVU, "Rétablir ce rendez-vous")


@dataclass(frozen=True)
class Fait:
    """One line of the history."""

    quand: datetime
    phrase: str


def a_prevenir_soi_meme(rendez_vous: RendezVous) -> str:
    """Return the names of those whom no message reaches, "" when everybody is told."""
    return ", ".join(str(p.apprenant) for p in rendez_vous.inscrits if not sera_prevenu(p.apprenant))


def gestes(rendez_vous: RendezVous, maintenant: datetime) -> list[tuple[Statut, str]]:
    """Return the statuses that an agent may write now, with the words of the button."""
    if rendez_vous.statut in STATUTS_ANNULES:
        return [RETABLIR]
    if rendez_vous.statut == Statut.PREVU:
        return [VENUE, ABSENTE, EXCUSEE] if rendez_vous.debut <= maintenant else [EXCUSEE]
    return [geste for geste in (VENUE, ABSENTE, EXCUSEE) if geste[0] != rendez_vous.statut] + [CORRIGER]


def historique(rendez_vous: RendezVous) -> list[Fait]:
    """Return what is known of a rendez-vous, oldest first: when it was taken, messages, cancellation. One query.

    Each message says what became of it, and when.
    """
    pris_par = f" par {rendez_vous.prescripteur}" if rendez_vous.prescripteur else ""
    faits = [Fait(rendez_vous.cree_le, f"Rendez-vous pris{pris_par}")]
    for participation in rendez_vous.inscrits:
        if participation.instructions_acceptees_le:
            en_son_nom = f" en son nom par {par}" if (par := participation.instructions_acceptees_par) else ""
            faits.append(Fait(participation.instructions_acceptees_le, f"Instructions acceptées{en_son_nom}"))
    for message in rendez_vous.messages.filter(confidentiel=False).order_by("cree_le", "pk"):
        titre = f" « {message.sujet} »" if message.sujet else ""
        sms = message.canal == Canal.SMS
        adresse = PhoneNumber.from_string(message.destinataire).as_national if sms else message.destinataire
        faits.append(
            Fait(
                message.etat_le or message.cree_le,
                f"{message.get_canal_display()}{titre} à {adresse} : {message.get_etat_display()}",
            )
        )
    if rendez_vous.annule_le:
        faits.append(Fait(rendez_vous.annule_le, rendez_vous.statut_en_mots))
    return sorted(faits, key=lambda fait: fait.quand)
