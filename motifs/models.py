"""Why: motifs de rendez-vous and the conditions of their online booking."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from structures.dates import duree
from structures.models import Plateforme, Structure


class TypeLieu(models.TextChoices):
    """Where the rendez-vous takes place. Only SUR_PLACE needs a lieu."""

    SUR_PLACE = "sur_place", _("Sur place")
    TELEPHONE = "telephone", _("Par téléphone")
    VISIO = "visio", _("Par visioconférence")
    DOMICILE = "domicile", _("À domicile")


class Public(models.TextChoices):
    """To whom a motif marked "Réservable en ligne" is open."""

    TOUS = "tous", "Tout le monde : apprenants et prescripteurs"
    PRESCRIPTEURS = "prescripteurs", "Prescripteurs seulement"


# The usual list (reference-metier §1.3): calendar months have no fixed length, the longest one is taken.
DELAIS = [
    (timedelta(minutes=30), _("30 minutes")),
    (timedelta(hours=1), _("1 heure")),
    (timedelta(hours=2), _("2 heures")),
    (timedelta(hours=3), _("3 heures")),
    (timedelta(hours=6), _("6 heures")),
    (timedelta(hours=12), _("12 heures")),
    (timedelta(days=1), _("1 jour")),
    (timedelta(days=2), _("2 jours")),
    (timedelta(days=3), _("3 jours")),
    (timedelta(weeks=1), _("1 semaine")),
    (timedelta(weeks=2), _("2 semaines")),
    (timedelta(weeks=3), _("3 semaines")),
    (timedelta(days=31), _("1 mois")),
    (timedelta(weeks=6), _("6 semaines")),
    (timedelta(days=61), _("2 mois")),
    (timedelta(days=92), _("3 mois")),
    (timedelta(days=183), _("6 mois")),
    (timedelta(days=366), _("1 an")),
]
DELAI_MINIMUM = DELAIS[0][0]
DELAI_MAXIMUM = DELAIS[-1][0]
DUREE_MINIMUM, DUREE_MAXIMUM = 5, 720


def delai_en_mots(delai: timedelta) -> str:
    """Return the name of a delay, one that is not in the usual list included: "2 mois", "100 jours"."""
    if delai in (connus := dict(DELAIS)):
        return str(connus[delai])
    if delai.days > 1 and delai % timedelta(days=1) == timedelta():
        return ngettext("%(nombre)d jour", "%(nombre)d jours", delai.days) % {"nombre": delai.days}
    return duree(delai)


class MotifQuerySet(models.QuerySet["Motif"]):
    """Motifs asked for by what the page needs."""

    def actifs(self) -> "MotifQuerySet":
        return self.filter(archive_le__isnull=True)

    def reservables(self) -> "MotifQuerySet":
        """Motifs marked "Réservable en ligne" where online booking exists and is not closed, to whoever."""
        return self.actifs().filter(
            reservable_en_ligne=True,
            structure__plateforme=Plateforme.AIDE_NUMERIQUE,
            structure__lien_ferme=False,
        )

    def ouverts_a_tous(self) -> "MotifQuerySet":
        return self.reservables().filter(ouvert_a=Public.TOUS)

    def ouverts_a(self, *, prescripteur: bool) -> "MotifQuerySet":
        """What a prescriber may book, or what everyone may."""
        return self.reservables() if prescripteur else self.ouverts_a_tous()

    def cherches(self, texte: str) -> "MotifQuerySet":
        """Motifs whose name contains that text, whatever the accents and the capitals."""
        return self.filter(nom__unaccent__icontains=texte) if texte else self

    def par_nom(self) -> "MotifQuerySet":
        return self.order_by(Lower("nom"), "type_lieu", "pk")


class Motif(models.Model):
    """A reason for a rendez-vous: its duration (minutes), its kind of place, and its online-booking rules."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="motifs")
    nom = models.CharField("nom du motif", max_length=150)
    couleur = models.CharField("couleur", max_length=7, default="#2A7F62")
    duree = models.PositiveSmallIntegerField("durée du rendez-vous, en minutes", default=30)
    type_lieu = models.CharField("type de rendez-vous", max_length=15, choices=TypeLieu, default=TypeLieu.SUR_PLACE)

    reservable_en_ligne = models.BooleanField("Réservable en ligne", default=False)
    ouvert_a = models.CharField("ouvert à", max_length=15, choices=Public, default=Public.TOUS)
    delai_min = models.DurationField("délai minimum avant le rendez-vous", default=DELAI_MINIMUM)
    delai_max = models.DurationField("délai maximum avant le rendez-vous", default=timedelta(days=92))

    instructions_a_accepter = models.TextField("Instructions à accepter avant la prise du rendez-vous", blank=True)
    information_apres = models.TextField("Informations affichées après la prise du rendez-vous", blank=True)
    message_annulation = models.TextField("Message affiché avant une annulation", blank=True)

    archive_le = models.DateTimeField("archivé le", null=True, blank=True, editable=False)
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    objects = MotifQuerySet.as_manager()

    class Meta:
        verbose_name = "motif"
        constraints = [
            models.UniqueConstraint(
                "structure",
                Lower("nom"),
                "type_lieu",
                condition=models.Q(archive_le__isnull=True),
                name="motifs_nom_unique",
                violation_error_message="Un motif de ce nom existe déjà pour ce type de rendez-vous.",
            ),
            models.CheckConstraint(
                name="motifs_type_lieu_connu",
                condition=models.Q(type_lieu__in=TypeLieu.values),
                violation_error_message="Ce type de rendez-vous n'existe pas.",
            ),
            models.CheckConstraint(
                name="motifs_ouvert_a_connu",
                condition=models.Q(ouvert_a__in=Public.values),
                violation_error_message="Ce public n'existe pas.",
            ),
            models.CheckConstraint(
                name="motifs_couleur",
                condition=models.Q(couleur__regex=r"^#[0-9A-Fa-f]{6}$"),
                violation_error_message="La couleur s'écrit # suivi de six chiffres ou lettres de A à F.",
            ),
            models.CheckConstraint(
                name="motifs_duree",
                condition=models.Q(duree__range=(DUREE_MINIMUM, DUREE_MAXIMUM)),
                violation_error_message="La durée va de 5 minutes à 12 heures.",
            ),
            models.CheckConstraint(
                name="motifs_delais_bornes",
                condition=models.Q(delai_min__gte=DELAI_MINIMUM, delai_max__lte=DELAI_MAXIMUM),
                violation_error_message="Les délais vont de 30 minutes à 1 an.",
            ),
            models.CheckConstraint(
                name="motifs_delai_max_superieur",
                condition=models.Q(delai_max__gt=models.F("delai_min")),
                violation_error_message="Le délai maximum doit être supérieur au délai minimum.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    @property
    def delta(self) -> timedelta:
        """The duration as a timedelta (the field is in minutes)."""
        return timedelta(minutes=self.duree)

    @property
    def sur_place(self) -> bool:
        return self.type_lieu == TypeLieu.SUR_PLACE

    def est_ouvert_a(self, *, prescripteur: bool) -> bool:
        """Whether a prescriber may book it, or everyone: `MotifQuerySet.ouverts_a`, of one read with its structure."""
        structure = self.structure
        ouvert = structure.reservation_en_ligne_possible and not structure.lien_ferme
        reservable = ouvert and self.reservable_en_ligne and self.archive_le is None
        return reservable and (prescripteur or self.ouvert_a == Public.TOUS)

    def fenetre_du_public(self, maintenant: datetime) -> tuple[datetime, datetime]:
        """Return the earliest and latest start that the public may book, both included (UTC in, UTC out)."""
        return maintenant + self.delai_min, maintenant + self.delai_max
