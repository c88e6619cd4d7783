"""Addresses of `structures`: the agents' accounts, their structures, the lieux."""

from django.urls import URLPattern, URLResolver, path

from structures import views, views_agents, views_lieux, views_parametres

app_name = "structures"
urlpatterns: list[URLPattern | URLResolver] = [
    path("connexion/", views.connexion, name="connexion"),
    path("deconnexion/", views.deconnexion, name="deconnexion"),
    path("mot-de-passe/oublie/", views.mot_de_passe_oublie, name="mot_de_passe_oublie"),
    path("mot-de-passe/envoye/", views.mot_de_passe_envoye, name="mot_de_passe_envoye"),
    path("mot-de-passe/<uidb64>/<token>/", views.mot_de_passe_choisir, name="mot_de_passe_choisir"),
    path("agent/", views.mes_structures, name="mes_structures"),
    path("agent/<int:structure_id>/mon-compte/", views_parametres.mon_compte, name="mon_compte"),
    path("agent/<int:structure_id>/parametres/structure/", views_parametres.structure, name="structure"),
    path("agent/<int:structure_id>/parametres/lieux/", views_lieux.lieux, name="lieux"),
    path("agent/<int:structure_id>/parametres/lieux/nouveau/", views_lieux.nouveau_lieu, name="nouveau_lieu"),
    path("agent/<int:structure_id>/parametres/lieux/<int:lieu_id>/", views_lieux.modifier_lieu, name="modifier_lieu"),
    path(
        "agent/<int:structure_id>/parametres/lieux/<int:lieu_id>/ouvrir-ou-fermer/",
        views_lieux.basculer_lieu,
        name="basculer_lieu",
    ),
    path("agent/<int:structure_id>/parametres/agents/", views_agents.agents, name="agents"),
    path("agent/<int:structure_id>/parametres/agents/inviter/", views_agents.inviter_agent, name="inviter_agent"),
    path(
        "agent/<int:structure_id>/parametres/agents/<int:agent_id>/relancer/",
        views_agents.relancer_agent,
        name="relancer_agent",
    ),
    path(
        "agent/<int:structure_id>/parametres/agents/<int:agent_id>/role/",
        views_agents.changer_role,
        name="changer_role",
    ),
]
