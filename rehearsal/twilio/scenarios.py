"""Who answers which number."""

from pathlib import Path

from rehearsal.scenario import Scenario, load, names


class Scenarios:
    """Every scenario of a folder, by the number of its person."""

    def __init__(self, folder: Path, default: str) -> None:
        """
        Raises:
            FileNotFoundError: the folder has no scenario of the default's name.
            pydantic.ValidationError: a file does not say what a scenario must.
        """
        self._default = (default, load(default, folder))
        rest = [(name, load(name, folder)) for name in names(folder) if name != default]
        self._by_number: dict[str, tuple[str, Scenario]] = {}
        self._by_name = dict([self._default, *rest])
        for name, scenario in self._by_name.items():
            self._by_number.setdefault(scenario.person, (name, scenario))

    def answering(self, number: str) -> tuple[str, Scenario]:
        """The scenario of that number, the default one for a number that nobody has."""
        return self._by_number.get(number, self._default)

    def calling(self, number: str, name: str | None = None) -> tuple[str, Scenario]:
        """The scenario of that name, or of that number, the default one for anybody else.

        Raises:
            LookupError: there is no scenario of that name.
        """
        if name is None:
            return self.answering(number)
        if name not in self._by_name:
            raise LookupError(f"no scenario {name!r}")
        return name, self._by_name[name]

    def known(self, number: str) -> tuple[str, Scenario] | None:
        """The scenario of that number, if it has one."""
        return self._by_number.get(number)
