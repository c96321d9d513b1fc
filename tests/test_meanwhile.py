"""What tests with two transactions at once can rely on."""

import pytest

from tests.meanwhile import meanwhile, on_postgresql

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def test_a_block_that_waits_for_nobody_fails():
    done = []
    with pytest.raises(AssertionError, match="Nobody has waited"):  # noqa: SIM117 - the block is the inner one's
        with meanwhile(lambda: None, lambda: done.append(1), within=0.1):
            pass
    assert not done
