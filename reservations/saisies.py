"""What is being typed, carried by the visitor's session from an answer to the page that shows it again.

The forms of a booking in progress answer every POST by a redirection, errors included: "back" and "reload" then never
offer to send a form again, and "back" from the confirmation leads to the rendez-vous, not to a form that was refused.
"""

from dataclasses import asdict, dataclass, field

from django.http import HttpRequest

from reservations.conservation import CONSERVATION_DEMARCHES
from reservations.models import Demarche

CLE_DE_SESSION = "saisie"
CLE_DE_LA_PAGE = "saisie_de_la_page"
PERSONNE = ("prenom", "nom", "courriel", "telephone", "adresse_domicile", "organisation", "note")
CHAMPS = (*PERSONNE, "contact", "texte", "accepte", "code")
LONGUEUR = 20_000  # the session is not a store: longer than any form of the path


@dataclass(frozen=True)
class Saisie:
    """One form as it was sent. `a_verifier`: its errors are shown; otherwise it was only interrupted."""

    jeton: str
    etape: str
    champs: dict[str, str] = field(default_factory=dict)
    a_verifier: bool = True
    erreurs: dict[str, str] = field(default_factory=dict)  # what a service refused, by field
    refus: str = ""


def garder_saisie(
    request: HttpRequest,
    demarche: Demarche,
    etape: str,
    *,
    a_verifier: bool = True,
    erreurs: dict[str, str] | None = None,
    refus: str = "",
) -> None:
    """Keep what this POST brings for the page `etape` of this booking."""
    champs = champs_de(request)
    if not champs and not a_verifier:
        return
    saisie = Saisie(demarche.jeton, etape, champs, a_verifier, erreurs or {}, refus)
    request.session[CLE_DE_SESSION] = asdict(saisie)
    if not request.user.is_authenticated:
        # An agent's session lasts two weeks; what a learner typed is kept as long as their booking in progress.
        request.session.set_expiry(int(CONSERVATION_DEMARCHES.total_seconds()))


def champs_de(request: HttpRequest) -> dict[str, str]:
    return {nom: request.POST[nom][:LONGUEUR] for nom in CHAMPS if nom in request.POST}


def saisie_de(request: HttpRequest, demarche: Demarche, etape: str) -> Saisie | None:
    """Return what was kept for that page of that booking. It stays until the form is accepted."""
    gardee = request.session.get(CLE_DE_SESSION)
    if not gardee or (gardee["jeton"], gardee["etape"]) != (demarche.jeton, etape):
        return None
    return Saisie(**gardee)


def a_ecrit(request: HttpRequest, demarche: Demarche) -> bool:
    """Whether the person has typed who it is for, sent or only begun."""
    gardee = request.session.get(CLE_DE_SESSION)
    champs = gardee["champs"] if gardee and gardee["jeton"] == demarche.jeton else {}
    return bool(demarche.prenom) or any(champs.get(champ) for champ in PERSONNE)


def oublier_saisie(request: HttpRequest) -> None:
    """Forget it: the form was accepted, and nothing personal stays in the session."""
    if request.session.pop(CLE_DE_SESSION, None) is not None:
        request.session.set_expiry(None)


# --- The pages of no booking ----------------------------------------------------------------------------------------


def garder_pour_la_page(request: HttpRequest) -> None:
    """Keep what this POST brings for the next answer of this address."""
    request.session[CLE_DE_LA_PAGE] = [request.path, champs_de(request)]


def saisie_de_la_page(request: HttpRequest) -> dict[str, str]:
    """Return what was kept for this address, once: it has no secret, the next person at this computer may open it."""
    page, champs = request.session.pop(CLE_DE_LA_PAGE, ("", {}))
    return champs if page == request.path else {}
