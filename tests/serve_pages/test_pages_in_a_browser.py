"""Every page in a real browser: made, looked at, changed; text stays text, and axe finds no fault."""

import re
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from serve_pages.conftest import tickets, watched

NASTY = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">{{ 7 * 7 }}"


def works_alone(learner, ask_twice=0.2):
    """Lets a learner work until coins have chosen answers to audit, and tasks to be asked twice."""
    learner.configure(target_error=0.4, ask_twice=ask_twice)
    for text, team in tickets(260):
        decision = learner.decide(text)
        if decision.mode == "ask":
            learner.teach(decision, team, by="anna")


def asks(learner, text):
    """Lets a learner that may work alone ask, whatever its coins say."""
    learner.pause()
    learner.decide(text)
    learner.resume()


def in_csv(rows):
    return ("text,team\n" + "\n".join(f'"{text}",{team}' for text, team in rows)).encode()


def test_a_job_is_made_from_a_csv_by_picking_its_columns(served, page):
    rows = tickets(24)
    table = in_csv([*rows[:18], *((text, "") for text, _ in rows[18:])])
    page.goto(f"{served.url}/new")
    page.locator("input[type=file]").set_input_files(
        {"name": "My Tickets.csv", "mimeType": "text/csv", "buffer": table}
    )
    expect(page.get_by_label("The learner sees text")).to_be_checked()
    expect(page.get_by_label("team is the answer")).to_be_checked()
    expect(page.locator("main input[name=name]")).to_have_value("my-tickets")
    page.get_by_label("static: 300 times faster").check()
    page.get_by_label("Target error, in percent").fill("5")
    page.get_by_role("button", name="Make the job").click()
    page.wait_for_url("**/jobs/my-tickets/inbox")
    expect(page.locator("[data-left]")).to_have_text("6")
    learner = served.learner("my-tickets")
    assert {situation: lesson.answer for lesson, situation in learner.lessons()} == dict(rows[:18])
    assert learner.options == ("billing", "fraud", "app")
    assert learner.autonomy.active
    assert learner.autonomy.target_error == 0.05


def test_a_job_that_makes_no_sense_is_refused_and_what_was_typed_is_kept(served, page):
    page.goto(f"{served.url}/new")
    page.locator("main input[name=name]").fill("empty")
    page.get_by_label("What is to be decided?").fill("Which team?")
    page.get_by_role("button", name="Make the job").click()
    expect(page.get_by_role("alert")).to_contain_text("no options")
    expect(page.get_by_label("What is to be decided?")).to_have_value("Which team?")
    page.wrongs.clear()  # the browser notes the answer 422
    assert not (served.folder / "empty.toml").exists()


def test_a_file_that_is_no_table_is_refused_with_its_reason(served, page):
    page.goto(f"{served.url}/new")
    page.locator("input[type=file]").set_input_files({"name": "empty.csv", "mimeType": "text/csv", "buffer": b""})
    expect(page.get_by_role("alert")).to_contain_text("empty.csv is empty")
    page.wrongs.clear()  # the browser notes the answer 422


def test_rows_that_cannot_be_read_are_named_before_and_after_the_job_is_made(served, page):
    table = "text,team\nDer Schl\xfcssel fehlt,app\nwhere is my invoice,billing\n".encode("latin-1")
    page.goto(f"{served.url}/new")
    page.locator("input[type=file]").set_input_files({"name": "latin.csv", "mimeType": "text/csv", "buffer": table})
    expect(page.locator("[data-preview]")).to_contain_text("row 1 is not valid UTF-8")
    page.get_by_label("static: 300 times faster").check()
    page.get_by_role("button", name="Make the job").click()
    expect(page.locator("main")).to_contain_text("1 row could not be read and was left out. The first: row 1 is not")
    page.get_by_role("link", name="To its inbox").click()
    page.wait_for_url("**/jobs/latin/inbox")


def test_an_open_job_keeps_the_options_that_were_typed(served, page):
    page.goto(f"{served.url}/new")
    page.locator("main input[name=name]").fill("open-one")
    page.get_by_role("textbox", name="Options").fill("billing = charges\nfraud")
    page.get_by_label("New options may appear").check()
    page.get_by_label("static: 300 times faster").check()
    page.get_by_role("button", name="Make the job").click()
    page.wait_for_url("**/jobs/open-one/inbox")
    assert served.learner("open-one").options == ("billing", "fraud")


def test_audits_are_blind_until_they_are_answered(served, page):
    url = served.job("audited", learn=works_alone)
    waiting = served.learner("audited").audits()
    assert waiting
    page.goto(f"{url}/journal/{waiting[0].id}")
    expect(page.locator("main")).to_contain_text("hidden")
    assert waiting[0].answer not in page.locator("main").inner_text()
    page.goto(f"{url}/audits")
    question = page.locator(".question:not([hidden])")
    assert question.locator(".choice-name").all_inner_texts() == ["app", "billing", "fraud"]
    assert "%" not in question.inner_text()
    page.keyboard.press("1")
    expect(page.locator("[data-done] li").first).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    expect(page.locator("[data-done] li").first).to_contain_text(re.compile("so did it|it said"))
    assert len(served.learner("audited").audits()) == len(waiting) - 1


def test_a_second_person_answers_blind_what_a_first_one_answered(served, page):
    url = served.job("twice", learn=works_alone)
    page.goto(f"{url}/inbox")
    page.get_by_text("Settings").click()
    page.get_by_label("Your name").fill("ben")
    page.get_by_role("button", name="Keep").click()
    page.goto(f"{url}/second")
    again = len(served.learner("twice").to_ask_again("ben"))
    assert again
    expect(page.locator("[data-left]")).to_have_text(str(again))
    assert "anna" not in page.locator("main").inner_text()
    page.keyboard.press("2")
    expect(page.locator("[data-done] li").first).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    expect(page.locator("[data-done] .held")).to_have_count(0)
    assert len(served.learner("twice").to_ask_again("ben")) == again - 1
    assert {lesson.by for lesson, _ in served.learner("twice").lessons()} == {"anna", "ben"}


def test_a_decision_is_found_corrected_and_forgotten(served, page):
    url = served.job("looked-at", lessons=12, asked=6)
    learner = served.learner("looked-at")
    [wanted] = [decision for decision in learner.waiting() if "no. 14" in decision.situation]
    learner.teach(wanted, "billing", by="ben")
    page.goto(f"{url}/journal")
    expect(page.locator(".entry")).to_have_count(18)
    page.get_by_label("Text").fill("NO. 14")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".entry")).to_have_count(1)
    page.locator(".entry").click()
    expect(page.locator("main")).to_contain_text("What it thought")
    page.get_by_label("Correct it").fill("app")
    page.get_by_role("button", name="Teach").click()
    expect(page.locator(".said-list")).to_contain_text("app")
    assert {(lesson.by, lesson.answer) for lesson, text in learner.lessons() if text == wanted.situation} == {
        ("ben", "billing"),
        ("local", "app"),
    }
    page.get_by_role("link", name="Forget this decision").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("cannot be undone")
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("main")).to_contain_text("forgotten")
    assert wanted.situation not in [text for _, text in learner.lessons()]
    assert wanted.situation.encode() not in (served.folder / "looked-at.db").read_bytes()


def test_only_a_verdict_that_the_promise_counts_is_called_so(served, page):
    url = served.job("verdicts", learn=partial(works_alone, ask_twice=0.0))  # who is asked twice sees no answer
    learner = served.learner("verdicts")
    asks(learner, "quite another thing")  # in a pause nothing is stood behind
    [asked] = [decision for decision in learner.waiting() if decision.situation == "quite another thing"]
    alone = next(one for one in reversed(list(learner._record.journal.events(kinds=["decision"]))) if one.mode == "act")
    audited = learner.audits()[0]
    for id, said in ((asked.id, ""), (alone.id, "counts it apart"), (audited.id, "verdict that the promise counts")):
        learner.teach(None, "app", decision_id=id, by="ben")
        page.goto(f"{url}/journal/{id}")
        line = page.locator(".said-list li").filter(has_text="ben")
        expect(line).to_contain_text(said)
        assert ("promise" in line.inner_text()) == bool(said)
    page.get_by_label("Correct it").fill("nonsense")
    page.get_by_role("button", name="Teach").click()
    expect(page.get_by_role("alert")).to_contain_text("Unknown option 'nonsense'")
    expect(page.get_by_label("Correct it")).to_have_value("nonsense")
    page.wrongs.clear()  # the browser notes the answer 422


def test_the_journal_is_searched_by_answer_who_mode_and_day(served, page):
    url = served.job("searched", lessons=12, asked=6)
    learner = served.learner("searched")
    for decision in learner.waiting()[:2]:
        learner.teach(decision, "fraud", by="ben")
    page.goto(f"{url}/journal")
    for label, value, found in (("Who", "Ben", 2), ("Who", "anna", 12), ("Answer", "app", None)):
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_role("button", name="Search").click()
        if found is not None:
            expect(page.locator(".entry")).to_have_count(found)
        page.goto(f"{url}/journal")
    page.get_by_label("Mode").select_option("lesson")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".entry")).to_have_count(12)
    page.goto(f"{url}/journal?until=2001-01-01")
    expect(page.locator(".empty-state")).to_contain_text("Nothing found")


def test_the_slider_shows_what_a_target_would_do_and_keeps_it(served, page):
    url = served.job("slid", learn=works_alone)
    page.goto(f"{url}/autonomy")
    slider = page.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", "40%", timeout=15_000)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-slider-target]")).to_have_text("20%")
    shown = page.locator("[data-fact=alone]").inner_text()
    assert served.learner("slid").autonomy.target_error == 0.4  # nothing changes until it is kept
    page.get_by_role("button", name="Keep this target").click()
    expect(page.get_by_text("The target is kept.")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "20%", timeout=15_000)
    assert served.learner("slid").autonomy.target_error == pytest.approx(0.2)
    assert re.fullmatch(r"[\d.]+%", shown)


def test_limits_and_pause_are_kept_and_nonsense_is_refused(served, page):
    url = served.job("limited", lessons=6, target_error=0.05)
    page.goto(f"{url}/autonomy")
    page.get_by_label("Alone in an hour, at most").fill("30")
    page.get_by_label("Never answered alone").fill("fraud\n")
    page.get_by_label("Asked twice, in percent").fill("10")
    page.get_by_role("button", name="Keep these limits").click()
    expect(page.get_by_text("The limits are kept.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".lead")).to_contain_text("Paused")
    settings = served.learner("limited").autonomy
    assert (settings.per_hour, settings.always_ask, settings.ask_twice, settings.paused) == (30, ("fraud",), 0.1, True)
    page.get_by_label("Never answered alone").fill("nobody")
    page.get_by_label("Alone in a day, at most").fill("70")
    page.get_by_role("button", name="Keep these limits").click()
    expect(page.get_by_role("alert")).to_contain_text("Unknown option 'nobody'")
    expect(page.get_by_label("Alone in a day, at most")).to_have_value("70")
    page.wrongs.clear()


def test_script_in_every_text_shows_as_text(served, page):
    def learn(learner):
        learner.teach(f"near {NASTY}", NASTY, by=NASTY)
        learner.decide(f"what is {NASTY}?")
        decision = learner.decide(f"again {NASTY}")
        learner.teach(decision, NASTY, by=NASTY)

    url = served.job("nasty", {NASTY: NASTY, "other": ""}, learn=learn, instructions=NASTY)
    for where in (
        "/inbox",
        "/second",
        "/audits",
        "/journal",
        f"/journal?text={NASTY}",
        "/report",
        "/autonomy",
        "/nowhere",
    ):
        page.goto(url + where)
        page.wait_for_timeout(150)
        assert "broken" not in page.title(), where
        assert page.locator("main script, main img").count() == 0, where
    page.goto(f"{url}/journal")
    page.locator(".entry").first.click()
    assert NASTY[:30] in page.locator("main").inner_text()
    page.goto(f"{url}/inbox")
    assert page.locator(".choice").first.get_attribute("data-answer") == NASTY
    page.keyboard.press("/")
    expect(page.locator("[role=option]").first).to_contain_text("<script>")
    page.keyboard.press("Enter")
    expect(page.locator("[data-done] li").first).to_contain_text("<script>")
    assert "broken" not in page.title()
    page.wrongs.clear()  # /nowhere answers 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault_on_any_page(served, chromium, theme):
    name = f"axe-{theme}"
    url = served.job(name, learn=works_alone)
    learner = served.learner(name)
    asks(learner, "something else")
    some = learner.waiting()[0].id
    context = chromium.new_context(color_scheme=theme)
    page = watched(context.new_page())
    addresses = [
        *("/inbox", "/second", "/audits", "/journal", f"/journal/{some}", f"/journal/{some}/forget", "/report"),
        "/autonomy",
    ]
    for address in [*(url + part for part in addresses), *(served.url + part for part in ("/", "/new", "/sign-in"))]:
        page.goto(address)
        expect(page.locator("[data-renewing]")).to_have_count(0, timeout=20_000)
        _has_no_fault(page, address)
    page.goto(f"{url}/inbox")
    for key, where in (("/", ".finder"), ("?", ".keys")):
        page.keyboard.press(key)
        expect(page.locator(where)).to_be_visible()
        _has_no_fault(page, f"{where} in {theme}")
        page.keyboard.press("Escape")
    context.close()
    assert page.wrongs == []


def test_no_page_is_wider_than_a_phone(served, chromium):
    url = served.job("phone", learn=works_alone)
    asks(served.learner("phone"), "https://example.org/" + "a" * 200)
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    page = watched(context.new_page())
    parts = ("/inbox", "/second", "/audits", "/journal", "/report", "/autonomy")
    for address in [*(url + part for part in parts), *(served.url + part for part in ("/", "/new", "/sign-in"))]:
        page.goto(address)
        expect(page.locator("[data-renewing]")).to_have_count(0, timeout=20_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    context.close()


def _has_no_fault(page, where):
    found = Axe().run(page).response["violations"]
    wrong = [
        f"{where}: {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}: {one['nodes'][0]['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert wrong == []
