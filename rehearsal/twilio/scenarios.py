"""Who answers which number."""

from pathlib import Path

from rehearsal.scenario import Scenario, load, names


class Scenarios:
    """Every scenario of a folder, by the number that it phones."""

    def __init__(self, folder: Path, default: str) -> None:
        """
        Raises:
            FileNotFoundError: the folder has no scenario of the default's name.
            pydantic.ValidationError: a file does not say what a scenario must.
        """
        self._default = (default, load(default, folder))
        rest = [(name, load(name, folder)) for name in names(folder) if name != default]
        self._by_number: dict[str, tuple[str, Scenario]] = {}
        for name, scenario in [self._default, *rest]:
            self._by_number.setdefault(str(scenario.request.get("to_number")), (name, scenario))

    def answering(self, number: str) -> tuple[str, Scenario]:
        """The scenario of that number, the default one for a number that nobody has."""
        return self._by_number.get(number, self._default)

    def known(self, number: str) -> tuple[str, Scenario] | None:
        """The scenario of that number, if it has one."""
        return self._by_number.get(number)
