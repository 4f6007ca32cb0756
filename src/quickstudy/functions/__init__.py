"""Functions that are learned: ``@quickstudy.learned``, a cache that generalises, with a bound on its errors.

``decorator`` reads a function, ``answers`` knows its return type, ``arguments`` makes situations of its calls,
``opening`` finds its journal, and ``calls`` is what it becomes.
"""

from quickstudy.functions.calls import Learned
from quickstudy.functions.decorator import learned

__all__ = ["Learned", "learned"]
