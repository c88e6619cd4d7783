"""When: plages d'ouverture and absences (rules in local time) and their dated occurrences (UTC ranges)."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from motifs.models import Motif
from plages.recurrence import Frequence, Modification, Regle
from structures.models import Agent, Lieu, Structure

PREMIER_JOUR_MINIMUM = date(2018, 1, 1)
PREMIER_JOUR_MAXIMUM = date(2100, 1, 1)
PAUSE_MAXIMUM = 120

FREQUENCES = [
    (Frequence.UNIQUE.value, "Une seule fois"),
    (Frequence.JOUR.value, "Tous les jours"),
    (Frequence.SEMAINE.value, "Toutes les semaines"),
    (Frequence.MOIS.value, "Tous les mois"),
]


def _contraintes(prefixe: str) -> list[models.CheckConstraint]:
    """The constraints that a recurrence rule obeys, for each table that holds one."""
    return [
        models.CheckConstraint(
            name=f"{prefixe}_frequence_connue",
            condition=Q(frequence__in=[code for code, _ in FREQUENCES]),
            violation_error_message="Cette répétition n'existe pas.",
        ),
        models.CheckConstraint(
            name=f"{prefixe}_intervalle",
            condition=Q(intervalle__range=(1, 12)),
            violation_error_message="L'intervalle de répétition va de 1 à 12.",
        ),
        models.CheckConstraint(
            name=f"{prefixe}_dates_sensees",
            condition=Q(premier_jour__range=(PREMIER_JOUR_MINIMUM, PREMIER_JOUR_MAXIMUM))
            & (Q(jusqu_au__isnull=True) | Q(jusqu_au__lte=PREMIER_JOUR_MAXIMUM)),
            violation_error_message="Le premier jour ne peut pas être avant 2018 ni trop loin dans l'avenir.",
        ),
        models.CheckConstraint(
            name=f"{prefixe}_fin_de_repetition",
            condition=Q(jusqu_au__isnull=True) | Q(jusqu_au__gt=F("premier_jour")),
            violation_error_message="La fin de la répétition doit être après le premier jour.",
        ),
    ]


class RegleEnBase(models.Model):
    """The columns of a recurrence rule (see `plages.recurrence.Regle` for their meaning)."""

    premier_jour = models.DateField("premier jour")
    heure_debut = models.TimeField("commence à")
    heure_fin = models.TimeField("termine à")
    frequence = models.CharField("répétition", max_length=10, choices=FREQUENCES, default="unique")
    intervalle = models.PositiveSmallIntegerField("toutes les", default=1)
    jours = ArrayField(models.PositiveSmallIntegerField(), verbose_name="jours de la semaine", default=list, blank=True)
    rangs = models.JSONField("jours du mois (jour de semaine, rang)", default=list, blank=True)
    jusqu_au = models.DateField("fin de la répétition", null=True, blank=True)
    cree_le = models.DateTimeField("créée le", default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @property
    def regle(self) -> Regle:
        """The rule as a value."""
        return Regle(
            premier_jour=self.premier_jour,
            debut=self.heure_debut,
            fin=self.heure_fin,
            frequence=Frequence(self.frequence),
            intervalle=self.intervalle,
            jours=tuple(self.jours),
            rangs=tuple((jour, rang) for jour, rang in self.rangs),
            jusqu_au=self.jusqu_au,
            jours_de_suite=self.nuits,
        )

    @property
    def nuits(self) -> int:
        """How many nights after its first day an occurrence ends."""
        return 0


class PlageQuerySet(models.QuerySet["PlageOuverture"]):
    """Plages asked for by what the page needs."""

    def en_cours(self, aujourd_hui: date) -> "PlageQuerySet":
        """Plages that still have, or may have, an occurrence on or after that local date, one moved there included."""
        repetee = ~Q(frequence=Frequence.UNIQUE)
        # Of the dates that the rule still covers: the others are kept, and open nothing (`plages.recurrence.modifier`).
        deplacees = OccurrenceModifiee.objects.filter(
            plage=OuterRef("pk"), jour__lte=OuterRef("jusqu_au"), nouveau_jour__gte=aujourd_hui
        )
        return self.filter(
            Q(frequence=Frequence.UNIQUE, premier_jour__gte=aujourd_hui)
            | (repetee & (Q(jusqu_au__isnull=True) | Q(jusqu_au__gte=aujourd_hui) | Exists(deplacees)))
        )

    def passees(self, aujourd_hui: date) -> "PlageQuerySet":
        return self.exclude(pk__in=self.en_cours(aujourd_hui).values("pk"))

    def avec_details(self) -> "PlageQuerySet":
        return self.select_related("agent", "lieu", "structure").prefetch_related("motifs")


class PlageOuverture(RegleEnBase):
    """An agent opens time for some motifs, in one lieu (none when no motif is on site)."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="plages")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="plages")
    lieu = models.ForeignKey(Lieu, models.PROTECT, related_name="plages", null=True, blank=True, verbose_name="lieu")
    titre = models.CharField("nom de la plage d'ouverture", max_length=150)
    motifs: "models.ManyToManyField[Motif, models.Model]" = models.ManyToManyField(
        Motif, related_name="plages", verbose_name="motifs"
    )
    pause = models.PositiveSmallIntegerField("pause après chaque rendez-vous, en minutes", default=0)

    objects = PlageQuerySet.as_manager()

    class Meta:
        verbose_name = "plage d'ouverture"
        verbose_name_plural = "plages d'ouverture"
        indexes = [models.Index(fields=["structure", "agent"], name="plages_structure_agent")]
        constraints = [
            *_contraintes("plages_plage"),
            models.CheckConstraint(
                name="plages_plage_fin_apres_debut",
                condition=Q(heure_fin__gt=F("heure_debut")),
                violation_error_message="L'heure de fin doit être après l'heure de début.",
            ),
            models.CheckConstraint(
                name="plages_plage_pause",
                condition=Q(pause__range=(0, PAUSE_MAXIMUM)),
                violation_error_message=f"La pause va de 0 à {PAUSE_MAXIMUM} minutes.",
            ),
        ]

    def __str__(self) -> str:
        return self.titre

    @property
    def tz(self) -> ZoneInfo:
        return self.structure.tz


class Ouverture(models.Model):
    """One dated occurrence of a plage: derived, rewritten at each change of its plage.

    `jour` is the local date that the rule gives it: it still names an occurrence that was moved.
    The slots engine finds them in the order of their starts (a range is sorted by its lower bound), and relies on how
    long one may last: 25 hours, a day when clocks go back.
    """

    plage = models.ForeignKey(PlageOuverture, models.CASCADE, related_name="ouvertures", db_index=False)
    jour = models.DateField("jour")
    periode = DateTimeRangeField("période (UTC)")

    class Meta:
        verbose_name = "ouverture"
        indexes = [models.Index(fields=["plage", "periode"], name="plages_ouverture_debut")]
        constraints = [
            models.UniqueConstraint(name="plages_ouverture_unique", fields=["plage", "jour"]),
            models.CheckConstraint(name="plages_ouverture_non_vide", condition=Q(periode__isempty=False)),
            models.CheckConstraint(
                name="plages_ouverture_un_jour",
                condition=Q(periode__endswith__lte=F("periode__startswith") + timedelta(hours=25)),
                violation_error_message="Une ouverture commence et finit le même jour.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plage} · {self.jour}"


class OccurrenceModifieeQuerySet(models.QuerySet["OccurrenceModifiee"]):
    """Modified dates asked for by what the page needs."""

    def a_venir(self, aujourd_hui: date) -> "OccurrenceModifieeQuerySet":
        """Those whose own day, or the one where they went, is that local date or after."""
        return self.filter(Q(jour__gte=aujourd_hui) | Q(nouveau_jour__gte=aujourd_hui))


class OccurrenceModifiee(models.Model):
    """One date of a repeated plage, dropped, or moved when it has a new day. `jour`: the date that the rule gives."""

    plage = models.ForeignKey(PlageOuverture, models.CASCADE, related_name="occurrences_modifiees")
    jour = models.DateField("jour prévu")
    nouveau_jour = models.DateField("nouveau jour", null=True, blank=True)
    heure_debut = models.TimeField("commence à", null=True, blank=True)
    heure_fin = models.TimeField("termine à", null=True, blank=True)

    objects = OccurrenceModifieeQuerySet.as_manager()

    class Meta:
        verbose_name = "occurrence modifiée"
        verbose_name_plural = "occurrences modifiées"
        constraints = [
            models.UniqueConstraint(
                name="plages_modification_unique",
                fields=["plage", "jour"],
                violation_error_message="Cette date est déjà modifiée.",
            ),
            models.CheckConstraint(
                name="plages_modification_complete",
                condition=Q(nouveau_jour__isnull=True, heure_debut__isnull=True, heure_fin__isnull=True)
                | Q(nouveau_jour__isnull=False, heure_debut__isnull=False, heure_fin__isnull=False),
                violation_error_message="Une date déplacée a un jour et des heures ; une date supprimée n'en a pas.",
            ),
            models.CheckConstraint(
                name="plages_modification_fin_apres_debut",
                condition=Q(heure_fin__isnull=True) | Q(heure_fin__gt=F("heure_debut")),
                violation_error_message="L'heure de fin doit être après l'heure de début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plage} · {self.jour}"

    @property
    def modification(self) -> Modification:
        """The modification as a value."""
        return Modification(self.jour, self.nouveau_jour, self.heure_debut, self.heure_fin)


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Absences asked for by what the page needs."""

    def en_cours(self, aujourd_hui: date) -> "AbsenceQuerySet":
        """Absences that still have, or may have, an occurrence that ends on or after that local date."""
        return self.filter(
            Q(frequence=Frequence.UNIQUE, dernier_jour__gte=aujourd_hui)
            | (~Q(frequence=Frequence.UNIQUE) & (Q(jusqu_au__isnull=True) | Q(jusqu_au__gte=aujourd_hui)))
        )

    def passees(self, aujourd_hui: date) -> "AbsenceQuerySet":
        return self.exclude(pk__in=self.en_cours(aujourd_hui).values("pk"))


class Absence(RegleEnBase):
    """An agent is not available, in any structure. `structure` is where it was entered: it gives the time zone."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="absences")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="absences")
    titre = models.CharField("description", max_length=150, help_text="Visible par les agents seulement.")
    dernier_jour = models.DateField("termine le")

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = "absence"
        constraints = [
            *_contraintes("plages_absence"),
            models.CheckConstraint(
                name="plages_absence_fin_apres_debut",
                condition=Q(dernier_jour__gt=F("premier_jour"))
                | Q(dernier_jour=F("premier_jour"), heure_fin__gt=F("heure_debut")),
                violation_error_message="La fin de l'absence doit être après son début.",
            ),
            models.CheckConstraint(
                name="plages_absence_repetee_un_jour",
                condition=Q(frequence=Frequence.UNIQUE.value) | Q(dernier_jour=F("premier_jour")),
                violation_error_message="Une absence qui se répète commence et finit le même jour.",
            ),
        ]

    def __str__(self) -> str:
        return self.titre

    @property
    def nuits(self) -> int:
        return (self.dernier_jour - self.premier_jour).days


class Indisponibilite(models.Model):
    """One dated occurrence of an absence: derived, rewritten with it."""

    absence = models.ForeignKey(Absence, models.CASCADE, related_name="indisponibilites")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="indisponibilites", db_index=False)
    jour = models.DateField("jour")
    periode = DateTimeRangeField("période (UTC)")

    class Meta:
        verbose_name = "indisponibilité"
        # Those that end after a moment: an absence may last for months, its start says little.
        indexes = [models.Index("agent", "periode__endswith", include=["periode"], name="plages_indispo_fin")]
        constraints = [
            models.UniqueConstraint(name="plages_indispo_unique", fields=["absence", "jour"]),
            # An empty period has no end either.
            models.CheckConstraint(name="plages_indispo_finie", condition=Q(periode__endswith__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.absence} · {self.jour}"


class JourParticulier(models.Model):
    """A local date on which a structure departs from the public holidays: closed, or open although it is one."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="jours_particuliers")
    jour = models.DateField("jour")
    ferme = models.BooleanField("fermé", default=True)
    nom = models.CharField("raison", max_length=100, blank=True)

    class Meta:
        verbose_name = "jour particulier"
        verbose_name_plural = "jours particuliers"
        constraints = [
            models.UniqueConstraint(
                name="plages_jour_particulier_unique",
                fields=["structure", "jour"],
                violation_error_message="Ce jour est déjà dans la liste.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jour} · {'fermé' if self.ferme else 'ouvert'}"
