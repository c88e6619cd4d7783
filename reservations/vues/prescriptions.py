"""Agents' pages: what each organisation prescribed, on screen and for a spreadsheet."""

import csv
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reservations.requetes.prescriptions import (
    COMPTES,
    PERIODES,
    Prescriptions,
    bornes_de_la_periode,
    prescriptions,
)
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.texte import pour_tableur

ENTETES = (
    "Organisation",
    "Prescripteur",
    "Pris",
    "À venir",
    "Personne venue",
    "Personne absente",
    "Annulés",
    "Suivi non noté",
)


@agent_de_la_structure
@require_safe
def prescriptions_par_organisation(request: RequeteAgent) -> HttpResponse:
    """Count the rendez-vous of each organisation over a period, and of each of its prescribers."""
    periode, du, au = _periode(request)
    organisations, total = prescriptions(request.structure, du, au, timezone.now())
    contexte = {
        "periodes": PERIODES.items(),
        "periode": periode,
        "du": du,
        "au": au,
        "organisations": organisations,
        "total": total,
    }
    return render(request, "reservations/agent/prescriptions.html", contexte)


@agent_de_la_structure
@require_safe
def exporter_prescriptions(request: RequeteAgent) -> HttpResponse:
    """The same, a line a prescriber, as French spreadsheets open it: semicolons, and a mark that it is UTF-8."""
    _, du, au = _periode(request)
    organisations, _ = prescriptions(request.structure, du, au, timezone.now())
    nom = f"prescriptions-{du.isoformat()}-{au.isoformat()}.csv"
    reponse = HttpResponse(
        "\ufeff",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{nom}"'},
    )
    ecrivain = csv.writer(reponse, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow(ENTETES)
    for organisation in organisations:
        ecrivain.writerows(_ligne(organisation, prescripteur) for prescripteur in organisation.prescripteurs)
    return reponse


def _ligne(organisation: Prescriptions, prescripteur: Prescriptions) -> list[str | int]:
    noms = (pour_tableur(organisation.nom), pour_tableur(prescripteur.nom))
    return [*noms, *(getattr(prescripteur, compte) for compte in COMPTES)]


def _periode(request: RequeteAgent) -> tuple[str, date, date]:
    periode = request.GET.get("periode", "")
    periode = periode if periode in PERIODES else "mois"
    return periode, *bornes_de_la_periode(periode, timezone.localdate())
