"""Settings: frozen values of a configuration, whose types and ranges are checked when they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, Strict, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass
from pydantic_core import ErrorDetails

from indexer.errors import ConfigError

T = TypeVar("T")

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Seed = Annotated[Whole, Field(ge=0, le=2**32 - 1)]  # what scikit-learn takes; numpy and torch take more
Count = Annotated[Whole, Field(ge=1)]
Width = Annotated[Whole, Field(ge=1, le=65_536)]  # of what is held in memory as a whole: a layer, a space, a batch
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, lt=1)]


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def settings(section: str = "") -> Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass of checked settings; ConfigError says which one is wrong and what is expected.

    section   the settings' table in a TOML file, for the message: "taste"
    """

    def make(cls: type[T]) -> type[T]:
        made: Any = checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))(cls)
        check = made.__init__

        def __init__(self: Any, *args: Any, **values: Any) -> None:
            try:
                check(self, *args, **values)
            except ValidationError as error:
                raise ConfigError(explained(error.errors()[0], made, section)) from None

        made.__init__ = __init__
        return made  # type: ignore[no-any-return]

    return make


def explained(problem: ErrorDetails, made: type, section: str = "") -> str:
    """One line for one problem: which setting, what was found, what was expected."""
    place = [str(part) for part in problem["loc"]]
    name = ".".join([section] * bool(section) + place)
    if problem["type"] == "unexpected_keyword_argument":
        return f"no setting is called {name!r}, expected one of {', '.join(_names(made, place[:-1]))}"
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    context = problem.get("ctx", {})
    expected = _EXPECTED.get(problem["type"])
    words = expected.format(**context) if expected else problem["msg"].removeprefix("Input should be ")
    return f"{name or 'a setting'} is {problem['input']!r}, expected {words}"


# What pydantic calls each kind of problem -> what was expected.
_EXPECTED = {
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "literal_error": "one of {expected}",
    "bool_type": "true or false",
    "string_type": "text",
    "dataclass_type": "a table",
}


def _names(made: Any, place: list[str]) -> list[str]:
    """The names of the settings in a section."""
    for part in place:
        field = next((f for f in dataclasses.fields(made) if f.name == part), None)
        made = type(field.default_factory()) if field is not None and callable(field.default_factory) else made
    return sorted(field.name for field in dataclasses.fields(made))
