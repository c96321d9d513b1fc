"""Lists of callbacks that apps register with each other in `AppConfig.ready`."""

from typing import TypeVar

T = TypeVar("T")


class Registry(list[T]):
    """Items in the order of registration, without duplicates."""

    def register(self, one: T) -> None:
        if one not in self:
            self.append(one)
