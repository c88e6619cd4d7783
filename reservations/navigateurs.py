"""The browser that a request comes from, named as people know it (pure)."""

NAVIGATEURS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMES = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def nom_du_navigateur(agent_utilisateur: str) -> str:
    """Return "Firefox sur Windows", or what is known of it; nothing of the text itself is kept."""
    navigateur = next((nom for marque, nom in NAVIGATEURS if marque in agent_utilisateur), "Navigateur inconnu")
    systeme = next((nom for marque, nom in SYSTEMES if marque in agent_utilisateur), "")
    return f"{navigateur} sur {systeme}" if systeme else navigateur
