from hypothesis import given
from hypothesis import strategies as st

from quickstudy.adapters.labels import Labels
from quickstudy.job import checked_option_name


@given(st.lists(st.one_of(st.integers(), st.text(), st.booleans(), st.none(), st.floats(allow_nan=False))))
def test_labels_survive_the_way_to_names_and_back(values):
    labels = Labels(values)
    for value in values:
        name = labels.name(value)
        assert checked_option_name(name) == name
        assert labels.label(name) == value
    assert len(set(labels.names())) == len(labels.all()) == len(set(values))


def test_text_keeps_its_own_name():
    assert Labels(["billing"]).names() == ["billing"]
