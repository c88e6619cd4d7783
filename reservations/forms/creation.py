"""The form by which an agent creates a rendez-vous: for whom, what, when."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from motifs.models import DUREE_MAXIMUM, DUREE_MINIMUM, Motif, TypeLieu
from plages.forms_regle import JourField, controle_heure
from plages.recurrence import en_utc
from plages.services import HORIZON
from reservations.creneaux import Creneau
from reservations.forms.apprenants import LONGUEUR, IdentiteForm, RechercheForm
from reservations.models import Apprenant, RendezVous
from reservations.requetes.agenda import agents_de_l_agenda
from reservations.requetes.creation import RendezVousVoulu, deja_cree, occupation, prochains_creneaux
from structures.dates import duree as en_heures
from structures.dates import heure, jour_relatif
from structures.models import Agent, Lieu, Structure
from structures.texte import en_ligne

NOUVELLE, AUTRE = "nouvelle", "autre"
FORMAT = "%Y%m%dT%H%M"  # of the start of a slot (UTC), in what the browser sends
TROUVES = 8  # people shown at once
IDENTITE = ("prenom", "nom", "telephone", "courriel")


class SelectMotif(forms.Select):
    """Each motif says its kind of place to the style sheet, which hides the fields that do not apply to it."""

    types: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        if type_lieu := self.types.get(str(value)):
            option["attrs"]["data-type"] = type_lieu
        return option


class ObjetField(forms.ChoiceField):
    """A choice among objects already read: `proposer` gives them, the value is one of them, None for none."""

    objets: Mapping[str, Any] = {}

    def proposer(self, choix: Iterable[tuple[str, Any, str]], vide: str = "") -> None:
        """`choix`: what the browser sends, the object, its words."""
        choix = list(choix)
        self.objets = {cle: objet for cle, objet, _ in choix}
        self.choices = [*([("", vide)] if vide else []), *((cle, mots) for cle, _, mots in choix)]

    def clean(self, value: Any) -> Any:
        return self.objets.get(super().clean(value))


class CreationForm(IdentiteForm):
    """`moi`: the agent who creates it, proposed first. What is read of the address comes as `initial`.

    The lists depend on what is already chosen, sent or not: people found, free slots.
    """

    q = RechercheForm.base_fields["q"]
    apprenant = ObjetField(
        label="Personne",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez une personne de la liste, ou « Nouvelle personne ».",
            "invalid_choice": "Choisissez une personne de la liste, ou « Nouvelle personne ».",
        },
    )
    motif = ObjetField(label="Motif", widget=SelectMotif, error_messages={"required": "Choisissez un motif."})
    agent = ObjetField(label="Agent", error_messages={"invalid_choice": "Choisissez un agent de la structure."})
    duree = forms.IntegerField(
        label="Durée, en minutes",
        required=False,
        min_value=DUREE_MINIMUM,
        max_value=DUREE_MAXIMUM,
        help_text="Vide : celle du motif.",
        widget=forms.NumberInput(attrs={"step": 5, "autocomplete": "off", "class": "rdv-court"}),
    )
    lieu = ObjetField(label="Lieu", required=False)
    adresse_domicile = forms.CharField(
        label="Adresse où aller",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Numéro, rue, code postal et commune.",
    )
    moment = forms.ChoiceField(
        label="Jour et heure",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez un créneau, ou « Un autre jour, une autre heure ».",
            "invalid_choice": "Ce créneau vient d'être pris ou n'est plus libre. Choisissez-en un autre.",
        },
    )
    jour = JourField(label="Jour", required=False)
    heure = forms.TimeField(label="Heure", required=False, widget=controle_heure())

    field_order = ("q", "apprenant", *IDENTITE)

    def __init__(self, *args: Any, structure: Structure, moi: Agent, maintenant: datetime, **options: Any) -> None:
        super().__init__(*args, structure=structure, **options)
        self.maintenant = maintenant
        self._horaire: tuple[datetime, datetime] | None = None
        self.deja: RendezVous | None = None  # sent twice: what it already became
        for nom in ("prenom", "nom"):
            self.fields[nom].required = False  # only for a new person: see clean()
        for nom in ("q", "prenom", "nom", "lieu", "duree", "adresse_domicile", "jour", "heure"):
            self.fields[nom].sans_mention = True  # type: ignore[attr-defined]
        for nom in ("duree", "jour", "heure"):
            if self._lu(nom) is None:
                self.initial.pop(nom, None)
        self._proposer_les_objets(moi)
        self.suite = self._proposer_les_personnes()
        self.sans_creneau = self._proposer_les_creneaux()

    # --- What there is to choose from ---------------------------------------------------------------------------------
    def _proposer_les_objets(self, moi: Agent) -> None:
        motifs = list(self.structure.motifs.actifs().par_nom())
        lieux = list(self.structure.lieux.ouverts().order_by("nom", "pk"))
        champs: Any = self.fields
        champs["motif"].proposer(
            ((str(m.pk), m, f"{m} · {en_heures(m.duree)} · {m.get_type_lieu_display().lower()}") for m in motifs),
            vide="Choisissez un motif",
        )
        champs["motif"].widget.types = {str(m.pk): m.type_lieu for m in motifs}
        agents = agents_de_l_agenda(self.structure, moi)
        champs["agent"].proposer((str(a.pk), a, f"{a} (moi)" if a == moi else str(a)) for a in agents)
        champs["lieu"].proposer(((str(lieu.pk), lieu, lieu.nom) for lieu in lieux), vide="Choisissez un lieu")
        for nom, objets in (("motif", motifs), ("lieu", lieux)):
            if len(objets) == 1:
                self.initial.setdefault(nom, str(objets[0].pk))
        self.initial.setdefault("agent", str(moi.pk))

    def _proposer_les_personnes(self) -> bool:
        """Offer the one already chosen, those found, and a new one; return whether more were found."""
        texte = str(self._brut("q") or "").strip()[:LONGUEUR].replace("\x00", "")
        choisi = str(self._brut("apprenant") or "")
        siens = Apprenant.objects.filter(structure=self.structure)
        trouves = list(siens.cherches(texte).par_nom()[: TROUVES + 1]) if texte else []
        suite, trouves = len(trouves) > TROUVES, trouves[:TROUVES]
        if choisi.isascii() and choisi.isdigit() and len(choisi) < 19 and choisi not in {str(a.pk) for a in trouves}:
            trouves = [*siens.filter(pk=int(choisi)), *trouves]
        champ: Any = self.fields["apprenant"]
        nouvelle = Apprenant(structure=self.structure, cree_le=self.maintenant)
        champ.proposer([*((str(a.pk), a, _fiche(a)) for a in trouves), (NOUVELLE, nouvelle, "Nouvelle personne")])
        self.trouves, self.cherchee = len(trouves), texte
        if not trouves:
            self.initial["apprenant"] = NOUVELLE
        elif texte and not (self._brut("prenom") or self._brut("nom")) and choisi == NOUVELLE:
            self.initial["apprenant"] = ""  # proposed while nobody was found, not chosen
        return suite

    def _proposer_les_creneaux(self) -> bool:
        """Offer the next free slots of what is chosen, then any other time; return whether none is free."""
        motif, agent, lieu, jour = (self._lu(nom) for nom in ("motif", "agent", "lieu", "jour"))
        creneaux: list[Creneau] = []
        if isinstance(motif, Motif) and isinstance(agent, Agent):
            creneaux = prochains_creneaux(
                motif,
                agent,
                lieu,
                minutes=self._lu("duree") or motif.duree,
                du=self._debut_du_jour(jour),
                maintenant=self.maintenant,
            )
        champs: Any = self.fields
        lieux = champs["lieu"].objets if lieu is None and len(champs["lieu"].objets) > 1 else {}
        self.creneaux = {f"{c.debut:{FORMAT}}-{c.lieu_id or ''}": c for c in creneaux}
        champs["moment"].choices = [
            *((cle, self._moment(c, lieux)) for cle, c in self.creneaux.items()),
            (AUTRE, "Un autre jour, une autre heure"),
        ]
        if self._lu("moment") is None:
            self.initial["moment"] = AUTRE
        return isinstance(motif, Motif) and not creneaux

    def _debut_du_jour(self, jour: date | None) -> datetime:
        if jour is None or not self._aujourd_hui < jour <= self._dernier_jour:
            return self.maintenant
        return en_utc(datetime.combine(jour, time()), self.structure.tz)

    def _moment(self, creneau: Creneau, lieux: Mapping[str, Lieu]) -> str:
        debut = timezone.localtime(creneau.debut, self.structure.tz)
        lieu = lieux.get(str(creneau.lieu_id))
        quand = f"{jour_relatif(debut, self._aujourd_hui)} à {heure(debut)}"
        return f"{quand[:1].upper()}{quand[1:]}{f', {lieu}' if lieu else ''}"

    @property
    def _aujourd_hui(self) -> date:
        return timezone.localdate(self.maintenant, self.structure.tz)

    @property
    def _dernier_jour(self) -> date:
        return self._aujourd_hui + HORIZON  # beyond, absences and plages are not known yet

    def _brut(self, nom: str) -> Any:
        return self.data.get(nom) if self.is_bound else self.initial.get(nom)

    def _lu(self, nom: str) -> Any:
        """Return what a field says so far, None for what is not sent or makes no sense."""
        try:
            return self.fields[nom].clean(self._brut(nom))
        except forms.ValidationError:
            return None

    # --- What was sent ------------------------------------------------------------------------------------------------
    def clean_jour(self) -> date | None:
        jour: date | None = self.cleaned_data["jour"]
        if jour is None or self._brut("moment") != AUTRE:
            return None
        if jour < self._aujourd_hui:
            raise forms.ValidationError("Ce jour est passé. Un rendez-vous se note au plus tard le jour même.")
        if jour > self._dernier_jour:
            raise forms.ValidationError("Ce jour est trop loin dans l'avenir.")
        return jour

    def clean_adresse_domicile(self) -> str:
        return en_ligne(self.cleaned_data["adresse_domicile"])

    def clean(self) -> None:
        """What is required depends on the rest: a name for a new person, a lieu or an address for the motif."""
        super().clean()
        self._verifier_la_personne()
        self._verifier_le_lieu()
        self._placer()

    @property
    def nouvelle(self) -> bool:
        """Whether the person is a new one, as far as the agent knows."""
        return bool(self._brut("apprenant") == NOUVELLE)

    @property
    def voulu(self) -> RendezVousVoulu:
        """What is asked for, once who, what and when are known."""
        lu = self.cleaned_data
        assert self._horaire  # noqa: S101 else there is an error
        apprenant = self.appliquer(lu["apprenant"]) if self.nouvelle else lu["apprenant"]
        return RendezVousVoulu(
            apprenant,
            lu["motif"],
            lu["agent"],
            lu.get("lieu"),
            *self._horaire,
            adresse_domicile=lu.get("adresse_domicile", ""),
        )

    def _verifier_la_personne(self) -> None:
        for nom in IDENTITE if not self.nouvelle else ():
            self.errors.pop(nom, None)  # what was typed for a new person is no error
        for nom in ("prenom", "nom") if self.nouvelle else ():
            if nom not in self.errors and not self.cleaned_data.get(nom):
                self.add_error(nom, self.fields[nom].error_messages["required"])

    def _verifier_le_lieu(self) -> None:
        motif = self.cleaned_data.get("motif")
        type_lieu = motif.type_lieu if motif else None
        if type_lieu != TypeLieu.SUR_PLACE:
            self.errors.pop("lieu", None)
            self.cleaned_data["lieu"] = None
        elif creneau := self.creneaux.get(self.cleaned_data.get("moment", "")):
            champ: Any = self.fields["lieu"]
            self.cleaned_data["lieu"] = champ.objets.get(str(creneau.lieu_id))
        if type_lieu == TypeLieu.SUR_PLACE and "lieu" not in self.errors and not self.cleaned_data["lieu"]:
            self.add_error("lieu", "Choisissez un lieu : ce motif est sur place.")
        if type_lieu != TypeLieu.DOMICILE:
            self.errors.pop("adresse_domicile", None)
            self.cleaned_data["adresse_domicile"] = ""
        elif not self.cleaned_data.get("adresse_domicile") and "adresse_domicile" not in self.errors:
            self.add_error("adresse_domicile", "Écrivez l'adresse où aller : ce motif est à domicile.")

    def _placer(self) -> None:
        """Compute when it begins and ends (UTC), and refuse a time that is taken."""
        lu = self.cleaned_data
        motif, agent, moment = lu.get("motif"), lu.get("agent"), lu.get("moment")
        if motif is None or "duree" in self.errors:
            return
        duree = timedelta(minutes=lu["duree"] or motif.duree)
        if moment != AUTRE:
            for nom in ("jour", "heure"):  # hidden: what they hold is no error
                self.errors.pop(nom, None)
            if creneau := self.creneaux.get(moment or ""):
                self._horaire = (creneau.debut, creneau.debut + duree)
            elif (debut := _debut_du_creneau(self._brut("moment"))) and self._est_deja_cree(debut, debut + duree):
                self.errors.pop("moment", None)
                self.errors.pop("lieu", None)
            return
        for nom, phrase in (("jour", "Choisissez un jour."), ("heure", "Choisissez une heure.")):
            if nom not in self.errors and lu.get(nom) is None:
                self.add_error(nom, phrase)
        if "jour" in self.errors or "heure" in self.errors or agent is None:
            return
        locale = datetime.combine(lu["jour"], lu["heure"].replace(second=0, microsecond=0))
        debut = en_utc(locale, self.structure.tz)
        if debut.astimezone(self.structure.tz).replace(tzinfo=None) != locale:
            self.add_error("heure", "À cause du changement d'heure, cette heure n'existe pas ce jour-là.")
            return
        self._horaire = (debut, debut + duree)
        pris = occupation(self.structure, agent, *self._horaire, self.maintenant)
        if pris and not self._est_deja_cree(*self._horaire):
            self.add_error("heure", pris)

    def _est_deja_cree(self, debut: datetime, fin: datetime) -> bool:
        """Whether this very form was already accepted: its time is then taken by itself."""
        if {"apprenant", "agent", *IDENTITE} & set(self.errors):
            return False
        self._horaire = (debut, fin)
        self.deja = deja_cree(self.voulu)
        return self.deja is not None


def _debut_du_creneau(cle: Any) -> datetime | None:
    """Read the start of a slot that is no longer proposed."""
    try:
        return datetime.strptime(str(cle).partition("-")[0], FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _fiche(apprenant: Apprenant) -> str:
    """Say enough to tell two people of the same name apart."""
    telephone = apprenant.telephone.as_national if apprenant.telephone else ""
    return " · ".join(morceau for morceau in (str(apprenant), telephone, apprenant.courriel) if morceau)
