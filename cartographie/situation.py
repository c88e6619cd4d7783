"""Where a place of the national file is: its commune, and whether its coordinates can be believed."""

from dataclasses import dataclass

from cartographie.bilan import Bilan
from cartographie.fichiers import Anomalie
from cartographie.standard import LieuDuStandard
from structures.communes import Annuaire, departement_du_code_postal, distance_km
from structures.fuseaux import departement_du_code

INSEE_FOURNI = "donné par le fichier"
# Beyond this the coordinates contradict the address. No commune is that large but in Guyane, which is not checked.
ECART_MAXIMUM_KM = 50


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Where a place is, once the commune has been looked for."""

    code_insee: str
    departement: str
    latitude: float | None
    longitude: float | None


def situer(lieu: LieuDuStandard, bilan: Bilan, annuaire: Annuaire) -> Situation:
    """Find the missing INSEE code, and leave out the coordinates that contradict the address."""
    code_insee, methode = lieu.code_insee, INSEE_FOURNI
    if not code_insee:
        trouvaille = annuaire.trouver(lieu.code_postal, lieu.commune, position=lieu.position)
        if trouvaille:
            code_insee, methode = trouvaille.commune.code_insee, trouvaille.methode.value
    if code_insee:
        bilan.insee[methode] += 1
        departement = departement_du_code(code_insee)
    else:
        raison = "commune introuvable, le lieu est chargé sans code INSEE"
        valeur = f"{lieu.code_postal} {lieu.commune}"
        bilan.insee_introuvables.append(Anomalie(ligne=lieu.ligne, colonne="commune", raison=raison, valeur=valeur))
        departement = departement_du_code_postal(lieu.code_postal)
    latitude, longitude = lieu.latitude, lieu.longitude
    commune = annuaire.par_code.get(code_insee)
    ecart = distance_km(lieu.position, commune) if lieu.position and commune else None
    if ecart is not None and ecart > ECART_MAXIMUM_KM and departement != "973":
        raison = f"les coordonnées sont à plus de {ECART_MAXIMUM_KM} km de la commune, elles sont laissées de côté"
        valeur = f"{lieu.commune}, à {ecart:.0f} km"
        bilan.avertissements.append(Anomalie(ligne=lieu.ligne, colonne="latitude", raison=raison, valeur=valeur))
        latitude = longitude = None
    return Situation(code_insee=code_insee, departement=departement, latitude=latitude, longitude=longitude)
