"""The booking: rendez-vous (options included), participations, apprenants, bookings in progress, messages."""

import re
import uuid
from datetime import datetime, timedelta
from enum import Enum
from functools import reduce
from operator import or_
from typing import TypedDict

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.lookups import Unaccent
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Prefetch, Q, Value
from django.db.models.functions import Cast, Concat, Lower, Upper
from django.utils import timezone
from django.utils.functional import cached_property
from phonenumber_field.modelfields import PhoneNumberField

from motifs.models import Motif, Public, TypeLieu
from plages.models import PAUSE_MAXIMUM
from reservations.telephones import debuts_de_numero
from structures.models import Agent, Lieu, Structure, jeton_secret


class Statut(models.TextChoices):
    """OPTION, PREVU, HONORE and ABSENT occupy the agent's time; EXCUSE and ANNULE free it."""

    OPTION = "option", "Créneau gardé"
    PREVU = "prevu", "Prévu"
    HONORE = "honore", "Personne venue"
    ABSENT = "absent", "Personne absente"
    EXCUSE = "excuse", "Annulé par la personne"
    ANNULE = "annule", "Annulé par la structure"


class Par(Enum):
    """By whom a rendez-vous is moved or cancelled."""

    STRUCTURE = "structure"
    PERSONNE = "personne"
    PRESCRIPTEUR = "prescripteur"


STATUTS_OCCUPANTS = (Statut.OPTION, Statut.PREVU, Statut.HONORE, Statut.ABSENT)
STATUTS_ANNULES = (Statut.EXCUSE, Statut.ANNULE)
LANGUES = [code for code, _ in settings.LANGUAGES]
VALIDITE_DU_LIEN = timedelta(days=90)  # after the rendez-vous
UNE_OFFRE_PAR = timedelta(hours=24)  # of a place that is free again, to one contact


class ApprenantQuerySet(models.QuerySet["Apprenant"]):
    """Learners asked for by what the page needs."""

    def cherches(self, texte: str) -> "ApprenantQuerySet":
        """Those whose number begins so when a number is typed; else whose name has each of these words, or parts of
        words, whatever the accents, the capitals, the hyphens and the order."""
        if debuts := debuts_de_numero(texte):
            avec_numero = self.alias(numero=Cast("telephone", models.CharField()))
            return avec_numero.filter(reduce(or_, (Q(numero__startswith=debut) for debut in debuts)))
        trouves = self.alias(nom_entier=Concat("prenom", Value(" "), "nom"))
        for mot in re.findall(r"\w+", texte):
            trouves = trouves.filter(nom_entier__unaccent__icontains=mot)
        return trouves

    def par_nom(self) -> "ApprenantQuerySet":
        return self.order_by(Unaccent(Lower("nom")), Unaccent(Lower("prenom")), "pk")


class Apprenant(models.Model):
    """A learner, as one structure knows them."""

    structure = models.ForeignKey(Structure, models.CASCADE, related_name="apprenants")
    prenom = models.CharField("prénom", max_length=100)
    nom = models.CharField("nom", max_length=100)
    courriel = models.EmailField("adresse e-mail", blank=True)
    telephone = PhoneNumberField("téléphone", blank=True)
    # The one of the page where they booked last: what is written to them later is in it too.
    langue = models.CharField(
        "langue des messages", max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    objects = ApprenantQuerySet.as_manager()

    class Meta:
        verbose_name = "apprenant"
        indexes = [
            models.Index(fields=["structure", "courriel"], name="reservations_apprenant_mail"),
            models.Index(fields=["structure", "telephone"], name="reservations_apprenant_tel"),
            # One contact in all the structures, as `iexact` asks for it.
            models.Index(Upper("courriel"), name="reservations_apprenant_connu"),
            models.Index(fields=["telephone"], name="reservations_apprenant_numero"),
        ]
        constraints = [
            models.CheckConstraint(
                name="reservations_apprenant_langue",
                condition=Q(langue__in=LANGUES),
                violation_error_message="Les messages ne sont pas écrits dans cette langue.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"


class Prescripteur(models.Model):
    """Someone who books for the people they accompany: an e-mail address proved by a code, no account needed."""

    prenom = models.CharField("prénom", max_length=100)
    nom = models.CharField("nom", max_length=100)
    courriel = models.EmailField("adresse e-mail professionnelle")
    telephone = PhoneNumberField("téléphone", blank=True)
    organisation = models.CharField("organisation", max_length=150)
    # The account with which they book, for an agent: no form, no code.
    agent = models.OneToOneField(Agent, models.SET_NULL, related_name="prescripteur", null=True, blank=True)
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "prescripteur"
        constraints = [
            models.UniqueConstraint(
                Lower("courriel"),
                name="reservations_prescripteur_courriel_unique",
                violation_error_message="Un prescripteur utilise déjà cette adresse e-mail.",
            ),
            models.CheckConstraint(
                name="reservations_prescripteur_nomme",
                condition=~Q(prenom="") & ~Q(nom="") & ~Q(courriel="") & ~Q(organisation=""),
                violation_error_message="Un prescripteur a un prénom, un nom, une adresse e-mail et une organisation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nom_complet}, {self.organisation}"

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}"


class AppareilDuPrescripteur(models.Model):
    """A browser in which a prescriber gave the code: its cookie carries the secret, until forgotten or too old."""

    prescripteur = models.ForeignKey(Prescripteur, models.CASCADE, related_name="appareils")
    secret_hache = models.CharField("secret, haché", max_length=64, unique=True)
    nom = models.CharField("navigateur", max_length=100, blank=True)
    expire_a = models.DateTimeField("valable jusqu'à")
    cree_le = models.DateTimeField("ajouté le", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "appareil d'un prescripteur"
        verbose_name_plural = "appareils des prescripteurs"

    def __str__(self) -> str:
        return self.nom or "Navigateur inconnu"


class RendezVousQuerySet(models.QuerySet["RendezVous"]):
    """Rendez-vous asked for by what the page needs."""

    def de_la_structure(self, structure: Structure) -> "RendezVousQuerySet":
        """The rendez-vous of a structure, options left out: they are nobody's appointment yet."""
        return self.filter(structure=structure).exclude(statut=Statut.OPTION)

    def a_venir(self, maintenant: datetime) -> "RendezVousQuerySet":
        return self.filter(fin__gt=maintenant, statut=Statut.PREVU).order_by("debut", "pk")

    def annules_a_venir(self, maintenant: datetime) -> "RendezVousQuerySet":
        """Those that would be to come, had they not been cancelled."""
        return self.filter(fin__gt=maintenant, statut__in=STATUTS_ANNULES).order_by("debut", "pk")

    def occupant(self, agent_id: int, debut: datetime, fin: datetime, maintenant: datetime) -> "RendezVousQuerySet":
        """What takes an agent's time between two instants, in any structure; an option that expired takes none."""
        pris = self.filter(agent=agent_id, statut__in=STATUTS_OCCUPANTS, periode__overlap=(debut, fin))
        return pris.filter(Q(expire_a__isnull=True) | Q(expire_a__gt=maintenant)).order_by("debut", "pk")

    def du_contact(self, contact: str) -> "RendezVousQuerySet":
        """Those told to this e-mail address or number (E.164)."""
        return self.du_courriel(contact) if "@" in contact else self.du_telephone(contact)

    def du_courriel(self, courriel: str) -> "RendezVousQuerySet":
        return self._des_participants(Q(apprenant__courriel__iexact=courriel))

    def du_telephone(self, telephone: str) -> "RendezVousQuerySet":
        """Beside an e-mail address, a number was only typed: it tells nobody."""
        return self._des_participants(Q(apprenant__courriel="", apprenant__telephone=telephone))

    def _des_participants(self, cible: Q) -> "RendezVousQuerySet":
        participants = Participation.objects.filter(cible)
        return self.filter(pk__in=participants.values("rendez_vous")).exclude(statut=Statut.OPTION)

    def prescrits_par(self, prescripteur: Prescripteur) -> "RendezVousQuerySet":
        return self.filter(prescripteur=prescripteur).exclude(statut=Statut.OPTION)

    def passes(self, maintenant: datetime, depuis: timedelta) -> "RendezVousQuerySet":
        """Those that ended within `depuis`, whatever became of them, the last one first."""
        return self.filter(fin__lte=maintenant, debut__gte=maintenant - depuis).order_by("-debut", "-pk")

    def a_rappeler(self, rappel: "Rappel", maintenant: datetime) -> "RendezVousQuerySet":
        """Those whose reminder is due, is wanted by their structure and is not written yet, the soonest first.

        None for who took the rendez-vous, or was told of its new time, later than the moment of the reminder. The one
        of two days before is given up where the one of two hours before would begin.
        """
        delai = timedelta(hours=rappel)
        trop_tard = timedelta(hours=Rappel.DEUX_HEURES) if rappel == Rappel.DEUX_JOURS else timedelta(0)
        messages = Message.objects.filter(rendez_vous=OuterRef("pk"))
        dits_depuis = messages.filter(rappel__isnull=True, ics_methode="REQUEST", cree_le__gt=OuterRef("debut") - delai)
        deja_rappeles = messages.filter(rappel=rappel, debut=OuterRef("debut"))
        return self.filter(
            ~Exists(dits_depuis),
            ~Exists(deja_rappeles),
            **{f"structure__{rappel.reglage}": True},
            statut=Statut.PREVU,
            debut__gt=maintenant + trop_tard,
            debut__lte=maintenant + delai,
            cree_le__lte=F("debut") - delai,
        ).order_by("debut", "pk")

    def de_l_agent(self, agent: Agent) -> "RendezVousQuerySet":
        return self.filter(agent=agent)

    def de_la_periode(self, debut: datetime, fin: datetime) -> "RendezVousQuerySet":
        """Those that take place between two instants, even in part. None lasts more than 24 hours (a constraint): the
        index on (structure, debut) serves."""
        return self.filter(debut__lt=fin, debut__gte=debut - timedelta(hours=24), fin__gt=debut)

    def options_expirees(self, maintenant: datetime) -> "RendezVousQuerySet":
        return self.filter(statut=Statut.OPTION, expire_a__lte=maintenant)

    def avec_details(self) -> "RendezVousQuerySet":
        avec = self.select_related("structure", "motif", "agent", "lieu", "prescripteur")
        inscrits = Participation.objects.select_related("apprenant").order_by("pk")
        return avec.prefetch_related(Prefetch("participations", inscrits, to_attr="inscrits"))


def _occupation() -> Func:
    """From the start to the end of the pause. In UTC on the way: adding an interval to a `timestamptz` depends on the
    session's zone, and PostgreSQL generates no column from that."""
    en_utc = Func(Value("UTC"), F("fin"), function="timezone")
    pause = Func(F("pause"), template="make_interval(mins => %(expressions)s)")
    libre_a = Func(
        Value("UTC"), Func(en_utc, pause, template="(%(expressions)s)", arg_joiner=" + "), function="timezone"
    )
    return Func(F("debut"), libre_a, Value("[)"), function="tstzrange")


class RendezVous(models.Model):
    """An agent's time given to a learner, or held for some minutes while they identify (status OPTION)."""

    uid = models.UUIDField("identifiant iCalendar", default=uuid.uuid4, unique=True, editable=False)
    jeton = models.CharField("jeton du lien secret", max_length=43, unique=True, default=jeton_secret)
    structure = models.ForeignKey(Structure, models.PROTECT, related_name="rendez_vous")
    motif = models.ForeignKey(Motif, models.PROTECT, related_name="rendez_vous")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="rendez_vous", db_index=False)
    lieu = models.ForeignKey(Lieu, models.PROTECT, related_name="rendez_vous", null=True, blank=True)
    type_lieu = models.CharField("type de rendez-vous", max_length=15, choices=TypeLieu)
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin")
    # Copied from the plage when the slot is taken: changing a plage moves no rendez-vous.
    pause = models.PositiveSmallIntegerField("pause ensuite, en minutes", default=0)
    # What it takes of the agent's time, pause included; `debut` and `fin` are what people read.
    periode = models.GeneratedField(
        expression=_occupation(),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )
    statut = models.CharField("statut", max_length=10, choices=Statut, default=Statut.PREVU)
    # Options only: until when, and (hashed) whose.
    expire_a = models.DateTimeField("option valable jusqu'à", null=True, blank=True)
    visiteur = models.CharField("visiteur", max_length=64, blank=True)
    adresse = models.CharField("adresse réseau, hachée", max_length=64, blank=True)
    adresse_domicile = models.CharField("adresse où aller", max_length=300, blank=True)
    sequence = models.PositiveIntegerField("version iCalendar", default=0)
    annule_le = models.DateTimeField("annulé le", null=True, blank=True)
    message_d_annulation = models.TextField("message joint à l'annulation", blank=True)
    # Booked by the link to one agent's slots: whoever came for that agent moves it among their slots only.
    agent_choisi = models.BooleanField("agent choisi par la personne", default=False)
    prescripteur = models.ForeignKey(
        Prescripteur, models.PROTECT, related_name="rendez_vous", null=True, blank=True, db_index=False
    )
    note_du_prescripteur = models.TextField("note pour l'agent", blank=True)
    annule_par_prescripteur = models.BooleanField("annulé par le prescripteur", default=False)
    cree_le = models.DateTimeField("créé le", default=timezone.now, editable=False)

    objects = RendezVousQuerySet.as_manager()

    class Meta:
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        indexes = [
            # What occupies an agent, for the slots engine, all it reads of it included: the table itself is left alone.
            # The constraint's own index, GiST, takes five times as long.
            models.Index(
                fields=["agent", "debut"],
                include=["periode", "expire_a", "visiteur", "id"],
                name="reservations_rdv_agent",
                condition=Q(statut__in=STATUTS_OCCUPANTS),
            ),
            models.Index(fields=["structure", "debut"], name="reservations_rdv_structure"),
            models.Index(fields=["expire_a"], name="reservations_rdv_options", condition=Q(statut="option")),
            models.Index(fields=["debut"], name="reservations_rdv_a_rappeler", condition=Q(statut="prevu")),
            models.Index(
                fields=["prescripteur", "debut"],
                name="reservations_rdv_prescripteur",
                condition=Q(prescripteur__isnull=False),
            ),
        ]
        constraints = [
            ExclusionConstraint(
                name="reservations_agent_deja_pris",
                expressions=[("agent", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                condition=Q(statut__in=STATUTS_OCCUPANTS),
                violation_error_message="L'agent a déjà un rendez-vous à ce moment-là.",
            ),
            models.CheckConstraint(
                name="reservations_statut_connu",
                condition=Q(statut__in=Statut.values),
                violation_error_message="Ce statut n'existe pas.",
            ),
            models.CheckConstraint(
                name="reservations_fin_apres_debut",
                condition=Q(fin__gt=F("debut"), fin__lte=F("debut") + timedelta(hours=24)),
                violation_error_message="La fin du rendez-vous doit être après son début, le même jour.",
            ),
            models.CheckConstraint(
                name="reservations_pause",
                condition=Q(pause__range=(0, PAUSE_MAXIMUM)),
                violation_error_message=f"La pause va de 0 à {PAUSE_MAXIMUM} minutes.",
            ),
            models.CheckConstraint(
                name="reservations_lieu_sur_place",
                condition=~Q(type_lieu=TypeLieu.SUR_PLACE) | Q(lieu__isnull=False),
                violation_error_message="Un rendez-vous sur place a besoin d'un lieu.",
            ),
            models.CheckConstraint(
                name="reservations_option_datee",
                condition=Q(statut=Statut.OPTION, expire_a__isnull=False)
                | (~Q(statut=Statut.OPTION) & Q(expire_a__isnull=True)),
                violation_error_message="Un créneau gardé l'est jusqu'à une heure dite, et lui seul.",
            ),
            models.CheckConstraint(
                name="reservations_annulation_datee",
                condition=Q(statut__in=STATUTS_ANNULES, annule_le__isnull=False)
                | (~Q(statut__in=STATUTS_ANNULES) & Q(annule_le__isnull=True)),
                violation_error_message="Un rendez-vous annulé porte la date de son annulation, et lui seul.",
            ),
            models.CheckConstraint(
                name="reservations_note_d_un_prescripteur",
                condition=Q(note_du_prescripteur="") | Q(prescripteur__isnull=False),
                violation_error_message="Une note est celle d'un prescripteur.",
            ),
            models.CheckConstraint(
                name="reservations_annule_par_prescripteur",
                condition=Q(annule_par_prescripteur=False) | Q(statut=Statut.EXCUSE, prescripteur__isnull=False),
                violation_error_message="Un prescripteur annule le rendez-vous qu'il a pris, au nom de la personne.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.motif} · {self.debut:%Y-%m-%d %H:%M} UTC"

    @cached_property
    def inscrits(self) -> list["Participation"]:
        """Who comes, with the apprenant of each: one query, none after `avec_details()`. Whoever has just written them
        may say so: they are not read again."""
        return list(self.participations.select_related("apprenant").order_by("pk"))

    @property
    def annule_par(self) -> Par:
        """By whom a cancelled rendez-vous was."""
        if self.statut != Statut.EXCUSE:
            return Par.STRUCTURE
        return Par.PRESCRIPTEUR if self.annule_par_prescripteur else Par.PERSONNE

    @property
    def statut_en_mots(self) -> str:
        return "Annulé par le prescripteur" if self.annule_par_prescripteur else self.get_statut_display()

    def est_annulable(self, maintenant: datetime) -> bool:
        """Whether it may still be cancelled or moved: the rendez-vous is kept and has not begun."""
        return self.statut == Statut.PREVU and maintenant < self.debut

    def est_annulable_par_la_personne(self, maintenant: datetime) -> bool:
        """The same, within the limit that the structure sets to the learner."""
        limite = self.debut - timedelta(hours=self.structure.annulation_heures)
        return self.est_annulable(maintenant) and maintenant <= limite

    def est_deplacable_par_la_personne(self, maintenant: datetime) -> bool:
        limite = self.debut - timedelta(hours=self.structure.deplacement_heures)
        return self.est_annulable(maintenant) and maintenant <= limite

    def lien_expire(self, maintenant: datetime) -> bool:
        """Whether the secret link no longer opens: an address kept in a browser or a mailbox is found again one day."""
        return maintenant > self.fin + VALIDITE_DU_LIEN


class Participation(models.Model):
    """One learner in a rendez-vous, with the text of the instructions as they accepted it."""

    rendez_vous = models.ForeignKey(RendezVous, models.CASCADE, related_name="participations")
    apprenant = models.ForeignKey(Apprenant, models.PROTECT, related_name="participations")
    instructions = models.TextField("instructions acceptées", blank=True)
    instructions_acceptees_le = models.DateTimeField("acceptées le", null=True, blank=True)
    # A prescriber accepts in the learner's name: who they were that day, "" when the learner did.
    instructions_acceptees_par = models.CharField("acceptées en son nom par", max_length=355, blank=True)

    class Meta:
        verbose_name = "participation"
        constraints = [
            models.UniqueConstraint(
                name="reservations_participation_unique",
                fields=["rendez_vous", "apprenant"],
                violation_error_message="Cette personne participe déjà à ce rendez-vous.",
            ),
            models.CheckConstraint(
                name="reservations_acceptation_datee",
                condition=Q(instructions="", instructions_acceptees_le__isnull=True)
                | (~Q(instructions="") & Q(instructions_acceptees_le__isnull=False)),
                violation_error_message="Une acceptation porte un texte et une date.",
            ),
            models.CheckConstraint(
                name="reservations_acceptation_par",
                condition=Q(instructions_acceptees_par="") | ~Q(instructions=""),
                violation_error_message="On accepte un texte au nom de quelqu'un, ou rien.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.apprenant)


class PorteurDeCode(models.Model):
    """Whoever has to prove an e-mail address or a mobile by a 6-digit code: see `identification`."""

    jeton = models.CharField("jeton de l'onglet", max_length=43, unique=True, default=jeton_secret)
    adresse = models.CharField("adresse réseau, hachée", max_length=64, blank=True)
    courriel = models.EmailField("adresse e-mail", blank=True)
    telephone = PhoneNumberField("téléphone", blank=True)
    code_hache = models.CharField("code, haché", max_length=64, blank=True)
    code_expire_a = models.DateTimeField("code valable jusqu'à", null=True, blank=True)
    code_essais = models.PositiveSmallIntegerField("essais du code", default=0)
    codes_envoyes = models.PositiveSmallIntegerField("codes envoyés", default=0)
    contact_verifie = models.CharField("adresse ou numéro vérifié", max_length=254, blank=True)
    cree_le = models.DateTimeField("créée le", default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @property
    def contact(self) -> str:
        """Where the code goes: the e-mail address, else the mobile number (E.164)."""
        return self.courriel.lower() or (self.telephone.as_e164 if self.telephone else "")

    @property
    def est_verifiee(self) -> bool:
        return bool(self.contact) and self.contact_verifie == self.contact


class Demarche(PorteurDeCode):
    """A booking in progress in one tab: what was chosen, typed and accepted so far. It outlives its option,
    so that nothing typed is lost when the slot is."""

    visiteur = models.CharField("visiteur", max_length=64)
    motif = models.ForeignKey(Motif, models.CASCADE, related_name="demarches")
    lieu = models.ForeignKey(Lieu, models.CASCADE, related_name="demarches", null=True, blank=True)
    debut = models.DateTimeField("créneau choisi")
    # Only for who came by the link of one agent: the slot stays theirs, taken back or changed.
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", null=True, blank=True)
    rendez_vous = models.OneToOneField(
        RendezVous,
        models.SET_NULL,
        related_name="demarche",
        null=True,
        blank=True,
        verbose_name="option ou rendez-vous",
    )
    prenom = models.CharField("prénom", max_length=100, blank=True)
    nom = models.CharField("nom", max_length=100, blank=True)
    adresse_domicile = models.CharField("adresse où aller", max_length=300, blank=True)
    # Begun by the way of the prescribers (/p/), for someone they accompany: the names above are that person's.
    par_prescripteur = models.BooleanField("prise par un prescripteur", default=False)
    # Once known: in a session lost since, they find their booking again.
    prescripteur = models.ForeignKey(
        Prescripteur, models.SET_NULL, related_name="demarches", null=True, blank=True, db_index=False
    )
    note = models.TextField("note pour l'agent", blank=True)
    instructions = models.TextField("instructions acceptées", blank=True)
    instructions_acceptees_le = models.DateTimeField("acceptées le", null=True, blank=True)
    confirmee_le = models.DateTimeField("confirmée le", null=True, blank=True)

    class Meta:
        verbose_name = "démarche de réservation"
        indexes = [models.Index(fields=["cree_le"], name="reservations_demarche_age")]

    def __str__(self) -> str:
        return f"{self.motif} · {self.debut:%Y-%m-%d %H:%M} UTC"


class Consultation(PorteurDeCode):
    """Someone who asks to see all their rendez-vous, by the code received; open for half an hour."""

    ouverte_jusqu_a = models.DateTimeField("ouverte jusqu'à", null=True, blank=True)

    class Meta:
        verbose_name = "consultation"
        indexes = [models.Index(fields=["cree_le"], name="reservations_consultation_age")]

    def __str__(self) -> str:
        return f"{self.cree_le:%Y-%m-%d %H:%M} UTC"


class IdentificationPrescripteur(PorteurDeCode):
    """A prescriber who gives who they are, until the code received proves their address."""

    prenom = models.CharField("prénom", max_length=100, blank=True)
    nom = models.CharField("nom", max_length=100, blank=True)
    organisation = models.CharField("organisation", max_length=150, blank=True)

    class Meta:
        verbose_name = "identification d'un prescripteur"
        verbose_name_plural = "identifications des prescripteurs"
        indexes = [models.Index(fields=["cree_le"], name="reservations_identif_age")]

    def __str__(self) -> str:
        return f"{self.cree_le:%Y-%m-%d %H:%M} UTC"


class AttenteQuerySet(models.QuerySet["Attente"]):
    """People who wait for a place, asked for by what is done with them."""

    def en_cours(self) -> "AttenteQuerySet":
        """Those whose contact is proved and who were not taken off the list."""
        return self.filter(inscrite_le__isnull=False, close_le__isnull=True)

    def actives(self, maintenant: datetime) -> "AttenteQuerySet":
        """Those who still wait, the oldest first: not too long, nor for a rendez-vous that began or is cancelled, and
        not after the last of their offers. What is offered is held for them to the end."""
        reste = Q(deja_proposees__len__lt=settings.ATTENTE_PROPOSITIONS)
        derniere = Q(offerte_le__gt=maintenant - timedelta(minutes=settings.ATTENTE_MINUTES))
        encore_prevu = Q(rendez_vous__statut=Statut.PREVU, rendez_vous__debut__gt=maintenant)
        return (
            self.en_cours()
            .filter(Q(rendez_vous__isnull=True) | encore_prevu, reste | derniere, Q(fin__gt=maintenant) | derniere)
            .order_by("inscrite_le", "pk")
        )

    def de_la_structure(self, structure: Structure) -> "AttenteQuerySet":
        return self.filter(motif__structure=structure)

    def a_servir(self, maintenant: datetime) -> "AttenteQuerySet":
        """Those who may be offered a place now, but for the hour it is there: what they wait for can be booked online,
        and nothing was offered to the same contact within a day."""
        offertes = Attente.objects.filter(
            contact_verifie=OuterRef("contact_verifie"), offerte_le__gt=maintenant - UNE_OFFRE_PAR
        )
        return self.actives(maintenant).filter(
            ~Exists(offertes),
            Q(motif__ouvert_a=Public.TOUS) | Q(rendez_vous__isnull=False),
            deja_proposees__len__lt=settings.ATTENTE_PROPOSITIONS,
            motif__in=Motif.objects.reservables().filter(structure__liste_d_attente=True),
        )


class Attente(PorteurDeCode):
    """Someone waits for a place of a motif to be free: sooner than what they were shown, or than their rendez-vous.

    On the list once the contact is proved (`inscrite_le`), until `close_le`. The place offered is a held slot, in a
    booking in progress that nobody's session opens.
    """

    par_prescripteur = False  # one waits for oneself
    motif = models.ForeignKey(Motif, models.CASCADE, related_name="attentes")
    lieu = models.ForeignKey(Lieu, models.CASCADE, related_name="attentes", null=True, blank=True)
    # Only for who came by the link of one agent.
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", null=True, blank=True)
    # The one that an accepted place moves; the one obtained, once served.
    rendez_vous = models.ForeignKey(RendezVous, models.CASCADE, related_name="attentes", null=True, blank=True)
    prenom = models.CharField("prénom", max_length=100)
    nom = models.CharField("nom", max_length=100)
    adresse_domicile = models.CharField("adresse où aller", max_length=300, blank=True)
    langue = models.CharField(
        "langue des messages", max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    # What was already free when they asked is no news: None when nothing was.
    avant = models.DateTimeField("seulement avant", null=True, blank=True)
    inscrite_le = models.DateTimeField("sur la liste depuis", null=True, blank=True)
    fin = models.DateTimeField("sur la liste jusqu'à", null=True, blank=True)
    close_le = models.DateTimeField("retirée de la liste le", null=True, blank=True)
    demarche = models.OneToOneField(
        Demarche, models.SET_NULL, related_name="attente", null=True, blank=True, verbose_name="place proposée"
    )
    offerte_le = models.DateTimeField("dernière place proposée le", null=True, blank=True)
    deja_proposees = ArrayField(models.DateTimeField(), verbose_name="places déjà proposées", default=list, blank=True)

    objects = AttenteQuerySet.as_manager()

    class Meta:
        verbose_name = "attente d'une place"
        verbose_name_plural = "attentes d'une place"
        indexes = [
            models.Index(fields=["cree_le"], name="reservations_attente_age"),
            models.Index(fields=["contact_verifie", "offerte_le"], name="reservations_attente_offerte"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="reservations_attente_unique",
                fields=["motif", "contact_verifie", "lieu"],
                condition=Q(inscrite_le__isnull=False, close_le__isnull=True),
                nulls_distinct=False,
                violation_error_message="Vous êtes déjà sur la liste pour ce rendez-vous.",
            ),
            models.CheckConstraint(
                name="reservations_attente_langue",
                condition=Q(langue__in=LANGUES),
                violation_error_message="Les messages ne sont pas écrits dans cette langue.",
            ),
            models.CheckConstraint(
                name="reservations_attente_datee",
                condition=Q(inscrite_le__isnull=True) | (Q(fin__isnull=False) & ~Q(contact_verifie="")),
                violation_error_message="Une personne sur la liste a un contact vérifié et une date de fin.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"


class EnvoiDeCode(models.Model):
    """A code was sent: counted per contact and per network address, both hashed."""

    contact = models.CharField("contact, haché", max_length=64)
    adresse = models.CharField("adresse réseau, hachée", max_length=64)
    envoye_le = models.DateTimeField("envoyé le")

    class Meta:
        verbose_name = "envoi de code"
        indexes = [
            models.Index(fields=["contact", "envoye_le"], name="reservations_envoi_contact"),
            models.Index(fields=["adresse", "envoye_le"], name="reservations_envoi_adresse"),
        ]

    def __str__(self) -> str:
        return f"{self.envoye_le:%Y-%m-%d %H:%M} UTC"


class Canal(models.TextChoices):
    COURRIEL = "courriel", "E-mail"
    SMS = "sms", "SMS"


class Etat(models.TextChoices):
    """What became of a message. An e-mail is at best "envoyé": what its server did of it afterwards is not known."""

    A_ENVOYER = "a_envoyer", "en attente d'envoi"
    ENVOYE = "envoye", "envoyé"
    REMIS = "remis", "remis"
    ECHOUE = "echoue", "échoué"
    SANS_OBJET = "sans_objet", "pas envoyé, il n'était plus utile"


class Rappel(models.IntegerChoices):
    """A reminder: so many hours before the rendez-vous, if its structure wants it."""

    DEUX_JOURS = 48, "deux jours avant"
    DEUX_HEURES = 2, "deux heures avant"

    @property
    def reglage(self) -> str:
        """The field of the structure that asks for it."""
        return f"rappel_{self.value}h"


class EvenementAnnonce(TypedDict):
    """What the calendar file of a message says that the message and its rendez-vous do not."""

    sequence: int  # the version of the rendez-vous that it tells
    duree: int  # minutes
    titre: str
    lieu: str
    participant: str  # their name
    url: str


class Message(models.Model):
    """An e-mail or an SMS to send: written in the transaction of what it tells, sent by a job."""

    canal = models.CharField("canal", max_length=10, choices=Canal)
    destinataire = models.CharField("destinataire", max_length=254)
    sujet = models.CharField("sujet", max_length=250, blank=True)
    texte = models.TextField("texte")
    langue = models.CharField("langue", max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    evenement = models.JSONField("événement d'agenda", null=True, blank=True)  # EvenementAnnonce
    ics_methode = models.CharField("méthode iCalendar", max_length=10, blank=True)
    rendez_vous = models.ForeignKey(RendezVous, models.SET_NULL, related_name="messages", null=True, blank=True)
    # What it says of the rendez-vous: moved since, the message is no longer true and is not sent.
    debut = models.DateTimeField("début annoncé", null=True, blank=True)
    rappel = models.PositiveSmallIntegerField("rappel", choices=Rappel, null=True, blank=True)
    repondre_a = models.EmailField("adresse de réponse", blank=True)  # "": the structure's
    # A code is worth nothing once used: its text is erased when sent, except in demo where the page shows it.
    confidentiel = models.BooleanField("contient un code", default=False)
    # What it offers is no longer true afterwards: then it is not sent.
    valable_jusqu_a = models.DateTimeField("utile jusqu'à", null=True, blank=True)
    cree_le = models.DateTimeField("écrit le", default=timezone.now, editable=False)
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.A_ENVOYER)
    etat_le = models.DateTimeField("dans cet état depuis", null=True, blank=True)
    reference = models.CharField("référence chez le fournisseur de SMS", max_length=100, blank=True)

    class Meta:
        verbose_name = "message"
        indexes = [
            models.Index(fields=["cree_le"], name="reservations_message_age"),
            models.Index(fields=["reference"], name="reservations_message_ref", condition=~Q(reference="")),
        ]
        constraints = [
            models.CheckConstraint(
                name="reservations_canal_connu",
                condition=Q(canal__in=Canal.values),
                violation_error_message="Ce canal n'existe pas.",
            ),
            models.CheckConstraint(
                name="reservations_etat_connu",
                condition=Q(etat__in=Etat.values),
                violation_error_message="Cet état n'existe pas.",
            ),
            models.CheckConstraint(
                name="reservations_message_langue",
                condition=Q(langue__in=LANGUES),
                violation_error_message="Les messages ne sont pas écrits dans cette langue.",
            ),
            models.CheckConstraint(
                name="reservations_etat_date",
                condition=Q(etat=Etat.A_ENVOYER, etat_le__isnull=True)
                | (~Q(etat=Etat.A_ENVOYER) & Q(etat_le__isnull=False)),
                violation_error_message="Un message porte la date de son envoi, ou de ce qu'il est devenu.",
            ),
            models.CheckConstraint(
                name="reservations_rappel_connu",
                condition=Q(rappel__isnull=True) | Q(rappel__in=Rappel.values, debut__isnull=False),
                violation_error_message="Un rappel est l'un de ceux qui existent, et dit l'heure du rendez-vous.",
            ),
            # Whatever runs twice, the same person is reminded once of the same rendez-vous at the same time.
            models.UniqueConstraint(
                name="reservations_rappel_unique",
                fields=["rendez_vous", "debut", "rappel", "destinataire"],
                condition=Q(rappel__isnull=False),
                violation_error_message="Ce rappel est déjà écrit.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_canal_display()} · {self.sujet or self.texte[:40]}"
