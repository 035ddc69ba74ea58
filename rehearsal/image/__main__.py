"""``python -m rehearsal.image [--tag dialout-media]``: build the media service's image."""

import argparse
import subprocess
import sys

from rehearsal.image.engine import EngineError, base_name, engine

TAG = "dialout-media"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.image", description=__doc__)
    parser.add_argument("--tag", default=TAG)
    given = parser.parse_args()
    try:
        builder = engine()
        on = builder.build(given.tag)
    except EngineError as error:
        sys.exit(f"image: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"image: `{error.cmd[0]}` failed ({error.returncode})")
    instead = "" if on.endswith(base_name()) else f", for no registry has {base_name()}"
    sys.stdout.write(f"{given.tag}: built by {builder.name} on {on}{instead}\n")


if __name__ == "__main__":
    main()
