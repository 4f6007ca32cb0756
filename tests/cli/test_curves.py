import math

from quickstudy.cli.curves import Curve, plot


def lines(curves, **keywords):
    return plot(curves, **keywords).plain.split("\n")


def test_a_plot_fits_its_width_and_height():
    drawn = lines([Curve([0.1, 0.9], "red")], total=10, unit="tasks", width=40, height=7)
    assert len(drawn) == 9
    assert max(map(len, drawn)) <= 40
    assert drawn[0].startswith("100% ┤")
    assert drawn[6].startswith("  0% ┤")
    assert drawn[8].endswith("10 tasks")


def test_a_rising_curve_goes_from_the_bottom_left_to_the_top_right():
    values = [i / 99 for i in range(100)]
    drawn = lines([Curve(values, "red")], total=100, unit="tasks", width=30, height=5)
    assert drawn[0][6:].strip()
    assert drawn[0][6:15].strip() == ""
    assert drawn[4][6:10].strip()
    assert drawn[4][20:].strip() == ""


def test_half_the_tasks_fill_half_the_width():
    drawn = lines([Curve([0.5] * 50, "red")], total=100, unit="tasks", width=46, height=5)
    ends = [len(line.rstrip()) for line in drawn[:5] if line[6:].strip()]
    assert ends == [6 + 20]


def test_nothing_and_nan_draw_nothing():
    for values in ([], [math.nan, math.nan]):
        drawn = lines([Curve(values, "red")], total=10, unit="tasks", width=30, height=5)
        assert not any(line[6:].strip() for line in drawn[:5])
