"""``python trim.py SITE_PACKAGES``: take out of the image's dependencies what is never run.

That is a third of them. The image's build runs this by itself, ahead of everything else of ours, so
it knows the standard library alone.
"""

import re
import sys
from pathlib import Path

# The SDK describes 400 services in 25 MB of data; the service speaks to these.
# A test holds this list against the clients that calls/ and media_service/ create.
AWS_SERVICES = frozenset({"dynamodb", "events", "s3", "scheduler", "sqs", "ssm", "sts"})

# Tests, type stubs, the geography of phone numbers (only their time zones are asked for), Twilio's
# products beside the API that places calls, and what makes ONNX models and does not run them.
_NEVER_RUN = re.compile(
    r"""(^|/)tests?/ | \.pyi$
    | ^boto3/examples/ | ^phonenumbers/(geodata|carrierdata)/ | ^twilio/rest/(?!api/)\w+/
    | ^onnxruntime/(datasets|quantization|tools|transformers)/""",
    re.VERBOSE,
)
_SERVICE_DATA = re.compile(r"^(botocore|boto3)/data/(?P<service>[^/]+)/")


def never_run(name: str) -> bool:
    """Whether that file, named from site-packages on, is of no use to the service."""
    service = _SERVICE_DATA.match(name)
    return bool(_NEVER_RUN.search(name) or (service and service["service"] not in AWS_SERVICES))


def trim(site_packages: Path) -> int:
    """Delete those files, and the folders that are empty then. How many bytes they had."""
    freed = 0
    for file in sorted(site_packages.rglob("*"), reverse=True):  # Contents ahead of their folder.
        if file.is_dir():
            if not any(file.iterdir()):
                file.rmdir()
        elif never_run(file.relative_to(site_packages).as_posix()):
            freed += file.stat().st_size
            file.unlink()
    return freed


if __name__ == "__main__":
    print(f"{trim(Path(sys.argv[1])) / 1e6:.0f} MB are taken out")  # noqa: T201 -- a command
