"""`/plateforme/`: what the staff of the platform sees and changes, with Django's admin.

`Agent.est_plateforme` is the only door, and our sign-in page the only way to it (the lockout counts there). Nothing is
deleted here: an account is closed, an agent leaves a structure from its own page, which says what it cancels.
"""

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django.utils.text import capfirst

from structures import equipe
from structures.comptes import DEPARTEMENT
from structures.formulaires import contrainte_violee
from structures.fuseaux import fuseau_du_departement
from structures.models import Agent, Appartenance, Plateforme, Role, Structure
from structures.taches import envoyer_invitation

GARDEES = {"index", "jsi18n", "app_list"}
MOTIFS_OUVERTS = "Fermez d'abord les motifs ouverts à la réservation en ligne, qui n'existe pas sur RDV Solidarités"


class SitePlateforme(admin.AdminSite):
    """Django's admin without its own sign-in, sign-out and password pages: the site has these."""

    site_header = "RDV Aide Numérique · plateforme"
    site_title = "Plateforme"
    index_title = "Structures et agents"
    site_url = "/agent/"
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "est_plateforme", False))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        protegee = super().admin_view(view, cacheable)

        @wraps(protegee)
        def reservee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise PermissionDenied("Cette page est réservée à l'équipe de la plateforme.")
            return protegee(request, *args, **kwargs)

        return reservee

    def get_urls(self) -> list[URLPattern | URLResolver]:
        adresses = [a for a in super().get_urls() if isinstance(a, URLResolver) or a.name in GARDEES]
        for adresse in adresses:
            if isinstance(adresse, URLPattern):
                adresse.callback.login_url = settings.LOGIN_URL  # type: ignore[attr-defined]  # else the admin's own
        return adresses


site = SitePlateforme(name="plateforme")


class Fiche(admin.ModelAdmin):
    """What every page here allows: to read and change, never to delete."""

    actions = None
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers: by any other column, a secret would be guessed letter by letter."""
        return lookup.partition("__")[0] in self.list_filter

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if any("\0" in valeur for valeur in request.GET.values()):  # which PostgreSQL does not take
            return HttpResponseRedirect(request.path)
        titre = {"title": capfirst(str(self.opts.verbose_name_plural))}
        return super().changelist_view(request, {**titre, **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """What the forms checked may have changed before the write: a sentence then too, and nothing is written."""
        nom = str(self.opts.verbose_name)
        titre = {"title": capfirst(nom) if object_id else f"Ajouter : {nom}"}
        try:
            return super().changeform_view(request, object_id, form_url, {**titre, **(extra_context or {})})
        except equipe.EquipeRefusee as refus:
            phrase = str(refus)
        except IntegrityError as erreur:
            contrainte = contrainte_violee(erreur)
            noms = {c.name: str(c.violation_error_message) for c in self.model._meta.constraints}
            noms["structures_plateforme_sans_motif_ouvert"] = f"{MOTIFS_OUVERTS}."
            if contrainte not in noms:
                raise
            phrase = noms[contrainte]
        messages.error(request, phrase)
        return HttpResponseRedirect(request.get_full_path())


class StructureForm(ModelForm):
    def clean_departement(self) -> str:
        departement = str(self.cleaned_data["departement"]).strip().upper()
        if not DEPARTEMENT.fullmatch(departement):
            raise ValidationError("Ce n'est pas un code de département : écrivez 26, 2A ou 974.")
        return departement

    def clean_plateforme(self) -> str:
        plateforme = str(self.cleaned_data["plateforme"])
        if plateforme == Plateforme.SOLIDARITES and self.instance.pk:
            ouverts = self.instance.motifs.filter(reservable_en_ligne=True).par_nom().values_list("nom", flat=True)
            if ouverts:
                raise ValidationError(f"{MOTIFS_OUVERTS} : {', '.join(ouverts)}.")
        return plateforme


@admin.register(Structure, site=site)
class FicheStructure(Fiche):
    """A structure. Its territory is chosen once: the hours of its plages are written in its time zone."""

    form = StructureForm
    fields = ("nom", "plateforme", "departement", "fuseau", "id_externe", "telephone", "courriel", "cree_le")
    list_display = ("nom", "plateforme", "departement", "id_externe", "nombre_d_agents")
    list_filter = ("plateforme",)
    search_fields = ("nom", "id_externe", "=departement")
    ordering = ("nom", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Structure | None = None) -> tuple[str, ...]:
        return ("fuseau", "cree_le") if obj is None else ("departement", "fuseau", "cree_le")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Structure]:
        structures: QuerySet[Structure] = super().get_queryset(request)
        return structures.annotate(agents_en_tout=Count("appartenances"))

    @admin.display(description="agents", ordering="agents_en_tout")
    def nombre_d_agents(self, structure: Any) -> int:
        return int(structure.agents_en_tout)

    def save_model(self, request: HttpRequest, obj: Structure, form: Any, change: bool) -> None:
        if not change:
            obj.fuseau = fuseau_du_departement(obj.departement)
        super().save_model(request, obj, form, change)


def _roles_d_admin(agent: Agent) -> QuerySet[Appartenance]:
    roles: QuerySet[Appartenance] = agent.appartenances.filter(role=Role.ADMIN)
    return roles.select_related("agent", "structure").order_by("structure")


class AgentForm(ModelForm):
    def clean_courriel(self) -> str:
        courriel = str(self.cleaned_data["courriel"]).lower()
        if not courriel.isprintable():
            raise ValidationError("Saisissez une adresse e-mail valide.")
        return courriel

    def clean_is_active(self) -> bool:
        actif = bool(self.cleaned_data["is_active"])
        seul = [a.structure.nom for a in _roles_d_admin(self.instance) if equipe.est_seul_admin(a)] if not actif else []
        if seul:
            raise ValidationError(
                f"C'est le seul administrateur de : {', '.join(seul)}. Nommez-en d'abord un autre, "
                "par une appartenance."
            )
        return actif


@admin.register(Agent, site=site)
class FicheAgent(Fiche):
    """An agent's account. Accounts are made by an invitation, passwords by their owners: neither is here."""

    form = AgentForm
    fields = ("courriel", "prenom", "nom", "id_externe", "is_active", "est_plateforme", "last_login", "cree_le")
    list_display = ("courriel", "prenom", "nom", "id_externe", "is_active", "est_plateforme")
    list_filter = ("is_active", "est_plateforme")
    search_fields = ("courriel", "prenom", "nom", "id_externe")
    ordering = ("nom", "prenom", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> tuple[str, ...]:
        """Nobody shuts themselves out."""
        sur_soi = ("is_active", "est_plateforme") if obj == request.user else ()
        return (*sur_soi, "last_login", "cree_le")

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        """A structure keeps an admin who can sign in, as when one leaves."""
        if "is_active" in form.changed_data and not obj.is_active:
            for role in _roles_d_admin(obj):
                equipe.exiger_un_autre_admin(role)
        super().save_model(request, obj, form, change)


class AppartenanceForm(ModelForm):
    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        if role != Role.ADMIN and self.instance.pk and equipe.est_seul_admin(self.instance):
            raise ValidationError("C'est le seul administrateur de la structure. Nommez-en d'abord un autre.")
        return role


@admin.register(Appartenance, site=site)
class FicheAppartenance(Fiche):
    """A membership. Added here, it is told by e-mail like an invitation; only its role changes afterwards."""

    form = AppartenanceForm
    fields = ("agent", "structure", "role", "invite_le")
    list_display = ("agent", "structure", "role", "invite_le")
    list_filter = ("role",)
    list_select_related = ("agent", "structure")
    search_fields = ("agent__courriel", "agent__nom", "structure__nom")
    raw_id_fields = ("agent", "structure")
    ordering = ("structure__nom", "agent__nom", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Appartenance | None = None) -> tuple[str, ...]:
        return ("invite_le",) if obj is None else ("agent", "structure", "invite_le")

    def save_model(self, request: HttpRequest, obj: Appartenance, form: Any, change: bool) -> None:
        if change:
            equipe.changer_role(appartenance=obj, role=obj.role)
            return
        obj.invite_le = timezone.now()
        super().save_model(request, obj, form, change)
        envoyer_invitation.defer(appartenance_id=obj.pk)
