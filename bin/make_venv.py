"""Creates a virtual environment in the given folder, or says in one sentence why it can't.

Must run on any Python 3, before anything is installed.
"""

import shutil
import subprocess
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this check is the purpose of the script
    major, minor = sys.version_info[:2]
    sys.exit(
        f"SMS Admin needs Python 3.11 or newer, but {sys.executable} is Python {major}.{minor}. "
        "Install a newer one and specify it, for example: make run PYTHON=python3.12"
    )

try:
    import ensurepip  # noqa: F401
    import venv
except ImportError:
    sys.exit(
        "This Python can't create virtual environments. "
        "On Debian and Ubuntu, install the missing part with: apt-get install python3-venv"
    )

folder = sys.argv[1]
sys.stdout.write(f"Creating the virtual environment in {folder}.\n")
sys.stdout.flush()
try:
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(folder)
except (OSError, subprocess.CalledProcessError) as error:
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(f"The virtual environment couldn't be created in {folder}: {error}")
