"""Lists of what apps tell one another to call, filled in their `ready`."""

from typing import TypeVar

T = TypeVar("T")


class Registry(list[T]):
    """In the order in which they were registered, each once however often that was."""

    def register(self, one: T) -> None:
        if one not in self:
            self.append(one)
