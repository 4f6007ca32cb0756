"""``demo`` in an environment: an agent learns it by acting, and one sees what it does.

Invariant: a run that is stopped keeps everything, and goes on where it was when its journal is named again.
Not here: the environments (``worlds``), the screen (``world_screen``), the counting (``world_run``).
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.text import Text

from quickstudy.cli.console import EXIT_INTERRUPTED, Stop, err, print_json, say
from quickstudy.cli.opening import near, new_journal

if TYPE_CHECKING:
    from quickstudy.cli.world_run import Run
    from quickstudy.cli.worlds import World

AT_A_TIME = 10
"""Steps between two looks at the clock."""


def learn_environment(
    job: str, *, steps: int | None, seed: int, journal: Path | None, no_plot: bool, as_json: bool
) -> None:
    """Learns an environment, shows it, and says how it went.

    Args:
        job: which, a key of ``WORLDS``.
        steps: how many; the environment's own number if None.
        seed: of exploration and of the environment.
        journal: where to keep it; a new file in this folder if None.
        no_plot: save no plot.
        as_json: print the summary as JSON, and nothing else.

    Raises:
        MissingExtraError: Gymnasium is not installed.
    """
    from quickstudy.adapters.gymnasium import Agent
    from quickstudy.cli.world_run import Run
    from quickstudy.cli.worlds import WORLDS

    started = time.monotonic()
    world = WORLDS[job]
    journal = journal if journal is not None else new_journal(job)
    if not as_json and journal.exists():
        say(f"Learning {near(journal)} again ...")
    env = world.make()
    with Agent(env, journal=journal, seed=seed) as agent:
        run = Run(world, agent, world.steps if steps is None else steps, agent.steps)
        begun = time.monotonic()
        stopped = _learn(run, world, quiet=as_json)
        seconds = time.monotonic() - begun
    plot = None if no_plot or not run.done else _plot(run, journal)
    summary: dict[str, Any] = {
        "job": job,
        "environment": env.spec.id if env.spec is not None else world.name,
        **run.to_dict(),
        "seed": seed,
        "stopped": stopped,
        "steps_per_second": round(run.done / max(seconds, 1e-9), 1),
        "seconds": round(time.monotonic() - started, 1),
        "journal": str(journal),
        "plot": None if plot is None else str(plot),
    }
    env.close()
    if as_json:
        print_json(summary)
    else:
        _tell(summary, world)
    if stopped == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)


def _learn(run: Run, world: World, *, quiet: bool) -> Literal["goal", "interrupted"] | None:
    """Trains and checks in turn; why it stopped before all steps were done."""
    from quickstudy.cli.world_screen import WorldScreen

    agent, watched, mastered = run.agent, world.make(), False
    with Stop() as stop, WorldScreen(run, console=err(), quiet=quiet) as screen:
        while run.done < run.steps and not stop.requested and not mastered:
            due = world.every - agent.steps % world.every
            try:
                agent.train(min(AT_A_TIME, due, run.steps - run.done), progress=False)
            except KeyboardInterrupt:
                stop.requested = True
            if agent.steps % world.every == 0 and not stop.requested and run.done < run.steps:
                _check(run, world.episodes, watched)
                if world.ends and run.reached(run.checks[-1].evaluation):
                    _check(run, world.last_episodes, watched)
                    mastered = run.reached(run.checks[-1].evaluation)
            screen.tick()
        if not stop.requested and not mastered:
            _check(run, world.last_episodes, watched)
        screen.over = True
    watched.close()
    return "interrupted" if stop.requested else "goal" if mastered else None


def _check(run: Run, episodes: int, watched: Any) -> None:
    """Plays with the best known options; a check after the same steps is replaced."""
    from quickstudy.cli.world_run import Check
    from quickstudy.cli.worlds import look

    run.checks[:] = [check for check in run.checks if check.at < run.agent.steps]
    run.checks.append(Check(run.agent.steps, run.agent.evaluate(episodes)))
    run.look = look(run.agent, run.world, watched)


def _plot(run: Run, journal: Path) -> Path:
    from quickstudy.cli.policy_plots import plot_environment

    path = journal.with_suffix(".png")
    plot_environment(run, path)
    return path


def _tell(summary: dict[str, Any], world: World) -> None:
    from quickstudy.cli.world_screen import in_short

    console, interrupted = err(), summary["stopped"] == "interrupted"
    console.print()
    if not summary["steps"]:
        say("Stopped before the first step.")
        return
    if interrupted:
        say("Stopped. Everything is kept; here is how far it came.")
    say(
        f"{summary['steps']:,} steps in {summary['seconds']:.0f} s; in all {summary['steps_in_all']:,} steps, "
        f"{summary['episodes']:,} episodes."
    )
    if summary["mean_return"] is not None:
        low, high = (in_short(world, value) for value in summary["interval"])
        count, at = summary["evaluated_episodes"], summary["evaluated_at"]
        many = f"over {count:,} episodes (95% interval {low} to {high})" if count > 1 else "in one episode"
        say(
            f"Best known options after {at:,} steps: mean return {in_short(world, summary['mean_return'])} {many}. "
            f"Goal: {in_short(world, world.goal)}, {world.goal_from}."
        )
        mastered = summary["mastered_at"]
        ended = " Training ended there." if summary["stopped"] == "goal" else ""
        reached = (
            "The goal is not reached yet." if mastered is None else f"The goal is reached from step {mastered:,} on."
        )
        say(reached + ended)
    journal = Path(summary["journal"])
    say(f"Journal: {near(journal)}" + (f"   Plot: {near(Path(summary['plot']))}" if summary["plot"] else ""))
    console.print(Text("Try next:", style="bold"))
    name = shlex.quote(near(journal))
    left = summary["of"] - summary["steps"] if interrupted else world.steps
    if interrupted or summary["mastered_at"] is None:
        say(f"  quickstudy demo --job {summary['job']} --steps {max(left, 1)} --journal {name}")
    say(f"  quickstudy review {name}")
    say(f"  quickstudy review {name} last --plot {shlex.quote(str(Path(near(journal)).with_suffix('')) + '-last.png')}")
