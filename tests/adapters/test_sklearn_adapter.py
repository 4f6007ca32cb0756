import copy
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from quickstudy.adapters.sklearn import QuickstudyClassifier

EXPECTED_FAILURES: dict[str, str] = {}


@parametrize_with_checks([QuickstudyClassifier(encoder="static")], expected_failed_checks=lambda _: EXPECTED_FAILURES)
def test_it_is_a_scikit_learn_classifier(estimator, check):
    check(estimator)


def test_digits_are_learned():
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, train_size=600, test_size=300, random_state=0)
    assert QuickstudyClassifier().fit(X, y).score(X_test, y_test) > 0.93


def test_iris_is_learned_in_a_pipeline():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    scores = cross_val_score(make_pipeline(StandardScaler(), QuickstudyClassifier(encoder="static")), X, names, cv=3)
    assert scores.mean() > 0.9


def test_texts_are_learned_and_partial_fit_goes_on():
    texts = ["refund my payment", "card was stolen", "wrong invoice", "somebody used my card"]
    labels = ["billing", "fraud", "billing", "fraud"]
    model = QuickstudyClassifier(encoder="static")
    model.partial_fit(texts[:2], labels[:2], classes=["billing", "fraud", "other"])
    model.partial_fit(np.array(texts[2:], dtype=object), labels[2:])
    assert model.predict(["my card is gone, stolen", "the invoice is wrong"]).tolist() == ["fraud", "billing"]
    probabilities = model.predict_proba(texts)
    assert probabilities.shape == (4, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_partial_fit_in_parts_equals_fit():
    X, y = load_digits(return_X_y=True)
    whole = QuickstudyClassifier(encoder="static").fit(X[:60], y[:60])
    parts = QuickstudyClassifier(encoder="static")
    for start in range(0, 60, 20):
        parts.partial_fit(X[start : start + 20], y[start : start + 20], classes=np.arange(10))
    np.testing.assert_allclose(whole.predict_proba(X[60:80]), parts.predict_proba(X[60:80]), atol=1e-8)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_predicts_the_same_and_is_independent(copied):
    X, y = load_digits(return_X_y=True)
    model = QuickstudyClassifier(encoder="static").fit(X[:80], y[:80])
    other = copied(model)
    before = model.predict_proba(X[80:90])
    np.testing.assert_allclose(other.predict_proba(X[80:90]), before, atol=1e-8)
    other.partial_fit(X[80:100], y[80:100])
    np.testing.assert_array_equal(model.predict_proba(X[80:90]), before)


def test_labels_that_were_not_announced_are_refused():
    model = QuickstudyClassifier(encoder="static")
    with pytest.raises(ValueError, match="classes must be passed"):
        model.partial_fit(["a"], ["x"])
    model.partial_fit(["a"], ["x"], classes=["x", "y"])
    with pytest.raises(ValueError, match="not among the classes"):
        model.partial_fit(["b"], ["z"])
    with pytest.raises(ValueError, match="not the same"):
        model.partial_fit(["b"], ["x"], classes=["x", "z"])


def test_numbers_and_texts_do_not_mix():
    model = QuickstudyClassifier(encoder="static").fit(["a", "b"], ["x", "y"])
    with pytest.raises(ValueError, match="learned texts"):
        model.predict(np.zeros((1, 3)))
    model = QuickstudyClassifier(encoder="static").fit(np.eye(2), ["x", "y"])
    with pytest.raises(ValueError, match="learned numbers"):
        model.predict(["a"])
