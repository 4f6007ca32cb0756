"""A journal whose encoder has changed since: it can be read, and what it knows can be taken over."""

import pytest

from quickstudy import Job, Learner
from quickstudy.errors import EncoderError
from quickstudy.perception import Encoder
from quickstudy.perception.static import StaticEmbedding


class Earlier:
    """The static encoder as another version of it might be."""

    name, dimension = "static", StaticEmbedding().dimension
    fingerprint = "static-earlier"

    def encode_texts(self, texts):
        return StaticEmbedding().encode_texts(texts)[:, ::-1].copy()


LESSONS = [("I was charged twice", "billing"), ("my card was stolen", "fraud"), ("a refund, please", "refunds")]


@pytest.fixture(params=["text", "record"])
def earlier(request, tmp_path):
    path = tmp_path / "earlier.db"
    job = Job("route", ["billing", "fraud", "refunds"], encoder="static")
    with Learner(job, path, encoder=Encoder(Earlier())) as learner:
        for text, answer in LESSONS:
            situation = text if request.param == "text" else {"said": text, "times": 2}
            learner.teach(learner.decide(situation), answer)
    return path


def test_it_can_be_read_and_not_asked(earlier):
    with Learner.open(earlier, read_only=True) as learner:
        assert learner.report().lessons == len(LESSONS)
        assert [lesson.answer for lesson, _ in learner.lessons()] == [answer for _, answer in LESSONS]
        assert learner.encoder.fingerprint != Encoder(StaticEmbedding()).fingerprint
        known = next(learner.lessons())[1]
        new = "what is this?" if isinstance(known, str) else {"said": "what is this?", "times": 3}
        with pytest.raises(EncoderError, match="not the one that is installed") as caught:
            learner.predict(new)
    assert "quickstudy import" in caught.value.next_step


def test_it_can_be_replayed_and_not_asked(earlier):
    with Learner.open(earlier, read_only=True) as learner, Learner.replay(earlier) as copy:
        assert copy.report().lessons == len(LESSONS)
        assert copy.encoder.fingerprint == learner.encoder.fingerprint
        known = next(learner.lessons())[1]
        with pytest.raises(EncoderError, match="not the one that is installed"):
            copy.predict("who knows?" if isinstance(known, str) else {"said": "who knows?"})


def test_it_can_be_read_when_its_encoder_is_gone(tmp_path, quickstudy):
    path = tmp_path / "gone.db"
    with Learner(
        Job("route", ["billing", "fraud"], encoder="no_such_module:Gone"), path, encoder=Encoder(Earlier())
    ) as gone:
        gone.teach("I was charged twice", "billing")
    with pytest.raises(EncoderError):
        Learner.open(path)
    assert quickstudy("export", path, "lessons.jsonl", "--json").json["lessons"] == 1


def test_it_is_not_written_to(earlier, quickstudy):
    refused = quickstudy("decide", "what is this?", "-j", earlier)
    assert refused.code == 1
    assert "quickstudy export" in refused.err
    assert "--job JOB" in refused.err


def test_the_way_that_the_error_names_works(earlier, quickstudy, tmp_path):
    with Learner.open(earlier, read_only=True) as learner:
        before = list(learner.lessons())
        learner.job.save(tmp_path / "route.toml")
    assert quickstudy("export", earlier, "lessons.jsonl").code == 0
    imported = quickstudy("import", "new.db", "lessons.jsonl", "--job", "route.toml", "--json")
    assert imported.json["lessons"] == len(LESSONS)
    with Learner.open(tmp_path / "new.db") as learner:
        after = list(learner.lessons())
        assert [(lesson.id, lesson.at, lesson.answer) for lesson, _ in after] == [
            (lesson.id, lesson.at, lesson.answer) for lesson, _ in before
        ]
        situation = after[0][1]
        assert [now for _, now in after] == [then for _, then in before]
        assert learner.predict(situation).answer == "billing"
