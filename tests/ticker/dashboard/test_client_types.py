"""The JavaScript client keeps to the types that it declares, as TypeScript sees it."""

import subprocess

from tests.integration.foreign import NODE, install_packages
from tests.requires import program


def test_the_client_keeps_to_its_types() -> None:
    node = program("node", "nodejs")
    install_packages()
    command = [node, "node_modules/typescript/bin/tsc", "--project", "tsconfig.json"]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == ""
    assert done.returncode == 0
