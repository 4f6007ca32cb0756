import subprocess
import sys
from xml.etree import ElementTree

import pytest

from quickstudy.cli.plots import _curve, new_figure, plot_learning, plot_report
from quickstudy.errors import InputError

REPORT = {
    "job": "route",
    "accuracy": [{"lessons": n, "accuracy": 0.5, "confidence": 0.6, "count": 100} for n in (100, 200)],
    "calibration": [{"confidence": 0.5, "accuracy": 0.4, "count": 10}],
}
EMPTY = {"job": "route", "accuracy": [], "calibration": []}


@pytest.mark.parametrize("report", [REPORT, EMPTY])
def test_a_report_is_drawn_as_png_and_svg(tmp_path, report):
    plot_report(report, tmp_path / "r.png")
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    plot_report(report, tmp_path / "r.svg")
    assert ElementTree.parse(tmp_path / "r.svg").getroot().tag.endswith("svg")


def test_a_run_of_one_task_is_drawn(tmp_path):
    nan = float("nan")
    path = tmp_path / "r.png"
    plot_learning(
        path,
        title="t",
        unit="u",
        accuracy=[1.0],
        sure=[0.0],
        accuracy_if_sure=[nan],
        sure_level=0.9,
        calibration=[(0.5, 1.0, 1)],
    )
    assert path.stat().st_size > 1000


@pytest.mark.parametrize("name", ["r.gif", "r", "none/r.png"])
def test_a_place_that_cannot_be_drawn_to_is_refused(tmp_path, name):
    with pytest.raises(InputError):
        plot_report(REPORT, tmp_path / name)


def test_pyplot_is_never_loaded(tmp_path):
    code = (
        "import sys; from pathlib import Path; from quickstudy.cli.plots import plot_report;"
        f"plot_report({REPORT!r}, Path({str(tmp_path / 'r.png')!r})); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_labels_keep_the_order_of_their_curves_and_off_the_axis(tmp_path):
    axes = new_figure(tmp_path / "slider.png").subplots()
    for label, end in (("asked", 0.001), ("audited", 0.045), ("never", 0.0)):
        _curve(axes, [0.1, 0.2], [0.5, end], "black", label)
    height = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert 0.0 <= height["asked"] < height["audited"] < height["never"]  # there is room above only
    assert height["audited"] - height["asked"] >= 0.055
