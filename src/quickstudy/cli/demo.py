"""``demo``: hires a medical coder. It learns to find the place of real clinical phrases in the ICD-10-CM code book.

With ``--job`` it learns an environment instead (``environments``).

Invariant: a run that is stopped keeps everything, and goes on when the same command names its journal again.
Not here: the data (:mod:`quickstudy.jobs.icd10`), the screen (``screen``), the counting (``coder``).
"""

from __future__ import annotations

import shlex
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from quickstudy.cells import row_key
from quickstudy.cli.console import EXIT_INTERRUPTED, JsonOption, Stop, err, print_json, say
from quickstudy.cli.opening import near, new_journal
from quickstudy.errors import InputError

if TYPE_CHECKING:
    from quickstudy.cli.coder import Run
    from quickstudy.job import Job
    from quickstudy.jobs.icd10 import Codebook


class Demo(StrEnum):
    """What is learned."""

    coder = "coder"
    taxi = "taxi"
    cartpole = "cartpole"
    cliff = "cliff"
    frozenlake = "frozenlake"
    minigrid = "minigrid"


class Level(StrEnum):
    """How fine the answer is."""

    chapter = "chapter"
    block = "block"
    category = "category"


def demo(
    context: typer.Context,
    job: Annotated[Demo, typer.Option(help="What to learn.")] = Demo.coder,
    tasks: Annotated[int, typer.Option(min=1, help="Coder: how many phrases to learn from.")] = 3000,
    level: Annotated[
        Level, typer.Option(help="Coder: how fine: 22 chapters, 273 blocks, 1,453 categories.")
    ] = Level.block,
    encoder: Annotated[str, typer.Option(help="Coder: how text is perceived: minilm, or static (faster).")] = "minilm",
    target_error: Annotated[
        float, typer.Option(min=0.001, max=0.9, help="Coder: the share of wrong answers it may give alone.")
    ] = 0.1,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Environments: how many steps to learn from; by default its own number.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which phrases, in which order; of an environment, its chance.")] = 0,
    journal: Annotated[Path | None, typer.Option("--journal", "-j", help="Default: a new file in this folder.")] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Save no plot.")] = False,
    as_json: JsonOption = False,
) -> None:
    r"""Hire a medical coder and watch it learn the ICD-10-CM code book, phrase by phrase; or watch another job.

    Each phrase (an inclusion term, written by people) is decided first, then the code book says what was right, unless
    the coder answers alone; what is shown of that is known to the screen only.

    The other jobs are environments of Gymnasium, learned from rewards alone, with a picture of what the agent does:
    taxi (drive passengers), cartpole (balance a pole), cliff (pass a cliff), frozenlake (cross slippery ice).
    They need: pip install "quickstudy\[gymnasium]"; minigrid (unlock doors, another room each time) needs
    "quickstudy\[minigrid]".

    Nothing is downloaded. Stop it with Ctrl-C at any time: what it learned is kept.

    For example:

      quickstudy demo

      quickstudy demo --level chapter --tasks 1000 --encoder static

      quickstudy demo --job taxi
    """
    _refuse_foreign(context, job)
    if job is not Demo.coder:
        from quickstudy.cli.environments import learn_environment

        learn_environment(job.value, steps=steps, seed=seed, journal=journal, no_plot=no_plot, as_json=as_json)
        return
    from quickstudy.cli.coder import Run
    from quickstudy.jobs.icd10 import icd10_codebook, icd10_tasks

    started = time.monotonic()
    book = icd10_codebook(level.value)
    work, stream = icd10_tasks(level.value, tasks, seed, encoder=encoder)
    journal = journal if journal is not None else new_journal(f"icd10-{level.value}")
    run = Run(total=len(stream))
    stopped, speed = _learn(work, stream, run, book, journal, target_error, quiet=as_json)
    plot = None if no_plot or not run.done else _plot(run, book, journal)
    summary: dict[str, Any] = {
        **run.to_dict(),
        "level": level.value,
        "options": len(work.options),
        "encoder": encoder,
        "seed": seed,
        "decisions_per_second": round(speed, 1),
        "seconds": round(time.monotonic() - started, 1),
        "journal": str(journal),
        "plot": None if plot is None else str(plot),
        "ambiguous_phrases": book.ambiguous,
    }
    if as_json:
        print_json(summary)
    else:
        _tell(summary, book, {phrase for phrase, _ in stream}, stopped=stopped)
    if stopped:
        raise typer.Exit(EXIT_INTERRUPTED)


def _refuse_foreign(context: typer.Context, job: Demo) -> None:
    """Options that another job has are an error, not ignored."""
    foreign = ["steps"] if job is Demo.coder else ["tasks", "level", "encoder", "target_error"]
    for name in foreign:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            own = "It is for environments, like --job taxi." if job is Demo.coder else "It is for --job coder."
            raise InputError(f"{option} makes no sense with --job {job.value}.", next_step=f"{own} Leave it out.")


def _learn(
    job: Job, stream: list[tuple[str, str]], run: Run, book: Codebook, journal: Path, target: float, *, quiet: bool
) -> tuple[bool, float]:
    from quickstudy.cli.screen import Screen
    from quickstudy.learner import Learner

    if not quiet:
        say(f"A coder starts: {len(job.options):,} options, known by their titles only. Teacher: the code book.")
    heading = f"quickstudy demo: a medical coder learns ICD-10-CM ({book.level}, {len(job.options):,} options)"
    with (
        Stop() as stop,
        Learner(job, journal) as learner,
        Screen(run, heading=heading, titles=book.titles, console=err(), quiet=quiet) as screen,
    ):
        if learner.autonomy.target_error != target or not learner.autonomy.active:
            learner.configure(target_error=target)
        for number, (phrase, right) in enumerate(stream):
            key = row_key(number, phrase, None)
            decision = learner.decide(phrase, request_id=key)
            run.add(decision, right, show=screen.wants_example())
            if not decision.alone:
                learner.teach(decision, right, lesson_id=f"{key}icd10cm", by="ICD-10-CM")
            run.standing = learner.standing
            screen.tick()
            if stop.requested:
                break
        speed = screen.speed
    return stop.requested, speed


def _plot(run: Run, book: Codebook, journal: Path) -> Path:
    from quickstudy.cli.coder import SURE
    from quickstudy.cli.plots import plot_learning

    path = journal.with_suffix(".png")
    plot_learning(
        path,
        title=f"clinical phrase → ICD-10-CM {book.level} ({len(book.titles):,} options), last 200",
        unit="phrases",
        accuracy=run.accuracy,
        sure=run.sure,
        accuracy_if_sure=run.accuracy_if_sure,
        sure_level=SURE,
        calibration=run.calibration(),
    )
    return path


def _tell(summary: dict[str, Any], book: Codebook, seen: set[str], *, stopped: bool) -> None:
    console = err()
    console.print()
    if not summary["tasks"]:
        say("Stopped before the first phrase.")
        return
    if stopped:
        say("Stopped. Everything is kept; here is how far it came.")
    say(
        f"{summary['tasks']:,} phrases in {summary['seconds']:.0f} s. Right before being told: "
        f"{summary['accuracy_first_100']:.0%} of the first 100, {summary['accuracy_last_200']:.0%} of the last 200."
    )
    if summary["accuracy_if_sure"] is not None:
        say(
            f"Sure (p ≥ 0.9) about {summary['sure_last_200']:.0%} of the last 200; "
            f"of all it was sure about, {summary['accuracy_if_sure']:.1%} were right."
        )
    if summary["bound"] is not None:
        wrong = summary["alone_error"]
        say(
            f"Alone: {summary['alone_last_200']:.0%} of the last 200, {summary['alone']:,} in all; "
            f"{summary['audits']:,} audited. Of {summary['stood_behind']:,} stood behind at most "
            f"{summary['bound']:.1%} are wrong; in truth {summary['stood_behind_error']:.1%}"
            + ("." if wrong is None else f", and {wrong:.1%} of those alone.")
        )
    journal = Path(summary["journal"])
    say(f"Journal: {near(journal)}" + (f"   Plot: {near(Path(summary['plot']))}" if summary["plot"] else ""))
    unseen = next((phrase for phrase, _ in book.phrases[::97] if phrase not in seen), "Smokers' cough")
    name = shlex.quote(near(journal))
    console.print(Text("Try next:", style="bold"))
    if stopped:
        again = f"quickstudy demo --level {summary['level']} --tasks {summary['of']} --seed {summary['seed']}"
        say(f"  {again} --encoder {summary['encoder']} --journal {name}")
    say(f"  quickstudy decide {shlex.quote(unseen)} --journal {name}")
    say(f"  quickstudy report {name}")
    say("  quickstudy init job.toml --from TABLE.csv --label COLUMN     (your own work)")
