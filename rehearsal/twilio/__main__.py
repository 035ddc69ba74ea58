"""``python -m rehearsal.twilio``: serve until told to stop."""

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from rehearsal.scenario import FOLDER

from .account import Account
from .exchange import Exchange
from .scenarios import Scenarios
from .server import serving
from .softphone import Softphone

VOICES = Path(__file__).parent.parent / "voices"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.twilio", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free one")
    parser.add_argument("--scenarios", type=Path, default=FOLDER)
    parser.add_argument("--default-scenario", default="order-check")
    parser.add_argument("--voices", type=Path, default=VOICES, help="the folder of clips")
    parser.add_argument("--account-sid", default=Account.sid)
    parser.add_argument("--auth-token", default=Account.token)
    parser.add_argument("--number", action="append", help="a number of the account; repeatable")
    parser.add_argument("--recordings", type=Path, help="default: a folder that goes at the end")
    parser.add_argument(
        "--softphone", action="store_true", help="numbers that no scenario has ring at a page"
    )
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, recordings: Path) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    numbers = frozenset(arguments.number or Account.numbers)
    account = Account(arguments.account_sid, arguments.auth_token, numbers)
    scenarios = Scenarios(arguments.scenarios, arguments.default_scenario)
    phone = Softphone() if arguments.softphone else None
    exchange = Exchange(account, scenarios, arguments.voices, recordings, phone)
    async with serving(exchange, arguments.port) as url:
        sys.stdout.write(f"listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Parse the command line, serve, clean up."""
    arguments = _arguments()
    if arguments.recordings is not None:
        asyncio.run(_serve(arguments, arguments.recordings))
        return
    with tempfile.TemporaryDirectory(prefix="rehearsal-recordings-") as folder:
        asyncio.run(_serve(arguments, Path(folder)))


if __name__ == "__main__":
    main()
