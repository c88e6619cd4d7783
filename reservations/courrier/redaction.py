"""The words of the messages: a rendez-vous whose relations are loaded goes in, text comes out. No query, no write."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy

from motifs.models import TypeLieu
from reservations.courrier.sms import UNE_PARTIE, en_gsm7, longueur_gsm7
from reservations.models import Attente, Participation, RendezVous, Statut
from structures.dates import de_a, heure, jour_et_mois, moment
from structures.texte import en_ligne


@dataclass(frozen=True)
class Texte:
    """What an e-mail says."""

    sujet: str
    corps: str


def lien_secret(rendez_vous: RendezVous) -> str:
    """Return the address where the learner sees and cancels their rendez-vous."""
    return settings.SITE_URL + reverse("reservations:rendez_vous_public", kwargs={"jeton": rendez_vous.jeton})


def lieu_en_ligne(rendez_vous: RendezVous) -> str:
    """Return where the rendez-vous takes place, on one line, as a calendar shows it."""
    match rendez_vous.type_lieu:
        case TypeLieu.TELEPHONE:
            return "Par téléphone"
        case TypeLieu.VISIO:
            return rendez_vous.agent.url_visio or "Par visioconférence"
        case TypeLieu.DOMICILE:
            return rendez_vous.adresse_domicile or "À domicile"
    lieu = rendez_vous.lieu
    return f"{lieu.nom}, {lieu.adresse_complete}" if lieu else ""


def titre_pour_apprenant(rendez_vous: RendezVous) -> str:
    return f"{rendez_vous.motif.nom} avec {rendez_vous.structure.nom}"


def titre_pour_agent(rendez_vous: RendezVous) -> str:
    return f"{rendez_vous.motif.nom} : {noms(rendez_vous)}"


def noms(rendez_vous: RendezVous) -> str:
    return ", ".join(str(p.apprenant) for p in rendez_vous.participations.all())


class Pour(Enum):
    """What a code is for, as its message says it."""

    PRENDRE = ("prendre rendez-vous", "la page de votre rendez-vous", "de rendez-vous")
    VOIR = ("voir vos rendez-vous", "la page « Mes rendez-vous »", "à les voir")
    ATTENDRE = ("être prévenu", "la page où vous avez demandé à être prévenu", "à être prévenu d'une place libre")

    def __init__(self, quoi: str, ou: str, demande: str) -> None:
        self.quoi, self.ou, self.demande = quoi, ou, demande


def code_par_courriel(code: str, pour: Pour = Pour.PRENDRE) -> Texte:
    return Texte(
        # Without the code: subjects are kept in the logs of mail servers.
        f"Votre code pour {pour.quoi}",
        _paragraphes(
            "Bonjour,",
            f"Voici votre code : {code}",
            f"Écrivez-le sur {pour.ou}. Il est valable {settings.CODE_MINUTES} minutes.",
            f"Ne donnez ce code à personne par téléphone.\nVous n'avez pas demandé {pour.demande} ? "
            "Vous pouvez effacer ce message.",
        ),
    )


def code_par_sms(code: str, pour: Pour = Pour.PRENDRE) -> str:
    return en_gsm7(
        f"{code} est votre code pour {pour.quoi}. Il est valable {settings.CODE_MINUTES} minutes. "
        "Ne le donnez à personne."
    )


def lien_de_l_attente(attente: Attente) -> str:
    """Return the address where someone who waits answers, or leaves the list."""
    return settings.SITE_URL + reverse("reservations:attente", kwargs={"jeton": attente.jeton})


def place_libre(attente: Attente, option: RendezVous, prenom: str) -> Texte:
    """`option`: the slot held for them."""
    debut, _ = _heures_locales(option)
    avant = _heures_locales(attente.rendez_vous)[0] if attente.rendez_vous else None
    return Texte(
        en_ligne(f"Une place s'est libérée : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {en_ligne(prenom)},",
            f"Une place s'est libérée {jour_et_mois(debut)} à {heure(debut)}. "
            f"Elle est gardée pour vous jusqu'à {_fin_de_l_offre(option)}.",
            f"{_quoi_et_quand(option)}\n{lieu_en_ligne(option)}",
            f"Si vous la prenez, elle remplace votre rendez-vous du {moment(avant)}. Sinon, il ne change pas."
            if avant
            else "Ce n'est pas encore un rendez-vous : il reste à dire que vous la prenez.",
            f"Pour la prendre, la laisser, ou ne plus être prévenu :\n{lien_de_l_attente(attente)}\n"
            "Ce lien est personnel : ne le transmettez pas.",
            f"Sans réponse, nous la proposons à quelqu'un d'autre. {_et_ensuite(attente)}",
            _telephone(option),
        ),
    )


def place_libre_par_sms(attente: Attente, option: RendezVous) -> str:
    debut, _ = _heures_locales(option)
    return _sms(
        f"Place libre {jour_et_mois(debut)} à {heure(debut)}, ",
        en_ligne(option.lieu.nom if option.lieu else option.structure.nom),
        f". Gardée pour vous jusqu'à {_fin_de_l_offre(option)} : {lien_de_l_attente(attente)}",
    )


def _fin_de_l_offre(option: RendezVous) -> str:
    return heure((option.expire_a or option.debut).astimezone(option.structure.tz))


def _et_ensuite(attente: Attente) -> str:
    if len(attente.deja_proposees) < settings.ATTENTE_PROPOSITIONS:
        return "Vous restez sur la liste."
    return "C'est la dernière place que nous vous proposons : nous ne vous écrirons plus."


def confirmation(rendez_vous: RendezVous, participation: Participation) -> Texte:
    debut, _ = _heures_locales(rendez_vous)
    motif = rendez_vous.motif
    return Texte(
        en_ligne(f"Rendez-vous confirmé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {en_ligne(participation.apprenant.prenom)},",
            "Votre rendez-vous est confirmé.",
            f"{_quoi_et_quand(rendez_vous)}\n{_ou(rendez_vous, participation)}",
            f"Votre rendez-vous est avec {rendez_vous.agent.nom_complet}, {rendez_vous.structure.nom}.",
            _rubrique("À savoir avant de venir :" if motif.sur_place else "À savoir :", motif.information_apres),
            _rubrique("Vous avez accepté ces instructions :", participation.instructions),
            f"Pour voir ou annuler ce rendez-vous :\n{lien_secret(rendez_vous)}\n"
            "Ce lien est personnel : ne le transmettez pas.",
            _telephone(rendez_vous),
        ),
    )


def deplacement(
    rendez_vous: RendezVous, participation: Participation, ancien: RendezVous, *, par_la_personne: bool = False
) -> Texte:
    """`ancien`: the same rendez-vous as it was before."""
    qui = "Vous avez" if par_la_personne else f"{rendez_vous.structure.nom} a"
    debut, _ = _heures_locales(rendez_vous)
    avant, _ = _heures_locales(ancien)
    return Texte(
        en_ligne(f"Rendez-vous déplacé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {en_ligne(participation.apprenant.prenom)},",
            f"{qui} déplacé votre rendez-vous du {moment(avant)}. Voici la nouvelle date.",
            f"{_quoi_et_quand(rendez_vous)}\n{_ou(rendez_vous, participation)}",
            f"Votre rendez-vous est avec {rendez_vous.agent.nom_complet}, {rendez_vous.structure.nom}.",
            f"Cette date ne vous convient pas ? Pour voir ou annuler ce rendez-vous :\n{lien_secret(rendez_vous)}\n"
            "Ce lien est personnel : ne le transmettez pas.",
            _telephone(rendez_vous),
        ),
    )


def rappel(rendez_vous: RendezVous, participation: Participation) -> Texte:
    debut, _ = _heures_locales(rendez_vous)
    motif = rendez_vous.motif
    return Texte(
        en_ligne(f"Rappel de votre rendez-vous : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {en_ligne(participation.apprenant.prenom)},",
            "Vous avez bientôt un rendez-vous.",
            f"{_quoi_et_quand(rendez_vous)}\n{_ou(rendez_vous, participation)}",
            f"Votre rendez-vous est avec {rendez_vous.agent.nom_complet}, {rendez_vous.structure.nom}.",
            _rubrique("À savoir avant de venir :" if motif.sur_place else "À savoir :", motif.information_apres),
            f"Vous n'êtes plus disponible ? Dites-le dès maintenant : quelqu'un d'autre pourra prendre votre place.\n"
            f"{lien_secret(rendez_vous)}\nCe lien est personnel : ne le transmettez pas.",
            _telephone(rendez_vous),
        ),
    )


def annulation(rendez_vous: RendezVous, participation: Participation) -> Texte:
    debut, _ = _heures_locales(rendez_vous)
    if rendez_vous.statut == Statut.EXCUSE:
        annonce = "Vous avez annulé votre rendez-vous."
        suite = "Vous n'avez rien d'autre à faire."
    else:
        annonce = f"{rendez_vous.structure.nom} a annulé votre rendez-vous."
        suite = ""
    return Texte(
        en_ligne(f"Rendez-vous annulé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {en_ligne(participation.apprenant.prenom)},",
            annonce,
            _quoi_et_quand(rendez_vous),
            _rubrique(f"Message de {rendez_vous.structure.nom} :", rendez_vous.message_d_annulation),
            suite,
            _telephone(rendez_vous, debut="Pour prendre un autre rendez-vous, téléphonez"),
        ),
    )


def confirmation_par_sms(rendez_vous: RendezVous) -> str:
    return _date_par_sms(rendez_vous, "RDV")


def deplacement_par_sms(rendez_vous: RendezVous) -> str:
    return _date_par_sms(rendez_vous, "RDV déplacé :")


def rappel_par_sms(rendez_vous: RendezVous) -> str:
    return _date_par_sms(rendez_vous, "Rappel : RDV")


def _date_par_sms(rendez_vous: RendezVous, annonce: str) -> str:
    debut, _ = _heures_locales(rendez_vous)
    ou = {
        TypeLieu.TELEPHONE: "par téléphone",
        TypeLieu.VISIO: "en visio",
        TypeLieu.DOMICILE: "à domicile",
    }.get(TypeLieu(rendez_vous.type_lieu), rendez_vous.lieu.nom if rendez_vous.lieu else rendez_vous.structure.nom)
    return _sms(
        f"{annonce} {jour_et_mois(debut)} à {heure(debut)}, ",
        en_ligne(ou),
        f". Voir ou annuler : {lien_secret(rendez_vous)}",
    )


def annulation_par_sms(rendez_vous: RendezVous) -> str:
    """The structure's own message is on the page behind the link: it may be long, an SMS may not."""
    debut, _ = _heures_locales(rendez_vous)
    quand = f"{jour_et_mois(debut)} à {heure(debut)}"
    if rendez_vous.statut == Statut.EXCUSE:
        return en_gsm7(f"Vous avez annulé votre RDV du {quand}. Vous n'avez rien d'autre à faire.")
    lien = f". Détails : {lien_secret(rendez_vous)}"
    return _sms(f"RDV du {quand} annulé par ", en_ligne(rendez_vous.structure.nom), lien)


def nouveau_pour_agent(rendez_vous: RendezVous) -> Texte:
    debut, _ = _heures_locales(rendez_vous)
    return Texte(
        en_ligne(f"Nouveau rendez-vous : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {rendez_vous.agent.prenom},",
            "Un rendez-vous vient d'être pris avec vous.",
            _fiche_agent(rendez_vous),
            *(_contact(p) for p in rendez_vous.participations.all()),
        ),
    )


def annulation_pour_agent(rendez_vous: RendezVous) -> Texte:
    debut, _ = _heures_locales(rendez_vous)
    par = "la personne" if rendez_vous.statut == Statut.EXCUSE else "votre structure"
    return Texte(
        en_ligne(f"Rendez-vous annulé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {rendez_vous.agent.prenom},",
            f"Un rendez-vous avec vous est annulé par {par}.",
            _fiche_agent(rendez_vous),
            *(_contact(p) for p in rendez_vous.participations.all()),
            _rubrique("Message donné à la personne :", rendez_vous.message_d_annulation),
        ),
    )


def deplacement_pour_agent(rendez_vous: RendezVous, ancien: RendezVous, *, par_la_personne: bool = False) -> Texte:
    debut, _ = _heures_locales(rendez_vous)
    avant, _ = _heures_locales(ancien)
    return Texte(
        en_ligne(f"Rendez-vous déplacé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {rendez_vous.agent.prenom},",
            f"Votre rendez-vous du {moment(avant)} est déplacé{' par la personne' if par_la_personne else ''}.",
            _fiche_agent(rendez_vous),
            *(_contact(p) for p in rendez_vous.participations.all()),
        ),
    )


def retrait_pour_agent(ancien: RendezVous, *, par_la_personne: bool = False) -> Texte:
    """For the agent who had the rendez-vous before it went to a colleague."""
    debut, _ = _heures_locales(ancien)
    return Texte(
        en_ligne(f"Rendez-vous retiré de votre agenda : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {ancien.agent.prenom},",
            "La personne a déplacé ce rendez-vous : il est maintenant avec un autre agent de votre structure."
            if par_la_personne
            else "Ce rendez-vous est confié à un autre agent de votre structure.",
            _fiche_agent(ancien),
            *(_contact(p) for p in ancien.participations.all()),
        ),
    )


# --- Pieces -------------------------------------------------------------------------------------------------------


def _paragraphes(*paragraphes: str) -> str:
    return "\n\n".join(p.strip() for p in paragraphes if p.strip()) + "\n"


def _rubrique(titre: str, texte: str) -> str:
    return f"{titre}\n{texte.strip()}" if texte.strip() else ""


def _heures_locales(rendez_vous: RendezVous) -> tuple[datetime, datetime]:
    tz = rendez_vous.structure.tz
    return rendez_vous.debut.astimezone(tz), rendez_vous.fin.astimezone(tz)


def _quoi_et_quand(rendez_vous: RendezVous) -> str:
    """Say the motif, the day and the hours; overseas, also whose hour it is: by telephone, people may be elsewhere."""
    quand = de_a(*_heures_locales(rendez_vous))
    fuseau = HEURES_LOCALES.get(rendez_vous.structure.fuseau, "")
    precision = f" ({fuseau})" if fuseau else ""
    return f"{en_ligne(rendez_vous.motif.nom)}\n{quand[:1].upper()}{quand[1:]}{precision}"


HEURES_LOCALES = {
    "America/Guadeloupe": gettext_lazy("heure de la Guadeloupe"),
    "America/Martinique": gettext_lazy("heure de la Martinique"),
    "America/Cayenne": gettext_lazy("heure de la Guyane"),
    "Indian/Reunion": gettext_lazy("heure de La Réunion"),
    "America/Miquelon": gettext_lazy("heure de Saint-Pierre-et-Miquelon"),
    "Indian/Mayotte": gettext_lazy("heure de Mayotte"),
    "America/St_Barthelemy": gettext_lazy("heure de Saint-Barthélemy"),
    "America/Marigot": gettext_lazy("heure de Saint-Martin"),
    "Pacific/Wallis": gettext_lazy("heure de Wallis-et-Futuna"),
    "Pacific/Tahiti": gettext_lazy("heure de Tahiti"),
    "Pacific/Noumea": gettext_lazy("heure de la Nouvelle-Calédonie"),
}


def _ou(rendez_vous: RendezVous, participation: Participation) -> str:
    match rendez_vous.type_lieu:
        case TypeLieu.TELEPHONE:
            telephone = participation.apprenant.telephone
            return f"Nous vous appellerons au {telephone.as_national}." if telephone else "Nous vous appellerons."
        case TypeLieu.VISIO:
            adresse = rendez_vous.agent.url_visio
            if adresse:
                return f"Par visioconférence. À l'heure du rendez-vous, ouvrez cette adresse :\n{adresse}"
            return "Par visioconférence. La structure vous donnera l'adresse."
        case TypeLieu.DOMICILE:
            domicile = rendez_vous.adresse_domicile
            return f"À votre domicile : {domicile}." if domicile else "À votre domicile."
    lieu = rendez_vous.lieu
    if lieu is None:
        return ""
    return f"{lieu.nom}\n{lieu.adresse_complete}"


def _telephone(rendez_vous: RendezVous, *, debut: str = "Une question ? Téléphonez") -> str:
    """The number of the place where the person is expected, else the structure's."""
    lieu, structure = rendez_vous.lieu, rendez_vous.structure
    if structure.telephone:
        return f"{debut} au {structure.telephone.as_national} ({structure.nom})."
    if lieu is not None and lieu.telephone:
        return f"{debut} au {lieu.telephone.as_national} ({lieu.nom})."
    return ""


def _fiche_agent(rendez_vous: RendezVous) -> str:
    return f"{_quoi_et_quand(rendez_vous)}\n{lieu_en_ligne(rendez_vous)}\n{rendez_vous.structure.nom}"


def _contact(participation: Participation) -> str:
    apprenant = participation.apprenant
    lignes = [str(apprenant)]
    if apprenant.telephone:
        lignes.append(apprenant.telephone.as_national)
    if apprenant.courriel:
        lignes.append(apprenant.courriel)
    if participation.instructions:
        lignes.append("Cette personne a accepté les instructions.")
    return "\n".join(lignes)


def _sms(avant: str, milieu: str, apres: str) -> str:
    """Join three pieces, the middle one shortened so that the whole fits one SMS unless too little would be left."""
    avant, milieu, apres = en_gsm7(avant), en_gsm7(milieu), en_gsm7(apres)
    reste = UNE_PARTIE - longueur_gsm7(avant) - longueur_gsm7(apres)
    if longueur_gsm7(milieu) > reste >= 10:
        while longueur_gsm7(milieu) > reste - 3:
            milieu = milieu[:-1]
        milieu = milieu.rstrip(" ,-") + "..."
    return avant + milieu + apres
