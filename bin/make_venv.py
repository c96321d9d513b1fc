"""Make the virtual environment in the folder given, or say in one sentence why that cannot be done here.

Runs on whatever Python 3 there is, before anything is installed.
"""

import shutil
import subprocess
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - finding this out is what the script is for
    major, minor = sys.version_info[:2]
    sys.exit(
        f"SMS Admin needs Python 3.11 or newer, and {sys.executable} is Python {major}.{minor}. "
        "Install a newer one and name it, for example: make run PYTHON=python3.12"
    )

try:
    import ensurepip  # noqa: F401
    import venv
except ImportError:
    sys.exit(
        "This Python cannot make virtual environments. "
        "On Debian and Ubuntu, install the rest of it with: apt-get install python3-venv"
    )

folder = sys.argv[1]
sys.stdout.write(f"Making the virtual environment in {folder}.\n")
sys.stdout.flush()
try:
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(folder)
except (OSError, subprocess.CalledProcessError) as error:
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(f"The virtual environment could not be made in {folder}: {error}")
