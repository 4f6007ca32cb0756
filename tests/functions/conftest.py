import functools

import pytest
from property.scripts import ENCODER

import quickstudy


@pytest.fixture
def learned():
    """``quickstudy.learned`` with a small encoder, in memory; what it made is closed at the end."""
    made = []

    def decorate(function=None, **settings):
        if function is None:
            return functools.partial(decorate, **settings)
        made.append(quickstudy.learned(**{"encoder": ENCODER, "journal": None, **settings})(function))
        return made[-1]

    yield decorate
    for function in made:
        function.close()
