"""Refusals: one family of exceptions, each with the sentence to show: in the learner's language, or
French where only an agent can meet it."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ReservationImpossible(Exception):
    """A booking, a code or a cancellation is refused. `str()` is the sentence for the person."""

    phrase: str | Promise = gettext_lazy("Cette réservation n'est pas possible.")

    def __init__(self, phrase: str | None = None) -> None:
        super().__init__(phrase or str(self.phrase))


class CreneauIndisponible(ReservationImpossible):
    """The slot is taken, or was never free."""

    phrase = gettext_lazy("Ce créneau vient d'être pris ou n'est plus libre.")


class MotifFerme(ReservationImpossible):
    """The motif is not (or no longer) open to online booking for this person."""

    phrase = gettext_lazy("Ce rendez-vous ne se réserve plus en ligne pour le moment.")


class TropDeCreneauxGardes(ReservationImpossible):
    """Too many slots are held from one network address."""

    phrase = gettext_lazy(
        "Trop de créneaux sont gardés en ce moment depuis votre connexion. "
        "Réessayez dans quelques minutes, ou téléphonez à la structure."
    )


class TropDeRendezVous(ReservationImpossible):
    """One contact has many rendez-vous to come."""

    def __init__(self, nombre: int) -> None:
        super().__init__(
            _(
                "Vous avez déjà %(nombre)d rendez-vous à venir. Pour en prendre un autre, annulez-en un, "
                "ou téléphonez à la structure."
            )
            % {"nombre": nombre}
        )


class TropPourCettePersonne(ReservationImpossible):
    """The person accompanied has many rendez-vous to come: how many is not told to whoever types a name."""

    phrase = (
        "Cette personne ne peut pas avoir d'autre rendez-vous pris par Internet pour le moment. "
        "Téléphonez à la structure."
    )


class TropDePrescriptions(ReservationImpossible):
    """One prescriber took many rendez-vous today."""

    def __init__(self, nombre: int) -> None:
        super().__init__(
            f"Vous avez pris {nombre} rendez-vous en 24 heures : c'est la limite. "
            "Attendez demain, ou téléphonez à la structure."
        )


class DemarcheIncomplete(ReservationImpossible):
    """A step was skipped: instructions not accepted, contact not verified, phone number missing."""


class CodeRefuse(ReservationImpossible):
    """The code typed is not the one sent, or can no longer be used."""


class TropDeCodes(ReservationImpossible):
    """Too many codes were asked."""

    # From the beginning: a booking in progress has a number of codes of its own, which waiting does not give back.
    phrase = gettext_lazy(
        "Trop de codes ont été demandés. Attendez une heure et recommencez depuis le début, "
        "ou téléphonez à la structure."
    )


class AnnulationImpossible(ReservationImpossible):
    """The rendez-vous can no longer be cancelled."""

    phrase = gettext_lazy("Ce rendez-vous ne peut plus être annulé en ligne.")


class DeplacementImpossible(ReservationImpossible):
    """The learner can no longer move their rendez-vous alone."""

    phrase = gettext_lazy("Ce rendez-vous ne peut plus être déplacé par Internet.")


class EnvoiImpossible(ReservationImpossible):
    """The confirmation is not sent again."""

    phrase = gettext_lazy("Ce message ne peut pas être envoyé.")


class AttenteImpossible(ReservationImpossible):
    """Someone cannot be put on the waiting list."""

    phrase = gettext_lazy("Nous ne pouvons pas vous prévenir pour ce rendez-vous.")


class SuiviImpossible(ReservationImpossible):
    """What became of the rendez-vous cannot be written, or it cannot be moved, in its present state."""

    phrase = gettext_lazy("Ce rendez-vous vient de changer. Relisez-le avant de continuer.")


class CreationImpossible(ReservationImpossible):
    """An agent's form cannot become a rendez-vous: what it names has changed since it was read."""

    phrase = "Quelque chose vient de changer. Relisez le formulaire avant de continuer."


class SuppressionImpossible(ReservationImpossible):
    """A learner who has rendez-vous is not deleted."""

    phrase = "Cette personne a des rendez-vous : sa fiche ne peut pas être supprimée."
