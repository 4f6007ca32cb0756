"""Results on disk, resuming, comparing, reporting, and the command."""

import json
import multiprocessing
import time
from dataclasses import replace

import numpy as np
import pytest
from bench.__main__ import main
from bench.compare import compare, missing, results_named, void
from bench.learners.quickstudy_learner import encoder_of
from bench.learners.registry import OWN
from bench.report import write_report
from bench.results import Result, append_result, newest_per_run, read_results
from bench.run import Plan, heard, pending, plans
from bench.scenario import Target
from bench.scores import curve_of
from bench.tables import reached
from bench.vectors import StoredTexts

from quickstudy.errors import InputError, TableError


def digits(seed=0, accuracy=0.9, **changes):
    hits = np.random.default_rng(seed).random(1797) < accuracy
    base = Result(
        "digits",
        "digits",
        "quickstudy",
        seed,
        {"version": 1},
        {"accuracy last 500": accuracy, "area 1000": accuracy, "area all": accuracy},
        {"curve": curve_of(hits)},
        when="2024-01-01T00:00:00+00:00",
        commit="abcdef123456",
    )
    return replace(base, **changes)


def test_results_come_back_as_they_were_written(tmp_path):
    file = tmp_path / "new" / "results.jsonl"
    append_result(file, digits(0))
    append_result(file, digits(1))
    assert read_results(file) == [digits(0), digits(1)]


def test_a_torn_last_line_is_skipped_and_the_next_result_survives(tmp_path):
    file = tmp_path / "results.jsonl"
    append_result(file, digits(0))
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"scenario": "digits", "ca')
    assert read_results(file) == [digits(0)]
    append_result(file, digits(1))
    assert read_results(file) == [digits(0), digits(1)]


def test_a_line_that_is_no_result_is_named(tmp_path):
    file = tmp_path / "results.jsonl"
    file.write_text('{"scenario": 1}\n{}\n', encoding="utf-8")
    with pytest.raises(TableError, match="line 1 is no result"):
        read_results(file)


def test_only_the_newest_settings_of_a_run_count():
    old = [digits(seed, settings={"version": 1}) for seed in (0, 1)]
    new = digits(0, 0.95, settings={"version": 2}, when="2024-02-01T00:00:00+00:00")
    assert newest_per_run([new, *old]) == [new]


def test_what_is_done_is_not_run_again():
    wanted = plans(["digits"], [], 2, quick=True)
    assert wanted == [Plan("digits", "digits", "quickstudy", seed, True) for seed in (0, 1)]
    done = Result("digits", "digits", "quickstudy", 0, json.loads(json.dumps(wanted[0].settings())), {})
    assert pending(wanted, [done]) == wanted[1:]
    assert pending(wanted, [replace(done, settings={**done.settings, "version": 99})]) == wanted


def test_a_peer_is_known_by_the_vectors_it_gets():
    given = {name: Plan("icd10", "block", name, 0, False).settings()["learner"] for name in ("k-nn", "vw", OWN)}
    assert given["k-nn"]["vectors"] == encoder_of("minilm").fingerprint
    assert "vectors" not in given["vw"]  # it reads the texts
    assert "vectors" not in given[OWN]  # its version is a digest of all its code


def test_scenarios_that_measure_time_come_last_and_excluded_learners_not_at_all():
    wanted = plans(["cost", "digits"], ["sgd"], 1, quick=False)
    assert [plan.scenario for plan in wanted][:2] == ["digits", "digits"]
    assert not [plan for plan in wanted if plan.case == "minilm" and plan.learner == "sgd"]
    assert [plan for plan in wanted if plan.case == "tasks" and plan.learner == "sgd"]


def test_peers_run_without_quickstudy_where_only_they_are_wanted():
    wanted = plans(["digits"], ["sgd"], 2, quick=True, own=False)
    assert {(plan.learner, plan.seed) for plan in wanted} == {("sgd", 0), ("sgd", 1)}


def test_cases_can_be_chosen():
    chosen = plans(["stream", "digits"], [], 1, quick=True, cases=["clinc150"])
    assert [(plan.scenario, plan.case) for plan in chosen] == [("stream", "clinc150")]
    with pytest.raises(InputError, match="no case 'clinc'"):
        plans(["stream"], [], 1, quick=True, cases=["clinc"])


@pytest.mark.parametrize(("names", "peers"), [(["nothing"], None), (["digits"], ["nobody"])])
def test_unknown_names_are_refused(names, peers):
    with pytest.raises(InputError, match="There is no"):
        plans(names, peers, None, quick=True)


def test_a_fall_beyond_noise_is_flagged_and_a_small_one_is_not():
    base = [digits(seed, 0.95 + 0.001 * (seed % 2)) for seed in range(4)]
    fallen = compare(base, [digits(seed, 0.93 + 0.001 * (seed % 2)) for seed in range(4)])
    assert all(change.fell and not change.rose for change in fallen)
    assert not any(
        c.fell or c.rose for c in compare(base, [digits(seed, 0.949 + 0.001 * (seed % 2)) for seed in range(4)])
    )
    risen = compare(base, [digits(seed, 0.99) for seed in range(4)])
    assert all(change.rose and not change.fell for change in risen)


def test_a_fall_within_the_noise_between_seeds_is_not_flagged():
    base = [digits(seed, 0.95) for seed in range(4)]
    noisy = [digits(seed, accuracy) for seed, accuracy in enumerate((0.99, 0.90, 0.98, 0.91))]
    assert not any(change.fell for change in compare(base, noisy))


def test_a_measure_that_is_no_number_counts_as_fallen():
    head = digits(0, measures={"accuracy last 500": float("nan")})
    assert [change.fell for change in compare([digits(0)], [head])] == [True]


def test_runs_that_disappeared_are_missing():
    assert missing([digits(0)], [digits(0, learner="sgd")]) == [("digits", "digits", "quickstudy")]
    assert missing([digits(0)], [digits(0), digits(1)]) == []


def test_compare_exits_with_one_when_a_scenario_fell(tmp_path, capsys):
    base, head = tmp_path / "base.jsonl", tmp_path / "head.jsonl"
    append_result(base, digits(0, 0.95))
    append_result(head, digits(0, 0.90))
    assert main(["compare", str(base), str(head)]) == 1
    assert "FELL  digits digits quickstudy, last 500: 0.950 -> 0.900" in capsys.readouterr().out
    assert main(["compare", str(base), str(base)]) == 0


def test_runs_with_other_settings_of_the_scenario_are_void_and_not_compared(tmp_path, capsys):
    base, head = tmp_path / "base.jsonl", tmp_path / "head.jsonl"
    append_result(base, digits(0, 0.95))
    append_result(head, digits(0, 0.50, settings={"version": 2}))
    assert void(read_results(base), read_results(head)) == [("digits", "digits", "quickstudy")]
    assert compare(read_results(base), read_results(head)) == []
    assert main(["compare", str(base), str(head)]) == 1
    assert "VOID  digits digits quickstudy" in capsys.readouterr().out


def test_a_commit_is_found_by_its_beginning_and_by_its_names(tmp_path, monkeypatch):
    file = tmp_path / "results.jsonl"
    append_result(file, digits(0, commit="abcdef123456+"))
    monkeypatch.setattr("bench.compare.PUBLISHED", file)
    monkeypatch.setattr("bench.compare.FOLDER", tmp_path / "none")
    monkeypatch.setattr("bench.compare.commit_named", lambda name: "abcdef123456" if name == "main" else "")
    assert results_named("abcdef") == results_named("main") == read_results(file)
    with pytest.raises(InputError, match="neither a file of results nor a commit"):
        results_named("other")


def test_compare_refuses_what_is_neither_file_nor_commit(capsys):
    assert main(["compare", "no-such-thing", "no-such-thing"]) == 2
    assert "neither a file of results nor a commit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("relation", "bound", "value", "expected"),
    [("at least", 1, 1, True), ("above", 1, 1, False), ("at most", 1, 1.1, False), ("at most", 1, 1, True)],
)
def test_a_target_is_reached_or_not(relation, bound, value, expected):
    assert reached(Target("digits", "x", relation, bound, ""), value) is expected


def test_the_report_shows_targets_the_best_and_what_was_not_run(tmp_path):
    results = [digits(seed, 0.9) for seed in (0, 1)]
    results += [digits(seed, 0.97, learner="sgd") for seed in (0, 1)]
    results.append(digits(2, 0.1, settings={"version": 1, "quick": True}, when="2025-01-01T00:00:00+00:00"))
    files = write_report(results, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| Digits: accuracy on the last 500 | at least 0.985 | 0.900 | 2 | **no** |" in page
    assert "| scikit-learn SGD partial_fit | **0.970** ± 0.000 |" in page
    assert "| quickstudy | 0.900 ± 0.000 |" in page
    assert "| at least 0.978 | not run | 0 | |" in page
    assert (tmp_path / "benchmarks" / "digits-digits.png") in files
    assert (tmp_path / "benchmarks" / "digits-digits.png").read_bytes()[:4] == b"\x89PNG"
    assert read_results(tmp_path / "benchmarks" / "results.jsonl") == newest_per_run(results[:-1])


def test_a_real_quick_run_writes_results_and_resumes(tmp_path, capsys):
    output = tmp_path / "results.jsonl"
    words = ["run", "digits", "--quick", "--peers", "nearest-mean", "--output", str(output), "--workers", "1"]
    assert main(words) == 0
    first = read_results(output)
    assert {result.learner for result in first} == {"quickstudy", "nearest-mean"}
    assert all(0.5 < result.measures["accuracy last 500"] < 1.0 for result in first)
    assert all(result.versions["numpy"] and result.machine["processors"] for result in first)
    assert main(words) == 0
    assert "2 of 2 runs are done already, 0 to do" in capsys.readouterr().out
    assert read_results(output) == first


def test_missing_data_end_with_their_source(tmp_path, capsys):
    words = ["run", "drift", "--quick", "--peers", "--data", str(tmp_path), "--output", str(tmp_path / "r.jsonl")]
    assert main(words) == 2
    assert "rufuspollock/dataset-gla" in capsys.readouterr().err
    assert not (tmp_path / "r.jsonl").exists()


def test_a_process_that_dies_is_a_broken_run_and_not_a_hang():
    context = multiprocessing.get_context("spawn")
    news, tell = context.Pipe(duplex=False)
    process = context.Process(target=time.sleep, args=(600,))
    process.start()
    tell.close()
    process.kill()
    assert heard(news, process) == {"broke": "The process ended with code -9."}
    news.close()


class CountingEncoder:
    name, fingerprint, dimension = "counting", "counting-1", 4

    def __init__(self):
        self.texts = []

    def encode_texts(self, texts):
        self.texts += texts
        rows = np.array([[len(text), 1.0, 2.0, 3.0] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_stored_vectors_are_the_encoders_and_each_text_is_encoded_once(tmp_path):
    inner = CountingEncoder()
    texts = ["a", "bb", "a", "ccc"]
    first = StoredTexts(inner, "x", tmp_path).encode_texts(texts)
    assert sorted(inner.texts) == ["a", "bb", "ccc"]
    assert (first == CountingEncoder().encode_texts(texts)).all()
    again = StoredTexts(inner, "x", tmp_path).encode_texts(["ccc", "dddd"])
    assert inner.texts[3:] == ["dddd"]
    assert (again[0] == first[3]).all()


def test_stored_vectors_of_another_fingerprint_are_not_used(tmp_path):
    inner, other = CountingEncoder(), CountingEncoder()
    other.fingerprint = "counting-2"
    StoredTexts(inner, "x", tmp_path).encode_texts(["a"])
    StoredTexts(other, "x", tmp_path).encode_texts(["a"])
    assert other.texts == ["a"]
