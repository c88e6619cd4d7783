"""The words of the messages: a rendez-vous whose relations are loaded goes in, text comes out. No query, no write.

Those to learners are in the language of the moment, which the caller sets; those to agents have only French.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from motifs.models import TypeLieu
from reservations.courrier.sms import UNE_PARTIE, en_gsm7, longueur_gsm7
from reservations.models import Attente, Par, Participation, RendezVous
from structures.dates import de_a, heure, jour_et_heure, moment
from structures.models import Lieu, Structure
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
            return _("Par téléphone")
        case TypeLieu.VISIO:
            return rendez_vous.agent.url_visio or _("Par visioconférence")
        case TypeLieu.DOMICILE:
            return rendez_vous.adresse_domicile or _("À domicile")
    lieu = rendez_vous.lieu
    return f"{lieu.nom}, {lieu.adresse_complete}" if lieu else ""


def titre_pour_apprenant(rendez_vous: RendezVous) -> str:
    return _("%(motif)s avec %(structure)s") % {
        "motif": rendez_vous.motif.nom,
        "structure": rendez_vous.structure.nom,
    }


def titre_pour_agent(rendez_vous: RendezVous) -> str:
    return f"{rendez_vous.motif.nom} : {noms(rendez_vous)}"


def noms(rendez_vous: RendezVous) -> str:
    return ", ".join(str(p.apprenant) for p in rendez_vous.inscrits)


class Pour(Enum):
    """What a code is for."""

    PRENDRE = "prendre"
    VOIR = "voir"
    ATTENDRE = "attendre"


def code_par_courriel(code: str, pour: Pour = Pour.PRENDRE) -> Texte:
    # The subject is without the code: subjects are kept in the logs of mail servers.
    match pour:
        case Pour.PRENDRE:
            sujet = _("Votre code pour prendre rendez-vous")
            ou = _("Écrivez-le sur la page de votre rendez-vous. Il est valable %(minutes)d minutes.")
            sinon = _("Vous n'avez pas demandé de rendez-vous ? Vous pouvez effacer ce message.")
        case Pour.VOIR:
            sujet = _("Votre code pour voir vos rendez-vous")
            ou = _("Écrivez-le sur la page « Mes rendez-vous ». Il est valable %(minutes)d minutes.")
            sinon = _("Vous n'avez pas demandé à les voir ? Vous pouvez effacer ce message.")
        case Pour.ATTENDRE:
            sujet = _("Votre code pour être prévenu")
            ou = _("Écrivez-le sur la page où vous avez demandé à être prévenu. Il est valable %(minutes)d minutes.")
            sinon = _("Vous n'avez pas demandé à être prévenu d'une place libre ? Vous pouvez effacer ce message.")
    return Texte(
        sujet,
        _paragraphes(
            _("Bonjour,"),
            _("Voici votre code : %(code)s") % {"code": code},
            ou % {"minutes": settings.CODE_MINUTES},
            "\n".join((_("Ne donnez ce code à personne par téléphone."), sinon)),
        ),
    )


def code_par_sms(code: str, pour: Pour = Pour.PRENDRE) -> str:
    match pour:
        case Pour.PRENDRE:
            modele = _("%(code)s est votre code pour prendre rendez-vous. Il est valable %(minutes)d minutes.")
        case Pour.VOIR:
            modele = _("%(code)s est votre code pour voir vos rendez-vous. Il est valable %(minutes)d minutes.")
        case Pour.ATTENDRE:
            modele = _("%(code)s est votre code pour être prévenu. Il est valable %(minutes)d minutes.")
    texte = modele % {"code": code, "minutes": settings.CODE_MINUTES}
    return en_gsm7(" ".join((texte, _("Ne le donnez à personne."))))


def lien_de_l_attente(attente: Attente) -> str:
    """Return the address where someone who waits answers, or leaves the list."""
    return settings.SITE_URL + reverse("reservations:attente", kwargs={"jeton": attente.jeton})


def place_libre(attente: Attente, option: RendezVous, prenom: str) -> Texte:
    """`option`: the slot held for them."""
    debut, _fin = _heures_locales(option)
    remplace = _("Ce n'est pas encore un rendez-vous : il reste à dire que vous la prenez.")
    if attente.rendez_vous:
        avant = {"avant": moment(_heures_locales(attente.rendez_vous)[0])}
        remplace = (
            _("Si vous la prenez, elle remplace votre rendez-vous du %(avant)s. Sinon, il ne change pas.") % avant
        )
    places = {"quand": jour_et_heure(debut), "fin": _fin_de_l_offre(option)}
    return Texte(
        _sujet(_("Une place s'est libérée : %(quand)s"), option),
        _paragraphes(
            _bonjour(prenom),
            _("Une place s'est libérée %(quand)s. Elle est gardée pour vous jusqu'à %(fin)s.") % places,
            f"{_quoi_et_quand(option)}\n{lieu_en_ligne(option)}",
            remplace,
            _lien_personnel(_("Pour la prendre, la laisser, ou ne plus être prévenu :"), lien_de_l_attente(attente)),
            " ".join((_("Sans réponse, nous la proposons à quelqu'un d'autre."), _et_ensuite(attente))),
            _telephone(option),
        ),
    )


def place_libre_par_sms(attente: Attente, option: RendezVous) -> str:
    debut, _fin = _heures_locales(option)
    suite = {"fin": _fin_de_l_offre(option), "lien": lien_de_l_attente(attente)}
    return _sms(
        _("Place libre %(quand)s, ") % {"quand": jour_et_heure(debut)},
        en_ligne(option.lieu.nom if option.lieu else option.structure.nom),
        _(". Gardée pour vous jusqu'à %(fin)s : %(lien)s") % suite,
    )


def _fin_de_l_offre(option: RendezVous) -> str:
    return heure((option.expire_a or option.debut).astimezone(option.structure.tz))


def _et_ensuite(attente: Attente) -> str:
    if len(attente.deja_proposees) < settings.ATTENTE_PROPOSITIONS:
        return _("Vous restez sur la liste.")
    return _("C'est la dernière place que nous vous proposons : nous ne vous écrirons plus.")


def confirmation(rendez_vous: RendezVous, participation: Participation) -> Texte:
    return Texte(
        _sujet(_("Rendez-vous confirmé : %(quand)s"), rendez_vous),
        _paragraphes(
            _bonjour(participation.apprenant.prenom),
            _pris_par(rendez_vous),
            _("Votre rendez-vous est confirmé."),
            f"{_quoi_et_quand(rendez_vous)}\n{_ou(rendez_vous, participation)}",
            _avec_qui(rendez_vous),
            _a_savoir(rendez_vous),
            _rubrique(_instructions(participation), participation.instructions),
            _lien_personnel(_("Pour voir ou annuler ce rendez-vous :"), lien_secret(rendez_vous)),
            _telephone(rendez_vous),
        ),
    )


def deplacement(
    rendez_vous: RendezVous, participation: Participation, ancien: RendezVous, *, par: Par = Par.STRUCTURE
) -> Texte:
    """`ancien`: the same rendez-vous as it was before."""
    modele = (
        _("Vous avez déplacé votre rendez-vous du %(avant)s. Voici la nouvelle date.")
        if par == Par.PERSONNE
        else _("%(structure)s a déplacé votre rendez-vous du %(avant)s. Voici la nouvelle date.")
    )
    avant, _fin = _heures_locales(ancien)
    return Texte(
        _sujet(_("Rendez-vous déplacé : %(quand)s"), rendez_vous),
        _paragraphes(
            _bonjour(participation.apprenant.prenom),
            modele % {"structure": _par_qui(rendez_vous, par), "avant": moment(avant)},
            f"{_quoi_et_quand(rendez_vous)}\n{_ou(rendez_vous, participation)}",
            _avec_qui(rendez_vous),
            _lien_personnel(
                _("Cette date ne vous convient pas ? Pour voir ou annuler ce rendez-vous :"), lien_secret(rendez_vous)
            ),
            _telephone(rendez_vous),
        ),
    )


def rappel(rendez_vous: RendezVous, participation: Participation) -> Texte:
    return Texte(
        _sujet(_("Rappel de votre rendez-vous : %(quand)s"), rendez_vous),
        _paragraphes(
            _bonjour(participation.apprenant.prenom),
            _("Vous avez bientôt un rendez-vous."),
            f"{_quoi_et_quand(rendez_vous)}\n{_ou(rendez_vous, participation)}",
            _avec_qui(rendez_vous),
            _a_savoir(rendez_vous),
            _lien_personnel(
                _(
                    "Vous n'êtes plus disponible ? Dites-le dès maintenant : "
                    "quelqu'un d'autre pourra prendre votre place."
                ),
                lien_secret(rendez_vous),
            ),
            _telephone(rendez_vous),
        ),
    )


def annulation(rendez_vous: RendezVous, participation: Participation) -> Texte:
    if rendez_vous.annule_par == Par.PERSONNE:
        annonce, suite = _("Vous avez annulé votre rendez-vous."), _("Vous n'avez rien d'autre à faire.")
    else:
        annonce, suite = _("%(structure)s a annulé votre rendez-vous."), ""
    structure = {"structure": rendez_vous.structure.nom}
    return Texte(
        _sujet(_("Rendez-vous annulé : %(quand)s"), rendez_vous),
        _paragraphes(
            _bonjour(participation.apprenant.prenom),
            annonce % {"structure": _par_qui(rendez_vous, rendez_vous.annule_par)},
            _quoi_et_quand(rendez_vous),
            _rubrique(_("Message de %(structure)s :") % structure, rendez_vous.message_d_annulation),
            suite,
            _telephone(
                rendez_vous,
                modele=_("Pour prendre un autre rendez-vous, téléphonez au %(numero)s (%(qui)s)."),
            ),
        ),
    )


def confirmation_par_sms(rendez_vous: RendezVous) -> str:
    if rendez_vous.prescripteur is None:
        return _date_par_sms(rendez_vous, _("RDV %(quand)s, "))
    organisation = en_ligne(rendez_vous.prescripteur.organisation).replace("%", "")
    court = organisation if len(organisation) <= 24 else f"{organisation[:21].rstrip()}..."
    return _date_par_sms(rendez_vous, " ".join((court, _("a pris RDV pour vous : %(quand)s, "))))


def deplacement_par_sms(rendez_vous: RendezVous) -> str:
    return _date_par_sms(rendez_vous, _("RDV déplacé : %(quand)s, "))


def rappel_par_sms(rendez_vous: RendezVous) -> str:
    return _date_par_sms(rendez_vous, _("Rappel : RDV %(quand)s, "))


def _date_par_sms(rendez_vous: RendezVous, annonce: str) -> str:
    ou = {
        TypeLieu.TELEPHONE: _("par téléphone"),
        TypeLieu.VISIO: _("en visio"),
        TypeLieu.DOMICILE: _("à domicile"),
    }.get(TypeLieu(rendez_vous.type_lieu), rendez_vous.lieu.nom if rendez_vous.lieu else rendez_vous.structure.nom)
    return _sms(
        annonce % {"quand": _jour_et_heure(rendez_vous)},
        en_ligne(ou),
        _(". Voir ou annuler : %(lien)s") % {"lien": lien_secret(rendez_vous)},
    )


def annulation_par_sms(rendez_vous: RendezVous) -> str:
    """The structure's own message is on the page behind the link: it may be long, an SMS may not."""
    quand = {"quand": _jour_et_heure(rendez_vous)}
    if rendez_vous.annule_par == Par.PERSONNE:
        return en_gsm7(_("Vous avez annulé votre RDV du %(quand)s. Vous n'avez rien d'autre à faire.") % quand)
    return _sms(
        _("RDV du %(quand)s annulé par ") % quand,
        en_ligne(_par_qui(rendez_vous, rendez_vous.annule_par)),
        _(". Détails : %(lien)s") % {"lien": lien_secret(rendez_vous)},
    )


def nouveau_pour_agent(rendez_vous: RendezVous) -> Texte:
    debut, _fin = _heures_locales(rendez_vous)
    return Texte(
        en_ligne(f"Nouveau rendez-vous : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {rendez_vous.agent.prenom},",
            "Un rendez-vous vient d'être pris avec vous.",
            _fiche_agent(rendez_vous),
            *(_contact(p) for p in rendez_vous.inscrits),
        ),
    )


def annulation_pour_agent(rendez_vous: RendezVous) -> Texte:
    debut, _fin = _heures_locales(rendez_vous)
    par = PAR_POUR_L_AGENT[rendez_vous.annule_par]
    return Texte(
        en_ligne(f"Rendez-vous annulé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {rendez_vous.agent.prenom},",
            f"Un rendez-vous avec vous est annulé par {par}.",
            _fiche_agent(rendez_vous),
            *(_contact(p) for p in rendez_vous.inscrits),
            _rubrique("Message donné à la personne :", rendez_vous.message_d_annulation),
        ),
    )


def deplacement_pour_agent(rendez_vous: RendezVous, ancien: RendezVous, *, par: Par = Par.STRUCTURE) -> Texte:
    debut, _fin = _heures_locales(rendez_vous)
    avant, _fin = _heures_locales(ancien)
    return Texte(
        en_ligne(f"Rendez-vous déplacé : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {rendez_vous.agent.prenom},",
            f"Votre rendez-vous du {moment(avant)} est déplacé"
            f"{f' par {PAR_POUR_L_AGENT[par]}' if par != Par.STRUCTURE else ''}.",
            _fiche_agent(rendez_vous),
            *(_contact(p) for p in rendez_vous.inscrits),
        ),
    )


def retrait_pour_agent(ancien: RendezVous, *, par: Par = Par.STRUCTURE) -> Texte:
    """For the agent who had the rendez-vous before it went to a colleague."""
    debut, _fin = _heures_locales(ancien)
    return Texte(
        en_ligne(f"Rendez-vous retiré de votre agenda : {moment(debut)}"),
        _paragraphes(
            f"Bonjour {ancien.agent.prenom},",
            f"{PAR_POUR_L_AGENT[par].capitalize()} a déplacé ce rendez-vous : "
            "il est maintenant avec un autre agent de votre structure."
            if par != Par.STRUCTURE
            else "Ce rendez-vous est confié à un autre agent de votre structure.",
            _fiche_agent(ancien),
            *(_contact(p) for p in ancien.inscrits),
        ),
    )


PAR_POUR_L_AGENT = {
    Par.PERSONNE: "la personne",
    Par.PRESCRIPTEUR: "le prescripteur",
    Par.STRUCTURE: "votre structure",
}


def _par_qui(rendez_vous: RendezVous, par: Par) -> str:
    """Name, to the learner, whoever else moves or cancels their rendez-vous."""
    prescripteur = rendez_vous.prescripteur
    return str(prescripteur) if prescripteur and par == Par.PRESCRIPTEUR else rendez_vous.structure.nom


def _instructions(participation: Participation) -> str:
    """Say who accepted them: the learner, or a prescriber in their name."""
    par = en_ligne(participation.instructions_acceptees_par)
    if par:
        return _("Ces instructions ont été acceptées pour vous par %(qui)s :") % {"qui": par}
    return _("Vous avez accepté ces instructions :")


def _pris_par(rendez_vous: RendezVous) -> str:
    """Say to the learner who took the rendez-vous for them, if somebody did."""
    prescripteur = rendez_vous.prescripteur
    if prescripteur is None:
        return ""
    qui = {"nom": en_ligne(prescripteur.nom_complet), "organisation": en_ligne(prescripteur.organisation)}
    return _("%(nom)s, de l'organisation %(organisation)s, a pris rendez-vous pour vous.") % qui


# --- Pieces -------------------------------------------------------------------------------------------------------


def _paragraphes(*paragraphes: str) -> str:
    return "\n\n".join(p.strip() for p in paragraphes if p.strip()) + "\n"


def _rubrique(titre: str, texte: str) -> str:
    return f"{titre}\n{texte.strip()}" if texte.strip() else ""


def _bonjour(prenom: str) -> str:
    return _("Bonjour %(prenom)s,") % {"prenom": en_ligne(prenom)}


def _sujet(modele: str, rendez_vous: RendezVous) -> str:
    debut, _fin = _heures_locales(rendez_vous)
    return en_ligne(modele % {"quand": moment(debut)})


def _jour_et_heure(rendez_vous: RendezVous) -> str:
    debut, _fin = _heures_locales(rendez_vous)
    return jour_et_heure(debut)


def _avec_qui(rendez_vous: RendezVous) -> str:
    qui = {"agent": rendez_vous.agent.nom_complet, "structure": rendez_vous.structure.nom}
    return _("Votre rendez-vous est avec %(agent)s, %(structure)s.") % qui


def _a_savoir(rendez_vous: RendezVous) -> str:
    motif = rendez_vous.motif
    return _rubrique(_("À savoir avant de venir :") if motif.sur_place else _("À savoir :"), motif.information_apres)


def _lien_personnel(annonce: str, lien: str) -> str:
    return "\n".join((annonce, lien, _("Ce lien est personnel : ne le transmettez pas.")))


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
            if telephone:
                return _("Nous vous appellerons au %(numero)s.") % {"numero": telephone.as_national}
            return _("Nous vous appellerons.")
        case TypeLieu.VISIO:
            adresse = rendez_vous.agent.url_visio
            if adresse:
                annonce = _("Par visioconférence. À l'heure du rendez-vous, ouvrez cette adresse :")
                return f"{annonce}\n{adresse}"
            return _("Par visioconférence. La structure vous donnera l'adresse.")
        case TypeLieu.DOMICILE:
            domicile = rendez_vous.adresse_domicile
            return _("À votre domicile : %(adresse)s.") % {"adresse": domicile} if domicile else _("À votre domicile.")
    lieu = rendez_vous.lieu
    if lieu is None:
        return ""
    return f"{lieu.nom}\n{lieu.adresse_complete}"


def _telephone(rendez_vous: RendezVous, *, modele: str = "") -> str:
    """The number of the place where the person is expected, else the structure's."""
    lieu, structure = rendez_vous.lieu, rendez_vous.structure
    qui: Structure | Lieu | None = structure if structure.telephone else lieu
    if qui is None or not qui.telephone:
        return ""
    modele = modele or _("Une question ? Téléphonez au %(numero)s (%(qui)s).")
    return modele % {"numero": qui.telephone.as_national, "qui": qui.nom}


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
        par = participation.instructions_acceptees_par
        lignes.append(
            f"Instructions acceptées en son nom par {en_ligne(par)}."
            if par
            else "Cette personne a accepté les instructions."
        )
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
