"""Replay slot cases (`tests/cas/README.md`): `uv run pytest --cas=FICHIER`, by default the 148 of the project.

The four slot operations go through PostgreSQL: the rules are written by the services that the forms use, and read by
the function that the public page calls. The others ask the pure module of recurrence. A key that is not known here
is a failure, never a skip.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta

from motifs.models import Motif
from plages.feries import feries
from plages.models import Absence, JourParticulier, PlageOuverture
from plages.recurrence import Frequence, Regle, se_chevauchent
from plages.services import enregistrer_absence, enregistrer_plage
from reservations.creneaux import Creneau, Demande, creneaux_libres, demande_du_public, premiers_creneaux
from reservations.models import RendezVous, Statut
from structures.models import Agent, Appartenance, Lieu, Structure
from tests.conftest import CAS_PAR_DEFAUT

PARIS = ZoneInfo("Europe/Paris")
JOURS_ANGLAIS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FREQUENCES = {"day": Frequence.JOUR, "week": Frequence.SEMAINE, "month": Frequence.MOIS}
STATUTS = {
    "unknown": Statut.PREVU,
    "seen": Statut.HONORE,
    "noshow": Statut.ABSENT,
    "excused": Statut.EXCUSE,
    "revoked": Statut.ANNULE,
}

CLES = {"id", "title", "op", "expect"}
CLES_CRENEAUX = CLES | {"now", "motif", "range", "lieu", "agents", "plages", "absences", "rdvs", "off_days"}
CLES_PAR_OPERATION = {
    "user_slots": CLES_CRENEAUX,
    "agent_slots": CLES_CRENEAUX,
    "available_slots": CLES_CRENEAUX,
    "next_availability": CLES_CRENEAUX - {"range"} | {"from", "to"},
    "occurrences": CLES | {"now", "event", "range"},
    "covers_date": CLES | {"now", "event", "date", "kind"},
    "expired": CLES | {"now", "event", "kind"},
    "overlaps_interval": CLES | {"now", "event", "interval", "kind"},
    "plages_overlap": CLES | {"now", "po1", "po2"},
    "recurrence_valid": CLES | {"now", "event", "kind"},
}
CLES_EVENEMENT = {"first_day", "end_day", "start", "end", "recurrence"}
CLES_PLAGE = CLES_EVENEMENT | {"id", "agent", "lieu", "motifs", "assume_not_expired", "pause"}
CLES_ABSENCE = CLES_EVENEMENT | {"id", "agent"}
CLES_RDV = {"id", "agent", "starts", "duration", "ends", "status", "pause"}
CLES_MOTIF = {"duration", "min_delay_s", "max_delay_s"}
CLES_RECURRENCE = {"every", "interval", "on", "day", "until"}
CLES_ATTENTE = {"first", "last", "count", "includes", "set", "min"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    cas = json.loads(Path(metafunc.config.getoption("cas") or CAS_PAR_DEFAUT).read_text(encoding="utf-8"))
    metafunc.parametrize("cas", cas, ids=[c["id"] for c in cas])


@pytest.mark.django_db
def test_cas(cas: dict[str, Any]) -> None:
    verifier_cles(cas, CLES_PAR_OPERATION[cas["op"]])
    comparer(OPERATIONS[cas["op"]](cas), cas["expect"])


# --- Reading a case -------------------------------------------------------------------------------------------------


def verifier_cles(objet: dict[str, Any], connues: set[str]) -> None:
    inconnues = set(objet) - connues
    assert not inconnues, f"clés inconnues du rejeu : {sorted(inconnues)}"


def instant(texte: str) -> datetime:
    """A Paris wall-clock time, as UTC. A bare date is its midnight."""
    return datetime.fromisoformat(texte).replace(tzinfo=PARIS).astimezone(UTC)


def fin_de(texte: str) -> datetime:
    """The last microsecond of a range's upper bound, which is included when it is a bare date."""
    if "T" in texte:
        return instant(texte)
    lendemain = date.fromisoformat(texte) + timedelta(days=1)
    return instant(lendemain.isoformat()) - timedelta(microseconds=1)


def local(moment: datetime) -> str:
    heure = moment.astimezone(PARIS)
    return heure.strftime("%Y-%m-%dT%H:%M:%S" if heure.second else "%Y-%m-%dT%H:%M")


def numero_du_jour(nom: str) -> int:
    """ISO weekday (1 = Monday) of an English name or of a number whose 0 is Sunday."""
    return (int(nom) or 7) if nom.isdigit() else JOURS_ANGLAIS.index(nom.lower()) + 1


def regle(evenement: dict[str, Any]) -> Regle:
    recurrence = evenement.get("recurrence") or {}
    verifier_cles(recurrence, CLES_RECURRENCE)
    premier = date.fromisoformat(evenement["first_day"])
    dernier = date.fromisoformat(evenement.get("end_day") or evenement["first_day"])
    return Regle(
        premier_jour=premier,
        debut=time.fromisoformat(evenement.get("start", "09:00")),
        fin=time.fromisoformat(evenement.get("end", "10:00")),
        frequence=FREQUENCES[recurrence["every"]] if recurrence else Frequence.UNIQUE,
        intervalle=recurrence.get("interval", 1),
        jours=tuple(sorted(numero_du_jour(nom) for nom in recurrence.get("on") or ())),
        rangs=tuple(
            (numero_du_jour(nom), rang) for nom, rangs in (recurrence.get("day") or {}).items() for rang in rangs
        ),
        jusqu_au=date.fromisoformat(recurrence["until"]) if recurrence.get("until") else None,
        jours_de_suite=(dernier - premier).days,
    )


def colonnes(evenement: dict[str, Any]) -> dict[str, Any]:
    """The columns of a rule, for the models."""
    r = regle(evenement)
    return {
        "premier_jour": r.premier_jour,
        "heure_debut": r.debut,
        "heure_fin": r.fin,
        "frequence": r.frequence.value,
        "intervalle": r.intervalle,
        "jours": list(r.jours),
        "rangs": [list(paire) for paire in r.rangs],
        "jusqu_au": r.jusqu_au,
    }


def evenement_du_cas(cas: dict[str, Any], cle: str = "event") -> Regle:
    verifier_cles(cas[cle], CLES_PLAGE | {"kind"})
    return regle(cas[cle])


# --- Writing it through the services --------------------------------------------------------------------------------


class Monde:
    """The rows of a case, written once each."""

    def __init__(self, cas: dict[str, Any]) -> None:
        verifier_cles(cas["motif"], CLES_MOTIF)
        self.cas = cas
        self.maintenant = instant(cas["now"])
        self.structure = Structure.objects.create(nom="S", fuseau="Europe/Paris")
        self.ecrire_calendrier()
        self.agents: dict[str, Agent] = {}
        self.lieux: dict[str, Lieu] = {}
        self.motifs: dict[str, Motif] = {}
        self.motif = self.motif_nomme("M")
        for plage in cas.get("plages") or ():
            self.ecrire_plage(plage)
        for absence in cas.get("absences") or ():
            self.ecrire_absence(absence)
        for rdv in cas.get("rdvs") or ():
            self.ecrire_rendez_vous(rdv)

    def ecrire_calendrier(self) -> None:
        """The cases know the public holidays up to 2026 only, the last year of the list that today's system carries
        (reference-metier §3.1; `gen-034` expects slots on 1 January 2027): this structure works on the later ones."""
        ouverts = feries("", date(2027, 1, 1), date(2035, 12, 31))
        fermes = [date.fromisoformat(jour) for jour in self.cas.get("off_days") or ()]
        JourParticulier.objects.bulk_create(
            [
                JourParticulier(structure=self.structure, jour=jour, ferme=False)
                for jour in ouverts
                if jour not in fermes
            ]
            + [JourParticulier(structure=self.structure, jour=jour) for jour in fermes]
        )

    def agent(self, nom: str | None) -> Agent:
        nom = nom or "A"
        if nom not in self.agents:
            self.agents[nom] = Agent.objects.create(courriel=f"{nom}@exemple.fr", prenom=nom, nom=nom)
            Appartenance.objects.create(agent=self.agents[nom], structure=self.structure)
        return self.agents[nom]

    def lieu(self, nom: str) -> Lieu:
        if nom not in self.lieux:
            self.lieux[nom] = Lieu.objects.create(
                structure=self.structure, nom=nom, code_postal="26400", commune="Crest"
            )
        return self.lieux[nom]

    def motif_nomme(self, nom: str) -> Motif:
        if nom not in self.motifs:
            champs = self.cas["motif"]
            # A case without lieu asks for a motif that needs none.
            sans_lieu = any("lieu" in p and p["lieu"] is None for p in self.cas.get("plages") or ())
            self.motifs[nom] = Motif.objects.create(
                structure=self.structure,
                nom=nom,
                duree=champs["duration"],
                type_lieu="telephone" if sans_lieu else "sur_place",
                reservable_en_ligne=True,
                delai_min=timedelta(seconds=champs.get("min_delay_s") or 1800),
                delai_max=timedelta(seconds=champs.get("max_delay_s") or 7948800),
            )
        return self.motifs[nom]

    def ecrire_plage(self, plage: dict[str, Any]) -> None:
        verifier_cles(plage, CLES_PLAGE)
        nom_du_lieu = plage.get("lieu", "L")
        enregistrer_plage(
            plage=PlageOuverture(
                structure=self.structure,
                agent=self.agent(plage.get("agent")),
                lieu=self.lieu(nom_du_lieu) if nom_du_lieu else None,
                titre=plage["id"],
                pause=plage.get("pause", 0),
                **colonnes(plage),
            ),
            motifs=[self.motif_nomme(nom) for nom in plage.get("motifs") or ["M"]],
            maintenant=self.maintenant,
        )

    def ecrire_absence(self, absence: dict[str, Any]) -> None:
        verifier_cles(absence, CLES_ABSENCE)
        enregistrer_absence(
            absence=Absence(
                structure=self.structure,
                agent=self.agent(absence.get("agent")),
                titre="absence",
                dernier_jour=date.fromisoformat(absence.get("end_day") or absence["first_day"]),
                **colonnes(absence),
            ),
            maintenant=self.maintenant,
        )

    def ecrire_rendez_vous(self, rdv: dict[str, Any]) -> None:
        verifier_cles(rdv, CLES_RDV)
        debut = instant(rdv["starts"])
        fin = instant(rdv["ends"]) if rdv.get("ends") else debut + timedelta(minutes=rdv["duration"])
        statut = STATUTS[rdv.get("status") or "unknown"]
        RendezVous.objects.create(
            structure=self.structure,
            motif=self.motif,
            agent=self.agent(rdv.get("agent")),
            type_lieu="telephone",
            debut=debut,
            fin=fin,
            pause=rdv.get("pause", 0),
            statut=statut,
            annule_le=self.maintenant if statut in (Statut.EXCUSE, Statut.ANNULE) else None,
        )

    def filtres(self) -> dict[str, Any]:
        agents, lieu = self.cas.get("agents"), self.cas.get("lieu")
        return {
            "maintenant": self.maintenant,
            "agents": None if agents is None else [self.agent(nom).pk for nom in agents],
            "lieux": None if lieu is None else [self.lieu(lieu).pk],
        }

    def bornes(self) -> tuple[datetime, datetime]:
        du, au = self.cas["range"]
        return instant(du), fin_de(au)

    def creneaux_des_agents(self) -> list[Creneau]:
        du, au = self.bornes()
        return creneaux_libres([Demande(self.motif, max(du, self.maintenant), au)], **self.filtres())


# --- The operations -------------------------------------------------------------------------------------------------


def user_slots(cas: dict[str, Any]) -> list[str]:
    monde = Monde(cas)
    du, au = monde.bornes()
    demande = demande_du_public(monde.motif, maintenant=monde.maintenant, du=du, au=au)
    return sorted({local(c.debut) for c in creneaux_libres([demande], **monde.filtres())})


def available_slots(cas: dict[str, Any]) -> list[str]:
    return sorted({local(c.debut) for c in Monde(cas).creneaux_des_agents()})


def agent_slots(cas: dict[str, Any]) -> list[str]:
    monde = Monde(cas)
    noms = {agent.pk: nom for nom, agent in monde.agents.items()}
    return sorted(f"{local(c.debut)}|{noms[c.agent_id]}" for c in monde.creneaux_des_agents())


def next_availability(cas: dict[str, Any]) -> str | None:
    monde = Monde(cas)
    du = instant(cas["from"])
    au = fin_de(cas["to"]) if cas.get("to") else du + relativedelta(months=6)
    premiers = premiers_creneaux([Demande(monde.motif, max(du, monde.maintenant), au)], **monde.filtres())
    return local(premiers[0].debut) if premiers else None


def occurrences(cas: dict[str, Any]) -> list[list[str]]:
    du, au = (date.fromisoformat(texte[:10]) for texte in cas["range"])
    return [
        [debut.isoformat(timespec="minutes"), fin.isoformat(timespec="minutes")]
        for debut, fin in evenement_du_cas(cas).locales(du, au)
    ]


def covers_date(cas: dict[str, Any]) -> bool:
    return evenement_du_cas(cas).couvre(date.fromisoformat(cas["date"]))


def expired(cas: dict[str, Any]) -> bool:
    return evenement_du_cas(cas).est_passee(datetime.fromisoformat(cas["now"]).date())


def overlaps_interval(cas: dict[str, Any]) -> bool:
    debut, fin = (datetime.fromisoformat(texte) for texte in cas["interval"])
    return any(d < fin and debut < f for d, f in evenement_du_cas(cas).locales(debut.date(), fin.date()))


def plages_overlap(cas: dict[str, Any]) -> bool:
    une, autre = evenement_du_cas(cas, "po1"), evenement_du_cas(cas, "po2")
    aujourd_hui = datetime.fromisoformat(cas["now"]).date()
    bornes = {"a_partir_du": aujourd_hui, "horizon": aujourd_hui + relativedelta(months=6)}
    dans_un_sens, dans_l_autre = (se_chevauchent(a, b, **bornes) is not None for a, b in ((une, autre), (autre, une)))
    assert dans_un_sens == dans_l_autre
    return dans_un_sens


def recurrence_valid(cas: dict[str, Any]) -> bool:
    return evenement_du_cas(cas).est_valide


OPERATIONS = {
    f.__name__: f
    for f in (
        user_slots,
        agent_slots,
        available_slots,
        next_availability,
        occurrences,
        covers_date,
        expired,
        overlaps_interval,
        plages_overlap,
        recurrence_valid,
    )
}


def comparer(obtenu: Any, attendu: Any) -> None:
    if not isinstance(attendu, dict):
        assert obtenu == attendu
        return
    verifier_cles(attendu, CLES_ATTENTE)
    if "count" in attendu:
        assert len(obtenu) == attendu["count"]
    if "first" in attendu:
        assert obtenu[0] == attendu["first"]
    if "last" in attendu:
        assert obtenu[-1] == attendu["last"]
    if "min" in attendu:
        assert min(obtenu) == attendu["min"]
    if "set" in attendu:
        assert set(obtenu) == set(attendu["set"])
    if "includes" in attendu:
        assert set(attendu["includes"]) <= set(obtenu)
