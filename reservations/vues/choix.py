"""The learner chooses: for what, where, when. The address says what was chosen; only holding a slot writes."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from motifs.models import Motif, Public
from reservations import services
from reservations.courrier.redaction import HEURES_LOCALES
from reservations.models import Demarche
from reservations.parcours import (
    Disponibilite,
    Etape,
    Lien,
    Moment,
    Propositions,
    Recherche,
    a_des_instructions,
    dans_la_fenetre,
    disponibilites_ailleurs,
    disponibilites_des_lieux,
    disponibilites_des_motifs,
    etape,
    etapes,
    lieu_choisi,
    lieu_demande,
    lieux_du_motif,
    lire_instant,
    lire_moment,
    lire_semaine,
    motifs_du_public,
    plus_proches,
    premiere_etape_incomplete,
    proposes,
    propositions,
)
from reservations.refus import CreneauIndisponible, ReservationImpossible
from reservations.visiteurs import (
    COOKIE_DE_LA_VOIE,
    demarche_du_visiteur,
    jamais_perimee,
    par_le_lien,
    prescripteur_pour,
    visiteur,
)
from structures.adresse import adresse_du_visiteur
from structures.htmx import page_ou_fragment
from structures.models import Lieu

LOIN = timedelta(days=2)  # a first time after that may be worth waiting for a sooner one
lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@require_safe
@jamais_perimee
@par_le_lien
def choix_motif(request: HttpRequest, lien: Lien) -> HttpResponse:
    """For what: who offers the help, then one card a motif. A single motif is not a choice: its page follows.

    The address may name a lieu: its motifs alone are shown, unless there is none.
    """
    recherche = _recherche(request, lien)
    aujourd_hui = timezone.localdate(recherche.maintenant)
    lieu = lieu_demande(lien, request.GET.get("lieu", ""))
    ici = proposes(motifs_du_public(lien, aujourd_hui, lieu)) if lieu else []
    lieu = lieu if ici else None
    motifs = ici or proposes(motifs_du_public(lien, aujourd_hui))
    demarche, lieu_id = _demarche_a_deplacer(request, lien), lieu.pk if lieu else None
    if request.COOKIES.get(COOKIE_DE_LA_VOIE) and "pour" not in request.GET and not (lien.prescripteur or demarche):
        return redirect(adresse_du_choix("choix_motif", replace(lien, prescripteur=True), lieu=lieu_id))
    if len(motifs) == 1:
        return redirect(adresse_du_choix("choix_lieu", lien, motifs[0].pk, lieu=lieu_id, demarche=demarche))
    identification = _a_identifier(request, lien)
    totaux = {
        len(etapes(plusieurs_motifs=True, instructions=a_des_instructions(motif), identification=identification))
        for motif in motifs
    }
    contexte = {
        "lien": lien,
        "structure": lien.structure,
        "lieu": lieu,
        "etape": Etape(1, max(totaux) if len(totaux) == 1 else 0) if totaux else "",
        "totaux": sorted(totaux),
        "question": "Quel est le besoin de cette personne ?" if lien.prescripteur else "",
        "adresse_sans_lieu": adresse_du_choix("choix_motif", lien),
        "autre_voie": "" if demarche else _autre_voie(lien, lieu=lieu_id),
        "choix": [
            (dispo, adresse_du_choix("choix_lieu", lien, dispo.objet.pk, lieu=lieu_id, demarche=demarche))
            for dispo in disponibilites_des_motifs(motifs, recherche, lieu)
        ],
    }
    return render(request, "reservations/parcours/choix_motif.html", contexte)


@login_not_required
@require_safe
@jamais_perimee
@par_le_lien
def choix_lieu(request: HttpRequest, lien: Lien, motif_id: int) -> HttpResponse:
    """Where, for a motif on site with several lieux; otherwise there is nothing to choose and the slots follow."""
    recherche = _recherche(request, lien)
    aujourd_hui = timezone.localdate(recherche.maintenant)
    motifs = motifs_du_public(lien, aujourd_hui)
    motif = next((motif for motif in motifs if motif.pk == motif_id), None)
    if motif is None:
        return _motif_ferme(request, lien)
    lieux = lieux_du_motif(motif, lien, aujourd_hui)
    demarche = _demarche_a_deplacer(request, lien)
    demande = next((lieu.pk for lieu in lieux if str(lieu.pk) == request.GET.get("lieu")), None)
    if demande or len(lieux) < 2:
        return redirect(adresse_du_choix("choix_creneau", lien, motif.pk, lieu=demande, demarche=demarche))
    ici = etape("quand", motif, proposes(motifs), identification=_a_identifier(request, lien))
    contexte = {
        "lien": lien,
        "structure": lien.structure,
        "motif": motif,
        "etape": ici,
        "totaux": [ici.total],
        "seul_motif": len(proposes(motifs)) < 2,
        "question": "Où ira cette personne ?" if lien.prescripteur else "",
        "adresse_des_motifs": adresse_du_choix("choix_motif", lien, demarche=demarche),
        "autre_voie": "" if demarche else _autre_voie(lien, motif),
        "choix": [
            (dispo, adresse_du_choix("choix_creneau", lien, motif.pk, lieu=dispo.objet.pk, demarche=demarche))
            for dispo in disponibilites_des_lieux(motif, lieux, recherche)
        ],
    }
    return render(request, "reservations/parcours/choix_lieu.html", contexte)


@login_not_required
@lecture_et_envoi
@jamais_perimee
@par_le_lien
def choix_creneau(request: HttpRequest, lien: Lien, motif_id: int) -> HttpResponse:
    """When: the soonest times, then a week. A POST holds the slot, for a new booking or for the one being moved."""
    recherche = _recherche(request, lien)
    aujourd_hui = timezone.localdate(recherche.maintenant)
    motifs = motifs_du_public(lien, aujourd_hui)
    motif = next((motif for motif in motifs if motif.pk == motif_id), None)
    if motif is None:
        return _motif_ferme(request, lien)
    lieux = lieux_du_motif(motif, lien, aujourd_hui)
    lieu = lieu_choisi(lieux, request.GET.get("lieu", ""))
    demarche = _demarche_a_deplacer(request, lien)
    if lieu is None and lieux:
        return redirect(adresse_du_choix("choix_lieu", lien, motif.pk, demarche=demarche))
    semaine = lire_semaine(request.GET.get("semaine", ""))
    perdu: dict[str, object] = {}
    if request.method == "POST":
        debut = lire_instant(request.POST.get("debut", ""))
        try:
            return redirect(_prendre(request, lien, motif, lieu, debut, demarche, recherche))
        except ReservationImpossible as refus:
            perdu = _refus_du_creneau(refus, motif, lieu, debut, recherche)
            if debut:
                semaine = timezone.localdate(dans_la_fenetre(motif, debut, recherche.maintenant))
    trouvees = propositions(motif, lieu, recherche, semaine)
    ici = etape("quand", motif, proposes(motifs), identification=_a_identifier(request, lien))
    adresse = adresse_du_choix("choix_creneau", lien, motif.pk, lieu=lieu.pk if lieu else None, demarche=demarche)
    contexte = {
        **_contexte_du_choix(lien, motif, proposes(motifs), lieu, lieux, demarche, recherche.maintenant),
        "etape": ici,
        "totaux": [ici.total],
        **perdu,
        "propositions": trouvees,
        **adresses_des_creneaux(adresse, trouvees),
        "adresse_d_attente": _adresse_d_attente(lien, motif, lieu) if demarche is None else "",
        "est_loin": recherche.maintenant + LOIN,
        "ailleurs": _ailleurs(lien, motif, lieu, lieux, demarche, recherche),
    }
    region = "creneaux" if request.method == "GET" else None
    return page_ou_fragment(request, "reservations/parcours/choix_creneau.html", contexte, region)


def _contexte_du_choix(
    lien: Lien,
    motif: Motif,
    choix: list[Motif],
    lieu: Lieu | None,
    lieux: list[Lieu],
    demarche: Demarche | None,
    maintenant: datetime,
) -> dict[str, object]:
    adresse_des_motifs = adresse_du_choix("choix_motif", lien, demarche=demarche)
    adresse_des_lieux = adresse_du_choix("choix_lieu", lien, motif.pk, demarche=demarche)
    return {
        "lien": lien,
        "structure": lien.structure,
        "motif": motif,
        "lieu": lieu,
        "seul_motif": len(choix) < 2,
        "heure_locale": "" if motif.sur_place else HEURES_LOCALES.get(lien.structure.fuseau, ""),
        "dernier_jour": motif.fenetre_du_public(maintenant)[1],
        "adresse_des_motifs": adresse_des_motifs if len(choix) > 1 else "",
        "adresse_des_lieux": adresse_des_lieux if len(lieux) > 1 else "",
        "demarche": demarche,
        "autre_voie": "" if demarche else _autre_voie(lien, motif, lieu=lieu.pk if lieu else None),
        "encore_garde": services.option_vivante(demarche, maintenant) if demarche else None,
    }


def _ailleurs(
    lien: Lien, motif: Motif, lieu: Lieu | None, lieux: list[Lieu], demarche: Demarche | None, recherche: Recherche
) -> list[tuple[Disponibilite, str]]:
    """Return the nearest other lieux that have a free time at that moment, with the address of their slots then."""
    return [
        (
            dispo,
            adresse_du_choix(
                "choix_creneau", lien, motif.pk, lieu=dispo.objet.pk, demarche=demarche, moment=recherche.moment
            ),
        )
        for dispo in disponibilites_ailleurs(motif, lieu, lieux, recherche)
    ]


def _adresse_d_attente(lien: Lien, motif: Motif, lieu: Lieu | None) -> str:
    """Return where to ask to be told of a place, "" when this structure has no waiting list.

    A prescriber books for somebody else: whoever waits answers within half an hour.
    """
    if not lien.structure.liste_d_attente or lien.prescripteur or (motif.sur_place and lieu is None):
        return ""
    return adresse_du_choix("attendre", lien, motif.pk, lieu=lieu.pk if lieu else None)


def _prendre(
    request: HttpRequest,
    lien: Lien,
    motif: Motif,
    lieu: Lieu | None,
    debut: datetime | None,
    demarche: Demarche | None,
    recherche: Recherche,
) -> str:
    """Hold the slot asked and return the address of the step that follows."""
    if debut is None:
        raise ReservationImpossible(_("Cette heure n'est pas dans la liste. Choisissez-en une ci-dessous."))
    prescripteur = prescripteur_pour(request, lien.structure) if lien.prescripteur else None
    prise = services.prendre_option(
        motif_id=motif.pk,
        structure_id=motif.structure_id,
        lieu_id=lieu.pk if lieu else None,
        debut=debut,
        visiteur=visiteur(request, creer=True),
        adresse=adresse_du_visiteur(request),
        maintenant=recherche.maintenant,
        demarche=demarche,
        agent_id=recherche.agent.pk if recherche.agent else None,
        par_prescripteur=lien.prescripteur,
        prescripteur=prescripteur,
    )
    etape = premiere_etape_incomplete(prise, identifie=prescripteur is not None)
    return reverse(f"reservations:{etape}", args=[prise.jeton])


def _a_identifier(request: HttpRequest, lien: Lien) -> bool:
    """Whether this path has a step where a prescriber says who they are."""
    return lien.prescripteur and prescripteur_pour(request, lien.structure) is None


def _autre_voie(lien: Lien, motif: Motif | None = None, *, lieu: int | None = None) -> str:
    """Return this same page taken for oneself, or for someone else; from a motif not for oneself, all the others."""
    autre = replace(lien, prescripteur=not lien.prescripteur)
    if motif is None or (lien.prescripteur and motif.ouvert_a != Public.TOUS):
        adresse = adresse_du_choix("choix_motif", autre, lieu=lieu)
    else:
        adresse = adresse_du_choix("choix_creneau" if lieu else "choix_lieu", autre, motif.pk, lieu=lieu)
    if "pour=" in adresse:
        return adresse
    return f"{adresse}{'&' if '?' in adresse else '?'}pour={'autrui' if autre.prescripteur else 'moi'}"


def _refus_du_creneau(
    refus: ReservationImpossible, motif: Motif, lieu: Lieu | None, debut: datetime | None, recherche: Recherche
) -> dict[str, object]:
    """Say what happened, with the nearest other times when the slot itself is what is missing."""
    if debut is None or not isinstance(refus, CreneauIndisponible):
        return {"refus": str(refus)}
    proches = plus_proches(motif, lieu, debut, recherche)
    return {"refus": _("Ce créneau vient d'être pris."), "proches": proches}


def _demarche_a_deplacer(request: HttpRequest, lien: Lien) -> Demarche | None:
    """Return the visitor's own booking in progress whose slot is being changed; anything else is ignored."""
    jeton = request.GET.get("demarche", "")
    demarche = demarche_du_visiteur(request, jeton) if jeton else None
    if demarche is None or demarche.confirmee_le is not None:
        return None
    ici = (lien.structure.pk, lien.prescripteur)
    return demarche if (demarche.motif.structure_id, demarche.par_prescripteur) == ici else None


def _recherche(request: HttpRequest, lien: Lien) -> Recherche:
    moment = lire_moment((request.POST if request.method == "POST" else request.GET).get("moment", ""))
    return Recherche(timezone.now(), visiteur(request), lien.agent, moment=moment)


def adresses_des_creneaux(adresse: str, trouvees: Propositions) -> dict[str, object]:
    """Return where the region of the slots leads: other weeks at the same moment, other moments of the same week."""
    suite = f"{adresse}{'&' if '?' in adresse else '?'}"
    semaine = f"semaine={trouvees.semaine.lundi}" if trouvees.semaine else ""
    au_moment = {moment: f"moment={moment}" if moment else "" for moment in Moment}
    choisi = au_moment[trouvees.moment]
    return {
        "adresse": adresse,
        "adresse_de_semaine": f"{suite}{choisi}&semaine=" if choisi else f"{suite}semaine=",
        "moments": [(moment, f"{suite}{'&'.join(filter(None, (au, semaine)))}") for moment, au in au_moment.items()],
    }


def adresse_du_choix(
    nom: str,
    lien: Lien,
    *args: int,
    lieu: int | None = None,
    demarche: Demarche | None = None,
    moment: Moment = Moment.TOUS,
) -> str:
    """Return the address of a page of choice, with what was already chosen."""
    chemin = reverse(f"reservations:{nom}", args=[lien, *args])
    parametres = {"lieu": lieu, "demarche": demarche.jeton if demarche else None, "moment": moment.value}
    if nom == "choix_motif" and not lien.prescripteur and demarche is None:
        parametres["pour"] = "moi"  # whatever this browser remembers: this tab is the learner's
    choisis = urlencode({cle: valeur for cle, valeur in parametres.items() if valeur})
    return f"{chemin}?{choisis}" if choisis else chemin


def _motif_ferme(request: HttpRequest, lien: Lien) -> HttpResponse:
    """The same answer for a motif that was closed, is not for everyone, or never existed."""
    return render(
        request,
        "reservations/parcours/motif_ferme.html",
        {"structure": lien.structure, "lien": lien, "adresse_des_motifs": adresse_du_choix("choix_motif", lien)},
        status=404,
    )
