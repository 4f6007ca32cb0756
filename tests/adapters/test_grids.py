"""Maps drawn on the way, and the bearings of things on them."""

import numpy as np
import pytest

from quickstudy.adapters.grids import COMPASS, Cell, GridMap

WALL, KEY, GOAL = Cell("wall", free=False), Cell("key", free=False), Cell("goal", free=False)
SIGNS = {"#": WALL, "K": KEY, "G": GOAL, ".": Cell()}


def drawn(*rows, direction=0):
    """A map from rows of signs; @ is the walker, a blank was never seen."""
    found = GridMap(direction=direction)
    for down, row in enumerate(rows):
        for along, sign in enumerate(row):
            if sign == "@":
                found.place = (along, down)
            if sign != " ":
                found.cells[along, down] = SIGNS.get(sign, Cell())
    return found


def thing(cell):
    return "" if cell.thing == "wall" else cell.thing


def words(found):
    return {name: bearing for name, (bearing, _) in found.bearings(thing).items()}


def test_views_from_all_directions_lie_on_one_map():
    found = GridMap()
    found.look(0, [(1, 0, Cell()), (2, 1, KEY)])  # eastwards: two ahead, one to the right
    found.look(1, [(1, -2, KEY)])  # southwards: the same cell lies one ahead and two to the left
    assert {place for place, cell in found.cells.items() if cell == KEY} == {(2, 1)}
    found.look(0, [])
    found.step()
    found.look(0, [(1, 1, KEY)])
    assert {place for place, cell in found.cells.items() if cell == KEY} == {(2, 1)}


@pytest.mark.parametrize(
    ("rows", "bearing"),
    [
        (["@K"], "here"),
        (["@.K"], "ahead"),
        (["K@."], "left"),  # turning around begins with the left
        (["@.", "K."], "right"),
        (["K.", "@."], "left"),
        (["@#K"], "beyond"),
        (["@#K", "..."], "right"),
    ],
)
def test_a_bearing_is_the_first_move_of_the_shortest_way(rows, bearing):
    framed = [f"#{row}#" for row in ["#" * len(rows[0]), *rows, "#" * len(rows[0])]]
    assert words(drawn(*framed))["key"] == bearing


def test_the_nearest_of_its_name_is_meant():
    assert words(drawn("#####", "K.@K#", "#####"))["key"] == "here"


def test_a_way_never_leads_through_things_nor_through_what_was_not_seen():
    assert words(drawn("####", "@KG#", "####"))["goal"] == "beyond"
    assert words(drawn("####", "@ G#", "####")) == {"unseen": "here", "goal": "beyond"}


def test_nothing_is_unseen_where_walls_close_all():
    assert "unseen" not in words(drawn("####", "#@.#", "####"))
    assert words(drawn("####", "#@. ", "####"))["unseen"] == "ahead"


def test_following_a_bearing_leads_to_the_thing_on_any_map():
    generator = np.random.default_rng(0)
    arrived = 0
    for _ in range(200):
        signs = generator.choice(list("..#"), size=(6, 6))
        signs[0], signs[-1], signs[:, 0], signs[:, -1] = "#", "#", "#", "#"
        signs[1, 1], signs[4, 4] = "@", "K"
        found = drawn(*("".join(row) for row in signs), direction=int(generator.integers(4)))
        word = words(found)["key"]
        for _ in range(60):
            if word in ("here", "beyond"):
                break
            if word == "ahead":
                found.step()
                assert found.cells[found.place].free
            else:
                found.direction = (found.direction + (1 if word == "right" else -1)) % len(COMPASS)
            word = words(found)["key"]
            assert word != "beyond"
        arrived += word == "here"
        assert word in ("here", "beyond")
    assert 20 < arrived < 200
