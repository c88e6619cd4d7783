"""What is published of the places: the state of each one's button, and the publication itself."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from structures.models import Agent, Lieu, Structure, jeton_secret


class EtatDuBoutonQuerySet(models.QuerySet["EtatDuBouton"]):
    """States asked for by what the page needs."""

    def en_cours(self) -> "EtatDuBoutonQuerySet":
        return self.filter(jusqu_a__isnull=True)


class EtatDuBouton(models.Model):
    """The button "Prendre rendez-vous" of a place was on, or off, for a while: written at each switch only.

    A place whose button was never on has no row.
    """

    lieu = models.ForeignKey(Lieu, models.CASCADE, related_name="etats_du_bouton")
    actif = models.BooleanField("actif")
    depuis = models.DateTimeField("depuis")
    jusqu_a = models.DateTimeField("jusqu'à", null=True, blank=True)
    pourquoi = models.CharField("pourquoi", max_length=300)

    objects = EtatDuBoutonQuerySet.as_manager()

    class Meta:
        verbose_name = "état du bouton"
        verbose_name_plural = "états du bouton"
        constraints = [
            models.UniqueConstraint(
                name="cartographie_un_etat_en_cours",
                fields=["lieu"],
                condition=models.Q(jusqu_a__isnull=True),
                violation_error_message="Le bouton de ce lieu a déjà un état en cours.",
            ),
            models.CheckConstraint(
                name="cartographie_etat_fin_apres_debut",
                condition=models.Q(jusqu_a__isnull=True) | models.Q(jusqu_a__gt=models.F("depuis")),
                violation_error_message="Un état se termine après avoir commencé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lieu} · {'actif' if self.actif else 'inactif'} depuis le {self.depuis:%Y-%m-%d %H:%M}"


class Publication(models.Model):
    """The one row that says when the states were last published, and when each feed was last read by someone."""

    SEULE = 1

    publiee_le = models.DateTimeField("publiée le", null=True)
    # What the feeds say, in one value, and since when they say it.
    empreinte = models.CharField("empreinte", max_length=32, blank=True)
    changee_le = models.DateTimeField("changée le", null=True)
    lieux_lus_le = models.DateTimeField("lieux lus le", null=True)
    liens_lus_le = models.DateTimeField("liens lus le", null=True)

    class Meta:
        verbose_name = "publication"
        constraints = [
            models.CheckConstraint(
                name="cartographie_publication_unique",
                condition=models.Q(pk=1),
                violation_error_message="Il n'y a qu'une publication.",
            ),
        ]

    def __str__(self) -> str:
        return f"publication de {self.publiee_le:%Y-%m-%d %H:%M}" if self.publiee_le else "jamais publié"

    @property
    def lue_le(self) -> datetime | None:
        """The last time someone read a feed, whichever it is."""
        return max(filter(None, [self.lieux_lus_le, self.liens_lus_le]), default=None)


class AppelDeFlux(models.Model):
    """How many times one connection (hashed) read the feeds in one minute: to limit it. Deleted within the hour."""

    adresse = models.CharField("adresse réseau, hachée", max_length=64)
    minute = models.DateTimeField("minute")
    nombre = models.PositiveIntegerField("nombre d'appels", default=1)

    class Meta:
        verbose_name = "appel des flux"
        verbose_name_plural = "appels des flux"
        constraints = [
            models.UniqueConstraint(
                name="cartographie_appel_unique",
                fields=["minute", "adresse"],
                violation_error_message="Les appels de cette minute sont déjà comptés.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nombre} à {self.minute:%H:%M}"


class Releve(models.Model):
    """What the national file said of a place the last time: whatever differs from it was corrected here, and stays."""

    lieu = models.OneToOneField(Lieu, models.CASCADE, primary_key=True, related_name="releve")
    valeurs = models.JSONField("ce que dit le fichier", default=dict)
    # The file no longer knows the place: off the map, unless an agent has opened it again.
    retire_le = models.DateTimeField("retiré du fichier le", null=True, blank=True)
    a_rouvrir = models.BooleanField("à rouvrir s'il revient", default=False)

    class Meta:
        verbose_name = "relevé"
        constraints = [
            models.CheckConstraint(
                name="cartographie_rouvrir_un_retire",
                condition=models.Q(a_rouvrir=False) | models.Q(retire_le__isnull=False),
                violation_error_message="Seul un lieu retiré du fichier peut être à rouvrir.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lieu} dans le fichier national"


class LienDeTerritoire(models.Model):
    """A link to the slots of several structures, for prescribers: a whole département, or the structures of a list."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="liens_de_territoire")
    nom = models.CharField("nom", max_length=150)
    jeton = models.CharField("jeton", max_length=43, unique=True, default=jeton_secret, editable=False)
    # The whole département, whatever structures join or leave it; "": the structures of the list.
    departement = models.CharField("département", max_length=3, blank=True)
    structures: "models.ManyToManyField[Structure, models.Model]" = models.ManyToManyField(
        Structure, related_name="+", blank=True
    )
    ferme = models.BooleanField("fermé", default=False)
    cree_par = models.ForeignKey(Agent, models.SET_NULL, related_name="+", null=True, verbose_name="créé par")
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "lien de territoire"
        verbose_name_plural = "liens de territoire"
        constraints = [
            models.UniqueConstraint(
                "structure",
                Lower("nom"),
                name="cartographie_territoire_nom_unique",
                violation_error_message="Un lien de votre structure porte déjà ce nom.",
            ),
            models.CheckConstraint(
                name="cartographie_territoire_nomme",
                condition=~models.Q(nom=""),
                violation_error_message="Un lien de territoire porte un nom.",
            ),
            models.CheckConstraint(
                name="cartographie_territoire_departement",
                condition=models.Q(departement__regex=r"^([0-9]{2,3}|2[AB])?$"),
                violation_error_message="Ce département n'existe pas.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom
