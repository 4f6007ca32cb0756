"""Every example runs offline and shows what it says."""

import importlib.util
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_learned_function_runs_its_body_less_and_less_and_is_hardly_ever_wrong(capsys):
    example = loaded("learned")
    alone, wrong = example.main(calls=1000)
    example.route.close()
    assert alone > 150
    assert wrong <= 0.05 * alone
    assert example.asked == 1000 - alone
    assert capsys.readouterr().out.count("\n") == 7


def test_the_claims_name_the_step_that_turned_one_and_give_few_up_wrongly(capsys):
    saved, given_up, wrong = loaded("claims").main(claims=220, stop=0.2)
    assert saved > 100
    assert wrong <= 0.2 * 220
    assert given_up > 20
    assert "Step 4 turned it" in capsys.readouterr().out


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"learned", "claims"}
