import math

import numpy as np
import pytest

from quickstudy.cli.evaluation import Evaluation
from quickstudy.types import NEW_OPTION, Decision, Evidence, Probabilities


def decision(**shares):
    names = list(shares)
    probabilities = Probabilities(names, np.array(list(shares.values())))
    answer, p = probabilities.top(1)[0]
    return Decision("", False, answer, p, probabilities, 0.0, "ask", Evidence(), "x")


def test_the_measures_are_those_of_their_definitions():
    measured = Evaluation()
    measured.add(decision(a=0.92, b=0.08), "a")
    measured.add(decision(a=0.6, b=0.4), "b")
    measured.add(decision(a=0.3, b=0.7), None)
    result = measured.to_dict()
    assert result["rows"] == 2
    assert result["unlabelled"] == 1
    assert result["accuracy"] == 0.5
    assert result["log_loss"] == pytest.approx(-(math.log(0.92) + math.log(0.4)) / 2)
    assert result["calibration_error"] == pytest.approx((abs(0.92 - 1) + abs(0.6 - 0)) / 2)
    shares = {cell["sureness"]: (cell["share"], cell["accuracy"]) for cell in result["coverage"]}
    assert shares == {0.5: (1.0, 0.5), 0.8: (0.5, 1.0), 0.9: (0.5, 1.0), 0.95: (0.0, None), 0.99: (0.0, None)}
    assert result["confusions"] == [{"label": "b", "answer": "a", "count": 1}]


def test_an_unknown_label_counts_with_the_probability_of_a_new_option():
    measured = Evaluation()
    measured.add(decision(**{"a": 0.75, NEW_OPTION: 0.25}), "c")
    assert measured.to_dict()["unknown_labels"] == 1
    assert measured.to_dict()["log_loss"] == pytest.approx(-math.log(0.25))
    measured.add(decision(a=1.0), "c")
    assert math.isfinite(measured.to_dict()["log_loss"])


def test_nothing_measured_is_not_zero():
    result = Evaluation().to_dict()
    assert (result["rows"], result["accuracy"], result["log_loss"]) == (0, None, None)
