"""The system's Chromium, and what it is launched with: by the tests, and by what measures the map."""

import os
import shutil
from pathlib import Path

NOMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The two pages that Chromium keeps ready under its address bar cost more, at each new window, than the page of a test.
# What is given here replaces Playwright's own list: the others are the names of that list.
SANS = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,"
    "HttpsUpgrades,LensOverlay,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,"
    "PreconnectToSearch,ThirdPartyStoragePartitioning"
)


def chemin_du_navigateur() -> str | None:
    if Path("/usr/bin/chromium").exists():
        return "/usr/bin/chromium"
    return next((chemin for nom in NOMS if (chemin := shutil.which(nom))), None)


def arguments_du_navigateur() -> list[str]:
    arguments = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    arguments.append(f"--disable-features={SANS}")
    # Chromium's sandbox refuses to run as root.
    return [*arguments, "--no-sandbox"] if os.geteuid() == 0 else arguments
