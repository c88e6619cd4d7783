"""Who: structures, their agents and their lieux."""

import secrets
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from structures.fuseaux import PARIS


def jeton_secret() -> str:
    """Return a secret for a link: 22 URL-safe characters, 128 bits, not enumerable."""
    return secrets.token_urlsafe(16)


def valider_fuseau(nom: str) -> None:
    """Refuse a name that is not an IANA time zone."""
    try:
        ZoneInfo(nom)
    except (ValueError, OSError) as erreur:
        raise ValidationError("Ce fuseau horaire n'existe pas.") from erreur


class Plateforme(models.TextChoices):
    """The two public faces of the service. Online booking exists on AIDE_NUMERIQUE only (brief, last warning)."""

    AIDE_NUMERIQUE = "aide_numerique", "RDV Aide Numérique"
    SOLIDARITES = "solidarites", "RDV Solidarités"


HEURES_AVANT_MAXIMUM = 14 * 24


class Structure(models.Model):
    """An organisation that offers rendez-vous. Its time zone rules pages, messages and recurrences."""

    nom = models.CharField("nom", max_length=250)
    plateforme = models.CharField("plateforme", max_length=20, choices=Plateforme, default=Plateforme.AIDE_NUMERIQUE)
    departement = models.CharField("département", max_length=3, blank=True)
    fuseau = models.CharField("fuseau horaire", max_length=50, default=PARIS, validators=[valider_fuseau])
    telephone = PhoneNumberField("téléphone", blank=True)
    courriel = models.EmailField("adresse e-mail", blank=True)
    lien = models.CharField("jeton du lien de réservation", max_length=43, unique=True, default=jeton_secret)
    # Closes the link for a while, whatever the motifs: they keep their own settings.
    lien_ferme = models.BooleanField("réservation en ligne fermée", default=False, editable=False)
    rappel_48h = models.BooleanField("Rappeler le rendez-vous deux jours avant", default=True)
    rappel_2h = models.BooleanField("Rappeler le rendez-vous deux heures avant", default=False)
    # Until how many hours before the rendez-vous the learner may do it alone; agents are not bound.
    annulation_heures = models.PositiveSmallIntegerField("heures avant, pour annuler par Internet", default=4)
    deplacement_heures = models.PositiveSmallIntegerField("heures avant, pour déplacer par Internet", default=48)
    liste_d_attente = models.BooleanField("Prévenir les personnes quand une place se libère", default=True)
    # How many invitations were e-mailed, on the last day when one was: see `equipe.INVITATIONS_PAR_JOUR`.
    invitations = models.PositiveSmallIntegerField("invitations de ce jour-là", default=0, editable=False)
    invitations_le = models.DateField("dernier jour d'invitation", null=True, editable=False)
    id_externe = models.CharField("identifiant dans l'annuaire national", max_length=100, null=True, blank=True)
    cree_le = models.DateTimeField("créée le", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "structure"
        constraints = [
            models.CheckConstraint(
                name="structures_plateforme_connue",
                condition=models.Q(plateforme__in=Plateforme.values),
                violation_error_message="Cette plateforme n'existe pas.",
            ),
            models.UniqueConstraint(
                name="structures_id_externe_unique",
                fields=["id_externe"],
                violation_error_message="Une structure porte déjà cet identifiant.",
            ),
            models.CheckConstraint(
                name="structures_annulation_heures",
                condition=models.Q(annulation_heures__range=(0, HEURES_AVANT_MAXIMUM)),
                violation_error_message=f"Le nombre d'heures va de 0 à {HEURES_AVANT_MAXIMUM} (14 jours).",
            ),
            models.CheckConstraint(
                name="structures_deplacement_heures",
                condition=models.Q(deplacement_heures__range=(0, HEURES_AVANT_MAXIMUM)),
                violation_error_message=f"Le nombre d'heures va de 0 à {HEURES_AVANT_MAXIMUM} (14 jours).",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    @property
    def tz(self) -> ZoneInfo:
        """The time zone in which rules, pages, messages and ICS of this structure are written."""
        return ZoneInfo(self.fuseau)

    @property
    def reservation_en_ligne_possible(self) -> bool:
        """Whether online booking exists here: a fact of the structure, never of the host asked."""
        return self.plateforme == Plateforme.AIDE_NUMERIQUE


class AncienLien(models.Model):
    """A booking link that its structure replaced: whoever still has it is told so, it is never given again."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="anciens_liens")
    lien = models.CharField("jeton remplacé", max_length=43, editable=False)
    remplace_le = models.DateTimeField("remplacé le", editable=False)

    class Meta:
        verbose_name = "ancien lien de réservation"
        verbose_name_plural = "anciens liens de réservation"
        constraints = [
            models.UniqueConstraint(
                name="structures_ancien_lien_unique",
                fields=["lien"],
                violation_error_message="Ce lien a déjà été remplacé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.structure} · remplacé le {self.remplace_le:%Y-%m-%d}"


class MessagesRecus(models.TextChoices):
    """Which changes to their rendez-vous an agent is written to about."""

    TOUS = "tous", "Tous, y compris quand le changement vient de moi"
    AUTRES = "autres", "Seulement ce que d'autres que moi ont pris, déplacé ou annulé"
    BIENTOT = "bientot", "Seulement ce que d'autres changent pour aujourd'hui ou demain"
    AUCUN = "aucun", "Aucun : je regarde mon agenda"


class AgentManager(BaseUserManager["Agent"]):
    """Create agents by e-mail address."""

    def create_user(self, courriel: str, password: str | None = None, **champs: Any) -> "Agent":
        agent = self.model(courriel=self.normalize_email(courriel).lower(), **champs)
        agent.set_password(password)
        agent.save(using=self._db)
        return agent

    def create_superuser(self, courriel: str, password: str | None = None, **champs: Any) -> "Agent":
        return self.create_user(courriel, password, est_plateforme=True, is_superuser=True, **champs)

    def get_by_natural_key(self, username: str | None) -> "Agent":
        return self.get(courriel__iexact=username)


class Agent(AbstractBaseUser, PermissionsMixin):
    """A conseiller numérique or an admin of a structure: the user model, identified by e-mail."""

    courriel = models.EmailField("adresse e-mail")
    prenom = models.CharField("prénom", max_length=100)
    nom = models.CharField("nom", max_length=100)
    url_visio = models.URLField(
        "lien de visioconférence",
        blank=True,
        help_text="L'adresse de votre salle, par exemple https://visio.exemple.fr/ma-salle. "
        "Elle est donnée aux personnes qui prennent un rendez-vous par visioconférence.",
    )
    id_externe = models.CharField("identifiant dans l'annuaire national", max_length=100, null=True, blank=True)
    messages_recus = models.CharField(
        "e-mails sur mes rendez-vous", max_length=10, choices=MessagesRecus, default=MessagesRecus.AUTRES
    )
    prenom_public = models.BooleanField(
        "Montrer mon prénom sur la fiche publique des lieux où je reçois",
        default=False,
        help_text="Sans cela, votre nom n'est pas sur la carte.",
    )
    # The secret of the calendar that other programs follow; None: nothing to follow.
    jeton_agenda = models.CharField("jeton de l'agenda à suivre", max_length=43, unique=True, null=True, editable=False)
    agenda_detaille = models.BooleanField(
        "Y écrire le nom des personnes et l'objet de mes absences",
        default=False,
        help_text="Sans cela, on y lit seulement « Rendez-vous » ou « Absence », et l'heure.",
    )
    is_active = models.BooleanField("actif", default=True)
    est_plateforme = models.BooleanField("personnel de la plateforme", default=False)
    structures: "models.ManyToManyField[Structure, Appartenance]" = models.ManyToManyField(
        Structure, through="Appartenance", related_name="agents"
    )
    # The last time a link to choose a password was asked for: the next one waits a few minutes.
    lien_demande_le = models.DateTimeField("lien demandé le", null=True, blank=True, editable=False)
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    objects = AgentManager()

    USERNAME_FIELD = "courriel"
    EMAIL_FIELD = "courriel"
    REQUIRED_FIELDS = ["prenom", "nom"]

    class Meta:
        verbose_name = "agent"
        constraints = [
            models.UniqueConstraint(
                Lower("courriel"),
                name="structures_agent_courriel_unique",
                violation_error_message="Un agent utilise déjà cette adresse e-mail.",
            ),
            models.UniqueConstraint(
                name="structures_agent_id_externe_unique",
                fields=["id_externe"],
                condition=models.Q(id_externe__isnull=False),
                violation_error_message="Un agent porte déjà cet identifiant.",
            ),
            models.CheckConstraint(
                name="structures_messages_connus",
                condition=models.Q(messages_recus__in=MessagesRecus.values),
                violation_error_message="Ce choix de messages n'existe pas.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom_complet

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}"


class Role(models.TextChoices):
    """What an agent may do in a structure: ADMIN changes settings, BASIQUE works with them."""

    ADMIN = "admin", "Administrateur"
    BASIQUE = "basique", "Agent"


class Appartenance(models.Model):
    """An agent belongs to a structure, with a role there."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="appartenances")
    structure = models.ForeignKey(Structure, models.CASCADE, related_name="appartenances")
    role = models.CharField("rôle", max_length=10, choices=Role, default=Role.BASIQUE)
    # The secret of the booking link to this agent's slots alone; None: there is no such link.
    lien = models.CharField("jeton du lien vers ses créneaux", max_length=43, unique=True, null=True, editable=False)
    # The last time an invitation was e-mailed: shown until a password is chosen, and the next one waits a few minutes.
    invite_le = models.DateTimeField("invitation envoyée le", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "appartenance"
        constraints = [
            models.UniqueConstraint(
                name="structures_appartenance_unique",
                fields=["agent", "structure"],
                violation_error_message="Cet agent appartient déjà à cette structure.",
            ),
            models.CheckConstraint(
                name="structures_role_connu",
                condition=models.Q(role__in=Role.values),
                violation_error_message="Ce rôle n'existe pas.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} · {self.structure}"

    @property
    def est_admin(self) -> bool:
        return self.role == Role.ADMIN


class LieuQuerySet(models.QuerySet["Lieu"]):
    """Lieux asked for by what the page needs."""

    def ouverts(self) -> "LieuQuerySet":
        return self.filter(ouvert=True)


class Lieu(models.Model):
    """A place where a structure receives people. `fiche` keeps the other columns of the national standard v1.0.2."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="lieux")
    nom = models.CharField("nom", max_length=250)
    adresse = models.CharField("adresse", max_length=300, blank=True, help_text="Numéro et rue.")
    complement_adresse = models.CharField("complément d'adresse", max_length=300, blank=True)
    code_postal = models.CharField("code postal", max_length=5)
    commune = models.CharField("commune", max_length=150)
    code_insee = models.CharField("code INSEE", max_length=5, blank=True)
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)
    telephone = PhoneNumberField("téléphone", blank=True)
    ouvert = models.BooleanField(
        "ouvert", default=True, help_text="Un lieu fermé n'est plus proposé à la réservation en ligne."
    )
    id_externe = models.CharField("identifiant dans le fichier national", max_length=100, null=True, blank=True)
    fiche = models.JSONField("autres colonnes du standard national", default=dict, blank=True)

    objects = LieuQuerySet.as_manager()

    class Meta:
        verbose_name = "lieu"
        verbose_name_plural = "lieux"
        constraints = [
            models.UniqueConstraint(
                name="structures_lieu_id_externe_unique",
                fields=["id_externe"],
                violation_error_message="Un lieu porte déjà cet identifiant.",
            ),
            models.CheckConstraint(
                name="structures_lieu_code_postal",
                condition=models.Q(code_postal__regex=r"^[0-9]{5}$"),
                violation_error_message="Le code postal doit avoir cinq chiffres.",
            ),
            models.CheckConstraint(
                name="structures_lieu_coordonnees",
                # A CHECK lets NULL through: "not null" must be said for both.
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                violation_error_message="La latitude et la longitude vont ensemble et doivent exister sur Terre.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    @property
    def adresse_complete(self) -> str:
        rue = ", ".join(partie for partie in (self.adresse, self.complement_adresse) if partie)
        ville = f"{self.code_postal} {self.commune}".strip()
        return f"{rue}, {ville}" if rue else ville
