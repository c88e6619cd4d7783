"""From a French département to its time zone and its public-holiday territory (pure, no Django).

Sources: IANA time zones; for holidays, the subdivision codes of the `holidays` library (France).
"""

PARIS = "Europe/Paris"

# Overseas départements and collectivités; anything else is metropolitan.
FUSEAUX = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}

TERRITOIRES_FERIES = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


def departement_du_code(code: str) -> str:
    """Return the département of an INSEE commune code or of a postcode ("26400" → "26", "97411" → "974").

    Corsican INSEE codes give "2A" or "2B"; a Corsican *postcode* gives "20", which is no département: prefer INSEE.
    """
    code = code.strip().upper()
    return code[:3] if code[:2] in ("97", "98") else code[:2]


def fuseau_du_departement(departement: str) -> str:
    """Return the IANA name of the time zone of a département code ("974" → "Indian/Reunion")."""
    return FUSEAUX.get(departement, PARIS)
