"""Messages of the booking: each is a row and a job, written in the caller's transaction. Nothing is sent here.

The row and the job share the connection of the caller: they are committed with what they tell, or vanish with it.
`reservations.courrier.envoi` sends them, `reservations.courrier.redaction` finds the words.
"""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from itertools import batched

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from procrastinate.types import JSONDict

from reservations.courrier import redaction, redaction_prescripteur
from reservations.courrier.envoi import envoyer_message, ics_du_message
from reservations.courrier.ical import Methode
from reservations.courrier.sms import est_mobile, sms_possibles
from reservations.models import (
    STATUTS_ANNULES,
    Apprenant,
    Attente,
    Canal,
    Consultation,
    EvenementAnnonce,
    IdentificationPrescripteur,
    Message,
    Par,
    Participation,
    PorteurDeCode,
    Prescripteur,
    Rappel,
    RendezVous,
)
from structures.models import Agent, MessagesRecus

LOT = 100  # rendez-vous reminded in one transaction


@transaction.atomic(savepoint=False)
def envoyer_code(*, demarche: PorteurDeCode, code: str) -> None:
    """Send the code to the contact typed, to book or to see one's rendez-vous: by e-mail, else by SMS. It is typed in
    the page that asks for it: it is in its language."""
    pour = redaction.Pour.VOIR if isinstance(demarche, Consultation) else redaction.Pour.PRENDRE
    pour = redaction.Pour.ATTENDRE if isinstance(demarche, Attente) else pour
    if demarche.courriel:
        texte = redaction.code_par_courriel(code, pour)
        if isinstance(demarche, IdentificationPrescripteur):
            texte = redaction_prescripteur.code_de_prescripteur(code)
        message = Message(
            canal=Canal.COURRIEL,
            destinataire=demarche.courriel,
            sujet=texte.sujet,
            texte=texte.corps,
            langue=translation.get_language(),
            confidentiel=True,
        )
    else:
        message = Message(
            canal=Canal.SMS,
            destinataire=demarche.telephone.as_e164,
            texte=redaction.code_par_sms(code, pour),
            langue=translation.get_language(),
            confidentiel=True,
        )
    _poster([message])


@transaction.atomic(savepoint=False)
def annoncer_confirmation(*, rendez_vous: RendezVous, auteur: Agent | None = None) -> None:
    """Tell each learner, the prescriber and the agent that the rendez-vous is taken. `auteur`: the agent who did it,
    if one did. The caller has read or written it under its lock: it is not read again, but what it lacks."""
    messages: list[Message] = []
    if veut_un_message(rendez_vous.agent, auteur, [rendez_vous]):
        messages += [_pour_agent(rendez_vous, redaction.nouveau_pour_agent, "REQUEST")]
    messages += _pour_apprenants(rendez_vous, redaction.confirmation, redaction.confirmation_par_sms, "REQUEST")
    messages += _pour_prescripteur(rendez_vous, redaction_prescripteur.confirmation, "REQUEST")
    _poster(messages)


@transaction.atomic(savepoint=False)
def renvoyer_confirmation(*, rendez_vous: RendezVous, canal: Canal, maintenant: datetime) -> None:
    """Send the learner their confirmation again, by one channel. The caller knows that it reaches them."""
    rendez_vous = RendezVous.objects.avec_details().get(pk=rendez_vous.pk)
    participation = rendez_vous.inscrits[0]
    apprenant = participation.apprenant
    with translation.override(apprenant.langue):
        texte = redaction.confirmation(rendez_vous, participation)
        if canal == Canal.SMS:
            sms = redaction.confirmation_par_sms(rendez_vous)
            message = _sms(rendez_vous, apprenant, texte.sujet, sms, "REQUEST")
        else:
            message = _a_l_apprenant(rendez_vous, participation, texte, "REQUEST")
    message.cree_le = maintenant  # what the limits count
    _poster([message])


@transaction.atomic(savepoint=False)
def annoncer_annulation(*, rendez_vous: RendezVous, auteur: Agent | None = None) -> None:
    """Tell each learner, the prescriber and the agent that the rendez-vous is cancelled, by whom and with what message.

    The service that cancels has saved the status and increased `sequence`. `auteur`: the agent who did it, if one did.
    """
    rendez_vous = RendezVous.objects.avec_details().get(pk=rendez_vous.pk)
    messages: list[Message] = []
    if veut_un_message(rendez_vous.agent, auteur, [rendez_vous]):
        messages += [_pour_agent(rendez_vous, redaction.annulation_pour_agent, "CANCEL")]
    messages += _pour_apprenants(rendez_vous, redaction.annulation, redaction.annulation_par_sms, "CANCEL")
    messages += _pour_prescripteur(rendez_vous, redaction_prescripteur.annulation, "CANCEL")
    _poster(messages)


@transaction.atomic(savepoint=False)
def annoncer_deplacement(
    *,
    rendez_vous: RendezVous,
    depuis: tuple[Agent, datetime, datetime],
    auteur: Agent | None = None,
    par: Par = Par.STRUCTURE,
) -> None:
    """Tell each learner, the prescriber and the agent that the rendez-vous was moved, and by whom; `depuis`: with whom,
    from when to when it was.

    When the agent changed, the former one's calendar drops it and the new one's gets it. The service has saved the new
    time and increased `sequence`.
    """
    rendez_vous = RendezVous.objects.avec_details().get(pk=rendez_vous.pk)
    ancien = copy(rendez_vous)
    ancien.agent, ancien.debut, ancien.fin = depuis
    messages: list[Message] = []
    if ancien.agent_id == rendez_vous.agent_id:
        if veut_un_message(rendez_vous.agent, auteur, [ancien, rendez_vous]):
            avis = partial(redaction.deplacement_pour_agent, ancien=ancien, par=par)
            messages += [_pour_agent(rendez_vous, avis, "REQUEST")]
    else:
        if veut_un_message(ancien.agent, auteur, [ancien]):
            retrait = partial(redaction.retrait_pour_agent, par=par)
            messages += [_pour_agent(ancien, retrait, "CANCEL")]
        if veut_un_message(rendez_vous.agent, auteur, [rendez_vous]):
            messages += [_pour_agent(rendez_vous, redaction.nouveau_pour_agent, "REQUEST")]
    ecrire = partial(redaction.deplacement, ancien=ancien, par=par)
    messages += _pour_apprenants(rendez_vous, ecrire, redaction.deplacement_par_sms, "REQUEST")
    au_prescripteur = partial(redaction_prescripteur.deplacement, ancien=ancien, par=par)
    messages += _pour_prescripteur(rendez_vous, au_prescripteur, "REQUEST")
    _poster(messages)


def ecrire_rappels(*, maintenant: datetime) -> int:
    """Write the reminders that are due, and return how many. Run twice, or by two workers at once, none is doubled."""
    return sum(
        _ecrire_rappels(rappel, lot, maintenant)
        for rappel in Rappel
        for lot in batched(RendezVous.objects.a_rappeler(rappel, maintenant).values_list("pk", flat=True), LOT)
    )


@transaction.atomic(savepoint=False)
def _ecrire_rappels(rappel: Rappel, lot: Sequence[int], maintenant: datetime) -> int:
    rendez_vous = RendezVous.objects.filter(pk__in=lot)
    verrous = rendez_vous.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
    pris = list(verrous.values_list("pk", flat=True))
    messages: list[Message] = []
    # Read again under the lock: cancelled, moved, or reminded by another worker meanwhile, they are left out.
    for rdv in RendezVous.objects.a_rappeler(rappel, maintenant).filter(pk__in=pris).avec_details():
        pour_ce_rendez_vous = {
            message.destinataire: message
            for message in _pour_apprenants(rdv, redaction.rappel, redaction.rappel_par_sms, "REQUEST")
        }
        for message in pour_ce_rendez_vous.values():
            message.rappel = rappel
        messages += pour_ce_rendez_vous.values()
    _poster(messages)
    return len(messages)


def a_prevenir_de_l_attente(attente: Attente) -> Apprenant | Attente:
    """Return whose contact is written to: the learner's as it is now, when they have a rendez-vous."""
    participation = attente.rendez_vous.participations.order_by("pk").first() if attente.rendez_vous else None
    return participation.apprenant if participation else attente


@transaction.atomic(savepoint=False)
def proposer_place(*, attente: Attente) -> None:
    """Tell whoever waits that a place is held for them, and until when. Not sent once it no longer is.

    The caller has written the place, and knows that a message reaches them.
    """
    option = RendezVous.objects.avec_details().get(demarche__attente=attente)
    personne = a_prevenir_de_l_attente(attente)
    with translation.override(personne.langue):
        texte = redaction.place_libre(attente, option, personne.prenom)
        sms = redaction.place_libre_par_sms(attente, option)
    message = Message(
        rendez_vous=attente.rendez_vous,  # never the option, deleted one day: its message may be being sent
        valable_jusqu_a=option.expire_a,
        sujet=texte.sujet,
        langue=personne.langue,
    )
    if personne.courriel:
        message.canal, message.destinataire, message.texte = Canal.COURRIEL, personne.courriel, texte.corps
    else:
        message.canal, message.destinataire, message.texte = Canal.SMS, personne.telephone.as_e164, sms
    _poster([message])


def veut_un_message(agent: Agent, auteur: Agent | None, rendez_vous: Sequence[RendezVous]) -> bool:
    """Whether an agent is written to about a change to these rendez-vous of theirs (before and after a move).

    `auteur`: the agent who made it, None for the learner or the system (levels: reference, section 6).
    """
    par_un_autre = auteur is None or auteur.pk != agent.pk
    match agent.messages_recus:
        case MessagesRecus.TOUS:
            return True
        case MessagesRecus.AUTRES:
            return par_un_autre
        case MessagesRecus.BIENTOT:
            tz = rendez_vous[0].structure.tz
            bientot = timezone.localdate(timezone=tz) + timedelta(days=1)
            return par_un_autre and any(timezone.localdate(rdv.debut, tz) <= bientot for rdv in rendez_vous)
    return False


def invitation_de(*, rendez_vous: RendezVous) -> str:
    """Return the calendar file of a rendez-vous as its learner would get it now (the button of the secret link's page).

    Same UID and version as the one in their e-mail: opening both makes one event. Reads, writes nothing.
    """
    rendez_vous = RendezVous.objects.avec_details().get(pk=rendez_vous.pk)
    participation = rendez_vous.inscrits[0]
    annule = rendez_vous.statut in STATUTS_ANNULES
    with translation.override(participation.apprenant.langue):
        texte = (redaction.annulation if annule else redaction.confirmation)(rendez_vous, participation)
        return ics_du_message(_a_l_apprenant(rendez_vous, participation, texte, "CANCEL" if annule else "REQUEST"))


def sera_prevenu(apprenant: Apprenant | Attente) -> bool:
    """Whether a message reaches the learner: by e-mail, else by SMS when the number and this instance allow it."""
    return bool(apprenant.courriel) or (sms_possibles() and est_mobile(apprenant.telephone))


def _poster(messages: list[Message]) -> None:
    if messages:
        messages = Message.objects.bulk_create(messages)
        travaux: list[JSONDict] = [{"message_id": message.pk} for message in messages]
        envoyer_message.batch_defer(*travaux)


def _pour_apprenants(
    rendez_vous: RendezVous,
    ecrire: Callable[[RendezVous, Participation], redaction.Texte],
    ecrire_sms: Callable[[RendezVous], str],
    methode: Methode,
) -> list[Message]:
    """Write to each learner in their own language, whoever acts and in what language.

    By e-mail when there is an address; otherwise by SMS when the number and this instance allow it; else nothing.
    """
    messages: list[Message] = []
    for participation in rendez_vous.inscrits:
        apprenant = participation.apprenant
        with translation.override(apprenant.langue):
            if apprenant.courriel:
                texte = ecrire(rendez_vous, participation)
                messages += [_a_l_apprenant(rendez_vous, participation, texte, methode)]
            elif sms_possibles() and est_mobile(apprenant.telephone):
                sujet = ecrire(rendez_vous, participation).sujet
                messages += [_sms(rendez_vous, apprenant, sujet, ecrire_sms(rendez_vous), methode)]
    return messages


def _sms(rendez_vous: RendezVous, apprenant: Apprenant, sujet: str, texte: str, methode: Methode) -> Message:
    return Message(
        canal=Canal.SMS,
        destinataire=apprenant.telephone.as_e164,
        sujet=sujet,  # does not leave: the history of the rendez-vous says which SMS it was
        texte=texte,
        langue=translation.get_language(),
        ics_methode=methode,  # no calendar in an SMS, but the job must know what it announces
        rendez_vous=rendez_vous,
        debut=rendez_vous.debut,
    )


def _a_l_apprenant(
    rendez_vous: RendezVous, participation: Participation, texte: redaction.Texte, methode: Methode
) -> Message:
    apprenant = participation.apprenant
    titre, url = redaction.titre_pour_apprenant(rendez_vous), redaction.lien_secret(rendez_vous)
    return _invitation(rendez_vous, (str(apprenant), apprenant.courriel), texte, titre, methode, url)


def _pour_agent(rendez_vous: RendezVous, ecrire: Callable[[RendezVous], redaction.Texte], methode: Methode) -> Message:
    """Write to the agent, in French even when a learner acts in another language. Who prescribed gets the answer."""
    agent, prescripteur = rendez_vous.agent, rendez_vous.prescripteur
    with translation.override(settings.LANGUAGE_CODE):
        texte = redaction_prescripteur.pour_l_agent(ecrire(rendez_vous), rendez_vous)
        titre = redaction.titre_pour_agent(rendez_vous)
        message = _invitation(rendez_vous, (agent.nom_complet, agent.courriel), texte, titre, methode)
    message.repondre_a = prescripteur.courriel if prescripteur else ""
    return message


def _pour_prescripteur(
    rendez_vous: RendezVous, ecrire: Callable[[RendezVous, Prescripteur], redaction.Texte], methode: Methode
) -> list[Message]:
    """Write to whoever prescribed it, in French; no calendar, the rendez-vous is in somebody else's."""
    prescripteur = rendez_vous.prescripteur
    if prescripteur is None:
        return []
    with translation.override(settings.LANGUAGE_CODE):
        return [_courriel(rendez_vous, prescripteur.courriel, ecrire(rendez_vous, prescripteur), methode)]


def _invitation(
    rendez_vous: RendezVous,
    participant: tuple[str, str],
    texte: redaction.Texte,
    titre: str,
    methode: Methode,
    url: str = "",
) -> Message:
    """Return the e-mail that a calendar understands. `participant`: name, e-mail; `url`: the secret link, the learner's
    alone."""
    nom, courriel = participant
    message = _courriel(rendez_vous, courriel, texte, methode)
    message.evenement = EvenementAnnonce(
        sequence=rendez_vous.sequence,
        duree=int((rendez_vous.fin - rendez_vous.debut).total_seconds()) // 60,
        titre=titre,
        lieu=redaction.lieu_en_ligne(rendez_vous),
        participant=nom,
        url=url,
    )
    return message


def _courriel(rendez_vous: RendezVous, destinataire: str, texte: redaction.Texte, methode: Methode) -> Message:
    return Message(
        canal=Canal.COURRIEL,
        destinataire=destinataire,
        sujet=texte.sujet,
        texte=texte.corps,
        langue=translation.get_language(),
        ics_methode=methode,
        rendez_vous=rendez_vous,
        debut=rendez_vous.debut,
        cree_le=timezone.now(),
    )
