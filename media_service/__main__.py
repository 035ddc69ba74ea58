"""``python -m media_service [--host 127.0.0.1] [--port 8080]``: the media service."""

from media_service.process import heap


def main() -> None:
    """The command."""
    heap.hold()
    from media_service.process import service  # here: most of what stays is loaded by it

    service.main()


if __name__ == "__main__":
    main()
