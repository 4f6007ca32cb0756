"""River on words: the two pipelines that its documentation shows for text.

``TFIDF() | LogisticRegression()`` (the example of ``active.EntropySampler``), with ``OneVsRestClassifier`` for several
classes, and ``BagOfWords() | MultinomialNB()`` (the example of ``MultinomialNB``). They read the text, not the vectors.
What the documentation leaves open was tuned on three HINT3 streams and the start of one of CLINC150, by mean accuracy.
Logistic: learning rates 0.01 (the default), 0.1, 1, 3, 10 and 30 gave 0.034, 0.121, 0.428, 0.535, 0.568 and 0.534 on
words; 10 with pairs of words 0.572. Naive Bayes: alpha 1 (the default), 0.3, 0.1 and 0.03 gave 0.507, 0.575, 0.599 and
0.600 on words; with pairs of words 1, 0.3 and 0.1 gave 0.535, 0.585 and 0.587.
"""

from __future__ import annotations

from typing import Any

from bench.learners.base import Entry, Setting, text_of
from bench.learners.river_model import RiverModel

LOGISTIC = {"features": "TFIDF", "ngram_range": [1, 2], "learning rate": 10.0}
BAYES = {"features": "BagOfWords", "ngram_range": [1, 1], "alpha": 0.03}


def logistic(setting: Setting, seed: int, rate: float = 10.0, ngrams: int = 2) -> RiverModel:
    """TF-IDF and logistic regression, one against the rest."""
    from river import feature_extraction, linear_model, multiclass, optim

    words = feature_extraction.TFIDF(ngram_range=(1, ngrams))
    one = linear_model.LogisticRegression(optimizer=optim.SGD(rate))
    return RiverModel(words | multiclass.OneVsRestClassifier(one), text_of)


def bayes(setting: Setting, seed: int, alpha: float = 0.03, ngrams: int = 1) -> RiverModel:
    """Counts of words and multinomial naive Bayes."""
    from river import feature_extraction, naive_bayes

    words = feature_extraction.BagOfWords(ngram_range=(1, ngrams))
    last: Any = naive_bayes.MultinomialNB  # it has no types
    return RiverModel(words | last(alpha=alpha), text_of)


ENTRIES = (
    Entry("river-words-logistic", "River TF-IDF, logistic", "river", True, LOGISTIC, logistic, texts_only=True),
    Entry("river-words-bayes", "River bag of words, naive Bayes", "river", True, BAYES, bayes, texts_only=True),
)
