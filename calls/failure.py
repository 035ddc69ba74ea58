"""An exception for a log: its kinds and places. Its text quotes what it was given: left out."""

import traceback


def kinds(error: BaseException | None) -> list[str]:
    """The exception's type and those of its causes, outermost first; at most five."""
    names: list[str] = []
    while error is not None and len(names) < 5:
        names.append(type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return names


def places(error: BaseException | None) -> list[str]:
    """``file:line function`` of the innermost eight frames."""
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
